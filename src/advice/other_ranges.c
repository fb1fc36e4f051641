/* SPDX-License-Identifier: ISC */
#include "advice/other_ranges.h"

#include <inttypes.h>

/* How many a line names. */
#define NAMES 4

bool
other_ranges_differ(const struct port_range *own, const struct namespace_view *view)
{
	return view->knowledge != NAMESPACE_BOUND &&
	       (view->range.low != own->low || view->range.high != own->high);
}

const char *
other_ranges(const struct port_range *own, const struct namespace_view *views, uint32_t count,
	     char buf[static ADVICE_MAX])
{
	uint32_t different = 0, named = 0;
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	for (uint32_t i = 0; i < count; i++)
		different += other_ranges_differ(own, &views[i]);
	if (different == 0)
		return buf;
	sentence_put(&s, "%" PRIu32 " other network namespace%s %s another range than %u-%u (",
		     different, number_s(different), different == 1 ? "has" : "have", own->low,
		     own->high);
	for (uint32_t i = 0; i < count && named < NAMES; i++) {
		if (!other_ranges_differ(own, &views[i]))
			continue;
		sentence_put(&s, "%s%s: %u-%u", named > 0 ? ", " : "", views[i].row->name,
			     views[i].range.low, views[i].range.high);
		named++;
	}
	sentence_put(&s, different > named ? ", ...)" : ")");
	return buf;
}

const char *
other_ranges_mend(const struct port_range *own, const struct namespace_view *view,
		  char buf[static OTHER_RANGES_COMMAND_MAX])
{
	struct sentence s = sentence_in(buf, OTHER_RANGES_COMMAND_MAX);
	char way[NAMESPACES_WAY_MAX];
	sentence_put(&s, "nsenter %s sysctl -w net.ipv4.ip_local_port_range=\"%u %u\"",
		     namespaces_way(view->row, way), own->low, own->high);
	return buf;
}

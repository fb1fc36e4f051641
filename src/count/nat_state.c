/* SPDX-License-Identifier: ISC */
#include "count/nat_state.h"

/* Since the poll before; -1 if it is not known. */
static int64_t
growth(const struct host_state *host, enum limit counter)
{
	int64_t now = host->limits.value[counter], before = host->earlier.value[counter];
	return now == LIMIT_ABSENT || before == LIMIT_ABSENT || now < before ? -1 : now - before;
}

void
nat_drops_take(struct nat_drops *drops, const struct host_state *host)
{
	int64_t dropped = growth(host, LIMIT_DROP), failed = growth(host, LIMIT_INSERT_FAILED);
	int64_t both = dropped < failed ? dropped : failed;
	drops->counted = host->limits.value[LIMIT_DROP] != LIMIT_ABSENT &&
			 host->limits.value[LIMIT_INSERT_FAILED] != LIMIT_ABSENT;
	drops->recent = 0;
	if (both <= 0 || hostlimits_percent(&host->limits, RULE_CONNTRACK) >= 100)
		return;
	drops->total += (uint32_t)both;
	if (dropped == failed)
		drops->recent = (uint32_t)both;
}

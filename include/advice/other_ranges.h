/* SPDX-License-Identifier: ISC */
/*
 * other_ranges: which other network namespaces have another range than this one: each has its own,
 * which it does not inherit (inet_init_net()). Pure.
 */
#ifndef SRCPORTD_OTHER_RANGES_H
#define SRCPORTD_OTHER_RANGES_H

#include "advice/namespace_view.h"

/* True if it was entered and has another range than `own`. */
bool other_ranges_differ(const struct port_range *own, const struct namespace_view *view);

/* Those of the views in a line, of many the first. Returns buf, "" if there are none. */
const char *other_ranges(const struct port_range *own, const struct namespace_view *views,
			 uint32_t count, char buf[static ADVICE_MAX]);

/* The command that gives one the range `own`. Returns buf. */
#define OTHER_RANGES_COMMAND_MAX (NAMESPACES_WAY_MAX + 100)
const char *other_ranges_mend(const struct port_range *own, const struct namespace_view *view,
			      char buf[static OTHER_RANGES_COMMAND_MAX]);

#endif

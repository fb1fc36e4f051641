/* SPDX-License-Identifier: ISC */
#include "count/local_ports.h"

uint32_t
local_ports_add(const struct census *census, uint32_t local, const struct portset *within,
		struct portset *set)
{
	const struct port_range *range = &census->settings.range;
	const struct local *at = &census->locals[local];
	uint32_t added = portbag_add_new(&at->extra, range, within, set);
	for (uint32_t i = at->first_pool; i != LOOKUP_NONE; i = census->pools[i].next_at_local)
		added += portbag_add_new(&census->pools[i].held, range, within, set);
	return added;
}

void
local_ports_take(const struct census *census, uint32_t local, struct portset *set)
{
	const struct port_range *range = &census->settings.range;
	const struct local *at = &census->locals[local];
	portbag_take_from(&at->extra, range, set);
	for (uint32_t i = at->first_pool; i != LOOKUP_NONE; i = census->pools[i].next_at_local)
		portbag_take_from(&census->pools[i].held, range, set);
}

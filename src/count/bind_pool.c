/* SPDX-License-Identifier: ISC */
#include "count/bind_pool.h"

#include "count/formula.h"
#include "count/local_ports.h"

#include <stdlib.h>

/* Linked lists by position. */
struct grouping {
	const struct census *census;
	uint32_t *next_on_device; /* local addresses with a zone, from those without one */
	uint32_t *first_on_device;
	struct portset open4, open6; /* offered, and held by no wildcard of the family */
	uint32_t offered, open4_count, open6_count;
	struct portset scratch; /* always empty between two uses */
};

/* The first of the local addresses whose sockets hinder those at l too, or LOOKUP_NONE. */
static uint32_t
first_other(const struct grouping *g, uint32_t l)
{
	struct addr unbound = g->census->locals[l].address;
	if (unbound.zone == 0)
		return g->first_on_device[l];
	unbound.zone = 0;
	return census_local(g->census, &unbound);
}

/* The next one: of an address on a device, only the same one on none hinders. */
static uint32_t
next_other(const struct grouping *g, uint32_t l, uint32_t other)
{
	return g->census->locals[l].address.zone == 0 ? g->next_on_device[other] : LOOKUP_NONE;
}

/* bind(address, 0) cannot get a port that any socket holds at that address or at the wildcard, in
 * any state, recyclable TIME_WAIT included (inet_csk_find_open_port). Of two sockets bound to
 * different devices neither hinders the other; one bound to none hinders, and is hindered by, all
 * (inet_bind_conflict). The time follows the sockets there, not the size of the range. */
static void
settle(struct grouping *g, uint32_t l, struct local_tally *out)
{
	const struct local *local = &g->census->locals[l];
	bool v4 = addr_is_v4(&local->address);
	const struct portset *open = v4 ? &g->open4 : &g->open6;
	uint32_t held = local_ports_add(g->census, l, open, &g->scratch), other;
	for (other = first_other(g, l); other != LOOKUP_NONE; other = next_other(g, l, other))
		held += local_ports_add(g->census, other, open, &g->scratch);
	out->address = local->address;
	out->connections = local->connections;
	out->remaining = (v4 ? g->open4_count : g->open6_count) - held;
	out->used = g->offered - out->remaining;
	out->uncertain = g->census->idle < out->remaining ? g->census->idle : out->remaining;
	local_ports_take(g->census, l, &g->scratch);
	for (other = first_other(g, l); other != LOOKUP_NONE; other = next_other(g, l, other))
		local_ports_take(g->census, other, &g->scratch);
}

/* What is the same for all addresses. */
static void
find_open(struct grouping *g)
{
	formula_offered(&g->census->settings, &g->open4);
	g->offered = portset_count(&g->open4);
	g->open6 = g->open4;
	portset_andnot(&g->open4, &g->census->wild4);
	portset_andnot(&g->open6, &g->census->wild6);
	g->open4_count = portset_count(&g->open4);
	g->open6_count = portset_count(&g->open6);
}

/* Links to each local address those that are it on a device. */
static void
group(struct grouping *g)
{
	const struct census *census = g->census;
	for (uint32_t l = 0; l < census->local_count; l++)
		g->first_on_device[l] = g->next_on_device[l] = LOOKUP_NONE;
	for (uint32_t l = 0; l < census->local_count; l++) {
		struct addr address = census->locals[l].address;
		if (address.zone == 0)
			continue;
		address.zone = 0;
		uint32_t unbound = census_local(census, &address);
		if (unbound == LOOKUP_NONE)
			continue;
		g->next_on_device[l] = g->first_on_device[unbound];
		g->first_on_device[unbound] = l;
	}
}

bool
bind_pools(const struct census *census, struct local_tally *locals)
{
	struct grouping *g = calloc(1, sizeof(*g));
	uint32_t *store = calloc(2 * (size_t)census->local_count + 1, sizeof(*store));
	bool good = g != NULL && store != NULL;
	if (good) {
		g->census = census;
		g->next_on_device = store;
		g->first_on_device = g->next_on_device + census->local_count;
		group(g);
		find_open(g);
	}
	for (uint32_t l = 0; good && l < census->local_count; l++)
		settle(g, l, &locals[l]);
	free(store);
	free(g);
	return good;
}

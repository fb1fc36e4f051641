/* SPDX-License-Identifier: ISC */
#include "count/bind_pool.h"

#include "count/formula.h"

#include <stdlib.h>

/* Linked lists by position. */
struct grouping {
	const struct census *census;
	uint32_t *next_pool;      /* of one local address */
	uint32_t *first_pool;     /* by local address */
	uint32_t *next_on_device; /* local addresses with a zone, from those without one */
	uint32_t *first_on_device;
	struct portset scratch; /* always empty between two uses */
};

/* Adds every port that sockets at a local address hold to g->scratch. */
static void
hold(struct grouping *g, uint32_t l)
{
	const struct census *census = g->census;
	const struct port_range *range = &census->settings.range;
	portbag_add_to(&census->locals[l].extra, range, &g->scratch);
	for (uint32_t i = g->first_pool[l]; i != LOOKUP_NONE; i = g->next_pool[i])
		portbag_add_to(&census->pools[i].held, range, &g->scratch);
}

/* bind(address, 0) cannot get a port that any socket holds at that address or at the wildcard, in
 * any state, recyclable TIME_WAIT included (inet_csk_find_open_port). Of two sockets bound to
 * different devices neither hinders the other; one bound to none hinders, and is hindered by, all
 * (inet_bind_conflict). */
static void
settle(struct grouping *g, uint32_t l, struct local_tally *out)
{
	const struct census *census = g->census;
	const struct local *local = &census->locals[l];
	struct portset left;
	formula_offered(&census->settings, &left);
	uint32_t all = portset_count(&left);
	portset_andnot(&left, addr_is_v4(&local->address) ? &census->wild4 : &census->wild6);
	hold(g, l);
	struct addr unbound = local->address;
	unbound.zone = 0;
	uint32_t other =
	    local->address.zone == 0 ? g->first_on_device[l] : census_local(census, &unbound);
	for (; other != LOOKUP_NONE; other = g->next_on_device[other])
		hold(g, other);
	out->address = local->address;
	out->connections = local->connections;
	out->remaining = portset_count_andnot(&left, &g->scratch);
	out->used = all - out->remaining;
	portset_clear(&g->scratch);
}

/* Links the pools of each local address, and to each address those that are it on a device. */
static void
group(struct grouping *g)
{
	const struct census *census = g->census;
	for (uint32_t l = 0; l < census->local_count; l++)
		g->first_pool[l] = g->first_on_device[l] = g->next_on_device[l] = LOOKUP_NONE;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		uint32_t l = census->pools[i].local_index;
		g->next_pool[i] = g->first_pool[l];
		g->first_pool[l] = i;
	}
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
	uint32_t *store = calloc((size_t)census->pool_count + 3 * (size_t)census->local_count + 1,
				 sizeof(*store));
	bool good = g != NULL && store != NULL;
	if (good) {
		g->census = census;
		g->next_pool = store;
		g->first_pool = g->next_pool + census->pool_count;
		g->next_on_device = g->first_pool + census->local_count;
		g->first_on_device = g->next_on_device + census->local_count;
		group(g);
	}
	for (uint32_t l = 0; good && l < census->local_count; l++)
		settle(g, l, &locals[l]);
	free(store);
	free(g);
	return good;
}

/* SPDX-License-Identifier: ISC */
#include "count/binders.h"

#include "base/array.h"

#include <stdlib.h>

/* Sockets of the pools of one local address that may be of either kind. */
struct local_sum {
	uint32_t excess, total;
};

bool
binders_show(uint32_t excess, uint32_t total)
{
	uint64_t square = (uint64_t)excess * excess;
	return excess > 0 && (uint64_t)excess * 4 >= total && square >= (uint64_t)total * 9;
}

static uint32_t
excess_of(const struct pool *pool)
{
	return pool->odd > pool->even ? pool->odd - pool->even : 0;
}

bool
binders_in(const struct pool *pool)
{
	return binders_show(excess_of(pool), pool->odd + pool->even);
}

/* True if a wildcard holds a port that bind() was given, and does not listen. */
static bool
has_idle(const struct census *census, const struct portset *held, const struct portset *listening)
{
	struct portset idle = *held;
	portset_and(&idle, &census->given);
	return portset_count_andnot(&idle, listening) > 0;
}

bool
binders_mark(const struct census *census, struct local_tally *locals)
{
	struct local_sum *sums = array_new(census->local_count, sizeof(*sums));
	bool wild4 = has_idle(census, &census->wild4, &census->listening4),
	     wild6 = has_idle(census, &census->wild6, &census->listening6);
	if (sums == NULL)
		return false;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		const struct pool *pool = &census->pools[i];
		sums[pool->local_index].excess += excess_of(pool);
		sums[pool->local_index].total += pool->odd + pool->even;
	}
	for (uint32_t l = 0; l < census->local_count; l++) {
		const struct addr *address = &census->locals[l].address;
		uint32_t hash = addr_hash(address);
		bool now = census->locals[l].idle || (addr_is_v4(address) ? wild4 : wild6) ||
			   binders_show(sums[l].excess, sums[l].total);
		if (now && census->origins != NULL)
			origins_note_binder(census->origins, hash);
		locals[l].binders =
		    now || (census->origins != NULL && origins_binder(census->origins, hash));
	}
	free(sums);
	return true;
}

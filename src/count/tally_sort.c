/* SPDX-License-Identifier: ISC */
#include "count/tally.h"

#include "base/pool_key.h"

#include <stdlib.h>

static int
compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_pools(const void *left, const void *right)
{
	const struct pool_tally *a = left, *b = right;
	int order = compare_numbers(a->usage.remaining, b->usage.remaining);
	return order != 0 ? order : pool_key_compare(POOL_KEY(a), POOL_KEY(b));
}

static int
compare_peers(const void *left, const void *right)
{
	const struct peer_tally *a = left, *b = right;
	int order = compare_numbers(a->usage.tightest, b->usage.tightest);
	return order != 0 ? order : addr_compare(&a->peer, &b->peer);
}

static int
compare_locals(const void *left, const void *right)
{
	const struct local_tally *a = left, *b = right;
	int order = compare_numbers(a->remaining, b->remaining);
	return order != 0 ? order : addr_compare(&a->address, &b->address);
}

void
tally_sort(struct tally *tally)
{
	qsort(tally->pools, tally->pool_count, sizeof(*tally->pools), compare_pools);
	qsort(tally->peers, tally->peer_count, sizeof(*tally->peers), compare_peers);
	qsort(tally->locals, tally->local_count, sizeof(*tally->locals), compare_locals);
}

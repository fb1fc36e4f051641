/* SPDX-License-Identifier: ISC */
#include "report/report_order.h"

#include "base/array.h"
#include "base/pool_key.h"

#include <stdlib.h>

typedef int compare_fn(const void *left, const void *right, void *tally);

static int
compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_pools(const void *left, const void *right, void *tally)
{
	const struct pool_tally *pools = ((const struct tally *)tally)->pools;
	const struct pool_tally *a = &pools[*(const uint32_t *)left];
	const struct pool_tally *b = &pools[*(const uint32_t *)right];
	int order = compare_numbers(a->usage.remaining, b->usage.remaining);
	return order != 0 ? order : pool_key_compare(POOL_KEY(a), POOL_KEY(b));
}

static int
compare_peers(const void *left, const void *right, void *tally)
{
	const struct peer_tally *peers = ((const struct tally *)tally)->peers;
	const struct peer_tally *a = &peers[*(const uint32_t *)left];
	const struct peer_tally *b = &peers[*(const uint32_t *)right];
	int order = compare_numbers(a->usage.tightest, b->usage.tightest);
	return order != 0 ? order : addr_compare(&a->peer, &b->peer);
}

static int
compare_locals(const void *left, const void *right, void *tally)
{
	const struct local_tally *locals = ((const struct tally *)tally)->locals;
	const struct local_tally *a = &locals[*(const uint32_t *)left];
	const struct local_tally *b = &locals[*(const uint32_t *)right];
	int order = compare_numbers(a->remaining, b->remaining);
	return order != 0 ? order : addr_compare(&a->address, &b->address);
}

/* The positions 0 to count - 1 in that order; NULL with errno ENOMEM. */
static uint32_t *
sorted(const struct tally *tally, uint32_t count, compare_fn *compare)
{
	uint32_t *order = array_new(count, sizeof(*order));
	for (uint32_t i = 0; order != NULL && i < count; i++)
		order[i] = i;
	if (order != NULL)
		qsort_r(order, count, sizeof(*order), compare, (void *)tally);
	return order;
}

bool
report_order_make(const struct tally *tally, struct report_order *out)
{
	*out = (struct report_order){
	    .pools = sorted(tally, tally->pool_count, compare_pools),
	    .peers = sorted(tally, tally->peer_count, compare_peers),
	    .locals = sorted(tally, tally->local_count, compare_locals),
	};
	if (out->pools != NULL && out->peers != NULL && out->locals != NULL)
		return true;
	report_order_free(out);
	return false;
}

void
report_order_free(struct report_order *order)
{
	free(order->pools);
	free(order->peers);
	free(order->locals);
	*order = (struct report_order){.pools = NULL};
}

/* SPDX-License-Identifier: ISC */
#include "count/evidence.h"

#include "base/pool_key.h"
#include "count/formula.h"
#include "count/local_ports.h"

#include <stdlib.h>

enum { LOWER, UPPER, HALVES };

struct weighing {
	struct census *census;
	/* Of the ports that are offered and not blocked: those of each half at odd and at even
	 * offsets; all even ones, and what is none of these. */
	struct portset odd[HALVES], even[HALVES], even_all, not_even;
	uint32_t odd_count[HALVES], even_count;
	bool crowded[HALVES];   /* sockets of any address hold half of the odd ones */
	struct portset scratch; /* always empty between two uses */
};

/* Every second port of the set, beginning at offset `odd` (0 or 1) from the low end. */
static void
take_parity(struct portset *set, const struct port_range *range, unsigned odd)
{
	static const uint64_t alternate = UINT64_C(0x5555555555555555);
	struct portset wanted;
	bool first = ((range->low + odd) & 1) == 0;
	for (size_t i = 0; i < sizeof(wanted.word) / sizeof(wanted.word[0]); i++)
		wanted.word[i] = first ? alternate : ~alternate;
	portset_and(set, &wanted);
}

static void
split(struct weighing *w)
{
	const struct census *census = w->census;
	const struct port_range *range = &census->settings.range;
	/* As attempt_half divides it: an even number of ports. */
	uint32_t size = range_size(range), half = (size >> 2) << 1;
	struct portset open;
	formula_offered(&census->settings, &open);
	portset_andnot(&open, &census->listening);
	portset_andnot(&open, &census->bound);
	for (unsigned h = 0; h < HALVES; h++) {
		portset_clear(&w->odd[h]);
		if (h == LOWER && half > 0)
			portset_add_range(&w->odd[h], range->low,
					  (uint16_t)(range->low + half - 1));
		else if (h == UPPER)
			portset_add_range(&w->odd[h], (uint16_t)(range->low + half), range->high);
		portset_and(&w->odd[h], &open);
		w->even[h] = w->odd[h];
		take_parity(&w->odd[h], range, 1);
		take_parity(&w->even[h], range, 0);
		w->odd_count[h] = portset_count(&w->odd[h]);
	}
	w->even_all = w->even[LOWER];
	portset_or(&w->even_all, &w->even[UPPER]);
	w->even_count = portset_count(&w->even_all);
	portset_complement(&w->even_all, &w->not_even);
}

/* True if the pool has no even offset left, or had none a moment ago, and nobody was seen to bind
 * first there. */
static bool
is_explained(const struct weighing *w, const struct pool *pool)
{
	const struct census *census = w->census;
	uint32_t taken = portbag_count_without(&pool->held, &census->settings.range, &w->not_even) +
			 pool->recyclable_even;
	if (census->origins != NULL && origins_binder(census->origins, addr_hash(&pool->local)))
		return false;
	return taken >= w->even_count || (w->even_count - taken) * EVIDENCE_CHURN <= w->even_count;
}

static void
weigh_pools(struct weighing *w)
{
	struct census *census = w->census;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		struct pool *pool = &census->pools[i];
		if (pool->doubted.count == 0)
			continue;
		if (is_explained(w, pool)) {
			if (census->origins != NULL)
				origins_explain(census->origins, pool_key_hash(POOL_KEY(pool)));
			continue;
		}
		portbag_add_to(&pool->doubted, &census->settings.range, &census->ambiguous);
		census->locals[pool->local_index].doubtful = true;
	}
	for (unsigned h = 0; h < HALVES; h++)
		w->crowded[h] =
		    4 * portset_count_andnot(&w->odd[h], &census->any) <= 3 * w->odd_count[h];
}

/* How many of the ports the sockets at a local address hold. */
static uint32_t
held_of(struct weighing *w, const struct portset *ports, uint32_t l)
{
	uint32_t held = local_ports_add(w->census, l, ports, &w->scratch);
	local_ports_take(w->census, l, &w->scratch);
	return held;
}

/* connect() keeps the even offsets of a pool at least as full as the odd ones, whichever of its
 * connections end. Where odd ones are more than chance explains, somebody binds first, and the even
 * ones may have been taken by that too, when there were more odd ones. */
static bool
leans_odd(const struct pool *pool)
{
	uint64_t more = pool->odd > pool->even ? pool->odd - pool->even : 0;
	uint64_t all = (uint64_t)pool->odd + pool->even;
	return more * 4 >= all && more * more >= all * 4 && all > 0;
}

static void
weigh_local(struct weighing *w, uint32_t l)
{
	struct census *census = w->census;
	for (uint32_t i = census->locals[l].first_pool; i != LOOKUP_NONE;
	     i = census->pools[i].next_at_local)
		if (leans_odd(&census->pools[i]))
			portbag_add_new(&census->pools[i].held, &census->settings.range,
					&w->even_all, &census->ambiguous);
	for (unsigned h = 0; h < HALVES; h++)
		if (w->crowded[h] || 4 * held_of(w, &w->odd[h], l) >= w->odd_count[h])
			local_ports_add(census, l, &w->even[h], &census->ambiguous);
}

/* Most hosts have no socket of which this tells anything. */
static bool
is_needed(const struct census *census)
{
	for (uint32_t i = 0; i < census->pool_count; i++)
		if (census->pools[i].doubted.count > 0)
			return true;
	for (uint32_t l = 0; l < census->local_count; l++)
		if (census->locals[l].doubtful)
			return true;
	return false;
}

bool
evidence_weigh(struct census *census)
{
	if (census->weighed || !is_needed(census))
		return true;
	struct weighing *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return false;
	w->census = census;
	split(w);
	weigh_pools(w);
	for (uint32_t l = 0; l < census->local_count; l++)
		if (census->locals[l].doubtful)
			weigh_local(w, l);
	census->weighed = true;
	free(w);
	return true;
}

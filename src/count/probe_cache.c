/* SPDX-License-Identifier: ISC */
#include "count/probe_cache.h"

#include <stdlib.h>
#include <string.h>

/* Pools that are asked for first. */
#define FULLEST 8

static struct probe_entry *
entry_of(const struct probe_cache *cache, uint16_t port)
{
	return &cache->ports[port - cache->range.low];
}

static bool
fit_range(struct probe_cache *cache, const struct port_range *range)
{
	if (cache->ports != NULL && cache->range.low == range->low &&
	    cache->range.high == range->high)
		return true;
	struct probe_entry *ports = calloc(range_size(range), sizeof(*ports));
	if (ports == NULL)
		return false;
	free(cache->ports);
	cache->ports = ports;
	cache->range = *range;
	return true;
}

bool
probe_cache_begin(struct probe_cache *cache, struct census *census)
{
	if (!fit_range(cache, &census->settings.range))
		return false;
	for (uint32_t i = 0; i < range_size(&cache->range); i++) {
		struct probe_entry *s = &cache->ports[i];
		uint16_t port = (uint16_t)(cache->range.low + i);
		if (s->answer == PROBE_UNKNOWN)
			continue;
		/* A socket that is bound and idle is in no key, but may have come since. */
		bool outdated = s->answer == PROBE_FREE && portset_has(&census->bound, port);
		if (s->key != census->keys[i] || outdated) {
			*s = (struct probe_entry){0};
			continue;
		}
		if (s->rest > 0)
			s->rest--;
		census_settle(census, port, s->answer == PROBE_BLOCKED);
	}
	return true;
}

/* The ports that the pool holds none of, of the pools that hold most. Returns their number. */
static unsigned
find_fullest(const struct census *census, const struct pool *fullest[static FULLEST])
{
	unsigned count = 0;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		const struct pool *pool = &census->pools[i];
		unsigned at = count;
		while (at > 0 && fullest[at - 1]->held.count < pool->held.count)
			at--;
		if (at == FULLEST)
			continue;
		if (count < FULLEST)
			count++;
		for (unsigned j = count - 1; j > at; j--)
			fullest[j] = fullest[j - 1];
		fullest[at] = pool;
	}
	return count;
}

/* Ports chosen so far. */
struct choice {
	struct probe_question *questions;
	uint32_t count, most;
};

/* Moves ports of `from` into the choice: those that the pool does not hold, or all if it is NULL.
 */
static void
choose_from(struct choice *choice, struct portset *from, const struct pool *pool,
	    const struct port_range *range)
{
	for (int port = portset_next(from, range->low); port >= 0 && port <= range->high;
	     port = portset_next(from, (uint32_t)port + 1)) {
		if (choice->count == choice->most)
			return;
		if (pool != NULL && portbag_has(&pool->held, range, (uint16_t)port))
			continue;
		choice->questions[choice->count++] =
		    (struct probe_question){.port = (uint16_t)port};
		portset_del(from, (uint16_t)port);
	}
}

/* Ports that a bound idle socket may have, which the kernel does not list. */
static void
list_unlisted(const struct census *census, struct portset *out)
{
	const struct port_range *range = &census->settings.range;
	portset_clear(out);
	portset_add_range(out, range->low, range->high);
	portset_andnot(out, &census->settings.reserved);
	portset_andnot(out, &census->listening);
	portset_andnot(out, &census->bound);
}

/* Those where one was found the last time, then all others from where the last turn ended. */
static void
choose_unlisted(struct choice *choice, const struct probe_cache *cache, const struct census *census)
{
	const struct port_range *range = &cache->range;
	struct portset rest, first;
	list_unlisted(census, &rest);
	for (uint32_t i = 0; i < choice->count; i++)
		portset_del(&rest, choice->questions[i].port);
	first = rest;
	portset_and(&first, &cache->found);
	portset_andnot(&rest, &first);
	choose_from(choice, &first, NULL, range);
	if (range_has(range, cache->turn)) {
		const struct port_range from_turn = {cache->turn, range->high};
		choose_from(choice, &rest, NULL, &from_turn);
	}
	choose_from(choice, &rest, NULL, range);
}

uint32_t
probe_cache_choose(const struct probe_cache *cache, const struct census *census,
		   struct probe_question *questions, uint32_t most)
{
	const struct port_range *range = &cache->range;
	const struct pool *fullest[FULLEST];
	unsigned pools = find_fullest(census, fullest);
	struct portset kind[3]; /* ambiguous, assumed, due again */
	struct choice choice = {questions, 0, most};
	kind[0] = census->ambiguous;
	kind[1] = census->any;
	portset_andnot(&kind[1], &census->ambiguous);
	portset_clear(&kind[2]);
	for (uint32_t port = range->low; port <= range->high; port++) {
		const struct probe_entry *s = entry_of(cache, (uint16_t)port);
		if (s->answer == PROBE_UNKNOWN)
			continue;
		portset_del(&kind[1], (uint16_t)port);
		if (s->rest == 0)
			portset_add(&kind[2], (uint16_t)port);
	}
	for (unsigned k = 0; k < 3; k++) {
		portset_andnot(&kind[k], &census->settings.reserved);
		portset_andnot(&kind[k], &census->listening);
		if (k < 2)
			portset_andnot(&kind[k], &census->bound);
		for (unsigned i = 0; i < pools; i++)
			choose_from(&choice, &kind[k], fullest[i], range);
		choose_from(&choice, &kind[k], NULL, range);
	}
	if (census->idle > 0 || census->elsewhere > 0)
		choose_unlisted(&choice, cache, census);
	return choice.count;
}

/* So many sockets fewer that are not listed. */
static void
take_off(struct census *census, uint32_t count)
{
	census->idle -= count < census->idle ? count : census->idle;
	census->elsewhere -= count < census->elsewhere ? count : census->elsewhere;
}

void
probe_cache_answer(struct probe_cache *cache, struct census *census,
		   const struct probe_question *questions, uint32_t count)
{
	struct portset found, left;
	portset_clear(&found);
	list_unlisted(census, &left);
	for (uint32_t i = 0; i < count; i++) {
		const struct probe_question *q = &questions[i];
		struct probe_entry *s = entry_of(cache, q->port);
		if (q->answer == PROBE_UNKNOWN)
			continue;
		bool blocked = q->answer == PROBE_BLOCKED;
		if (portset_has(&census->any, q->port))
			*s = (struct probe_entry){.key = census->keys[q->port - cache->range.low],
						  .answer = q->answer,
						  .rest = s->answer == q->answer ? PROBE_REST
										 : PROBE_CONFIRM};
		else if (blocked)
			portset_add(&found, q->port);
		portset_del(&left, q->port);
		census_settle(census, q->port, blocked);
	}
	cache->found = found;
	if (count > 0)
		cache->turn = (uint16_t)(questions[count - 1].port + 1);
	take_off(census, portset_count(&left) == 0 ? UINT32_MAX : portset_count(&found));
}

void
probe_cache_free(struct probe_cache *cache)
{
	free(cache->ports);
	memset(cache, 0, sizeof(*cache));
}

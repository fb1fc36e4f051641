/* SPDX-License-Identifier: ISC */
#include "count/suspect.h"

#include <stdlib.h>
#include <string.h>

/* Pools that are asked for first. */
#define FULLEST 8

static struct suspect *
suspect_of(const struct suspects *suspects, uint16_t port)
{
	return &suspects->ports[port - suspects->range.low];
}

static bool
fit_range(struct suspects *suspects, const struct port_range *range)
{
	if (suspects->ports != NULL && suspects->range.low == range->low &&
	    suspects->range.high == range->high)
		return true;
	struct suspect *ports = calloc(range_size(range), sizeof(*ports));
	if (ports == NULL)
		return false;
	free(suspects->ports);
	suspects->ports = ports;
	suspects->range = *range;
	return true;
}

bool
suspects_begin(struct suspects *suspects, struct census *census)
{
	if (!fit_range(suspects, &census->settings.range))
		return false;
	for (uint32_t i = 0; i < range_size(&suspects->range); i++) {
		struct suspect *s = &suspects->ports[i];
		uint16_t port = (uint16_t)(suspects->range.low + i);
		if (s->answer == SUSPECT_UNKNOWN)
			continue;
		/* A socket that is bound and idle is in no key, but may have come since. */
		bool outdated = s->answer == SUSPECT_FREE && portset_has(&census->bound, port);
		if (s->key != census->keys[i] || outdated) {
			*s = (struct suspect){0};
			continue;
		}
		if (s->rest > 0)
			s->rest--;
		census_settle(census, port, s->answer == SUSPECT_BLOCKED);
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
	uint16_t *ports;
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
		choice->ports[choice->count++] = (uint16_t)port;
		portset_del(from, (uint16_t)port);
	}
}

uint32_t
suspects_choose(const struct suspects *suspects, const struct census *census, uint16_t *ports,
		uint32_t most)
{
	const struct port_range *range = &suspects->range;
	const struct pool *fullest[FULLEST];
	unsigned pools = find_fullest(census, fullest);
	struct portset kind[3]; /* ambiguous, assumed, due again */
	struct choice choice = {ports, 0, most};

	kind[0] = census->ambiguous;
	kind[1] = census->any;
	portset_andnot(&kind[1], &census->ambiguous);
	portset_clear(&kind[2]);
	for (uint32_t port = range->low; port <= range->high; port++) {
		const struct suspect *s = suspect_of(suspects, (uint16_t)port);
		if (s->answer == SUSPECT_UNKNOWN)
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
	return choice.count;
}

void
suspects_answer(struct suspects *suspects, struct census *census, uint16_t port, bool blocked)
{
	struct suspect *s = suspect_of(suspects, port);
	enum suspect_answer answer = blocked ? SUSPECT_BLOCKED : SUSPECT_FREE;
	*s = (struct suspect){.key = census->keys[port - suspects->range.low],
			      .answer = (uint8_t)answer,
			      .rest = s->answer == answer ? SUSPECT_REST : SUSPECT_CONFIRM};
	census_settle(census, port, blocked);
}

void
suspects_free(struct suspects *suspects)
{
	free(suspects->ports);
	memset(suspects, 0, sizeof(*suspects));
}

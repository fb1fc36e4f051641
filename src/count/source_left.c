/* SPDX-License-Identifier: ISC */
#include "count/source_left.h"

#include <string.h>

static uint32_t
less(uint32_t remaining, uint32_t by)
{
	return by < remaining ? remaining - by : 0;
}

void
source_left_count(const struct sources *sources, const struct tally *tally, struct source_left *out)
{
	const struct range_tally *range = &tally->range;
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < sources->count; i++)
		out->remaining[i] = less(range->capacity, range->uncertain);
	/* The same address may be there several times, bound to devices. */
	for (uint32_t l = 0; sources->count > 0 && l < tally->local_count; l++) {
		const struct local_tally *local = &tally->locals[l];
		const struct source_address *source = sources_find(sources, &local->address);
		if (source == NULL)
			continue;
		uint32_t at = (uint32_t)(source - sources->of);
		out->connections[at] += local->connections;
		out->remaining[at] = less(out->remaining[at], local->used);
	}
}

int
source_left_best(const struct sources *sources, const struct source_left *left,
		 const struct addr *local, uint32_t capacity)
{
	const struct source_address *from = sources_find(sources, local);
	int best = -1;
	for (uint32_t i = 0; from != NULL && i < sources->count; i++) {
		const struct source_address *other = &sources->of[i];
		if (other->device != from->device || addr_equal(&other->address, &from->address) ||
		    addr_is_v4(&other->address) != addr_is_v4(&from->address))
			continue;
		uint32_t remaining = left->remaining[i];
		if (remaining > 0 && remaining >= capacity / 2 &&
		    (best < 0 || remaining > left->remaining[best]))
			best = (int)i;
	}
	return best;
}

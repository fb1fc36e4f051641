/* SPDX-License-Identifier: ISC */
#include "alarm/owed.h"

#include <stdlib.h>

static int
compare(const void *left, const void *right)
{
	const struct owed *l = left, *r = right;
	const struct alarm *a = l->alarm, *b = r->alarm;
	bool a_named = budget_is_named(a->subject.kind), b_named = budget_is_named(b->subject.kind);
	if (l->again != r->again)
		return l->again ? 1 : -1;
	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a_named != b_named)
		return a_named ? -1 : 1;
	if (a->remaining != b->remaining)
		return a->remaining < b->remaining ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

void
owed_sort(struct owed *owed, uint32_t count)
{
	if (count > 1)
		qsort(owed, count, sizeof(*owed), compare);
}

static bool
has_named(const struct owed *owed, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (budget_is_named(owed[i].alarm->subject.kind))
			return true;
	return false;
}

uint32_t
owed_choose(struct owed *owed, uint32_t count, uint32_t *room, const struct budget *budget,
	    uint64_t now_ms)
{
	uint32_t named = budget_rest(budget, now_ms, true),
		 many = budget_rest(budget, now_ms, false), held = 0;
	if (budget->per_minute == 1 && has_named(owed, count))
		many = 0;
	for (uint32_t i = 0; i < count; i++) {
		bool is_named = budget_is_named(owed[i].alarm->subject.kind);
		uint32_t rest = is_named || named < many ? named : many;
		owed[i].leaves = rest > 0 && *room > 0;
		held += rest == 0;
		if (!owed[i].leaves)
			continue;
		--*room;
		if (budget->per_minute == 0)
			continue;
		named--;
		many -= !is_named;
	}
	return held;
}

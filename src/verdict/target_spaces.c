/* SPDX-License-Identifier: ISC */
#include "verdict/target_spaces.h"

#include <stdio.h>

/* How one of them stands. */
struct place {
	enum severity raise, hold;
	unsigned nearness;
	uint32_t tightest;
	bool used; /* there is any connection */
};

static struct place
place_of(const struct target_tally *t, const struct target *target, enum severity raise,
	 enum severity hold)
{
	return (struct place){
	    raise, hold,
	    severity_nearness(&target->levels.raise, t->usage.tightest, t->usage.capacity, 0),
	    t->usage.tightest, t->pools > 0};
}

/* Levels first: how many ports are left says little where ranges are of different sizes. */
static bool
is_worse(const struct place *a, const struct place *b)
{
	if (a->raise != b->raise)
		return a->raise > b->raise;
	if (a->hold != b->hold)
		return a->hold > b->hold;
	if (a->used != b->used)
		return a->used;
	if (a->nearness != b->nearness)
		return a->nearness > b->nearness;
	return a->tightest < b->tightest;
}

static struct place
place_of_other(const struct space_target *s, const struct target *target)
{
	return place_of(s->tally, target, s->raise.severity, s->hold.severity);
}

static void
add(struct usage *to, const struct usage *from)
{
	for (unsigned i = 0; i < STATE_MAX; i++)
		to->states.of[i] += from->states.of[i];
	to->connections += from->connections;
	to->recyclable += from->recyclable;
}

void
target_spaces_sum(const struct space_target *of, uint32_t count, struct target_tally *rows,
		  const struct space_target **worst)
{
	for (uint32_t i = 0; i < count; i++) {
		struct target_tally *row = &rows[of[i].target];
		const struct space_target **w = &worst[of[i].target];
		const struct place this = place_of_other(&of[i], row->target);
		add(&row->usage, &of[i].tally->usage);
		row->pools += of[i].tally->pools;
		row->spaces++;
		if (*w != NULL) {
			const struct place that = place_of_other(*w, row->target);
			if (!is_worse(&this, &that))
				continue;
		}
		*w = &of[i];
	}
}

bool
target_spaces_decides(const struct space_target *other, const struct target_tally *own,
		      const struct hysteresis_reading *r)
{
	const struct place here = place_of(own, own->target, r->raise.severity, r->hold.severity);
	const struct place there = place_of_other(other, own->target);
	return is_worse(&there, &here);
}

void
target_spaces_turn(struct target_tally *row, const struct space_target *by)
{
	const struct usage sum = row->usage;
	row->usage = by->tally->usage;
	row->usage.states = sum.states;
	row->usage.connections = sum.connections;
	row->usage.recyclable = sum.recyclable;
	row->tightest_local = by->tally->tightest_local;
	row->tightest_peer = by->tally->tightest_peer;
	row->tightest_port = by->tally->tightest_port;
	snprintf(row->space, sizeof(row->space), "%s", by->space);
}

/* SPDX-License-Identifier: ISC */
#include "verdict/cause.h"

/* Connections that wait for the same thing. */
struct group {
	enum cause cause;
	uint32_t count;
};

/* The group that holds most ports; CAUSE_NONE and 0 if none does. */
static struct group
largest(const struct usage *u)
{
	const uint32_t *of = u->states.of;
	const struct group groups[] = {
	    {CAUSE_CLOSE_WAIT, of[STATE_CLOSE_WAIT]},
	    {CAUSE_TIME_WAIT, of[STATE_TIME_WAIT] - u->recyclable},
	    {CAUSE_HALF_CLOSED, of[STATE_FIN_WAIT2]},
	    {CAUSE_UNACKNOWLEDGED, of[STATE_FIN_WAIT1] + of[STATE_LAST_ACK] + of[STATE_CLOSING]},
	    {CAUSE_SYN_SENT, of[STATE_SYN_SENT]},
	    {CAUSE_ESTABLISHED, of[STATE_ESTABLISHED]},
	};
	struct group most = {CAUSE_NONE, 0};
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].count > most.count)
			most = groups[i];
	return most;
}

/* What made the range as small as it is, where more of it was taken away than `left`. */
static enum cause
taken_away(const struct range_tally *range, uint32_t left)
{
	uint32_t blocked = range->listening + range->bound;
	if (blocked >= range->reserved && blocked >= left && 2 * blocked >= range->size)
		return CAUSE_BLOCKED;
	if (range->reserved >= left && 2 * range->reserved >= range->size)
		return CAUSE_RESERVED;
	return CAUSE_SMALL_RANGE;
}

enum cause
cause_of(const struct usage *u, enum severity severity, const struct levels *levels,
	 const struct range_tally *range)
{
	uint32_t used = u->capacity - u->tightest;
	if (severity == SEVERITY_NORMAL || severity == SEVERITY_UNKNOWN)
		return CAUSE_NONE;
	if (levels->close_wait != 0 && u->states.of[STATE_CLOSE_WAIT] > levels->close_wait)
		return CAUSE_CLOSE_WAIT;
	struct group most = largest(u);
	/* A pool that is nearly empty and yet under its level has too small a range. */
	if (most.count == 0 || used < u->capacity / 2)
		return taken_away(range, 0);
	uint32_t blocked = range->listening + range->bound;
	if (blocked >= most.count && 2 * blocked >= range->size)
		return CAUSE_BLOCKED;
	/* A long list of reserved ports is set on purpose, and often beside a range widened for it:
	 * it explains established load only where few ports are left. */
	if (most.cause == CAUSE_ESTABLISHED && u->capacity < CAUSE_SMALL)
		return taken_away(range, u->capacity);
	return most.cause;
}

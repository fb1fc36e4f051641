/* SPDX-License-Identifier: ISC */
/*
 * pace: how long to wait until the next poll. Pure.
 */
#ifndef SRCPORTD_PACE_H
#define SRCPORTD_PACE_H

#include "level.h"

struct pace {
	uint32_t least_s; /* while a pool is near its level or grows fast */
	uint32_t usual_s;
	uint32_t most_s;      /* while every pool is far from its level */
	unsigned cpu_percent; /* of one CPU, that polls may cost in the long run; 0 = no bound */
};

/* What the last poll found. */
struct pace_state {
	enum severity severity;  /* worst of all */
	unsigned percent;        /* highest of all pools */
	unsigned percent_before; /* the same in the poll before */
	uint32_t cpu_us;         /* what the poll cost */
};

/* Percent below which a host is at rest, and the rise from one poll to the next that is fast
 * growth. */
#define PACE_REST_PERCENT 50
#define PACE_FAST_PERCENT 5

/* Seconds until the next poll: least_s, usual_s or most_s, or longer if the CPU share demands it.
 */
uint32_t pace_next(const struct pace *pace, const struct pace_state *state);

#endif

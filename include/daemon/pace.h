/* SPDX-License-Identifier: ISC */
/*
 * pace: how long to wait until the next poll. Pure.
 */
#ifndef SRCPORTD_PACE_H
#define SRCPORTD_PACE_H

#include "config/config.h"

/* What the last poll found. */
struct pace_state {
	enum severity severity; /* worst of all */
	unsigned nearness;      /* severity_nearness() of what is nearest to its level */
	unsigned growth;        /* the most that anything grew since the poll before, in percent of
				 * its capacity */
	uint64_t owed_us;       /* CPU time that has not been paid for by waiting */
};

/* Percent of the way to its level from which a pool is near, and below which it is far; and what
 * is fast growth from one poll to the next, in percent of the capacity. */
#define PACE_NEAR 90
#define PACE_FAR  50
#define PACE_FAST 5

/* Seconds until the next poll: least_s, usual_s or most_s, or longer if the CPU share demands it.
 */
uint32_t pace_next(const struct pace *pace, const struct pace_state *state);

/* The CPU time of polls as a debt that the passing of time pays off, at the rate of cpu_percent. A
 * poll ahead of time is paid for after it. Zero at the start. */
struct pace_debt {
	uint64_t owed_us;
	uint64_t at_ms; /* when it was that much */
};

/* What is left of it at now_ms. */
uint64_t pace_owed(const struct pace_debt *debt, const struct pace *pace, uint64_t now_ms);

/* Adds what a poll has cost. */
void pace_charge(struct pace_debt *debt, const struct pace *pace, uint64_t now_ms,
		 uint64_t cost_us);

/* Milliseconds until a poll ahead of time may begin: until no more than `cost_us`, what a poll
 * costs, is owed. Never more than one poll is made on credit, so that the share is kept however
 * often there is a reason to hurry. */
uint64_t pace_wait_ms(const struct pace_debt *debt, const struct pace *pace, uint64_t now_ms,
		      uint64_t cost_us);

#endif

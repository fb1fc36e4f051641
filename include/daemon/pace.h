/* SPDX-License-Identifier: ISC */
/*
 * pace: when the next poll begins: a timer, and how long it is set for. It goes on while the host
 * is suspended: when that wakes up, a poll is due, one. Everything else is measured by
 * CLOCK_MONOTONIC, without that time, in which nothing happened.
 */
#ifndef SRCPORTD_PACE_H
#define SRCPORTD_PACE_H

#include "config/config.h"
#include "snmp/snapshot.h"

/* What the last poll found. */
struct pace_state {
	enum severity severity; /* worst of all */
	unsigned nearness;      /* severity_nearness() of what is nearest to its level */
	unsigned growth;        /* the most that anything grew since the poll before, in percent of
				 * its capacity */
	uint64_t owed_us;       /* CPU time that has not been paid for by waiting */
	uint64_t cost_us;       /* of the last poll */
	uint64_t duration_us;   /* the same, by the clock */
};

/* Percent of the way to its level from which a pool is near, and below which it is far; and what
 * is fast growth from one poll to the next, in percent of the capacity. */
#define PACE_NEAR 90
#define PACE_FAR  50
#define PACE_FAST 5

/* Of one CPU, in parts of a thousand, what polls take where nothing is near its level and the
 * interval goes by their cost; and the cost below which that is PACE_CHEAP_S at most. */
#define PACE_SHARE    2
#define PACE_CHEAP_US 5000
#define PACE_CHEAP_S  2

/* Seconds that cost and the CPU share stretch an interval to, no more, whatever polls cost: where
 * the share and time conflict, time wins. It is less, down to half, where polls take long: an
 * interval and a poll take at most PACE_JUDGED_S, so that with who is behind it (OWNERS_WAIT_MS) a
 * pool is judged no later than 35 s after it has filled. */
#define PACE_LATEST_S 30
#define PACE_JUDGED_S 32

/* How many such times polls may be behind with their pay; what they cost beyond that nothing pays
 * for. */
#define PACE_CREDIT 3

/* Seconds until the next poll: by the cost of the last one, or least_s, usual_s or most_s, or
 * longer if the CPU share demands it, up to PACE_LATEST_S. Pure, as are the next three. */
uint32_t pace_next(const struct pace_limits *limits, const struct pace_state *state);

/* The CPU time of polls as a debt that the passing of time pays off, at the rate of cpu_percent. A
 * poll ahead of time is paid for after it. Zero at the start. */
struct pace_debt {
	uint64_t owed_us;
	uint64_t at_ms; /* when it was that much */
};

/* What is left of it at now_ms. */
uint64_t pace_owed(const struct pace_debt *debt, const struct pace_limits *limits, uint64_t now_ms);

/* Adds what a poll has cost. False if that is more than the share will ever pay for: then it is
 * forgiven, down to PACE_CREDIT and the cost of one poll. */
bool pace_charge(struct pace_debt *debt, const struct pace_limits *limits, uint64_t now_ms,
		 uint64_t cost_us);

/* Milliseconds until a poll ahead of time may begin: until no more than `cost_us`, what a poll
 * costs, is owed. Never more than one poll is made on credit, so that the share is kept however
 * often there is a reason to hurry. */
uint64_t pace_wait_ms(const struct pace_debt *debt, const struct pace_limits *limits,
		      uint64_t now_ms, uint64_t cost_us);

struct pace {
	int fd; /* readable when a poll is due; -1 = not open */
	uint32_t interval_s;
	struct pace_debt debt;
	bool late;   /* it has been logged that polls take too long, */
	bool excess; /* and that they cost more than they may */
};

/* Not armed yet. False with errno. */
bool pace_open(struct pace *pace);
void pace_close(struct pace *pace);

/* Polls from now on every `seconds`, the first time after `first_ms`. False with errno. */
bool pace_set(struct pace *pace, uint64_t first_ms, uint32_t seconds);

/* True if a poll is due; clears the descriptor. */
bool pace_due(struct pace *pace);

/* Sets the time until the next poll from what this one found and cost, which ended at now_ms of
 * CLOCK_MONOTONIC. */
void pace_follow(struct pace *pace, const struct pace_limits *limits,
		 const struct snapshot *snapshot, uint64_t now_ms);

/* Makes the next poll come ahead of time: a second after the last one, which ended at last_ms and
 * cost cost_us, or as soon after that as the CPU share allows; never later than it would have. */
bool pace_hurry(struct pace *pace, const struct pace_limits *limits, uint64_t now_ms,
		uint64_t last_ms, uint64_t cost_us);

/* Logged when polls begin to take longer than the interval, and when they no longer do. */
void pace_note(struct pace *pace, uint64_t duration_us);

#endif

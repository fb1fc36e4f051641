/* SPDX-License-Identifier: ISC */
/*
 * trend: what pools, peers and targets were like in earlier polls: the most they held, and when
 * they will be full at the present rate of growth (foretell.h). Pure: the caller brings the clock.
 * Memory follows the number of pools, up to TREND_MAX rows; what goes away is forgotten with its
 * high-water mark.
 */
#ifndef SRCPORTD_TREND_H
#define SRCPORTD_TREND_H

#include "count/foretell.h"
#include "count/tally.h"

/* Rows followed: every target (there are CONFIG_TARGETS_MAX at most), then the fullest peers and
 * pools. What does not fit has the marks of a first poll. */
#define TREND_MAX 16384

/* Further ahead nothing is foretold: a series covers minutes, not months. */
#define TREND_HORIZON_S (7 * 24 * 3600)

/* No growth, or none that is known: the largest number, so that a manager may compare. */
#define TIME_LEFT_NONE UINT32_MAX

/* What the polls so far say of one pool, peer or target. */
struct outlook {
	uint32_t high_water; /* the most that capacity - tightest was, since it is followed */
	/* Until tightest is 0 at the present rate of growth, or TIME_LEFT_NONE. */
	uint32_t time_left_s;
};

/* Of every row of a tally, in its order. */
struct outlooks {
	struct outlook *pools, *peers, *targets;
	/* The most that one of them has grown since the last poll, in percent of its capacity. */
	unsigned growth;
};

/* What one poll alone says: the most that was is what is, and no growth is known. NULL with errno
 * ENOMEM. */
struct outlooks *outlooks_new(const struct tally *tally);
void outlooks_free(struct outlooks *outlooks); /* NULL is allowed */

struct trend;

/* NULL with errno ENOMEM. */
struct trend *trend_new(void);
void trend_free(struct trend *trend); /* NULL is allowed */

/* Takes in a good poll, made at now_ms of any clock that never goes back, and sets the outlook of
 * every row, and growth: what was not there before has grown from 0. outlooks are fresh, of this
 * tally. False with errno ENOMEM: rows that were not reached keep the marks of a first poll, and
 * what was known stays. */
bool trend_take(struct trend *trend, const struct tally *tally, uint64_t now_ms,
		struct outlooks *outlooks);

/* Rows followed at present. */
uint32_t trend_count(const struct trend *trend);

#endif

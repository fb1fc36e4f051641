/* SPDX-License-Identifier: ISC */
/*
 * ratelimit: how often something of one kind may happen. Pure: the caller has the clock.
 */
#ifndef SRCPORTD_RATELIMIT_H
#define SRCPORTD_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define RATELIMIT_KINDS 64

/* At most `burst` of a kind within `window_ms`. All zero but for these two is the start. */
struct ratelimit {
	uint32_t burst;
	uint32_t window_ms;
	struct ratelimit_kind {
		uint64_t key;       /* 0 = unused */
		uint64_t since_ms;  /* the window's first */
		uint32_t passed;    /* in the window */
		uint32_t held_back; /* in the window */
	} kinds[RATELIMIT_KINDS];
};

enum ratelimit_verdict {
	RATELIMIT_PASS,
	RATELIMIT_LAST, /* passes, and is the last one of its window */
	RATELIMIT_HOLD
};

/* Whether one more of the kind (not 0) may happen at now_ms (a clock that is never set back). Where
 * it may, *held_back says how many were not allowed since the last one that was. A kind beyond
 * RATELIMIT_KINDS takes the place of the one that was quiet for longest. */
enum ratelimit_verdict ratelimit_ask(struct ratelimit *limit, uint64_t key, uint64_t now_ms,
				     uint32_t *held_back);

#endif

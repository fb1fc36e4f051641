/* SPDX-License-Identifier: ISC */
/*
 * poll_past: what of good polls the next ones know: where sockets came from, the trend, and what a
 * light poll takes over.
 */
#ifndef SRCPORTD_POLL_PAST_H
#define SRCPORTD_POLL_PAST_H

#include "count/light.h"
#include "count/origins.h"
#include "count/trend.h"

/* All zero before it is opened. */
struct poll_past {
	struct origins *origins; /* NULL = there is no history */
	struct trend *trend;
	bool trend_starved; /* it has been logged that trends lack polls */
	struct light light;
	struct portset taken; /* ports that the last full poll saw sockets on, if `complete` */
	bool complete;
	uint32_t sockets; /* in the last good poll, also without a history */
};

/* Begins a history. False with errno ENOMEM; poll_past_free() is still to be called. */
bool poll_past_open(struct poll_past *past);
void poll_past_free(struct poll_past *past);

/* A good poll, light or full, with its complete census, which lends `light` what it has to keep;
 * UDP sockets are the UDP stage's. Fills in the outlooks of its tally. */
void poll_past_take(struct poll_past *past, struct census *census, const struct tally *tally,
		    bool light, uint64_t now_ms, struct outlooks *outlooks);

#endif

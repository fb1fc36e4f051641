/* SPDX-License-Identifier: ISC */
/*
 * storm: how many notifications may be sent within a minute, and when a summary is due for those
 * that were not. Pure.
 */
#ifndef SRCPORTD_STORM_H
#define SRCPORTD_STORM_H

#include <stdbool.h>
#include <stdint.h>

#define STORM_WINDOW_MS 60000

/* Zeroed is the start. */
struct storm {
	uint64_t window_ms; /* when the window began; 0 = none yet */
	uint32_t sent;      /* in it */
	bool summarised;    /* in it */
	uint32_t untold;    /* suppressed since the last summary */
	uint32_t total;     /* suppressed since the start (Counter32: wraps) */
};

/* Begins a new window if the last one is over. Call it first at each poll. */
void storm_tick(struct storm *storm, uint64_t now_ms);

/* True if one more may be sent, which is then counted; per_minute 0 = no limit. */
bool storm_admit(struct storm *storm, uint32_t per_minute);

/* Counts one that will not be sent. */
void storm_suppress(struct storm *storm);

/* How many a summary has to tell of now; 0 = none is due. It is due once a window, and asking makes
 * it done. */
uint32_t storm_summary(struct storm *storm);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * namespace_pace: when other network namespaces are looked for, counted and looked at: by what that
 * costs, and within what the polls leave of their share. Pure.
 */
#ifndef SRCPORTD_NAMESPACE_PACE_H
#define SRCPORTD_NAMESPACE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* From one search to the next, at most and at least: in between a part of a thousand of a CPU has
 * its say, or two where one has gone. */
#define NAMESPACE_PACE_SCAN_MS  30000
#define NAMESPACE_PACE_LEAST_MS 1000

/* From one full look in turn to the next, at least. */
#define NAMESPACE_PACE_TURN_MS 5000

/* One look in that time there is always. */
#define NAMESPACE_PACE_LATEST_MS 30000

/* What may be saved up. */
#define NAMESPACE_PACE_SAVED_MS 5000

struct namespace_pace {
	uint64_t scanned_ms, counted_ms, turned_ms, looked_ms; /* when last; 0 = never */
	uint64_t scan_us, count_us, turn_us;                   /* what that cost */
	unsigned cpu_percent;                                  /* 0 = there is no limit */
	int64_t credit_us; /* CPU time that may be spent on looks */
	uint64_t at_ms;    /* up to when */
};

/* Adds the time since the last call, less what polls and all else of their thread have used in it.
 */
void namespace_pace_begin(struct namespace_pace *pace, uint64_t now_ms, unsigned cpu_percent,
			  uint64_t polls_us);

/* Whether it is time to look for them, where one has gone or not; to count their sockets; and for
 * the full look in turn. */
bool namespace_pace_scan(const struct namespace_pace *pace, uint64_t now_ms, bool lost);
bool namespace_pace_count(const struct namespace_pace *pace, uint64_t now_ms);
bool namespace_pace_turn(const struct namespace_pace *pace, uint64_t now_ms);

/* Whether another look can be paid for; and what one has cost. */
bool namespace_pace_pays(const struct namespace_pace *pace, uint64_t now_ms);
void namespace_pace_charge(struct namespace_pace *pace, uint64_t now_ms, uint64_t cost_us);

#endif

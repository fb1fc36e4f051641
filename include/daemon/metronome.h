/* SPDX-License-Identifier: ISC */
/*
 * metronome: the timer that says when the next poll begins, at the pace that the last one asks for.
 * It goes on while the host is suspended: when that wakes up, a poll is due, one. Everything else
 * is measured by CLOCK_MONOTONIC, without that time, in which nothing happened.
 */
#ifndef SRCPORTD_METRONOME_H
#define SRCPORTD_METRONOME_H

#include "daemon/pace.h"
#include "snmp/snapshot.h"

struct metronome {
	int fd; /* readable when a poll is due; -1 = not open */
	uint32_t interval_s;
	struct pace_debt debt;
	bool late; /* it has been logged that polls take too long */
};

/* Not armed yet. False with errno. */
bool metronome_open(struct metronome *metronome);
void metronome_close(struct metronome *metronome);

/* Polls from now on every `seconds`, the first time after `first_ms`. False with errno. */
bool metronome_set(struct metronome *metronome, uint64_t first_ms, uint32_t seconds);

/* True if a poll is due; clears the descriptor. */
bool metronome_due(struct metronome *metronome);

/* Sets the time until the next poll from what this one found and cost, which ended at now_ms of
 * CLOCK_MONOTONIC. */
void metronome_follow(struct metronome *metronome, const struct pace *pace,
		      const struct snapshot *snapshot, uint64_t now_ms);

/* Makes the next poll come ahead of time: a second after the last one, which ended at last_ms and
 * cost cost_us, or as soon after that as the CPU share allows. */
bool metronome_hurry(struct metronome *metronome, const struct pace *pace, uint64_t now_ms,
		     uint64_t last_ms, uint64_t cost_us);

/* Logged when polls begin to take longer than the interval, and when they no longer do. */
void metronome_note(struct metronome *metronome, uint64_t duration_us);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * alarm_state: one subject's way between normal, warning and critical. Pure.
 */
#ifndef SRCPORTD_ALARM_STATE_H
#define SRCPORTD_ALARM_STATE_H

#include "count/severity.h"

/* Zeroed but for severity SEVERITY_NORMAL is the start. */
struct alarm_state {
	enum severity severity;
	/* Polls in a row, for [0] warning and [1] critical: at its raise level; below its clear
	 * level. */
	uint16_t above[2], below[2];
};

/* Takes one poll. raise is the severity by the raise levels, hold that by the clear levels; a hold
 * less severe than raise counts as raise. A severity is reached when raise was at least it for
 * raise_polls polls in a row, and left when hold was less for clear_polls in a row; critical is
 * left for warning only in a poll that still holds warning, else the way to normal is waited for,
 * so that a subject that falls at once tells of it once. True if the severity has changed. */
bool alarm_state_step(struct alarm_state *state, enum severity raise, enum severity hold,
		      uint32_t raise_polls, uint32_t clear_polls);

/* True if a subject in this state need not be remembered. */
bool alarm_state_idle(const struct alarm_state *state);

#endif

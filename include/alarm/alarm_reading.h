/* SPDX-License-Identifier: ISC */
/*
 * alarm_reading: what one poll says of a subject. Pure.
 */
#ifndef SRCPORTD_ALARM_READING_H
#define SRCPORTD_ALARM_READING_H

#include "alarm/notification.h"
#include "verdict/hysteresis.h"

/* One subject in one poll: what it is, as hysteresis.h has it. */
struct alarm_reading {
	struct alarm_subject subject;
	struct verdict verdict;
	bool fading; /* this poll found less: only its polls are still counted */
	bool absent; /* nothing of it is left; the members below are not used */
	bool held; /* it could not be looked at: of the members below there is the message alone */
	struct addr local, peer;
	uint16_t port;
	uint32_t used, capacity, remaining, percent, close_wait;
	const char *message;
};

/* Puts the figures and the message of a reading into the alarm. A subject that has no socket left,
 * or is no longer configured, holds nothing. */
void alarm_reading_fill(const struct alarm_reading *reading, struct alarm *alarm);

#endif

/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_reading.h"

#include <stdio.h>

static void
empty(struct alarm *alarm)
{
	alarm->used = alarm->percent = alarm->close_wait = 0;
	alarm->remaining = alarm->capacity;
	snprintf(alarm->message, sizeof(alarm->message), "%s",
		 alarm->subject.kind == ALARM_TARGET ? "it is no longer configured"
						     : "no connection of it is left");
}

void
alarm_reading_fill(const struct alarm_reading *reading, struct alarm *alarm)
{
	if (reading->absent) {
		empty(alarm);
		return;
	}
	snprintf(alarm->message, sizeof(alarm->message), "%s", reading->message);
	if (reading->held)
		return;
	alarm->local = reading->local;
	alarm->peer = reading->peer;
	alarm->port = reading->port;
	alarm->used = reading->used;
	alarm->capacity = reading->capacity;
	alarm->remaining = reading->remaining;
	alarm->percent = reading->percent;
	alarm->close_wait = reading->close_wait;
}

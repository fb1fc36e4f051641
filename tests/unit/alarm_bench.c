/* SPDX-License-Identifier: ISC */
#include "alarm_bench.h"
#include "config/config.h"

#include <stdio.h>

void
bench_begin(struct bench *b, uint32_t raise_polls, uint32_t clear_polls)
{
	memset(b, 0, sizeof(*b));
	b->alarms = alarms_new();
	assert_non_null(b->alarms);
	b->rules = (struct alarm_rules){.raise_polls = raise_polls,
					.clear_polls = clear_polls,
					.max = 1000,
					.notify = NOTIFY_ALL,
					.room = UINT32_MAX};
	b->now = (struct alarm_clock){.ms = 5000, .wall = 1000000};
}

void
bench_poll_begin(struct bench *b)
{
	b->now.ms += 10000;
	b->now.wall += 10;
	alarms_begin(b->alarms, &b->rules, &b->now);
}

static void
describe(const struct alarm_reading *reading, char buf[static ALARM_MESSAGE_MAX])
{
	snprintf(buf, ALARM_MESSAGE_MAX, "%u of %u", reading->used, reading->capacity);
}

enum severity
bench_take(struct bench *b, const char *key, uint32_t used)
{
	struct alarm_reading reading = {.used = used,
					.capacity = 100,
					.remaining = 100 - used,
					.percent = used,
					.raise = used >= 95   ? SEVERITY_CRITICAL
						 : used >= 80 ? SEVERITY_WARNING
							      : SEVERITY_NORMAL,
					.hold = used >= 90   ? SEVERITY_CRITICAL
						: used >= 75 ? SEVERITY_WARNING
							     : SEVERITY_NORMAL,
					.describe = describe};
	reading.cause = reading.raise == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_TIME_WAIT;
	reading.hold_cause = reading.hold == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_TIME_WAIT;
	assert_true(alarm_key_parse(key, &reading.subject));
	reading.local = reading.subject.local;
	reading.peer = reading.subject.peer;
	reading.port = reading.subject.port;
	return alarms_take(b->alarms, &reading).severity;
}

void
bench_poll_end(struct bench *b)
{
	static const char *const word[] = {"?", "CRITICAL", "WARNING", "CLEARED", "SUPPRESSED"};
	uint32_t count;
	alarms_end(b->alarms);
	const struct notification *notifications = alarms_notifications(b->alarms, &count);
	b->told[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		char key[ALARM_KEY_MAX] = "";
		size_t at = strlen(b->told);
		if (notifications[i].kind != NOTIFICATION_SUPPRESSED)
			alarm_key(&notifications[i].alarm.subject, key);
		snprintf(b->told + at, sizeof(b->told) - at, "%s %s;", word[notifications[i].kind],
			 key);
	}
}

const char *
bench_poll_many(struct bench *b, unsigned count, uint32_t used)
{
	bench_poll_begin(b);
	for (unsigned i = 0; i < count; i++) {
		char key[64];
		snprintf(key, sizeof(key), "pool 10.0.0.1 -> 10.1.%u.%u:443", i / 200, 1 + i % 200);
		bench_take(b, key, used);
	}
	bench_poll_end(b);
	return b->told;
}

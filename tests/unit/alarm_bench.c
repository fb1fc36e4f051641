/* SPDX-License-Identifier: ISC */
#include "alarm_bench.h"
#include "config/config.h"

#include <stdio.h>

void
bench_begin(struct bench *b, uint32_t raise_polls, uint32_t clear_polls)
{
	memset(b, 0, sizeof(*b));
	b->alarms = alarms_new();
	b->hysteresis = hysteresis_new();
	assert_non_null(b->alarms);
	assert_non_null(b->hysteresis);
	b->raise_polls = raise_polls;
	b->clear_polls = clear_polls;
	b->max = 1000;
	b->rules = (struct alarm_rules){.notify = NOTIFY_ALL, .open = true, .room = UINT32_MAX};
	b->fate = FATE_ACCEPTED;
	b->now = (struct alarm_clock){.ms = 5000, .wall = 1000000};
}

void
bench_end(struct bench *b)
{
	alarms_free(b->alarms);
	hysteresis_free(b->hysteresis);
}

bool
bench_restore(struct bench *b, const struct alarm *alarm)
{
	const struct verdict verdict = {alarm->severity, alarm->cause};
	return alarms_restore(b->alarms, alarm) &&
	       hysteresis_restore(b->hysteresis, &alarm->subject, verdict);
}

void
bench_poll_begin(struct bench *b)
{
	uint32_t ended = alarms_ended(b->alarms);
	const struct hysteresis_rules rules = {.raise_polls = b->raise_polls,
					       .clear_polls = b->clear_polls,
					       .room = ended < b->max ? b->max - ended : 0};
	b->now.ms += 10000;
	b->now.wall += 10;
	b->omitted = 0;
	b->taken = 0;
	hysteresis_begin(b->hysteresis, &rules);
}

static struct verdict
verdict_of(enum severity severity)
{
	return (struct verdict){severity,
				severity == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_TIME_WAIT};
}

enum severity
bench_take(struct bench *b, const char *key, uint32_t used)
{
	struct hysteresis_reading reading = {.raise = verdict_of(used >= 95   ? SEVERITY_CRITICAL
								 : used >= 80 ? SEVERITY_WARNING
									      : SEVERITY_NORMAL),
					     .hold = verdict_of(used >= 90   ? SEVERITY_CRITICAL
								: used >= 75 ? SEVERITY_WARNING
									     : SEVERITY_NORMAL),
					     .row = b->taken};
	assert_true(alarm_key_parse(key, &reading.subject));
	assert_true(b->taken < COUNT_OF(b->used));
	b->used[b->taken++] = used;
	return hysteresis_take(b->hysteresis, &reading, &b->omitted).severity;
}

static void
tell_engine(struct bench *b, const struct standing *s)
{
	char message[32] = "";
	uint32_t used = s->row != LOOKUP_NONE ? b->used[s->row] : 0;
	const struct alarm_reading reading = {.subject = s->subject,
					      .verdict = s->verdict,
					      .fading = s->fading,
					      .absent = s->row == LOOKUP_NONE,
					      .local = s->subject.local,
					      .peer = s->subject.peer,
					      .port = s->subject.port,
					      .used = used,
					      .capacity = 100,
					      .remaining = 100 - used,
					      .percent = used,
					      .message = message};
	snprintf(message, sizeof(message), "%u of 100", used);
	if (s->changed || s->verdict.severity != SEVERITY_NORMAL)
		b->omitted += !alarms_take(b->alarms, &reading);
}

/* What notifications.c does: numbers and a budget. */
static void
meet_fate(struct bench *b, const struct notification *n)
{
	alarms_fate(b->alarms, n, b->fate, &b->now);
	if (b->fate == FATE_WAITED)
		return;
	if (!n->again)
		b->rules.sequence = notification_number_after(b->rules.sequence);
	if (n->kind != NOTIFICATION_SUPPRESSED)
		budget_spend(&b->rules.budget, b->now.ms, budget_is_named(n->alarm.subject.kind));
}

void
bench_tell(struct bench *b)
{
	static const char *const word[] = {"?",       "CRITICAL",   "WARNING",
					   "CLEARED", "SUPPRESSED", "UNKNOWN"};
	uint32_t count;
	alarms_plan(b->alarms, &b->rules, &b->now);
	const struct notification *notifications = alarms_notifications(b->alarms, &count);
	b->told[0] = '\0';
	b->told_count = count;
	for (uint32_t i = 0; i < count; i++) {
		char key[ALARM_KEY_MAX] = "";
		size_t at = strlen(b->told);
		if (notifications[i].kind != NOTIFICATION_SUPPRESSED)
			alarm_key(&notifications[i].alarm.subject, key);
		snprintf(b->told + at, sizeof(b->told) - at, "%s %s;", word[notifications[i].kind],
			 key);
		meet_fate(b, &notifications[i]);
	}
}

void
bench_poll_end(struct bench *b)
{
	uint32_t count;
	struct standing *standings = hysteresis_end(b->hysteresis, &count);
	b->told[0] = '\0';
	b->told_count = 0;
	if (standings == NULL)
		return;
	alarms_begin(b->alarms, &b->now);
	for (uint32_t i = 0; i < count; i++)
		tell_engine(b, &standings[i]);
	free(standings);
	alarms_end(b->alarms);
	bench_tell(b);
}

bool
bench_is_over(const struct bench *b)
{
	const struct alarm *alarm;
	for (uint32_t i = 0; (alarm = alarms_at(b->alarms, i)) != NULL; i++)
		if (alarm->severity != SEVERITY_NORMAL || alarm->told != SEVERITY_NORMAL)
			return false;
	return true;
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

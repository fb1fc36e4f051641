/* SPDX-License-Identifier: ISC */
#include "alarm_bench.h"
#include "config/config.h"

#include <stdio.h>

static const char A[] = "pool 10.0.0.1 -> 10.1.2.3:443", B[] = "target bank", C[] = "peer 10.1.2.4";

/* One poll with one or two subjects; a negative number: the subject is not there. */
static const char *
poll_two(struct bench *b, int a_used, int b_used)
{
	bench_poll_begin(b);
	if (a_used >= 0)
		bench_take(b, A, (uint32_t)a_used);
	if (b_used >= 0)
		bench_take(b, B, (uint32_t)b_used);
	bench_poll_end(b);
	return b->told;
}

static const char *
poll_one(struct bench *b, int used)
{
	return poll_two(b, used, -1);
}

static const struct alarm *
only_alarm(const struct bench *b)
{
	assert_non_null(alarms_at(b->alarms, 0));
	assert_null(alarms_at(b->alarms, 1));
	return alarms_at(b->alarms, 0);
}

static void
a_transition_is_told_once(void **state)
{
	static const struct {
		int used;
		const char *told;
		uint32_t active;
	} polls[] = {
	    {10, "", 0},
	    {79, "", 0},
	    {80, "WARNING pool 10.0.0.1 -> 10.1.2.3:443;", 1},
	    {84, "", 1},
	    {95, "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;", 1},
	    {99, "", 1},
	    {91, "", 1},
	    {89, "WARNING pool 10.0.0.1 -> 10.1.2.3:443;", 1},
	    {76, "", 1},
	    {74, "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;", 0},
	    {74, "", 0},
	    {97, "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;", 1},
	    {10, "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;", 0},
	};
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	for (size_t i = 0; i < COUNT_OF(polls); i++) {
		assert_string_equal(poll_one(&b, polls[i].used), polls[i].told);
		assert_int_equal(alarms_summary(b.alarms)->active, polls[i].active);
	}
	assert_int_equal(alarms_summary(b.alarms)->sequence, 6);
	assert_int_equal(alarms_last_id(b.alarms), 2);
	assert_true(bench_is_over(&b));
	bench_end(&b);
}

static void
an_alarm_has_what_an_operator_needs(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	bench_begin(&b, 1, 1);
	poll_one(&b, 97);
	const struct notification *n = alarms_notifications(b.alarms, &count);
	assert_int_equal(count, 1);
	assert_int_equal(n->kind, NOTIFICATION_CRITICAL);
	assert_int_equal(n->alarm.id, 1);
	assert_int_equal(n->alarm.sequence, 1);
	assert_int_equal(n->alarm.severity, SEVERITY_CRITICAL);
	assert_int_equal(only_alarm(&b)->told, SEVERITY_CRITICAL);
	assert_int_equal(n->alarm.cause, CAUSE_TIME_WAIT);
	assert_int_equal(n->alarm.used, 97);
	assert_int_equal(n->alarm.remaining, 3);
	assert_int_equal(n->alarm.capacity, 100);
	assert_int_equal(n->alarm.percent, 97);
	assert_int_equal(n->alarm.port, 443);
	assert_int_equal(n->alarm.since_ms, 15000);
	assert_int_equal(n->alarm.since, 1000010);
	assert_string_equal(n->alarm.message, "97 of 100");

	poll_one(&b, 98);
	assert_int_equal(only_alarm(&b)->used, 98); /* the table follows */
	assert_int_equal(only_alarm(&b)->since_ms, 15000);
	poll_one(&b, 85);
	n = alarms_notifications(b.alarms, &count);
	assert_int_equal(n->kind, NOTIFICATION_WARNING);
	assert_int_equal(n->alarm.id, 1);
	assert_int_equal(n->alarm.sequence, 2);
	poll_one(&b, 0);
	n = alarms_notifications(b.alarms, &count);
	assert_int_equal(n->kind, NOTIFICATION_CLEARED);
	assert_int_equal(n->alarm.id, 1);
	assert_int_equal(n->alarm.sequence, 3);
	assert_int_equal(n->alarm.severity, SEVERITY_NORMAL);
	assert_int_equal(n->alarm.cause, CAUSE_NONE);
	assert_int_equal(n->alarm.remaining, 100);
	assert_string_equal(n->alarm.message, "0 of 100");
	bench_end(&b);
}

static void
what_vanishes_is_cleared(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	bench_begin(&b, 1, 3);
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_one(&b, -1), "");
	assert_int_equal(only_alarm(&b)->severity, SEVERITY_CRITICAL);
	assert_int_equal(only_alarm(&b)->remaining, 100);
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, 99), ""); /* back in time: nothing is told */
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, -1), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	const struct notification *n = alarms_notifications(b.alarms, &count);
	assert_int_equal(n->alarm.used, 0);
	assert_int_equal(n->alarm.remaining, 100);
	assert_string_equal(n->alarm.message, "no connection of it is left");
	assert_true(bench_is_over(&b));
	bench_end(&b);
}

static void
a_short_burst_is_not_told_and_not_remembered(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 3, 1);
	assert_string_equal(poll_one(&b, 99), "");
	assert_true(hysteresis_follows(b.hysteresis, ALARM_POOL));
	assert_false(hysteresis_follows(b.hysteresis, ALARM_TARGET));
	assert_string_equal(poll_one(&b, 99), "");
	assert_string_equal(poll_one(&b, 79), "");
	assert_false(hysteresis_follows(b.hysteresis, ALARM_POOL));
	assert_true(bench_is_over(&b));
	poll_one(&b, 99);
	poll_one(&b, 99);
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_int_equal(only_alarm(&b)->id, 1);
	bench_end(&b);
}

static void
the_worst_is_told_first(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	assert_string_equal(poll_two(&b, 81, 82),
			    "WARNING target bank;WARNING pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_two(&b, 99, 10),
			    "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;CLEARED target bank;");
	bench_end(&b);
}

static void
rows_get_the_severity_of_the_engine(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 2, 1);
	b.max = 1;
	bench_poll_begin(&b);
	assert_int_equal(bench_take(&b, A, 99), SEVERITY_NORMAL);   /* the first of two polls */
	assert_int_equal(bench_take(&b, C, 99), SEVERITY_CRITICAL); /* no room: as it is measured */
	bench_poll_end(&b);
	assert_int_equal(b.omitted, 1);
	bench_poll_begin(&b);
	assert_int_equal(bench_take(&b, A, 96), SEVERITY_CRITICAL);
	bench_poll_end(&b);
	assert_int_equal(b.omitted, 0);
	bench_poll_begin(&b);
	assert_int_equal(bench_take(&b, A, 90), SEVERITY_CRITICAL); /* held */
	bench_poll_end(&b);
	assert_int_equal(only_alarm(&b)->cause, CAUSE_TIME_WAIT);
	bench_end(&b);
}

static void
what_an_operator_named_and_the_host_find_room(void **state)
{
	static const char *const keys[] = {A, C, "local 10.0.0.1", "host", "limit files", B};
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	b.max = 1;
	for (unsigned poll = 0; poll < 2; poll++) {
		bench_poll_begin(&b);
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			bench_take(&b, keys[i], poll == 0 ? 99 : 0);
		bench_poll_end(&b);
		assert_int_equal(b.omitted, poll == 0 ? 2 : 0);
		assert_string_equal(b.told, poll == 0 ? "CRITICAL host;CRITICAL limit files;"
							"CRITICAL target bank;CRITICAL "
							"pool 10.0.0.1 -> 10.1.2.3:443;"
						      : "CLEARED host;CLEARED limit files;"
							"CLEARED target bank;CLEARED "
							"pool 10.0.0.1 -> 10.1.2.3:443;");
	}
	/* They take no room from others. */
	assert_string_equal(poll_two(&b, -1, 99), "CRITICAL target bank;");
	assert_string_equal(poll_two(&b, 99, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	bench_end(&b);
}

static void
kinds_that_are_not_sent_leave_no_gap(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.notify = NOTIFY_CRITICAL | NOTIFY_CLEARED;
	assert_string_equal(poll_one(&b, 85), "");
	assert_int_equal(alarms_summary(b.alarms)->active, 1);
	assert_string_equal(poll_one(&b, 10), ""); /* nobody knows of it */
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_one(&b, 85), "");
	assert_string_equal(poll_one(&b, 99), ""); /* that is what they know */
	assert_string_equal(poll_one(&b, 10), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_int_equal(alarms_summary(b.alarms)->sequence, 2);
	assert_true(bench_is_over(&b));
	bench_end(&b);
}

static unsigned
count_of(const char *text, const char *word)
{
	unsigned count = 0;
	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

static void
a_storm_is_cut_short_and_summed_up(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.budget.per_minute = 5;
	/* Two of the five are for targets and the host. */
	bench_poll_many(&b, 8, 99);
	const struct notification *n = alarms_notifications(b.alarms, &count);
	assert_int_equal(count, 4);
	assert_int_equal(n[3].kind, NOTIFICATION_SUPPRESSED);
	assert_int_equal(n[3].alarm.sequence, 4);
	assert_int_equal(n[3].summary.active, 8);
	assert_int_equal(n[3].summary.owed, 5);
	assert_string_equal(n[3].alarm.message, "notifications held back: 5; "
						"srcPortAlarmTable has all active alarms: 8");
	/* One more in the same minute. */
	bench_poll_many(&b, 9, 99);
	assert_string_equal(b.told, "");
	assert_int_equal(alarms_summary(b.alarms)->owed, 6);
	/* Those who know that the three were raised hear later that they are over. */
	assert_string_equal(bench_poll_many(&b, 0, 0), "");
	assert_int_equal(alarms_summary(b.alarms)->active, 0);
	assert_int_equal(alarms_summary(b.alarms)->owed, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(bench_poll_many(&b, 0, 0), "");
	assert_string_equal(bench_poll_many(&b, 0, 0), "SUPPRESSED ;");
	assert_int_equal(alarms_next_ms(b.alarms), 76000);
	bench_poll_many(&b, 0, 0);
	assert_int_equal(count_of(b.told, "CLEARED "), 3);
	assert_int_equal(b.told_count, 3);
	assert_true(bench_is_over(&b));
	assert_int_equal(alarms_summary(b.alarms)->owed, 0);
	assert_int_equal(alarms_next_ms(b.alarms), 0);
	bench_end(&b);
}

static void
what_finds_no_room_waits(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.room = 3;
	for (unsigned poll = 0; poll < 3; poll++) {
		bench_poll_many(&b, 8, 99);
		alarms_notifications(b.alarms, &count);
		assert_int_equal(count, poll < 2 ? 3 : 2);
	}
	assert_string_equal(bench_poll_many(&b, 8, 99), "");
	assert_int_equal(alarms_summary(b.alarms)->sequence, 8);
	/* What is over before it was told needs no words. */
	b.rules.room = 0;
	assert_string_equal(bench_poll_many(&b, 9, 99), "");
	b.rules.room = 100;
	bench_poll_many(&b, 0, 0);
	assert_int_equal(count_of(b.told, "CLEARED "), 8);
	assert_true(bench_is_over(&b));
	bench_end(&b);
}

/* What had to wait is told when it is so, not while it is ending. */
/* As a file may say that somebody wrote. */
static void
one_number_for_two_becomes_two(void **state)
{
	static const uint32_t ids[] = {7, 7, 8, 3}, expected[] = {7, 8, 9, 3};
	static const char *const keys[] = {A, B, C, "host"};
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	alarms_continue(b.alarms, 7);
	b.rules.sequence = 99;
	for (uint32_t i = 0; i < COUNT_OF(ids); i++) {
		struct alarm old = {
		    .id = ids[i], .severity = SEVERITY_CRITICAL, .told = SEVERITY_CRITICAL};
		assert_true(alarm_key_parse(keys[i], &old.subject));
		assert_true(bench_restore(&b, &old));
		assert_int_equal(alarms_at(b.alarms, i)->id, expected[i]);
	}
	bench_end(&b);
}

static void
late_news_is_true(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 3);
	b.rules.room = 0;
	assert_string_equal(poll_one(&b, 99), "");
	b.rules.room = 1;
	assert_string_equal(poll_one(&b, 50), "");
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, 91), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	bench_end(&b);
}

static void
what_comes_back_before_its_end_was_told_needs_no_words(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.budget.per_minute = 1;
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_one(&b, 10), "SUPPRESSED ;"); /* owed */
	assert_int_equal(only_alarm(&b)->told, SEVERITY_CRITICAL);
	assert_string_equal(poll_one(&b, 99), "");
	assert_int_equal(only_alarm(&b)->severity, SEVERITY_CRITICAL);
	/* To managers it is the alarm that they know, which never ended. */
	assert_int_equal(only_alarm(&b)->id, 1);
	assert_int_equal(only_alarm(&b)->sequence, 1);
	assert_int_equal(only_alarm(&b)->since_ms, 35000);
	b.now.ms += 60000;
	assert_string_equal(poll_one(&b, 99), "");
	assert_string_equal(poll_one(&b, 10), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	bench_end(&b);
}

static void
an_alarm_of_an_earlier_life_is_not_told_again(void **state)
{
	struct bench b;
	uint32_t count;
	struct alarm old = {.id = 41,
			    .sequence = 99,
			    .severity = SEVERITY_CRITICAL,
			    .told = SEVERITY_CRITICAL,
			    .since_ms = 1,
			    .since = 900000};
	(void)state;
	bench_begin(&b, 1, 1);
	assert_true(alarm_key_parse(A, &old.subject));
	alarms_continue(b.alarms, 41);
	b.rules.sequence = 99;
	assert_true(bench_restore(&b, &old));
	assert_false(bench_restore(&b, &old));
	assert_string_equal(poll_two(&b, 99, 99), "CRITICAL target bank;");
	const struct notification *n = alarms_notifications(b.alarms, &count);
	assert_int_equal(n->alarm.id, 42);
	assert_int_equal(n->alarm.sequence, 100);
	assert_string_equal(poll_two(&b, 10, 99), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	n = alarms_notifications(b.alarms, &count);
	assert_int_equal(n->alarm.id, 41);
	assert_int_equal(n->alarm.sequence, 101);
	assert_int_equal(n->alarm.since, 900000);
	bench_end(&b);
}

/* The numbers go round, past those that are in use. */
static void
a_number_is_of_one_alarm(void **state)
{
	struct bench b;
	struct alarm old = {
	    .id = 2, .severity = SEVERITY_CRITICAL, .told = SEVERITY_CRITICAL, .since = 900000};
	(void)state;
	bench_begin(&b, 1, 1);
	assert_true(alarm_key_parse(A, &old.subject));
	alarms_continue(b.alarms, ALARM_ID_MAX - 1);
	b.rules.sequence = 99;
	assert_true(bench_restore(&b, &old));
	for (unsigned i = 0; i < 4; i++) {
		static const uint32_t expected[] = {ALARM_ID_MAX, 1, 3, 4};
		poll_two(&b, 99, 99);
		assert_int_equal(alarms_at(b.alarms, 0)->id, 2);
		assert_int_equal(alarms_at(b.alarms, 1)->id, expected[i]);
		assert_int_equal(alarms_last_id(b.alarms), expected[i]);
		poll_two(&b, 99, 10);
	}
	bench_end(&b);
}

static void
memory_running_out_never_tells_twice_nor_never(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 40; n++) {
		struct bench b;
		uint32_t told = 0;
		bench_begin(&b, 1, 1);
		b.rules.budget.per_minute = 1000;
		for (unsigned poll = 0; poll < 3; poll++) {
			allocations_fail_from(poll < 2 ? n : 0);
			bench_poll_many(&b, 30, 99);
			told += b.told_count;
		}
		assert_int_equal(told, 30);
		assert_int_equal(alarms_summary(b.alarms)->sequence, 30);
		/* Those that found no room are raised now; nothing is raised a second time. */
		assert_int_equal(alarms_summary(b.alarms)->active, 30);
		assert_int_equal(alarms_last_id(b.alarms), 30);
		bench_end(&b);
	}
}

static void
note_held(void *arg, const struct alarm *alarm)
{
	char key[ALARM_KEY_MAX];
	char *held = arg;
	snprintf(held + strlen(held), 256 - strlen(held), "%s;", alarm_key(&alarm->subject, key));
}

/* Pools of any user may fill their own share of the minute only. */
static void
a_target_is_told_in_a_storm(void **state)
{
	struct bench b;
	char held[256] = "";
	const struct alarm_listener listener = {.held = note_held, .arg = held};
	(void)state;
	bench_begin(&b, 1, 1);
	alarms_listen(b.alarms, &listener);
	b.rules.budget.per_minute = 4;
	bench_poll_many(&b, 60, 85);
	assert_int_equal(count_of(b.told, "WARNING pool"), 2);
	assert_string_equal(held, "");
	/* The minute is not over. */
	bench_poll_begin(&b);
	bench_take(&b, B, 99);
	bench_take(&b, "host", 99);
	bench_take(&b, "limit files", 99);
	bench_poll_end(&b);
	assert_int_equal(count_of(b.told, "CRITICAL "), 2);
	assert_int_equal(count_of(b.told, "CLEARED "), 0);
	assert_string_equal(held, "limit files;");
	for (unsigned i = 0; i < 8; i++) {
		bench_poll_begin(&b);
		bench_take(&b, B, 99);
		bench_take(&b, "host", 99);
		bench_take(&b, "limit files", 99);
		bench_poll_end(&b);
		if (strstr(b.told, "limit files") != NULL)
			break;
	}
	assert_non_null(strstr(b.told, "CRITICAL limit files;"));
	assert_true(b.now.ms <= 15000 + 70000);
	assert_string_equal(held, "limit files;"); /* once */
	bench_end(&b);
}

static void
what_became_worse_in_a_full_minute_is_told_after_it(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.budget.per_minute = 1;
	b.rules.notify = NOTIFY_CRITICAL | NOTIFY_WARNING | NOTIFY_CLEARED;
	assert_string_equal(poll_two(&b, -1, 85), "WARNING target bank;");
	for (unsigned i = 0; i < 6; i++)
		assert_string_equal(poll_two(&b, -1, 99), "");
	assert_string_equal(poll_two(&b, -1, 99), "CRITICAL target bank;");
	bench_end(&b);
}

static void
what_was_not_wanted_is_told_when_it_is(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.notify = 0;
	assert_string_equal(poll_two(&b, -1, 99), "");
	assert_int_equal(alarms_summary(b.alarms)->owed, 0);
	b.rules.notify = NOTIFY_ALL;
	assert_string_equal(poll_two(&b, -1, 99), "CRITICAL target bank;");
	b.rules.notify = 0;
	assert_string_equal(poll_two(&b, -1, 10), "");
	b.rules.notify = NOTIFY_ALL;
	assert_string_equal(poll_two(&b, -1, 10), "CLEARED target bank;");
	bench_end(&b);
}

static void
a_restarted_master_agent_hears_it_at_the_pace_of_the_limit(void **state)
{
	struct bench b;
	uint32_t told = 0, count;
	(void)state;
	bench_begin(&b, 1, 1);
	bench_poll_many(&b, 30, 85);
	assert_int_equal(b.told_count, 30);
	b.rules.budget = (struct budget){.per_minute = 10};
	b.rules.notify = NOTIFY_CRITICAL | NOTIFY_WARNING | NOTIFY_CLEARED;
	alarms_repeat(b.alarms);
	for (unsigned poll = 0; poll < 43; poll++) {
		bench_poll_many(&b, 30, 85);
		const struct notification *n = alarms_notifications(b.alarms, &count);
		assert_true(count <= 5);
		for (uint32_t i = 0; i < count; i++) {
			assert_true(n[i].again);
			assert_between(n[i].alarm.sequence, 1, 30);
		}
		told += count;
		assert_int_equal(told, poll / 7 * 5 + 5 < 30 ? poll / 7 * 5 + 5 : 30);
	}
	assert_int_equal(told, 30);
	assert_int_equal(b.rules.sequence, 30);
	bench_end(&b);
}

/* Refused by snmpd, or not left: once more, under the number that it has if it left. */
static void
what_was_not_accepted_is_owed(void **state)
{
	static const struct {
		enum notification_fate fate;
		const char *next;
		uint32_t sequence; /* then */
	} cases[] = {
	    {FATE_WAITED, "CRITICAL target bank;", 1},
	    {FATE_LOST, "CRITICAL target bank;", 1},
	    {FATE_REFUSED, "", 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bench b;
		bench_begin(&b, 1, 1);
		b.fate = cases[i].fate;
		assert_string_equal(poll_two(&b, -1, 99), "CRITICAL target bank;");
		b.fate = FATE_ACCEPTED;
		assert_string_equal(poll_two(&b, -1, 99), cases[i].next);
		b.now.ms += ALARM_REFUSED_MS;
		poll_two(&b, -1, 99);
		assert_int_equal(only_alarm(&b)->told, SEVERITY_CRITICAL);
		assert_int_equal(only_alarm(&b)->sequence, cases[i].sequence);
		assert_int_equal(b.rules.sequence, cases[i].sequence);
		bench_end(&b);
	}
}

/* The limit of one is the target's before it is that of pools, however bad and many these are. */
static void
with_a_limit_of_one_a_target_is_told_before_pools(void **state)
{
	struct bench b;
	unsigned poll = 0;
	(void)state;
	bench_begin(&b, 1, 1);
	b.rules.budget.per_minute = 1;
	b.rules.notify = NOTIFY_CRITICAL | NOTIFY_WARNING | NOTIFY_CLEARED;
	bench_poll_many(&b, 60, 99);
	assert_int_equal(b.told_count, 1);
	for (; poll < 12 && strstr(b.told, B) == NULL; poll++) {
		bench_poll_begin(&b);
		bench_take(&b, B, 85);
		for (unsigned i = 0; i < 60; i++) {
			char key[64];
			snprintf(key, sizeof(key), "pool 10.0.0.1 -> 10.1.0.%u:443", 1 + i);
			bench_take(&b, key, 99);
		}
		bench_poll_end(&b);
	}
	assert_string_equal(b.told, "WARNING target bank;");
	assert_between(poll, 1, 7);
	/* Then it is theirs again. */
	for (poll = 0, b.told[0] = '\0'; poll < 7 && b.told[0] == '\0'; poll++)
		bench_poll_many(&b, 60, 99);
	assert_int_equal(b.told_count, 1);
	bench_end(&b);
}

/* Its end is on its way when it begins again, and then arrives, or does not. */
static void
an_end_on_its_way_is_not_the_next_alarms(void **state)
{
	static const struct {
		enum notification_fate fate;
		uint32_t id, sequence;
		const char *next;
		uint32_t last;
	} cases[] = {
	    {FATE_ACCEPTED, 2, 0, "CRITICAL target bank;", 3},
	    {FATE_LOST, 2, 0, "CRITICAL target bank;", 3},
	    {FATE_REFUSED, 1, 2, "", 2},
	    {FATE_WAITED, 1, 1, "", 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bench b;
		uint32_t count;
		bool left = cases[i].fate != FATE_WAITED;
		bench_begin(&b, 1, 1);
		poll_two(&b, -1, 99);
		b.fate = left ? FATE_FLYING : FATE_WAITED;
		assert_string_equal(poll_two(&b, -1, 10), "CLEARED target bank;");
		const struct notification end = *alarms_notifications(b.alarms, &count);
		b.fate = FATE_ACCEPTED;
		assert_string_equal(poll_two(&b, -1, 99), "");
		if (left)
			alarms_fate(b.alarms, &end, cases[i].fate, &b.now);
		assert_int_equal(only_alarm(&b)->id, cases[i].id);
		assert_int_equal(only_alarm(&b)->sequence, cases[i].sequence);
		assert_string_equal(poll_two(&b, -1, 99), cases[i].next);
		assert_int_equal(only_alarm(&b)->sequence, cases[i].last);
		assert_int_equal(only_alarm(&b)->id, cases[i].id);
		assert_int_equal(only_alarm(&b)->told, SEVERITY_CRITICAL);
		bench_end(&b);
	}
}

/* What finds no memory is tried again within the second, and that is told. */
static void
want_of_memory_is_known(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, 1, 1);
	poll_two(&b, -1, 10);
	assert_false(alarms_starved(b.alarms));
	b.rules.open = false;
	poll_two(&b, -1, 99);
	b.rules.open = true;
	for (unsigned n = 1; n <= 2; n++) {
		allocations_fail_from(n);
		bench_tell(&b);
		assert_true(allocations_fail_from(0));
		assert_string_equal(b.told, "");
		assert_true(alarms_starved(b.alarms));
		assert_int_equal(alarms_next_ms(b.alarms), b.now.ms + ALARM_STARVED_MS);
	}
	b.now.ms += ALARM_STARVED_MS;
	bench_tell(&b);
	assert_string_equal(b.told, "CRITICAL target bank;");
	assert_false(alarms_starved(b.alarms));
	assert_int_equal(alarms_next_ms(b.alarms), 0);
	bench_end(&b);
}

/* Between polls, or before the first, first of all; over with the next good one. */
static void
figures_that_are_too_old_are_an_alarm_of_the_host(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	bench_begin(&b, 1, 1);
	struct alarm old = {.id = 3, .severity = SEVERITY_CRITICAL, .told = SEVERITY_NORMAL};
	assert_true(alarm_key_parse(A, &old.subject));
	assert_true(bench_restore(&b, &old));
	assert_null(alarms_stale_one(b.alarms));
	for (unsigned i = 0; i < 2; i++) {
		assert_true(alarms_stale(b.alarms, &b.now, "none has ended"));
		bench_tell(&b);
		/* What is owed from before the start may not be so any more. */
		assert_string_equal(b.told, i == 0 ? "UNKNOWN host figures;" : "");
	}
	const struct alarm *alarm = alarms_stale_one(b.alarms);
	assert_int_equal(alarm->severity, SEVERITY_UNKNOWN);
	assert_int_equal(alarm->told, SEVERITY_UNKNOWN);
	assert_int_equal(alarm->cause, CAUSE_STALE);
	assert_int_equal(alarm->sequence, 1);
	assert_int_equal(alarms_summary(b.alarms)->active, 2);
	assert_string_equal(poll_one(&b, 99),
			    "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;CLEARED host figures;");
	const struct notification *n = alarms_notifications(b.alarms, &count);
	assert_string_equal(n[1].alarm.message, "a poll has succeeded: there are figures again");
	assert_null(alarms_stale_one(b.alarms));
	assert_int_equal(alarms_summary(b.alarms)->active, 1);
	/* Within the limit, as a target; lost and refused it is owed. */
	b.rules.budget = (struct budget){.per_minute = 2};
	alarms_stale(b.alarms, &b.now, "none has ended");
	b.fate = FATE_LOST;
	bench_tell(&b);
	assert_string_equal(b.told, "UNKNOWN host figures;");
	b.fate = FATE_ACCEPTED;
	bench_tell(&b);
	assert_string_equal(b.told, "UNKNOWN host figures;");
	assert_true(alarms_notifications(b.alarms, &count)->again);
	assert_string_equal(poll_one(&b, 99), "SUPPRESSED ;");
	b.now.ms += 61000;
	assert_string_equal(poll_one(&b, 99), "CLEARED host figures;");
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_transition_is_told_once),
	    cmocka_unit_test(an_alarm_has_what_an_operator_needs),
	    cmocka_unit_test(what_vanishes_is_cleared),
	    cmocka_unit_test(a_short_burst_is_not_told_and_not_remembered),
	    cmocka_unit_test(the_worst_is_told_first),
	    cmocka_unit_test(rows_get_the_severity_of_the_engine),
	    cmocka_unit_test(what_an_operator_named_and_the_host_find_room),
	    cmocka_unit_test(kinds_that_are_not_sent_leave_no_gap),
	    cmocka_unit_test(a_storm_is_cut_short_and_summed_up),
	    cmocka_unit_test(a_target_is_told_in_a_storm),
	    cmocka_unit_test(what_became_worse_in_a_full_minute_is_told_after_it),
	    cmocka_unit_test(what_was_not_wanted_is_told_when_it_is),
	    cmocka_unit_test(a_restarted_master_agent_hears_it_at_the_pace_of_the_limit),
	    cmocka_unit_test(what_was_not_accepted_is_owed),
	    cmocka_unit_test(what_finds_no_room_waits),
	    cmocka_unit_test(one_number_for_two_becomes_two),
	    cmocka_unit_test(late_news_is_true),
	    cmocka_unit_test(what_comes_back_before_its_end_was_told_needs_no_words),
	    cmocka_unit_test(an_alarm_of_an_earlier_life_is_not_told_again),
	    cmocka_unit_test(a_number_is_of_one_alarm),
	    cmocka_unit_test(memory_running_out_never_tells_twice_nor_never),
	    cmocka_unit_test(with_a_limit_of_one_a_target_is_told_before_pools),
	    cmocka_unit_test(an_end_on_its_way_is_not_the_next_alarms),
	    cmocka_unit_test(want_of_memory_is_known),
	    cmocka_unit_test(figures_that_are_too_old_are_an_alarm_of_the_host),
	};
	return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}

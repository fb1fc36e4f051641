/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm.h"
#include "config.h"
#include "storm.h"

#include <stdio.h>

/* An engine with a clock of its own that moves ten seconds a poll. */
struct bench {
	struct alarms *alarms;
	struct alarm_rules rules;
	struct alarm_clock now;
	char told[4096]; /* of the last poll: "KIND key;" for each notice */
};

static void
begin(struct bench *b, uint32_t raise_polls, uint32_t clear_polls)
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

static void
poll_begin(struct bench *b)
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

/* A pool of 100 ports: critical from 95 in use (clear below 90), warning from 80 (75). */
static enum severity
take(struct bench *b, const char *key, uint32_t used)
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

static void
poll_end(struct bench *b)
{
	static const char *const word[] = {"?", "CRITICAL", "WARNING", "CLEARED", "SUPPRESSED"};
	uint32_t count;
	alarms_end(b->alarms);
	const struct notice *notices = alarms_notices(b->alarms, &count);
	b->told[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		char key[ALARM_KEY_MAX] = "";
		size_t at = strlen(b->told);
		if (notices[i].kind != NOTICE_SUPPRESSED)
			alarm_key(&notices[i].alarm.subject, key);
		snprintf(b->told + at, sizeof(b->told) - at, "%s %s;", word[notices[i].kind], key);
	}
}

static const char A[] = "pool 10.0.0.1 -> 10.1.2.3:443", B[] = "target bank";

/* One poll with one or two subjects; a negative number: the subject is not there. */
static const char *
poll_two(struct bench *b, int a_used, int b_used)
{
	poll_begin(b);
	if (a_used >= 0)
		take(b, A, (uint32_t)a_used);
	if (b_used >= 0)
		take(b, B, (uint32_t)b_used);
	poll_end(b);
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
	begin(&b, 1, 1);
	for (size_t i = 0; i < COUNT_OF(polls); i++) {
		assert_string_equal(poll_one(&b, polls[i].used), polls[i].told);
		assert_int_equal(alarms_summary(b.alarms)->active, polls[i].active);
	}
	assert_int_equal(alarms_summary(b.alarms)->sequence, 6);
	assert_int_equal(alarms_last_id(b.alarms), 2);
	assert_null(alarms_at(b.alarms, 0));
	alarms_free(b.alarms);
}

static void
an_alarm_has_what_an_operator_needs(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	begin(&b, 1, 1);
	poll_one(&b, 97);
	const struct notice *n = alarms_notices(b.alarms, &count);
	assert_int_equal(count, 1);
	assert_int_equal(n->kind, NOTICE_CRITICAL);
	assert_int_equal(n->before, SEVERITY_NORMAL);
	assert_int_equal(n->alarm.id, 1);
	assert_int_equal(n->alarm.sequence, 1);
	assert_int_equal(n->alarm.severity, SEVERITY_CRITICAL);
	assert_int_equal(n->alarm.told, SEVERITY_CRITICAL);
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
	n = alarms_notices(b.alarms, &count);
	assert_int_equal(n->kind, NOTICE_WARNING);
	assert_int_equal(n->before, SEVERITY_CRITICAL);
	assert_int_equal(n->alarm.id, 1);
	assert_int_equal(n->alarm.sequence, 2);
	poll_one(&b, 0);
	n = alarms_notices(b.alarms, &count);
	assert_int_equal(n->kind, NOTICE_CLEARED);
	assert_int_equal(n->before, SEVERITY_WARNING);
	assert_int_equal(n->alarm.id, 1);
	assert_int_equal(n->alarm.sequence, 3);
	assert_int_equal(n->alarm.severity, SEVERITY_NORMAL);
	assert_int_equal(n->alarm.cause, CAUSE_NONE);
	assert_int_equal(n->alarm.remaining, 100);
	assert_string_equal(n->alarm.message, "0 of 100");
	alarms_free(b.alarms);
}

static void
what_vanishes_is_cleared(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	begin(&b, 1, 3);
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_one(&b, -1), "");
	assert_int_equal(only_alarm(&b)->severity, SEVERITY_CRITICAL);
	assert_int_equal(only_alarm(&b)->remaining, 100);
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, 99), ""); /* back in time: nothing is told */
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, -1), "");
	assert_string_equal(poll_one(&b, -1), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	const struct notice *n = alarms_notices(b.alarms, &count);
	assert_int_equal(n->alarm.used, 0);
	assert_int_equal(n->alarm.remaining, 100);
	assert_string_equal(n->alarm.message, "no connection of it is left");
	assert_null(alarms_at(b.alarms, 0));
	alarms_free(b.alarms);
}

static void
a_short_burst_is_not_told_and_not_remembered(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 3, 1);
	assert_string_equal(poll_one(&b, 99), "");
	assert_true(alarms_follow(b.alarms, ALARM_POOL));
	assert_false(alarms_follow(b.alarms, ALARM_TARGET));
	assert_string_equal(poll_one(&b, 99), "");
	assert_string_equal(poll_one(&b, 79), "");
	assert_false(alarms_follow(b.alarms, ALARM_POOL));
	assert_null(alarms_at(b.alarms, 0));
	poll_one(&b, 99);
	poll_one(&b, 99);
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_int_equal(only_alarm(&b)->id, 1);
	alarms_free(b.alarms);
}

static void
the_worst_is_told_first(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 1, 1);
	assert_string_equal(poll_two(&b, 81, 82),
			    "WARNING target bank;WARNING pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_two(&b, 99, 10),
			    "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;CLEARED target bank;");
	alarms_free(b.alarms);
}

static void
rows_get_the_severity_of_the_engine(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 2, 1);
	b.rules.max = 1;
	poll_begin(&b);
	assert_int_equal(take(&b, A, 99), SEVERITY_NORMAL);   /* the first of two polls */
	assert_int_equal(take(&b, B, 99), SEVERITY_CRITICAL); /* no room: as it is measured */
	poll_end(&b);
	assert_int_equal(alarms_summary(b.alarms)->omitted, 1);
	poll_begin(&b);
	assert_int_equal(take(&b, A, 96), SEVERITY_CRITICAL);
	poll_end(&b);
	assert_int_equal(alarms_summary(b.alarms)->omitted, 0);
	poll_begin(&b);
	assert_int_equal(take(&b, A, 90), SEVERITY_CRITICAL); /* held */
	poll_end(&b);
	assert_int_equal(only_alarm(&b)->cause, CAUSE_TIME_WAIT);
	alarms_free(b.alarms);
}

static void
kinds_that_are_not_sent_leave_no_gap(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 1, 1);
	b.rules.notify = NOTIFY_CRITICAL | NOTIFY_CLEARED;
	assert_string_equal(poll_one(&b, 85), "");
	assert_int_equal(alarms_summary(b.alarms)->active, 1);
	assert_string_equal(poll_one(&b, 10), ""); /* nobody knows of it */
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_one(&b, 85), "");
	assert_string_equal(poll_one(&b, 99), ""); /* that is what they know */
	assert_string_equal(poll_one(&b, 10), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_int_equal(alarms_summary(b.alarms)->sequence, 2);
	assert_null(alarms_at(b.alarms, 0));
	alarms_free(b.alarms);
}

/* `count` pools with that many ports in use. */
static const char *
poll_many(struct bench *b, unsigned count, uint32_t used)
{
	poll_begin(b);
	for (unsigned i = 0; i < count; i++) {
		char key[64];
		snprintf(key, sizeof(key), "pool 10.0.0.1 -> 10.1.%u.%u:443", i / 200, 1 + i % 200);
		take(b, key, used);
	}
	poll_end(b);
	return b->told;
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
	begin(&b, 1, 1);
	b.rules.per_minute = 5;
	poll_many(&b, 8, 99);
	const struct notice *n = alarms_notices(b.alarms, &count);
	assert_int_equal(count, 6);
	assert_int_equal(n[5].kind, NOTICE_SUPPRESSED);
	assert_int_equal(n[5].alarm.sequence, 9);
	assert_int_equal(n[5].summary.active, 8);
	assert_int_equal(n[5].summary.suppressed, 3);
	assert_string_equal(n[5].alarm.message, "3 notifications were held back; "
						"srcPortAlarmTable has all 8 active alarms");
	/* One more in the same minute: counted, to be told in the next. */
	poll_many(&b, 9, 99);
	assert_string_equal(b.told, "");
	assert_int_equal(alarms_summary(b.alarms)->suppressed, 4);
	/* Within the minute nobody hears that the five are over; those who know do, later. */
	assert_string_equal(poll_many(&b, 0, 0), "");
	assert_int_equal(alarms_summary(b.alarms)->active, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(poll_many(&b, 0, 0), "");
	poll_many(&b, 0, 0);
	assert_int_equal(count_of(b.told, "CLEARED "), 5);
	assert_int_equal(count_of(b.told, "SUPPRESSED "), 1);
	assert_null(alarms_at(b.alarms, 0));
	assert_int_equal(alarms_summary(b.alarms)->suppressed, 4);
	alarms_free(b.alarms);
}

static void
what_finds_no_room_waits(void **state)
{
	struct bench b;
	uint32_t count;
	(void)state;
	begin(&b, 1, 1);
	b.rules.room = 3;
	for (unsigned poll = 0; poll < 3; poll++) {
		poll_many(&b, 8, 99);
		alarms_notices(b.alarms, &count);
		assert_int_equal(count, poll < 2 ? 3 : 2);
	}
	assert_string_equal(poll_many(&b, 8, 99), "");
	assert_int_equal(alarms_summary(b.alarms)->sequence, 8);
	assert_int_equal(alarms_summary(b.alarms)->suppressed, 0);
	/* What is over before it was told needs no words. */
	b.rules.room = 0;
	assert_string_equal(poll_many(&b, 9, 99), "");
	b.rules.room = 100;
	poll_many(&b, 0, 0);
	assert_int_equal(count_of(b.told, "CLEARED "), 8);
	assert_null(alarms_at(b.alarms, 0));
	alarms_free(b.alarms);
}

static void
what_comes_back_before_its_end_was_told_needs_no_words(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 1, 1);
	b.rules.per_minute = 1;
	assert_string_equal(poll_one(&b, 99), "CRITICAL pool 10.0.0.1 -> 10.1.2.3:443;");
	assert_string_equal(poll_one(&b, 10), ""); /* owed */
	assert_int_equal(only_alarm(&b)->told, SEVERITY_CRITICAL);
	assert_string_equal(poll_one(&b, 99), "");
	assert_int_equal(only_alarm(&b)->severity, SEVERITY_CRITICAL);
	assert_int_equal(only_alarm(&b)->id, 2);
	b.now.ms += STORM_WINDOW_MS;
	assert_string_equal(poll_one(&b, 99), "");
	assert_string_equal(poll_one(&b, 10), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	alarms_free(b.alarms);
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
	begin(&b, 1, 1);
	assert_true(alarm_key_parse(A, &old.subject));
	alarms_continue(b.alarms, 41, 99);
	assert_true(alarms_restore(b.alarms, &old, 1000));
	assert_false(alarms_restore(b.alarms, &old, 1000));
	assert_string_equal(poll_two(&b, 99, 99), "CRITICAL target bank;");
	const struct notice *n = alarms_notices(b.alarms, &count);
	assert_int_equal(n->alarm.id, 42);
	assert_int_equal(n->alarm.sequence, 100);
	assert_string_equal(poll_two(&b, 10, 99), "CLEARED pool 10.0.0.1 -> 10.1.2.3:443;");
	n = alarms_notices(b.alarms, &count);
	assert_int_equal(n->alarm.id, 41);
	assert_int_equal(n->alarm.sequence, 101);
	assert_int_equal(n->alarm.since, 900000);
	alarms_free(b.alarms);
}

/* A manager that does what notices tell it, beside an engine under random values. */
#define SUBJECTS 40
#define POLLS    3000
struct manager {
	enum severity knows[SUBJECTS];
	uint32_t last_sequence, last_id;
};

static void
random_key(unsigned i, char key[static ALARM_KEY_MAX])
{
	struct alarm_subject subject = {.kind = i % 2 == 0 ? ALARM_TARGET : ALARM_PEER};
	if (i % 2 == 0)
		snprintf(subject.name, sizeof(subject.name), "t%u", i);
	else
		subject.peer = addr_from_v4((uint8_t[]){10, 0, 0, (uint8_t)i});
	alarm_key(&subject, key);
}

static unsigned
subject_of(const struct alarm *alarm)
{
	char wanted[ALARM_KEY_MAX], key[ALARM_KEY_MAX];
	alarm_key(&alarm->subject, wanted);
	for (unsigned i = 0; i < SUBJECTS; i++) {
		random_key(i, key);
		if (strcmp(key, wanted) == 0)
			return i;
	}
	fail_msg("no subject has the key %s", wanted);
	return 0;
}

static void
hear(struct manager *m, const struct bench *b)
{
	uint32_t count;
	const struct notice *n = alarms_notices(b->alarms, &count);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(n[i].alarm.sequence > m->last_sequence);
		m->last_sequence = n[i].alarm.sequence;
		if (n[i].kind == NOTICE_SUPPRESSED)
			continue;
		enum severity *knows = &m->knows[subject_of(&n[i].alarm)];
		/* Never the same twice, never a clear of what was not raised. */
		assert_int_not_equal(*knows, n[i].alarm.severity);
		assert_int_equal(*knows, n[i].before);
		*knows = n[i].alarm.severity;
	}
}

/* What the engine says it told is what the manager knows; with no limit that is all there is. */
static void
compare(const struct manager *m, const struct bench *b)
{
	enum severity told[SUBJECTS];
	uint32_t active = 0, i = 0;
	const struct alarm *alarm;
	for (unsigned s = 0; s < SUBJECTS; s++)
		told[s] = SEVERITY_NORMAL;
	for (; (alarm = alarms_at(b->alarms, i)) != NULL; i++) {
		active += alarm->severity != SEVERITY_NORMAL;
		told[subject_of(alarm)] = alarm->told;
		if (b->rules.per_minute == 0 && b->rules.room == UINT32_MAX)
			assert_int_equal(alarm->told, alarm->severity);
	}
	assert_true(i <= b->rules.max);
	assert_int_equal(alarms_summary(b->alarms)->active, active);
	assert_memory_equal(told, m->knows, sizeof(told));
}

static void
random_values(unsigned seed, uint32_t max, uint32_t per_minute, uint32_t room)
{
	struct bench b;
	struct manager m = {.last_sequence = 0};
	uint32_t used[SUBJECTS] = {0};
	begin(&b, 1 + seed % 3, 1 + seed % 4);
	b.rules.max = max;
	b.rules.per_minute = per_minute;
	for (unsigned s = 0; s < SUBJECTS; s++)
		m.knows[s] = SEVERITY_NORMAL;
	srandom(seed);
	for (unsigned poll = 0; poll < POLLS; poll++) {
		if (room != 0)
			b.rules.room = (uint32_t)random() % room;
		poll_begin(&b);
		for (unsigned s = 0; s < SUBJECTS; s++) {
			char key[ALARM_KEY_MAX];
			long choice = random() % 20;
			if (choice == 0)
				used[s] = (uint32_t)(random() % 101);
			else
				used[s] = (used[s] + 100 + (uint32_t)(random() % 9) - 4) % 101;
			if (choice == 1)
				continue; /* it has vanished */
			random_key(s, key);
			take(&b, key, used[s]);
		}
		poll_end(&b);
		hear(&m, &b);
		compare(&m, &b);
	}
	/* Everything ends, and everybody hears of it. */
	b.rules.room = UINT32_MAX;
	for (unsigned poll = 0; poll < 200; poll++) {
		poll_begin(&b);
		poll_end(&b);
		hear(&m, &b);
	}
	compare(&m, &b);
	assert_null(alarms_at(b.alarms, 0));
	assert_true(m.last_sequence > 100);
	alarms_free(b.alarms);
}

static void
invariants_hold_under_random_values(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		random_values(seed, 1000, 0, 0);
		random_values(seed, 1000, 7, 0);
		random_values(seed, 10, 0, 4);
		random_values(seed, 10, 7, 0);
		random_values(seed, 1000, 7, 4);
	}
}

static void
memory_running_out_never_tells_twice(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 40; n++) {
		struct bench b;
		begin(&b, 1, 1);
		allocations_fail_from(n);
		poll_many(&b, 30, 99);
		poll_many(&b, 30, 99);
		allocations_fail_from(0);
		poll_many(&b, 30, 99);
		/* Those that found no room are raised now; nothing is raised a second time. */
		assert_int_equal(alarms_summary(b.alarms)->active, 30);
		assert_int_equal(alarms_last_id(b.alarms), 30);
		alarms_free(b.alarms);
	}
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
	    cmocka_unit_test(kinds_that_are_not_sent_leave_no_gap),
	    cmocka_unit_test(a_storm_is_cut_short_and_summed_up),
	    cmocka_unit_test(what_finds_no_room_waits),
	    cmocka_unit_test(what_comes_back_before_its_end_was_told_needs_no_words),
	    cmocka_unit_test(an_alarm_of_an_earlier_life_is_not_told_again),
	    cmocka_unit_test(invariants_hold_under_random_values),
	    cmocka_unit_test(memory_running_out_never_tells_twice),
	};
	return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* The engine under random values, and a manager that knows no more than what notifications tell it.
 */
#include "alarm_bench.h"

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
	const struct notification *n = alarms_notifications(b->alarms, &count);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(n[i].alarm.sequence > m->last_sequence);
		m->last_sequence = n[i].alarm.sequence;
		if (n[i].kind == NOTIFICATION_SUPPRESSED)
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
	uint32_t active = 0, peers = 0, i = 0;
	const struct alarm *alarm;
	for (unsigned s = 0; s < SUBJECTS; s++)
		told[s] = SEVERITY_NORMAL;
	for (; (alarm = alarms_at(b->alarms, i)) != NULL; i++) {
		peers += alarm->subject.kind == ALARM_PEER;
		active += alarm->severity != SEVERITY_NORMAL;
		told[subject_of(alarm)] = alarm->told;
		if (b->rules.per_minute == 0 && b->rules.room == UINT32_MAX)
			assert_int_equal(alarm->told, alarm->severity);
	}
	assert_true(peers <= b->max);
	assert_int_equal(alarms_summary(b->alarms)->active, active);
	assert_memory_equal(told, m->knows, sizeof(told));
}

static void
random_values(unsigned seed, uint32_t max, uint32_t per_minute, uint32_t room)
{
	struct bench b;
	struct manager m = {.last_sequence = 0};
	uint32_t used[SUBJECTS] = {0};
	bench_begin(&b, 1 + seed % 3, 1 + seed % 4);
	b.max = max;
	b.rules.per_minute = per_minute;
	for (unsigned s = 0; s < SUBJECTS; s++)
		m.knows[s] = SEVERITY_NORMAL;
	srandom(seed);
	for (unsigned poll = 0; poll < POLLS; poll++) {
		if (room != 0)
			b.rules.room = (uint32_t)random() % room;
		bench_poll_begin(&b);
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
			bench_take(&b, key, used[s]);
		}
		bench_poll_end(&b);
		hear(&m, &b);
		compare(&m, &b);
	}
	/* Everything ends, and everybody hears of it. */
	b.rules.room = UINT32_MAX;
	for (unsigned poll = 0; poll < 200; poll++) {
		bench_poll_begin(&b);
		bench_poll_end(&b);
		hear(&m, &b);
	}
	compare(&m, &b);
	assert_null(alarms_at(b.alarms, 0));
	assert_true(m.last_sequence > 100);
	bench_end(&b);
}

static void
without_limits(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++)
		random_values(seed, 1000, 0, 0);
}

static void
a_limit_per_minute(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++)
		random_values(seed, 1000, 7, 0);
}

static void
little_room_for_alarms_or_notifications(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		random_values(seed, 10, 0, 4);
		random_values(seed, 10, 7, 0);
		random_values(seed, 1000, 7, 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_limits),
	    cmocka_unit_test(a_limit_per_minute),
	    cmocka_unit_test(little_room_for_alarms_or_notifications),
	};
	return cmocka_run_group_tests_name("alarm_random", tests, NULL, NULL);
}

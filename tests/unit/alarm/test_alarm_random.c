/* SPDX-License-Identifier: ISC */
/* The engine under random values, and a manager that knows no more than what notifications tell it.
 */
#include "alarm_bench.h"
#include "config/config.h"

#define SUBJECTS 40 /* of polls; behind them that of figures */
#define FIGURES  SUBJECTS
#define ALL      (SUBJECTS + 1)
#define POLLS    3000

struct manager {
	enum severity knows[ALL]; /* unknown: it may or may not have heard */
	uint32_t last_sequence;
	uint32_t left[6]; /* notifications of the last minute, by poll */
};

static void
random_key(unsigned i, char key[static ALARM_KEY_MAX])
{
	struct alarm_subject subject = {.kind = i % 2 == 0 ? ALARM_TARGET : ALARM_PEER};
	if (i == FIGURES)
		subject = (struct alarm_subject){.kind = ALARM_HOST, .name = ALARM_FIGURES};
	else if (i % 2 == 0)
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
	for (unsigned i = 0; i < ALL; i++) {
		random_key(i, key);
		if (strcmp(key, wanted) == 0)
			return i;
	}
	fail_msg("no subject has the key %s", wanted);
	return 0;
}

static void
hear_one(struct manager *m, const struct bench *b, const struct notification *n)
{
	if (b->fate != FATE_WAITED && !n->again)
		assert_int_equal(n->alarm.sequence, ++m->last_sequence);
	if (n->kind == NOTIFICATION_SUPPRESSED)
		return;
	assert_true(!n->again || n->alarm.sequence <= m->last_sequence);
	enum severity *knows = &m->knows[subject_of(&n->alarm)];
	/* Never the same twice, never a clear of what was not raised. */
	assert_int_not_equal(*knows, n->alarm.severity);
	if (b->fate == FATE_ACCEPTED)
		*knows = n->alarm.severity;
	else if (b->fate == FATE_LOST)
		*knows = ALARM_UNSURE;
}

/* Never more than the limit in any minute. */
static void
hear(struct manager *m, const struct bench *b, unsigned poll)
{
	uint32_t count, left = 0;
	const struct notification *n = alarms_notifications(b->alarms, &count);
	m->left[poll % 6] = 0;
	for (uint32_t i = 0; i < count; i++) {
		hear_one(m, b, &n[i]);
		m->left[poll % 6] += b->fate != FATE_WAITED && n[i].kind != NOTIFICATION_SUPPRESSED;
	}
	for (unsigned i = 0; i < 6; i++)
		left += m->left[i];
	if (b->rules.budget.per_minute != 0)
		assert_between(left, 0, b->rules.budget.per_minute);
}

/* What the engine says it told is what the manager knows; that is all there is if `all`. */
static void
compare(const struct manager *m, const struct bench *b, bool all)
{
	enum severity told[ALL];
	uint32_t active = 0, peers = 0, i = 0;
	const struct alarm *alarm;
	for (unsigned s = 0; s < ALL; s++)
		told[s] = SEVERITY_NORMAL;
	for (; (alarm = alarms_at(b->alarms, i)) != NULL; i++) {
		peers += alarm->subject.kind == ALARM_PEER &&
			 (alarm->severity != SEVERITY_NORMAL || alarm->told != SEVERITY_NORMAL);
		active += alarm->severity != SEVERITY_NORMAL;
		told[subject_of(alarm)] = alarm->told;
		if (all)
			assert_int_equal(alarm->told, alarm->severity);
	}
	assert_true(peers <= b->max);
	assert_int_equal(alarms_summary(b->alarms)->active, active);
	assert_memory_equal(told, m->knows, sizeof(told));
}

/* A poll in which values move, or stay as they are. */
static void
poll_values(struct bench *b, uint32_t used[static SUBJECTS], bool move)
{
	bench_poll_begin(b);
	for (unsigned s = 0; s < SUBJECTS; s++) {
		char key[ALARM_KEY_MAX];
		long choice = move ? random() % 20 : 2;
		if (choice == 0)
			used[s] = (uint32_t)(random() % 101);
		else if (move)
			used[s] = (used[s] + 100 + (uint32_t)(random() % 9) - 4) % 101;
		if (choice == 1)
			continue; /* it has vanished */
		random_key(s, key);
		bench_take(b, key, used[s]);
	}
	bench_poll_end(b);
}

/* Polls fail for a while. */
static void
grow_old(struct bench *b, struct manager *m, unsigned *poll)
{
	if (random() % 10 != 0)
		return;
	for (long i = random() % 4; i >= 0; i--) {
		b->now.ms += 10000;
		assert_true(alarms_stale(b->alarms, &b->now, "none has ended"));
		bench_tell(b);
		hear(m, b, ++*poll);
		compare(m, b, false);
	}
}

/* A master agent that refuses, dies, and comes back, and notifications that are switched off. */
static void
disturb(struct bench *b, struct manager *m)
{
	static const enum notification_fate fates[] = {FATE_ACCEPTED, FATE_ACCEPTED, FATE_ACCEPTED,
						       FATE_WAITED,   FATE_REFUSED,  FATE_LOST};
	b->fate = fates[random() % (long)COUNT_OF(fates)];
	b->rules.open = random() % 8 != 0;
	b->rules.notify = random() % 10 == 0 ? 0 : NOTIFY_ALL;
	if (random() % 50 != 0)
		return;
	alarms_repeat(b->alarms);
	for (unsigned s = 0; s < ALL; s++)
		if (m->knows[s] != SEVERITY_NORMAL)
			m->knows[s] = ALARM_UNSURE;
}

static void
random_values(unsigned seed, uint32_t max, uint32_t per_minute, uint32_t room, bool wild)
{
	struct bench b;
	struct manager m = {.last_sequence = 0};
	uint32_t used[SUBJECTS] = {0};
	unsigned poll = 0;
	bench_begin(&b, 1 + seed % 3, 1 + seed % 4);
	b.max = max;
	b.rules.budget.per_minute = per_minute;
	for (unsigned s = 0; s < ALL; s++)
		m.knows[s] = SEVERITY_NORMAL;
	srandom(seed);
	for (; poll < POLLS; poll++) {
		if (room != 0)
			b.rules.room = (uint32_t)random() % room;
		if (wild)
			disturb(&b, &m);
		poll_values(&b, used, true);
		hear(&m, &b, poll);
		if (wild)
			grow_old(&b, &m, &poll);
		compare(&m, &b, !wild && per_minute == 0 && room == 0);
	}
	b.rules.room = UINT32_MAX;
	b.rules.open = true;
	b.rules.notify = NOTIFY_ALL;
	b.fate = FATE_ACCEPTED;
	/* It stops changing: within owed / limit minutes, and two, managers know what is. */
	for (unsigned end = poll + 6 * (2 + SUBJECTS / 3); poll < end; poll++) {
		poll_values(&b, used, false);
		hear(&m, &b, poll);
	}
	compare(&m, &b, true);
	/* Everything ends, and everybody hears of it. */
	for (unsigned end = poll + 200; poll < end; poll++) {
		bench_poll_begin(&b);
		bench_poll_end(&b);
		hear(&m, &b, poll);
	}
	compare(&m, &b, true);
	assert_true(bench_is_over(&b));
	assert_true(m.last_sequence > 100);
	bench_end(&b);
}

static void
without_limits(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++)
		random_values(seed, 1000, 0, 0, false);
}

static void
a_limit_per_minute(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++)
		random_values(seed, 1000, 7, 0, false);
}

static void
little_room_for_alarms_or_notifications(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		random_values(seed, 10, 0, 4, false);
		random_values(seed, 10, 7, 0, false);
		random_values(seed, 1000, 7, 4, false);
	}
}

static void
refusals_reconnects_and_reloads(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		random_values(seed, 1000, 0, 0, true);
		random_values(seed, 1000, 7, 0, true);
		random_values(seed, 10, 7, 4, true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_limits),
	    cmocka_unit_test(a_limit_per_minute),
	    cmocka_unit_test(little_room_for_alarms_or_notifications),
	    cmocka_unit_test(refusals_reconnects_and_reloads),
	};
	return cmocka_run_group_tests_name("alarm_random", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "daemon/pace.h"

#include <sys/timerfd.h>

static const struct pace_limits limits = {
    .least_s = 5, .usual_s = 10, .most_s = 30, .cpu_percent = 2};

static void
slower_while_far_faster_while_near(void **state)
{
	static const struct {
		const char *name;
		struct pace_state state;
		uint32_t seconds;
	} row[] = {
	    {"idle", {SEVERITY_NORMAL, 0, 0, 1000, 0, 0}, 30},
	    {"far", {SEVERITY_NORMAL, 49, 0, 1000, 0, 0}, 30},
	    {"half way", {SEVERITY_NORMAL, 50, 0, 1000, 0, 0}, 10},
	    {"not near yet", {SEVERITY_NORMAL, 89, 0, 1000, 0, 0}, 10},
	    {"near", {SEVERITY_NORMAL, 90, 0, 1000, 0, 0}, 5},
	    {"at its level, not in alarm yet", {SEVERITY_NORMAL, 100, 0, 1000, 0, 0}, 5},
	    {"grows by five percent", {SEVERITY_NORMAL, 5, 5, 1000, 0, 0}, 5},
	    {"grows by four, far", {SEVERITY_NORMAL, 4, 4, 1000, 0, 0}, 30},
	    {"grows by four", {SEVERITY_NORMAL, 50, 4, 1000, 0, 0}, 10},
	    {"warning, of something else", {SEVERITY_WARNING, 10, 0, 1000, 0, 0}, 5},
	    {"critical", {SEVERITY_CRITICAL, 100, 0, 1000, 0, 0}, 5},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		uint32_t seconds = pace_next(&limits, &row[i].state);
		if (seconds != row[i].seconds)
			fail_msg("%s: %u s, expected %u", row[i].name, seconds, row[i].seconds);
	}
}

/* Two thousandths of a CPU are 2 ms a second. */
static void
the_interval_follows_the_cost(void **state)
{
	static const struct {
		uint64_t cost_us;
		uint32_t seconds;
	} row[] = {{0, 1},      {2000, 1},   {2001, 2},   {4999, 2},   {5000, 3},
		   {22000, 11}, {60000, 30}, {60001, 30}, {900000, 30}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const struct pace_state far = {SEVERITY_NORMAL, 10, 0, row[i].cost_us,
					       row[i].cost_us,  0};
		assert_int_equal(pace_next(&config_pace_auto, &far), row[i].seconds);
	}
	/* While something is near its level the CPU share alone decides, but time wins. */
	const struct pace_state near = {SEVERITY_WARNING, 100, 0, 22000, 22000, 0};
	assert_int_equal(pace_next(&config_pace_auto, &near), 2);
	const struct pace_state dear = {SEVERITY_WARNING, 100, 0, 900000, 900000, 0};
	assert_int_equal(pace_next(&config_pace_auto, &dear), 30);
}

/* Where a poll takes long the next one comes sooner, so that nothing is judged later than 35 s
 * after it has happened; an interval that was asked for is obeyed. */
static void
what_takes_long_comes_sooner(void **state)
{
	static const struct {
		uint64_t duration_us;
		uint32_t seconds;
	} row[] = {{0, 30},        {2000000, 30},  {2000001, 29}, {4400000, 27},
		   {16000000, 16}, {17000000, 15}, {60000000, 15}};
	const struct pace_limits minute = {
	    .least_s = 60, .usual_s = 60, .most_s = 60, .cpu_percent = 2};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const struct pace_state far = {SEVERITY_NORMAL, 10,     0,
					       900000,          900000, row[i].duration_us};
		const struct pace_state near = {SEVERITY_WARNING, 100,    0,
						900000,           900000, row[i].duration_us};
		assert_int_equal(pace_next(&config_pace_auto, &far), row[i].seconds);
		assert_int_equal(pace_next(&config_pace_auto, &near), row[i].seconds);
		assert_int_equal(pace_next(&limits, &near), row[i].seconds);
		assert_int_equal(pace_next(&limits, &far), 30);
		assert_int_equal(pace_next(&minute, &near), 60);
	}
}

/* 2 % of a CPU are 20 ms a second. */
static void
cpu_share_is_kept_up_to_thirty_seconds(void **state)
{
	(void)state;
	const struct pace_state cheap = {SEVERITY_CRITICAL, 100, 100, 100000, 0, 0};
	const struct pace_state dear = {SEVERITY_CRITICAL, 100, 100, 100001, 0, 0};
	const struct pace_state very_dear = {SEVERITY_NORMAL, 0, 0, 1200000, 0, 0};
	assert_int_equal(pace_next(&limits, &cheap), 5);
	assert_int_equal(pace_next(&limits, &dear), 6);
	const struct pace_state just = {SEVERITY_CRITICAL, 100, 100, 599999, 0, 0};
	assert_int_equal(pace_next(&limits, &just), 30);
	/* What costs more than 30 seconds pay for is made each 30 s all the same, */
	assert_int_equal(pace_next(&limits, &very_dear), 30);
	struct pace_limits fixed = {.least_s = 1, .usual_s = 1, .most_s = 1, .cpu_percent = 2};
	assert_int_equal(pace_next(&fixed, &just), 30);
	assert_int_equal(pace_next(&fixed, &very_dear), 30);
	/* and who asks for a longer interval gets it. */
	fixed.least_s = fixed.usual_s = fixed.most_s = 60;
	assert_int_equal(pace_next(&fixed, &just), 60);
	assert_int_equal(pace_next(&fixed, &very_dear), 60);
	struct pace_limits unbounded = limits;
	unbounded.cpu_percent = 0;
	assert_int_equal(pace_next(&unbounded, &very_dear), 30);
}

static void
time_pays(void **state)
{
	struct pace_debt debt = {0};
	(void)state;
	pace_charge(&debt, &limits, 1000, 100000);
	assert_int_equal(pace_owed(&debt, &limits, 1000), 100000);
	assert_int_equal(pace_owed(&debt, &limits, 2000), 80000);
	assert_int_equal(pace_owed(&debt, &limits, 5999), 20);
	assert_int_equal(pace_owed(&debt, &limits, 6000), 0);
	assert_int_equal(pace_owed(&debt, &limits, 100000), 0);
	/* A poll ahead of time, at 2 s, is paid for after it: 180 ms are 9 s. */
	pace_charge(&debt, &limits, 2000, 100000);
	assert_int_equal(debt.owed_us, 180000);
	const struct pace_state both = {SEVERITY_CRITICAL, 100, 0, debt.owed_us, 0, 0};
	assert_int_equal(pace_next(&limits, &both), 9);
	/* Time that has passed unused is not saved up. */
	pace_charge(&debt, &limits, 100000, 100000);
	assert_int_equal(debt.owed_us, 100000);
}

/* 2 % of 30 s are 600 ms: of polls that cost more the rest is owed, up to three times that much and
 * the last one, and paid within two minutes once they cost less. */
static void
what_nothing_pays_for_is_forgiven(void **state)
{
	static const struct {
		uint64_t cost_us;
		bool paid;
		uint64_t owed_us;
	} row[] = {
	    {1200000, true, 1200000}, {1200000, true, 1800000},  {1200000, true, 2400000},
	    {1200000, true, 3000000}, {1200000, false, 3000000}, {1200000, false, 3000000},
	    {2000, false, 1802000},   {2000, true, 1204000},     {2000, true, 606000},
	    {2000, true, 8000},
	};
	struct pace_debt debt = {0};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		bool paid = pace_charge(&debt, &limits, 30000 * i, row[i].cost_us);
		if (paid != row[i].paid || debt.owed_us != row[i].owed_us)
			fail_msg("poll %zu: %d, %llu us", i, paid,
				 (unsigned long long)debt.owed_us);
		/* However often there is a reason to hurry, no poll comes before it is due. */
		if (row[i].cost_us > 2000 && i >= 3)
			assert_int_equal(pace_wait_ms(&debt, &limits, 30000 * i, row[i].cost_us),
					 90000);
	}
	struct pace_limits unbounded = limits;
	unbounded.cpu_percent = 0;
	assert_true(pace_charge(&debt, &unbounded, 400000, 99000000));
}

static void
one_poll_on_credit(void **state)
{
	struct pace_debt debt = {0};
	struct pace_limits unbounded = limits;
	(void)state;
	unbounded.cpu_percent = 0;
	pace_charge(&debt, &limits, 0, 100000);
	assert_int_equal(pace_wait_ms(&debt, &limits, 0, 100000), 0);
	assert_int_equal(pace_wait_ms(&debt, &limits, 0, 300000), 0);
	pace_charge(&debt, &limits, 0, 100000);
	assert_int_equal(pace_wait_ms(&debt, &limits, 0, 100000), 5000);
	assert_int_equal(pace_wait_ms(&debt, &limits, 4999, 100000), 1);
	assert_int_equal(pace_wait_ms(&debt, &limits, 5000, 100000), 0);
	assert_int_equal(pace_wait_ms(&debt, &unbounded, 0, 100000), 0);
}

/* An hour of polls of any cost, at any pace, every other one ahead of time as soon as it may be:
 * what they have used is the share of the time, plus the two polls that are still owed for. */
static void
an_hour_costs_its_share(void **state)
{
	unsigned seed = 7;
	(void)state;
	for (unsigned percent = 1; percent <= 20; percent++) {
		struct pace_limits p = limits;
		struct pace_debt debt = {0};
		uint64_t now_ms = 0, used_us = 0, most_us = 0;
		p.cpu_percent = percent;
		while (now_ms < 3600000) {
			/* Most are light, one in six is full. */
			uint64_t cost_us = (uint64_t)rand_r(&seed) % 50000 + 50000;
			if (rand_r(&seed) % 6 == 0)
				cost_us *= 8;
			most_us = cost_us > most_us ? cost_us : most_us;
			used_us += cost_us;
			pace_charge(&debt, &p, now_ms, cost_us);
			const struct pace_state s = {
			    .severity = rand_r(&seed) % 2 ? SEVERITY_NORMAL : SEVERITY_CRITICAL,
			    .nearness = (unsigned)rand_r(&seed) % 101,
			    .owed_us = debt.owed_us};
			uint64_t next_ms = (uint64_t)pace_next(&p, &s) * 1000;
			uint64_t early_ms = pace_wait_ms(&debt, &p, now_ms, cost_us);
			assert_true(next_ms <= 30000);
			if (early_ms > next_ms)
				early_ms = next_ms;
			now_ms += rand_r(&seed) % 2 ? next_ms : early_ms > 1000 ? early_ms : 1000;
		}
		assert_true(used_us <= now_ms * 10 * percent + 2 * most_us);
		/* And not much less where the share is what holds it up. */
		if (percent == 1)
			assert_true(used_us >= now_ms * 10 * percent / 2);
	}
}

static void
a_poll_is_late_until_it_is_well_within_the_interval(void **state)
{
	static const struct {
		uint64_t duration_us;
		bool late;
	} row[] = {
	    {0, false},      {1999999, false}, {2000000, true}, {3000000, true},
	    {1999999, true}, {1000000, true},  {999999, false}, {1999999, false},
	};
	struct pace pace = {.fd = -1, .interval_s = 2};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		pace_note(&pace, row[i].duration_us);
		if (pace.late != row[i].late)
			fail_msg("row %zu: %d", i, pace.late);
	}
}

static uint64_t
due_ms(const struct pace *pace)
{
	struct itimerspec due;
	assert_int_equal(timerfd_gettime(pace->fd, &due), 0);
	return (uint64_t)due.it_value.tv_sec * 1000 + (uint64_t)due.it_value.tv_nsec / 1000000;
}

/* What is owed for never makes a poll late that is due. */
static void
hurry_brings_forward_and_never_puts_off(void **state)
{
	struct pace pace;
	(void)state;
	assert_true(pace_open(&pace));
	assert_true(pace_set(&pace, 30000, 30));
	pace.debt = (struct pace_debt){.owed_us = 300000, .at_ms = 100000};
	assert_true(pace_hurry(&pace, &limits, 100000, 100000, 100000)); /* 200 ms are 10 s */
	assert_between(due_ms(&pace), 9000, 10000);
	pace.debt.owed_us = 3000000;
	assert_true(pace_hurry(&pace, &limits, 100000, 100000, 100000)); /* 2.9 s are 145 s */
	assert_between(due_ms(&pace), 8000, 10000);
	pace.debt.owed_us = 100000;
	assert_true(
	    pace_hurry(&pace, &limits, 100000, 99500, 100000)); /* a second after the last */
	assert_between(due_ms(&pace), 400, 500);
	assert_int_equal(pace.interval_s, 30);
	pace_close(&pace);
}

/* A poll that takes long makes the next one no later. */
static void
the_interval_is_from_beginning_to_beginning(void **state)
{
	static const struct {
		uint32_t duration_us;
		uint64_t first_ms;
		uint32_t seconds;
	} row[] = {
	    {0, 30000, 30}, {2000000, 28000, 30}, {5000000, 22000, 27}, {40000000, 7500, 15}};
	struct snapshot snapshot = {.severity = SEVERITY_NORMAL};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct pace pace;
		assert_true(pace_open(&pace));
		snapshot.poll.cpu_us = 500000;
		snapshot.poll.duration_us = row[i].duration_us;
		pace_follow(&pace, &config_pace_auto, &snapshot, 1000);
		assert_int_equal(pace.interval_s, row[i].seconds);
		assert_between(due_ms(&pace), row[i].first_ms - 1000, row[i].first_ms);
		pace_close(&pace);
	}
}

static void
one_tick_for_all_that_were_missed(void **state)
{
	struct pace pace;
	(void)state;
	assert_true(pace_open(&pace));
	assert_false(pace_due(&pace));
	assert_true(pace_set(&pace, 1, 1));
	while (!pace_due(&pace))
		;
	assert_false(pace_due(&pace));
	assert_int_equal(pace.interval_s, 1);
	pace_close(&pace);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slower_while_far_faster_while_near),
	    cmocka_unit_test(the_interval_follows_the_cost),
	    cmocka_unit_test(what_takes_long_comes_sooner),
	    cmocka_unit_test(cpu_share_is_kept_up_to_thirty_seconds),
	    cmocka_unit_test(time_pays),
	    cmocka_unit_test(one_poll_on_credit),
	    cmocka_unit_test(an_hour_costs_its_share),
	    cmocka_unit_test(a_poll_is_late_until_it_is_well_within_the_interval),
	    cmocka_unit_test(what_nothing_pays_for_is_forgiven),
	    cmocka_unit_test(hurry_brings_forward_and_never_puts_off),
	    cmocka_unit_test(the_interval_is_from_beginning_to_beginning),
	    cmocka_unit_test(one_tick_for_all_that_were_missed),
	};
	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

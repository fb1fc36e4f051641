/* SPDX-License-Identifier: ISC */
#include "daemon/nat_pace.h"
#include "support.h"

/* Cheap, on an idle host. */
static const struct nat_moment calm = {
    .cost_us = 1000, .polls_us = 1000, .entries = 5000, .cpu_percent = 2};

static void
assert_first_due(const struct nat_moment *from, uint64_t expected_ms)
{
	struct nat_moment m = *from;
	m.since_ms = expected_ms - 1;
	assert_false(nat_pace_due(&m));
	m.since_ms = expected_ms;
	assert_true(nat_pace_due(&m));
}

static void
a_cheap_table_is_read_often(void **state)
{
	struct nat_moment m = calm;
	(void)state;
	assert_first_due(&m, 2000);
	m.alarm = true;
	assert_first_due(&m, 1000);
}

static void
a_share_of_a_cpu_is_kept(void **state)
{
	struct nat_moment m = calm;
	(void)state;
	m.cost_us = 60000;
	assert_first_due(&m, 30000);
	m.alarm = true;
	assert_first_due(&m, 6000);
}

/* 100,000 entries take 130 ms: 65 s would be their share. */
static void
a_table_that_is_not_large_is_read_each_minute(void **state)
{
	struct nat_moment m = calm;
	(void)state;
	m.cost_us = 130000;
	m.entries = 99999;
	assert_first_due(&m, 60000);
	m.entries = 100000;
	assert_first_due(&m, 65000);
	m.cost_us = 2000000;
	assert_first_due(&m, 600000);
}

/* Polls took 2 % until now, and then nothing: they come first. */
static void
polls_come_first(void **state)
{
	struct nat_moment m = calm;
	(void)state;
	m.polls_us = 199000;
	assert_first_due(&m, 10000);
	m.polls_us = 100000000;
	assert_first_due(&m, 60000);
	m.entries = 100000;
	assert_first_due(&m, 600000);
	m.cpu_percent = 0;
	assert_first_due(&m, 2000);
}

/* What was refused costs nothing; what takes too long costs as much again. */
static void
what_failed_is_tried_each_minute(void **state)
{
	static const struct {
		uint64_t cost_us, due_ms;
	} cases[] = {
	    {20, 60000}, {120000, 60000}, {130000, 65000}, {1000000, 500000}, {2000000, 600000}};
	struct nat_moment m = calm;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.cost_us = cases[i].cost_us;
		m.since_ms = cases[i].due_ms - 1;
		assert_false(nat_pace_again(&m));
		m.since_ms++;
		assert_true(nat_pace_again(&m));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cheap_table_is_read_often),
	    cmocka_unit_test(a_share_of_a_cpu_is_kept),
	    cmocka_unit_test(a_table_that_is_not_large_is_read_each_minute),
	    cmocka_unit_test(polls_come_first),
	    cmocka_unit_test(what_failed_is_tried_each_minute),
	};
	return cmocka_run_group_tests_name("nat_pace", tests, NULL, NULL);
}

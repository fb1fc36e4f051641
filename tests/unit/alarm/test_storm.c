/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/storm.h"

static void
so_many_in_a_minute_and_no_more(void **state)
{
	struct storm s = {.sent = 0};
	(void)state;
	storm_tick(&s, 1000);
	assert_true(storm_admit(&s, 2));
	storm_tick(&s, 60999);
	assert_true(storm_admit(&s, 2));
	assert_false(storm_admit(&s, 2));
	storm_tick(&s, 61000);
	assert_true(storm_admit(&s, 2));
	assert_true(storm_admit(&s, 2));
	assert_false(storm_admit(&s, 2));
}

static void
no_limit_is_none(void **state)
{
	struct storm s = {.sent = 0};
	(void)state;
	storm_tick(&s, 1000);
	for (unsigned i = 0; i < 100000; i++)
		assert_true(storm_admit(&s, 0));
	assert_int_equal(storm_summary(&s), 0);
}

static void
one_summary_a_minute_tells_them_all(void **state)
{
	struct storm s = {.sent = 0};
	(void)state;
	storm_tick(&s, 1000);
	assert_int_equal(storm_summary(&s), 0);
	storm_suppress(&s);
	storm_suppress(&s);
	assert_int_equal(storm_summary(&s), 2);
	assert_int_equal(storm_summary(&s), 0);
	storm_suppress(&s);
	storm_tick(&s, 60000);
	assert_int_equal(storm_summary(&s), 0); /* not twice within the minute */
	storm_tick(&s, 61000);
	assert_int_equal(storm_summary(&s), 1);
	assert_int_equal(s.total, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(so_many_in_a_minute_and_no_more),
	    cmocka_unit_test(no_limit_is_none),
	    cmocka_unit_test(one_summary_a_minute_tells_them_all),
	};
	return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}

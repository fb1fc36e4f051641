/* SPDX-License-Identifier: ISC */
#include "count/nat_state.h"
#include "support.h"

static struct host_state host;
static struct nat_drops drops;

/* One more poll, in which the counters stand at that. */
static void
poll_at(int64_t dropped, int64_t failed)
{
	host.earlier = host.limits;
	host.limits.value[LIMIT_DROP] = dropped;
	host.limits.value[LIMIT_INSERT_FAILED] = failed;
	nat_drops_take(&drops, &host);
}

static int
begin(void **state)
{
	(void)state;
	hostlimits_start(&host);
	drops = (struct nat_drops){.counted = false};
	host.limits.value[LIMIT_CONNTRACK] = 100;
	host.limits.value[LIMIT_CONNTRACK_MAX] = 1000;
	poll_at(1000, 1000);
	return 0;
}

static void
what_rises_together_was_dropped(void **state)
{
	(void)state;
	assert_true(drops.counted);
	assert_int_equal(drops.total, 0);
	poll_at(1050, 1050);
	assert_int_equal(drops.total, 50);
	assert_int_equal(drops.recent, 50);
	poll_at(1050, 1050);
	assert_int_equal(drops.total, 50);
	assert_int_equal(drops.recent, 0);
}

/* Some of them were dropped for another reason: which, nobody knows. */
static void
what_rises_more_tells_of_no_pool(void **state)
{
	(void)state;
	poll_at(1010, 1050);
	assert_int_equal(drops.total, 10);
	assert_int_equal(drops.recent, 0);
	poll_at(1060, 1055);
	assert_int_equal(drops.total, 15);
	assert_int_equal(drops.recent, 0);
}

static void
a_full_table_explains_it(void **state)
{
	(void)state;
	host.limits.value[LIMIT_CONNTRACK] = 1000;
	poll_at(1050, 1050);
	assert_int_equal(drops.total, 0);
	assert_int_equal(drops.recent, 0);
}

/* The module was loaded again, or the counters are gone. */
static void
counters_that_go_back(void **state)
{
	(void)state;
	poll_at(3, 3);
	assert_int_equal(drops.total, 0);
	poll_at(LIMIT_ABSENT, LIMIT_ABSENT);
	assert_false(drops.counted);
	poll_at(10, 10);
	assert_int_equal(drops.total, 0);
	poll_at(11, 11);
	assert_int_equal(drops.total, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_rises_together_was_dropped, begin),
	    cmocka_unit_test_setup(what_rises_more_tells_of_no_pool, begin),
	    cmocka_unit_test_setup(a_full_table_explains_it, begin),
	    cmocka_unit_test_setup(counters_that_go_back, begin),
	};
	return cmocka_run_group_tests_name("nat_state", tests, NULL, NULL);
}

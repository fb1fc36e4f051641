/* SPDX-License-Identifier: ISC */
#include "support.h"
#include "verdict/reach.h"

static struct config config;

static int
begin(void **state)
{
	(void)state;
	config_init(&config);
	return 0;
}

static void
expect(int64_t tcp, int64_t udp, bool reached)
{
	const struct reach reach = {.offered = 28232, .connections = tcp, .tcp = tcp, .udp = udp};
	assert_int_equal(reach_any(&config, &reach), reached);
}

static void
by_percent(void **state)
{
	(void)state;
	config.levels.raise.close_wait = 0;
	config.inbound.raise.close_wait = 0;
	expect(0, 0, false);
	/* 80 % of 28,232 is 22,585.6. */
	expect(22585, 0, false);
	expect(22586, 0, true);
	expect(28232, 0, true);
	expect(INT64_MAX, 0, true);
}

static void
by_leaks(void **state)
{
	(void)state;
	expect(1000, 0, false);
	expect(1001, 0, true);
	config.levels.raise.close_wait = 0;
	expect(1001, 0, true);
	config.inbound.raise.close_wait = 0;
	expect(1001, 0, false);
}

static void
what_is_in_no_table_cannot_leak(void **state)
{
	(void)state;
	struct reach reach = {.offered = 28232, .connections = 1000, .tcp = 20000};
	assert_false(reach_any(&config, &reach));
	reach.tcp = 22586;
	assert_true(reach_any(&config, &reach));
}

static void
by_a_target_of_its_own_levels(void **state)
{
	(void)state;
	struct target target = {.levels = level_band_off};
	target.levels.raise.warning_percent = 1;
	config.targets = &target;
	config.target_count = 1;
	expect(282, 0, false);
	expect(283, 0, true);
	config.target_count = 0;
	config.targets = NULL;
}

static void
by_levels_of_the_host_and_of_addresses(void **state)
{
	(void)state;
	config.host.raise.warning_remaining = 28000;
	expect(232, 0, false);
	expect(233, 0, true);
	config.host.raise.warning_remaining = 0;
	config.local.raise.warning_remaining = 28000;
	expect(233, 0, true);
}

static void
by_udp(void **state)
{
	(void)state;
	expect(0, 22585, false);
	expect(0, 22586, true);
}

static void
what_is_not_known_may_be_anything(void **state)
{
	(void)state;
	expect(-1, 0, true);
	expect(0, -1, true);
	const struct reach nothing = {.offered = 0};
	assert_true(reach_any(&config, &nothing));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(by_percent, begin),
	    cmocka_unit_test_setup(by_leaks, begin),
	    cmocka_unit_test_setup(what_is_in_no_table_cannot_leak, begin),
	    cmocka_unit_test_setup(by_a_target_of_its_own_levels, begin),
	    cmocka_unit_test_setup(by_levels_of_the_host_and_of_addresses, begin),
	    cmocka_unit_test_setup(by_udp, begin),
	    cmocka_unit_test_setup(what_is_not_known_may_be_anything, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

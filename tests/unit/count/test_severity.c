/* SPDX-License-Identifier: ISC */
#include "support.h"

static void
percent_is_whole_and_rounded_down(void **state)
{
	static const struct {
		uint32_t remaining, capacity;
		unsigned percent;
	} cases[] = {
	    {100, 100, 0},    {99, 100, 1},     {1, 100, 99},      {0, 100, 100},  {1, 1, 0},
	    {0, 1, 100},      {0, 0, 100},      {5, 0, 100},       {200, 100, 0},  {1, 28232, 99},
	    {282, 28232, 99}, {283, 28232, 98}, {28231, 28232, 0}, {1, 65535, 99}, {2, 3, 33},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(severity_percent(cases[i].remaining, cases[i].capacity),
				 cases[i].percent);
}

/* Critical at 95 % or with nothing left; warning at 80 % or with fewer than 100 left. */
static void
default_levels(void **state)
{
	static const struct {
		uint32_t remaining, capacity, close_wait;
		enum severity severity;
	} cases[] = {
	    {28232, 28232, 0, SEVERITY_NORMAL},     {5647, 28232, 0, SEVERITY_NORMAL},
	    {5646, 28232, 0, SEVERITY_WARNING},     {1412, 28232, 0, SEVERITY_WARNING},
	    {1411, 28232, 0, SEVERITY_CRITICAL},    {0, 28232, 0, SEVERITY_CRITICAL},
	    {100, 100, 0, SEVERITY_NORMAL},         {99, 100, 0, SEVERITY_WARNING},
	    {6, 100, 0, SEVERITY_WARNING},          {5, 100, 0, SEVERITY_CRITICAL},
	    {0, 0, 0, SEVERITY_CRITICAL},           {28232, 28232, 1000, SEVERITY_NORMAL},
	    {28232, 28232, 1001, SEVERITY_WARNING}, {0, 28232, 1001, SEVERITY_CRITICAL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(severity_of(&levels_default, cases[i].remaining, cases[i].capacity,
					     cases[i].close_wait),
				 cases[i].severity);
}

static void
each_level_can_be_off(void **state)
{
	const struct levels off = {.critical_percent = 101, .warning_percent = 101};
	const struct levels by_count = {.critical_percent = 101,
					.warning_percent = 101,
					.critical_remaining = 10,
					.warning_remaining = 20};
	(void)state;
	assert_int_equal(severity_of(&off, 1, 28232, 28231), SEVERITY_NORMAL);
	assert_int_equal(severity_of(&off, 0, 28232, 28232), SEVERITY_NORMAL);
	assert_int_equal(severity_of(&by_count, 20, 100, 0), SEVERITY_NORMAL);
	assert_int_equal(severity_of(&by_count, 19, 100, 0), SEVERITY_WARNING);
	assert_int_equal(severity_of(&by_count, 10, 100, 0), SEVERITY_WARNING);
	assert_int_equal(severity_of(&by_count, 9, 100, 0), SEVERITY_CRITICAL);
}

/* What was raised holds until the clear levels let go of it; neither is the wrong way round. */
static void
the_default_band_has_hysteresis(void **state)
{
	const struct level_band *band = &level_band_default;
	(void)state;
	assert_memory_equal(&band->raise, &levels_default, sizeof(levels_default));
	assert_int_equal(severity_of(&band->clear, 2823, 28232, 0), SEVERITY_CRITICAL); /* 90 % */
	assert_int_equal(severity_of(&band->clear, 2824, 28232, 0), SEVERITY_WARNING);
	assert_int_equal(severity_of(&band->clear, 7058, 28232, 0), SEVERITY_WARNING); /* 75 % */
	assert_int_equal(severity_of(&band->clear, 7059, 28232, 0), SEVERITY_NORMAL);
	assert_int_equal(severity_of(&band->clear, 28232, 28232, 901), SEVERITY_WARNING);
	assert_int_equal(severity_of(&band->clear, 28232, 28232, 900), SEVERITY_NORMAL);
	for (uint32_t left = 0; left <= 28232; left++)
		assert_true(severity_of(&band->clear, left, 28232, 0) >=
			    severity_of(&band->raise, left, 28232, 0));
	assert_int_equal(severity_of(&level_band_off.raise, 0, 28232, 28232), SEVERITY_NORMAL);
	assert_int_equal(severity_of(&level_band_off.clear, 0, 28232, 28232), SEVERITY_NORMAL);
}

static void
nearness_is_the_way_to_the_first_level(void **state)
{
	static const struct levels off = {.critical_percent = LEVEL_PERCENT_OFF,
					  .warning_percent = LEVEL_PERCENT_OFF};
	static const struct levels leak = {.critical_percent = LEVEL_PERCENT_OFF,
					   .warning_percent = LEVEL_PERCENT_OFF,
					   .close_wait = 99};
	static const struct levels room = {.critical_percent = LEVEL_PERCENT_OFF,
					   .warning_percent = LEVEL_PERCENT_OFF,
					   .warning_remaining = 501};
	static const struct levels at_half = {.critical_percent = 50,
					      .warning_percent = LEVEL_PERCENT_OFF};
	static const struct {
		const struct levels *levels;
		uint32_t used, capacity, close_wait;
		unsigned nearness;
	} cases[] = {
	    /* Warning at 80 %. */
	    {&levels_default, 0, 10000, 0, 0},
	    {&levels_default, 4000, 10000, 0, 50},
	    {&levels_default, 7999, 10000, 0, 99},
	    {&levels_default, 8000, 10000, 0, 100},
	    {&levels_default, 9990, 10000, 0, 100},
	    /* Warning under 100 remaining: at 101 used ports of 200. */
	    {&levels_default, 50, 200, 0, 49},
	    {&levels_default, 100, 200, 0, 99},
	    {&levels_default, 101, 200, 0, 100},
	    {&levels_default, 0, 0, 0, 100},
	    {&off, 10000, 10000, 5000, 0},
	    {&off, 0, 0, 0, 0},
	    {&leak, 9000, 10000, 50, 50},
	    {&leak, 9000, 10000, 99, 99},
	    {&leak, 9000, 10000, 100, 100},
	    {&room, 250, 1000, 0, 50},
	    {&room, 500, 1000, 0, 100},
	    {&at_half, 25, 100, 0, 50},
	    {&at_half, 50, 100, 0, 100},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(severity_nearness(cases[i].levels,
						   cases[i].capacity - cases[i].used,
						   cases[i].capacity, cases[i].close_wait),
				 cases[i].nearness);
}

static void
names_are_those_of_the_mib(void **state)
{
	static const char *const severity[] = {"normal", "warning", "critical", "unknown"};
	static const char *const cause[] = {
	    "none",     "established", "timeWait", "closeWait",  "synSent",        "smallRange",
	    "blocked",  "failures",    "limit",    "halfClosed", "unacknowledged", "inDoubt",
	    "reserved", "inboundLeak", "natLoss",  "stale"};
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(severity); i++)
		assert_string_equal(severity_name((enum severity)(i + 1)), severity[i]);
	for (unsigned i = 0; i < COUNT_OF(cause); i++)
		assert_string_equal(cause_name((enum cause)(i + 1)), cause[i]);
	assert_string_equal(cause_words(CAUSE_TIME_WAIT), "TIME_WAIT churn");
	assert_string_equal(cause_words(CAUSE_CLOSE_WAIT), "CLOSE_WAIT leak");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(percent_is_whole_and_rounded_down),
	    cmocka_unit_test(default_levels),
	    cmocka_unit_test(each_level_can_be_off),
	    cmocka_unit_test(the_default_band_has_hysteresis),
	    cmocka_unit_test(nearness_is_the_way_to_the_first_level),
	    cmocka_unit_test(names_are_those_of_the_mib),
	};
	return cmocka_run_group_tests_name("level", tests, NULL, NULL);
}

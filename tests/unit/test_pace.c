/* SPDX-License-Identifier: ISC */
#include "pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct pace pace = {.least_s = 5, .usual_s = 10, .most_s = 30, .cpu_percent = 2};

static void
slower_while_far_faster_while_near(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct pace_state state;
		uint32_t seconds;
	} row[] = {
	    {"idle", {SEVERITY_NORMAL, 0, 0, 1000}, 30},
	    {"half full", {SEVERITY_NORMAL, 50, 49, 1000}, 10},
	    {"just below", {SEVERITY_NORMAL, 49, 49, 1000}, 30},
	    {"grows by five points", {SEVERITY_NORMAL, 15, 10, 1000}, 5},
	    {"grows by four", {SEVERITY_NORMAL, 14, 10, 1000}, 30},
	    {"falls", {SEVERITY_NORMAL, 60, 79, 1000}, 10},
	    {"warning", {SEVERITY_WARNING, 10, 10, 1000}, 5},
	    {"critical", {SEVERITY_CRITICAL, 100, 100, 1000}, 5},
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint32_t seconds = pace_next(&pace, &row[i].state);
		if (seconds != row[i].seconds)
			fail_msg("%s: %u s, expected %u", row[i].name, seconds, row[i].seconds);
	}
}

/* 2 % of a CPU are 20 ms a second. */
static void
cpu_share_is_kept_whatever_happens(void **state)
{
	(void)state;
	const struct pace_state cheap = {SEVERITY_CRITICAL, 100, 100, 100000};
	const struct pace_state dear = {SEVERITY_CRITICAL, 100, 100, 100001};
	const struct pace_state very_dear = {SEVERITY_NORMAL, 0, 0, 1200000};
	assert_int_equal(pace_next(&pace, &cheap), 5);
	assert_int_equal(pace_next(&pace, &dear), 6);
	assert_int_equal(pace_next(&pace, &very_dear), 60);
	struct pace unbounded = pace;
	unbounded.cpu_percent = 0;
	assert_int_equal(pace_next(&unbounded, &very_dear), 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slower_while_far_faster_while_near),
	    cmocka_unit_test(cpu_share_is_kept_whatever_happens),
	};
	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/ratelimit.h"
#include "support.h"

static void
a_burst_and_then_silence(void **state)
{
	struct ratelimit limit = {.burst = 3, .window_ms = 1000};
	uint32_t held;
	(void)state;
	assert_int_equal(ratelimit_ask(&limit, 1, 5000, &held), RATELIMIT_PASS);
	assert_int_equal(ratelimit_ask(&limit, 1, 5001, &held), RATELIMIT_PASS);
	assert_int_equal(ratelimit_ask(&limit, 1, 5002, &held), RATELIMIT_LAST);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(ratelimit_ask(&limit, 1, 5003 + i, &held), RATELIMIT_HOLD);
	assert_int_equal(ratelimit_ask(&limit, 1, 5999, &held), RATELIMIT_HOLD);
	assert_int_equal(ratelimit_ask(&limit, 1, 6000, &held), RATELIMIT_PASS);
	assert_int_equal(held, 8);
	assert_int_equal(ratelimit_ask(&limit, 1, 6000, &held), RATELIMIT_PASS);
	assert_int_equal(held, 0);
}

static void
kinds_do_not_disturb_each_other(void **state)
{
	struct ratelimit limit = {.burst = 1, .window_ms = 1000};
	uint32_t held;
	(void)state;
	assert_int_equal(ratelimit_ask(&limit, 1, 0, &held), RATELIMIT_LAST);
	assert_int_equal(ratelimit_ask(&limit, 2, 0, &held), RATELIMIT_LAST);
	assert_int_equal(ratelimit_ask(&limit, 1, 1, &held), RATELIMIT_HOLD);
	assert_int_equal(ratelimit_ask(&limit, 2, 1, &held), RATELIMIT_HOLD);
}

/* More kinds than there is room for: the one that was quiet for longest makes room. */
static void
bounded(void **state)
{
	struct ratelimit limit = {.burst = 1, .window_ms = 1000000};
	uint32_t held;
	(void)state;
	for (uint64_t i = 0; i <= RATELIMIT_KINDS; i++)
		assert_int_equal(ratelimit_ask(&limit, i + 1, 100 + i, &held), RATELIMIT_LAST);
	for (uint64_t i = 1; i <= RATELIMIT_KINDS; i++)
		assert_int_equal(ratelimit_ask(&limit, i + 1, 300, &held), RATELIMIT_HOLD);
	assert_int_equal(ratelimit_ask(&limit, 1, 300, &held), RATELIMIT_LAST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_burst_and_then_silence),
	    cmocka_unit_test(kinds_do_not_disturb_each_other),
	    cmocka_unit_test(bounded),
	};
	return cmocka_run_group_tests_name("ratelimit", tests, NULL, NULL);
}

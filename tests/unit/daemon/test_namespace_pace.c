/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_pace.h"
#include "support.h"

#define NOW 1000000

static struct namespace_pace pace;

static int
begin(void **state)
{
	(void)state;
	pace = (struct namespace_pace){.cpu_percent = 0};
	namespace_pace_begin(&pace, NOW, 2, 0);
	return 0;
}

/* Looks of so much each, until they cannot be paid for. */
static unsigned
looks_at(uint64_t now_ms, uint64_t cost_us)
{
	unsigned looks = 0;
	while (namespace_pace_pays(&pace, now_ms) && looks < 1000) {
		namespace_pace_charge(&pace, now_ms, cost_us);
		looks++;
	}
	return looks;
}

/* Two percent of a second are 20 ms, of the five before the first 100. */
static void
looks_take_what_the_share_has(void **state)
{
	(void)state;
	assert_int_equal(looks_at(NOW, 1000), 100);
	assert_int_equal(looks_at(NOW + 999, 1000), 0);
	namespace_pace_begin(&pace, NOW + 1000, 2, 0);
	assert_int_equal(looks_at(NOW + 1000, 1000), 20);
}

static void
polls_come_first(void **state)
{
	(void)state;
	looks_at(NOW, 1000);
	namespace_pace_begin(&pace, NOW + 1000, 2, 15000);
	assert_int_equal(looks_at(NOW + 1000, 1000), 5);
	namespace_pace_begin(&pace, NOW + 2000, 2, 20000);
	assert_int_equal(looks_at(NOW + 2000, 1000), 0);
}

/* Polls that take more than all of it for an hour owe no more than half a minute. */
static void
one_look_in_half_a_minute_there_is_always(void **state)
{
	uint64_t now_ms = NOW;
	(void)state;
	looks_at(NOW, 1000);
	namespace_pace_begin(&pace, now_ms + 29999, 2, 10000000);
	assert_false(namespace_pace_pays(&pace, now_ms + 29999));
	assert_true(namespace_pace_pays(&pace, now_ms + 30000));
	namespace_pace_charge(&pace, now_ms + 30000, 1000);
	assert_false(namespace_pace_pays(&pace, now_ms + 30000));
	for (unsigned i = 0; i < 120; i++)
		namespace_pace_begin(&pace, now_ms += 30000, 2, 10000000);
	namespace_pace_begin(&pace, now_ms + 30100, 2, 0);
	assert_true(pace.credit_us > 0);
}

/* A costly one is paid for by the time after it: 365 ms at 2 % are 18 s. */
static void
a_costly_look_waits_for_its_pay(void **state)
{
	(void)state;
	assert_int_equal(looks_at(NOW, 365000), 1);
	namespace_pace_begin(&pace, NOW + 13250, 2, 0);
	assert_int_equal(pace.credit_us, 0);
	assert_false(namespace_pace_pays(&pace, NOW + 13250));
	namespace_pace_begin(&pace, NOW + 13251, 2, 0);
	assert_true(namespace_pace_pays(&pace, NOW + 13251));
}

static void
without_a_share_there_is_no_limit(void **state)
{
	(void)state;
	namespace_pace_begin(&pace, NOW + 1, 0, 5000000);
	assert_int_equal(looks_at(NOW + 1, 1000000), 1000);
}

static void
they_are_looked_for_as_cheap_as_that_is(void **state)
{
	(void)state;
	assert_true(namespace_pace_scan(&pace, NOW, false));
	pace.scanned_ms = NOW;
	pace.scan_us = 60000;
	assert_false(namespace_pace_scan(&pace, NOW + 29999, false));
	assert_true(namespace_pace_scan(&pace, NOW + 30000, false));
	pace.scan_us = 6000;
	assert_false(namespace_pace_scan(&pace, NOW + 5999, false));
	assert_true(namespace_pace_scan(&pace, NOW + 6000, false));
	/* One has gone. */
	assert_false(namespace_pace_scan(&pace, NOW + 2999, true));
	assert_true(namespace_pace_scan(&pace, NOW + 3000, true));
	pace.scan_us = 10;
	assert_false(namespace_pace_scan(&pace, NOW + 999, true));
	assert_true(namespace_pace_scan(&pace, NOW + 1000, false));
}

static void
counting_takes_two_parts_of_a_thousand(void **state)
{
	(void)state;
	pace.counted_ms = NOW;
	pace.count_us = 10000;
	assert_false(namespace_pace_count(&pace, NOW + 4999));
	assert_true(namespace_pace_count(&pace, NOW + 5000));
}

static void
looks_in_turn_take_one_part_of_a_thousand(void **state)
{
	(void)state;
	assert_true(namespace_pace_turn(&pace, NOW));
	pace.turned_ms = NOW;
	pace.turn_us = 1000;
	assert_false(namespace_pace_turn(&pace, NOW + 4999));
	assert_true(namespace_pace_turn(&pace, NOW + 5000));
	pace.turn_us = 365000;
	assert_false(namespace_pace_turn(&pace, NOW + 364999));
	assert_true(namespace_pace_turn(&pace, NOW + 365000));
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(looks_take_what_the_share_has),
	    CASE(polls_come_first),
	    CASE(one_look_in_half_a_minute_there_is_always),
	    CASE(a_costly_look_waits_for_its_pay),
	    CASE(without_a_share_there_is_no_limit),
	    CASE(they_are_looked_for_as_cheap_as_that_is),
	    CASE(counting_takes_two_parts_of_a_thousand),
	    CASE(looks_in_turn_take_one_part_of_a_thousand),
	};
	return cmocka_run_group_tests_name("namespace_pace", tests, NULL, NULL);
}

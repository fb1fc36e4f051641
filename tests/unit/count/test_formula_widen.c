/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/formula.h"

static struct widening
widen(uint16_t low, uint16_t high, const char *reserved, const char *listening, const char *bound)
{
	struct port_range range = {low, high};
	struct portset r = ports_of(reserved), l = ports_of(listening), b = ports_of(bound);

	return formula_widen(&range, &r, &l, &b);
}

static void
the_default_range_can_more_than_double(void **state)
{
	struct widening w = widen(32768, 60999, "", "", "");

	(void)state;
	assert_int_equal(w.range.low, 1024);
	assert_int_equal(w.range.high, 65535);
	/* 31,744 below and 4,536 above. */
	assert_int_equal(w.gain, 36280);
	assert_int_equal(w.reserved + w.listening + w.bound, 0);
	assert_int_equal(w.named_count, 0);
}

static void
what_is_in_the_new_part_collides(void **state)
{
	/* 22 and 40000 are not in it; 8080 is both reserved and listening; 9000 is in two sets. */
	struct widening w = widen(32768, 60999, "8080-8089,33000", "22,3306,8080,9000,40000,61000",
				  "9000,9001,50000");

	(void)state;
	assert_int_equal(w.reserved, 10);
	assert_int_equal(w.listening, 3);
	assert_int_equal(w.bound, 1);
	assert_int_equal(w.gain, 36280 - 14);
	assert_int_equal(w.named_count, 3);
	assert_int_equal(w.named[0], 3306);
	assert_int_equal(w.named[1], 9000);
	assert_int_equal(w.named[2], 61000);
}

static void
only_the_lowest_are_named(void **state)
{
	struct widening w = widen(32768, 60999, "", "65535,2000,2001,2002,2003", "");

	(void)state;
	assert_int_equal(w.listening, 5);
	assert_int_equal(w.named_count, 3);
	assert_int_equal(w.named[2], 2002);
}

static void
a_range_that_is_whole_cannot_be_widened(void **state)
{
	struct widening w = widen(1024, 65535, "", "3306", "");

	(void)state;
	assert_int_equal(w.gain, 0);
	assert_int_equal(w.listening, 0);
	assert_int_equal(w.range.low, 1024);
	assert_int_equal(w.range.high, 65535);
}

static void
one_that_begins_lower_keeps_its_start(void **state)
{
	struct widening w = widen(1, 50000, "", "", "");

	(void)state;
	assert_int_equal(w.range.low, 1);
	assert_int_equal(w.gain, 15535);
}

static void
nothing_is_gained_where_all_is_taken(void **state)
{
	struct widening w = widen(1024, 65533, "65534-65535", "", "");

	(void)state;
	assert_int_equal(w.gain, 0);
	assert_int_equal(w.range.high, 65533);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_range_can_more_than_double),
	    cmocka_unit_test(what_is_in_the_new_part_collides),
	    cmocka_unit_test(only_the_lowest_are_named),
	    cmocka_unit_test(a_range_that_is_whole_cannot_be_widened),
	    cmocka_unit_test(one_that_begins_lower_keeps_its_start),
	    cmocka_unit_test(nothing_is_gained_where_all_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

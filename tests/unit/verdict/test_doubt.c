/* SPDX-License-Identifier: ISC */
/* What follows from what is not known exactly, and from failed connect() calls. */
#include "support.h"
#include "verdict/doubt.h"

static const struct levels *const levels = &levels_default;

/* 1,000 ports, of which so many are free; a pool with so many left, so many of them in doubt. */
static struct doubt
doubt_of(uint32_t free, uint32_t left, uint32_t uncertain, uint32_t failed, struct usage *u,
	 struct range_tally *r)
{
	*r = (struct range_tally){.size = 1000, .free = free};
	*u = (struct usage){.capacity = 1000, .tightest = left, .uncertain = uncertain};
	return (struct doubt){.usage = u, .range = r, .failed = failed};
}

static bool
in_doubt(uint32_t left, uint32_t uncertain)
{
	struct usage u;
	struct range_tally r;
	const struct doubt d = doubt_of(1000, left, uncertain, 0, &u, &r);
	return doubt_is(&d, levels);
}

static bool
failed(uint32_t free, uint32_t left, uint32_t uncertain, uint32_t calls)
{
	struct usage u;
	struct range_tally r;
	const struct doubt d = doubt_of(free, left, uncertain, calls, &u, &r);
	return doubt_failed(&d, levels);
}

static void
doubt_begins_where_what_is_sure_is_critical(void **state)
{
	(void)state;
	assert_false(in_doubt(1000, 0));
	assert_false(in_doubt(1000, 949));
	assert_true(in_doubt(1000, 950));
	assert_true(in_doubt(1000, 1000));
	assert_false(in_doubt(50, 50)); /* critical without any doubt */
	assert_false(in_doubt(0, 0));
}

static void
a_failure_is_critical_only_where_it_is_possible(void **state)
{
	(void)state;
	assert_false(failed(0, 0, 0, 0)); /* none */
	assert_true(failed(0, 0, 0, 1));
	assert_true(failed(50, 990, 0, 1));
	assert_false(failed(51, 990, 0, 1));
	assert_false(failed(999, 999, 0, 100000)); /* a range of its own */
	assert_false(failed(999, 999, 999, 2));
	assert_true(failed(999, 999, 999, 3));
	assert_false(failed(999, 999, 900, 3));
}

static void
the_floor_is_free_less_what_is_not_seen(void **state)
{
	(void)state;
	assert_int_equal(doubt_floor(&(struct range_tally){.size = 1000, .free = 70}), 70);
	assert_int_equal(doubt_floor(&(struct range_tally){.size = 1000, .free = 70, .idle = 5}),
			 65);
	assert_int_equal(doubt_floor(&(struct range_tally){.size = 1001, .free = 70, .idle = 5}),
			 64);
	assert_int_equal(doubt_floor(&(struct range_tally){.size = 1001, .free = 5, .idle = 5}), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(doubt_begins_where_what_is_sure_is_critical),
	    cmocka_unit_test(a_failure_is_critical_only_where_it_is_possible),
	    cmocka_unit_test(the_floor_is_free_less_what_is_not_seen),
	};
	return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}

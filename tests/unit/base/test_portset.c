/* SPDX-License-Identifier: ISC */
#include "support.h"

static void
single_ports(void **state)
{
	static const uint16_t edge[] = {0, 1, 63, 64, 65, 127, 128, 32767, 32768, 65534, 65535};
	struct portset set;
	(void)state;
	portset_clear(&set);
	assert_int_equal(portset_count(&set), 0);
	for (size_t i = 0; i < COUNT_OF(edge); i++) {
		assert_false(portset_has(&set, edge[i]));
		portset_add(&set, edge[i]);
		portset_add(&set, edge[i]);
		assert_true(portset_has(&set, edge[i]));
		assert_int_equal(portset_count(&set), i + 1);
	}
	for (size_t i = 0; i < COUNT_OF(edge); i++) {
		portset_del(&set, edge[i]);
		portset_del(&set, edge[i]);
		assert_false(portset_has(&set, edge[i]));
		assert_int_equal(portset_count(&set), COUNT_OF(edge) - i - 1);
	}
}

static void
ranges_of_ports(void **state)
{
	static const struct {
		uint16_t first, last;
		uint32_t count;
	} cases[] = {
	    {0, 65535, 65536}, {0, 0, 1},    {65535, 65535, 1}, {63, 64, 2},
	    {1, 64, 64},       {100, 99, 0}, {65535, 0, 0},     {32768, 60999, 28232},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct portset set;
		portset_clear(&set);
		portset_add_range(&set, cases[i].first, cases[i].last);
		assert_int_equal(portset_count(&set), cases[i].count);
		if (cases[i].count == 0)
			continue;
		assert_true(portset_has(&set, cases[i].first));
		assert_true(portset_has(&set, cases[i].last));
		if (cases[i].first > 0)
			assert_false(portset_has(&set, (uint16_t)(cases[i].first - 1)));
		if (cases[i].last < 65535)
			assert_false(portset_has(&set, (uint16_t)(cases[i].last + 1)));
	}
}

static void
set_algebra(void **state)
{
	struct portset a = ports_of("1-10,65535"), b = ports_of("6-15,65535"), s;
	(void)state;
	s = a;
	portset_or(&s, &b);
	assert_int_equal(portset_count(&s), 16);
	s = a;
	portset_and(&s, &b);
	assert_int_equal(portset_count(&s), 6);
	assert_true(portset_has(&s, 65535));
	s = a;
	portset_andnot(&s, &b);
	assert_int_equal(portset_count(&s), 5);
	assert_false(portset_has(&s, 6));
	assert_int_equal(portset_count_andnot(&a, &b), 5);
	assert_int_equal(portset_count_andnot(&b, &a), 5);
	portset_complement(&a, &s);
	assert_int_equal(portset_count(&s), 65536 - 11);
	portset_and(&s, &a);
	assert_int_equal(portset_count(&s), 0);
}

static void
next_walks_a_set(void **state)
{
	struct portset set = ports_of("0,63,64,1000,65535"), none = ports_of("");
	static const struct {
		uint32_t from;
		int next;
	} cases[] = {{0, 0},       {1, 63},       {63, 63},       {64, 64},   {65, 1000},
		     {1000, 1000}, {1001, 65535}, {65535, 65535}, {65536, -1}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(portset_next(&set, cases[i].from), cases[i].next);
	assert_int_equal(portset_next(&none, 0), -1);
}

static void
range_bounds(void **state)
{
	const struct port_range usual = {32768, 60999}, one = {65535, 65535}, all = {1, 65535};
	(void)state;
	assert_int_equal(range_size(&usual), 28232);
	assert_int_equal(range_size(&one), 1);
	assert_int_equal(range_size(&all), 65535);
	assert_true(range_has(&usual, 32768) && range_has(&usual, 60999));
	assert_false(range_has(&usual, 32767) || range_has(&usual, 61000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(single_ports), cmocka_unit_test(ranges_of_ports),
	    cmocka_unit_test(set_algebra),  cmocka_unit_test(next_walks_a_set),
	    cmocka_unit_test(range_bounds),
	};
	return cmocka_run_group_tests_name("portset", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/formula.h"

static struct settings settings;
static struct portset listeners, udp;

static struct widening
widen(uint16_t low, uint16_t high, const char *reserved, const char *listening, const char *bound)
{
	struct portset b = ports_of(bound);
	int32_t start = settings.unprivileged_start;
	settings = settings_of(low, high, reserved);
	settings.unprivileged_start = start;
	listeners = ports_of(listening);
	return formula_widen(&settings, &listeners, &b, &udp, false);
}

static int
forget(void **state)
{
	(void)state;
	settings = (struct settings){.unprivileged_start = SETTING_ABSENT};
	portset_clear(&udp);
	return 0;
}

/* The smallest step that adds half of what there is. */
static void
step_by_step(void **state)
{
	static const struct {
		uint16_t low, high;
		const char *bound;
		uint16_t new_low;
		uint32_t gain;
	} cases[] = {
	    {40000, 40299, "", 40000, 25236},        /* upward will do */
	    {32768, 60999, "", 16384, 16384 + 4536}, /* that, and a stage down */
	    {20000, 65535, "", 1024, 20000 - 1024},  /* the last stage, although it is less */
	    {16384, 65535, "", 1024, 16384 - 1024},
	    {32768, 60999, "16384-24575", 8192, 16384 + 4536},
	    {1024, 65535, "", 1024, 0},
	    {1, 50000, "", 1, 15534}, /* never cut off at the low end */
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct widening w = widen(cases[i].low, cases[i].high, "", "", cases[i].bound);
		assert_int_equal(w.range.low, cases[i].new_low);
		assert_int_equal(w.range.high, cases[i].low == 1 ? 65534 : 65535);
		assert_int_equal(w.gain, cases[i].gain);
	}
}

/* ipv4_local_port_range(): EINVAL below net.ipv4.ip_unprivileged_port_start. */
static void
never_below_the_unprivileged_ports(void **state)
{
	static const struct {
		int32_t start;
		uint16_t low, expected;
	} cases[] = {
	    {0, 20000, 1024},
	    {80, 20000, 1024},
	    {5000, 20000, 5000},
	    {5001, 20000, 5001},
	    {20000, 20000, 20000},
	    {65536, 32768, 32768},
	    {SETTING_ABSENT, 20000, 1024},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		settings.unprivileged_start = cases[i].start;
		struct widening w = widen(cases[i].low, 60999, "", "", "");
		assert_int_equal(w.range.low, cases[i].expected);
		assert_int_equal((w.range.high - w.range.low) % 2, 1);
	}
}

/* Ends of equal parity cost a port and a warning of the kernel's. */
static void
the_ends_are_of_different_parity(void **state)
{
	(void)state;
	assert_int_equal(widen(40001, 40100, "", "", "").range.low, 40000);
	assert_int_equal(widen(32769, 60999, "", "", "").range.low, 16384);
	/* Not where the even port below is somebody else's. */
	settings.unprivileged_start = 40001;
	assert_int_equal(widen(40001, 40100, "", "", "").range.low, 40001);
	assert_int_equal(widen(40001, 40100, "", "", "").range.high, 65534);
	settings.unprivileged_start = SETTING_ABSENT;
	assert_int_equal(widen(1025, 65535, "", "", "").range.low, 1024);
}

static void
what_is_in_the_new_part_collides(void **state)
{
	/* 22 and 40000 are not in it; 61080 is both reserved and listening; 62000 is in two sets.
	 */
	struct widening w = widen(40000, 60999, "61080-61089,40001", "22,61000,61080,62000,40002",
				  "62000,62001,50000");
	(void)state;
	assert_int_equal(w.range.low, 16384);
	assert_int_equal(w.reserved, 10);
	assert_int_equal(w.listening, 2);
	assert_int_equal(w.bound, 1);
	assert_int_equal(w.gain, 40000 - 16384 + 4536 - 13);
}

static void
node_ports_are_spoken_for(void **state)
{
	struct portset none = ports_of(""), some = ports_of("30001,2000");
	(void)state;
	widen(32768, 60999, "", "", "");
	struct widening w = formula_widen(&settings, &none, &none, &none, true);
	assert_int_equal(w.range.low, 16384);
	assert_int_equal(w.node_ports, 2768);
	assert_int_equal(w.gain, 16384 + 4536 - 2768);
	char *text = formula_reserve(&settings, &some, &none, &w);
	assert_string_equal(text, "30000-32767");
	free(text);
	/* A range that has them already is not to be changed for them. */
	widen(30000, 39999, "", "", "");
	assert_int_equal(formula_widen(&settings, &none, &none, &none, true).node_ports, 0);
}

static void
the_list_is_the_whole_new_one(void **state)
{
	struct widening w =
	    widen(40000, 40099, "80,40050-40052,60000", "22,40010,50000,50001,50002,65535", "");
	(void)state;
	char *text = formula_reserve(&settings, &listeners, &udp, &w);
	assert_string_equal(text, "80,40050-40052,50000-50002,60000,65535");
	free(text);
	w = widen(40000, 40099, "", "", "");
	text = formula_reserve(&settings, &listeners, &udp, &w);
	assert_string_equal(text, "");
	free(text);
	/* UDP services keep their ports too; those of a listener's number are its. */
	udp = ports_of("40010,51820,50000");
	w = widen(40000, 40099, "", "50000", "");
	assert_int_equal(w.listening, 1);
	assert_int_equal(w.udp, 1);
	text = formula_reserve(&settings, &listeners, &udp, &w);
	assert_string_equal(text, "50000,51820");
	free(text);
}

static void
nothing_is_gained_where_all_is_taken(void **state)
{
	struct widening w = widen(1024, 65533, "65534-65535", "", "");
	(void)state;
	assert_int_equal(w.gain, 0);
	assert_int_equal(w.range.high, 65533);
	w = widen(1024, 65535, "", "3306", "");
	assert_int_equal(w.gain + w.listening, 0);
}

#define CASE(name) cmocka_unit_test_setup(name, forget)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(step_by_step),
	    CASE(never_below_the_unprivileged_ports),
	    CASE(the_ends_are_of_different_parity),
	    CASE(what_is_in_the_new_part_collides),
	    CASE(node_ports_are_spoken_for),
	    CASE(the_list_is_the_whole_new_one),
	    CASE(nothing_is_gained_where_all_is_taken),
	};
	return cmocka_run_group_tests_name("formula_widen", tests, NULL, NULL);
}

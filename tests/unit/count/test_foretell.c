/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/foretell.h"

/* Values of single polls, ten seconds apart. */
static struct series
series_of(const char *text)
{
	struct series s = {.count = 0};
	char *end;
	while (*text != '\0') {
		s.ms[s.count] = 1000000 + 10000 * (uint64_t)s.count;
		s.value[s.count++] = (uint16_t)strtoul(text, &end, 10);
		text = end + strspn(end, " ");
	}
	return s;
}

/* The mean square of its change from value to value. */
static double
churn_of(const struct series *s)
{
	double sum = 0;
	for (unsigned i = 1; i < s->count; i++)
		sum += ((double)s->value[i] - s->value[i - 1]) *
		       ((double)s->value[i] - s->value[i - 1]);
	return s->count > 1 ? sum / (s->count - 1) : 0;
}

/* Growth in a thousand seconds. */
static double
rate(const char *text, uint32_t remaining)
{
	struct series s = series_of(text);
	return foretell_rate(&s, churn_of(&s), remaining) * 1e6;
}

static void
assert_near(double value, double least, double most)
{
	if (value < least || value > most)
		fail_msg("%g is not in %g..%g", value, least, most);
}

static void
growth_has_a_rate(void **state)
{
	(void)state;
	/* 10 in 10 s. */
	assert_near(rate("10 20 30 40 50 60 70 80", 100), 999.9, 1000.1);
	assert_near(rate("10 20 30 40 50 60 70 80", 0), 999.9, 1000.1);
	/* Of a constant load, at last. */
	assert_near(rate("50 50 50 50 50 50 50 50 60 80 100 120 140 160 180 200", 100), 1999, 2001);
}

static void
what_does_not_grow_has_none(void **state)
{
	static const char *const still[] = {
	    "",
	    "5",
	    "50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50",
	    "80 70 60 50 40 30 20 10",
	    /* Jitter around a level, around a slow fall, and a saw-tooth of reuse. */
	    "50 53 48 51 49 52 50 47 53 51 48 50 52 49 51 52",
	    "90 93 86 84 88 80 79 83 75 74 78 70 69 73 65 91",
	    "10 20 30 40 10 20 30 40 10 20 30 40 10 20 30 40",
	    /* One step, one spike at the end, one long ago. */
	    "50 50 50 50 50 50 50 50 90 90 90 90 90 90 90 90",
	    "50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 900",
	    "50 50 900 50 50 50 50 50 50 50 50 50 50 50 50 50",
	    /* It grew, and then it stopped. */
	    "40 50 60 70 80 90 100 110 110 110 110 110 110 110 110 110",
	    /* Too few to tell. */
	    "10 20 30 40 50 60",
	    /* What some long-lived connections of 300 do by chance. */
	    "300 302 301 304 306 305 308 307 310 312 311 313 316 315 317 318",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(still); i++)
		assert_near(rate(still[i], 100), 0, 0);
}

static void
jitter_and_a_spike_do_not_move_it(void **state)
{
	(void)state;
	/* 10 in 10 s, give or take 8; then the same with one value far off. */
	assert_near(rate("103 108 127 124 147 142 162 177 175 198 195 217 213 236 238 251", 600),
		    910, 1110);
	struct series s =
	    series_of("103 108 127 124 147 142 900 177 175 198 195 217 213 236 238 251");
	assert_near(foretell_rate(&s, 200, 600) * 1e6, 910, 1110);
}

static void
real_time_counts_not_the_number_of_polls(void **state)
{
	struct series s = series_of("10 20 30 40 50 60 70 80");
	(void)state;
	for (unsigned i = 4; i < s.count; i++) {
		/* A pause of a minute, in which it went on growing at the same rate. */
		s.ms[i] += 60000;
		s.value[i] = (uint16_t)(s.value[i] + 60);
	}
	assert_near(foretell_rate(&s, 100, 100) * 1e6, 999, 1001);
}

/* The newest quarter is 60 above the oldest. */
static void
nothing_is_foretold_from_too_short_a_view(void **state)
{
	(void)state;
	assert_near(rate("10 20 30 40 50 60 70 80", 720), 999, 1001);
	assert_near(rate("10 20 30 40 50 60 70 80", 721), 0, 0);
}

/* By 2 N (f(a) - exp(-2a) ((1 - exp(-a)) / a)^2), worked out by hand for N = 100. */
static void
the_variance_of_a_steady_load(void **state)
{
	(void)state;
	/* Half of them are others after each poll: T = 1.443 polls; a = 2.77, 11.1. */
	assert_near(foretell_variance(100, 100, 16), 90, 100);
	assert_near(foretell_variance(100, 100, 64), 31, 34);
	/* One in a hundred: T = 99.5 polls; a = 0.0402, 0.643. */
	assert_near(foretell_variance(100, 2, 16), 19, 21);
	assert_near(foretell_variance(100, 2, 256), 128, 136);
	/* It never changes; it comes and goes in bursts of 20. */
	assert_near(foretell_variance(100, 0, 16), 0, 0);
	assert_near(foretell_variance(100, 4000, 16), 850, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(growth_has_a_rate),
	    cmocka_unit_test(what_does_not_grow_has_none),
	    cmocka_unit_test(jitter_and_a_spike_do_not_move_it),
	    cmocka_unit_test(real_time_counts_not_the_number_of_polls),
	    cmocka_unit_test(nothing_is_foretold_from_too_short_a_view),
	    cmocka_unit_test(the_variance_of_a_steady_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

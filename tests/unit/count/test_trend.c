/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/trend.h"

#include <stdio.h>

/* Values of one series, ten seconds apart. */
struct series {
	unsigned count;
	uint64_t ms[TREND_SAMPLES];
	uint16_t value[TREND_SAMPLES];
};

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

static uint32_t
left(const char *text, uint32_t remaining)
{
	struct series s = series_of(text);
	return trend_time_left(s.ms, s.value, s.count, remaining);
}

static void
growth_is_extrapolated(void **state)
{
	(void)state;
	/* 10 ports in 10 s. */
	assert_int_equal(left("10 20 30 40 50 60 70 80", 100), 100);
	assert_int_equal(left("10 20 30 40 50 60 70 80", 1), 1);
	/* 1 port in 10 s. */
	assert_int_equal(left("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 60000), 600000);
}

static void
nothing_left_is_now(void **state)
{
	(void)state;
	assert_int_equal(left("10 20 30 40 50 60 70 80", 0), 0);
	assert_int_equal(left("80 80 80 80", 0), 0);
	assert_int_equal(left("", 0), 0);
}

static void
what_does_not_grow_has_no_end(void **state)
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
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(still); i++)
		if (left(still[i], 1000) != TIME_LEFT_NONE)
			fail_msg("\"%s\" grows", still[i]);
}

static void
jitter_and_a_spike_do_not_move_the_rate(void **state)
{
	uint32_t noisy, spiked;
	(void)state;
	/* 10 ports in 10 s, give or take 8; then the same with one value far off. */
	noisy = left("103 108 127 124 147 142 162 177 175 198 195 217 213 236 238 251", 600);
	spiked = left("103 108 127 124 147 142 900 177 175 198 195 217 213 236 238 251", 600);
	assert_between(noisy, 540, 660);
	assert_between(spiked, 540, 660);
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
	assert_int_equal(trend_time_left(s.ms, s.value, s.count, 100), 100);
}

static void
nothing_is_foretold_beyond_a_week(void **state)
{
	(void)state;
	assert_int_equal(left("1 2 3 4 5 6 7 8", 60480), TREND_HORIZON_S);
	assert_int_equal(left("1 2 3 4 5 6 7 8", 60481), TIME_LEFT_NONE);
}

/* A tally of one target, one peer and two pools of it, made up: `used` of 1,000. */
struct made {
	struct target target;
	struct tally tally;
	struct target_tally targets[1];
	struct peer_tally peers[1];
	struct pool_tally pools[2];
};

static void
make(struct made *m, uint32_t first, uint32_t second)
{
	uint32_t used[2] = {first, second}, most = first > second ? first : second;
	memset(m, 0, sizeof(*m));
	m->target = target_of("10.0.0.0/8");
	m->tally = (struct tally){.targets = m->targets,
				  .target_count = 1,
				  .peers = m->peers,
				  .peer_count = 1,
				  .pools = m->pools,
				  .pool_count = 2};
	m->targets[0].target = &m->target;
	m->peers[0].peer = address("10.0.0.1");
	m->targets[0].usage = (struct usage){.capacity = 1000, .tightest = 1000 - most};
	m->peers[0].usage = m->targets[0].usage;
	for (unsigned i = 0; i < 2; i++) {
		m->pools[i].local = address("10.0.0.9");
		m->pools[i].peer = address("10.0.0.1");
		m->pools[i].port = (uint16_t)(80 + i);
		m->pools[i].usage = (struct usage){.capacity = 1000, .tightest = 1000 - used[i]};
	}
}

static struct outlooks *out; /* of the last poll */

static bool
take(struct trend *trend, const struct tally *tally, uint64_t now_ms)
{
	outlooks_free(out);
	out = outlooks_new(tally);
	assert_non_null(out);
	return trend_take(trend, tally, now_ms, out);
}

static int
forget(void **state)
{
	(void)state;
	outlooks_free(out);
	out = NULL;
	return 0;
}

static void
the_high_water_mark_is_the_most_there_was(void **state)
{
	static const uint32_t used[] = {5, 9, 3, 0, 7};
	struct trend *trend = trend_new();
	struct made m;
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(used); i++) {
		make(&m, used[i], 2);
		assert_true(take(trend, &m.tally, 1000 * i));
	}
	assert_int_equal(out->pools[0].high_water, 9);
	assert_int_equal(out->pools[1].high_water, 2);
	assert_int_equal(out->peers[0].high_water, 9);
	assert_int_equal(out->targets[0].high_water, 9);
	assert_int_equal(out->pools[0].time_left_s, TIME_LEFT_NONE);
	assert_int_equal(trend_count(trend), 4);
	trend_free(trend);
}

/* Of each row by itself: where the fullest stays as it is, another may grow behind its back. */
static void
growth_is_of_the_row_that_grows_most(void **state)
{
	static const struct {
		uint32_t first, second;
		unsigned growth;
	} polls[] = {{600, 100, 60}, {600, 100, 0}, {600, 149, 4}, {500, 550, 40},
		     {400, 550, 0},  {405, 540, 0}, {415, 0, 1}};
	struct trend *trend = trend_new();
	struct made m;
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(polls); i++) {
		make(&m, polls[i].first, polls[i].second);
		assert_true(take(trend, &m.tally, 1000 * i));
		assert_int_equal(out->growth, polls[i].growth);
	}
	trend_free(trend);
}

static void
what_goes_away_is_forgotten(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	(void)state;
	make(&m, 900, 2);
	assert_true(take(trend, &m.tally, 0));
	make(&m, 900, 2);
	m.tally.pools++;
	m.tally.pool_count = 1;
	assert_true(take(trend, &m.tally, 1000));
	assert_int_equal(trend_count(trend), 3);
	make(&m, 4, 2);
	assert_true(take(trend, &m.tally, 2000));
	assert_int_equal(out->pools[0].high_water, 4);
	assert_int_equal(out->pools[1].high_water, 2);
	assert_int_equal(out->peers[0].high_water, 900);
	trend_free(trend);
}

static void
rows_keep_their_own_series_in_any_order(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		make(&m, 100 + 10 * i, 500);
		if (i % 2 == 1) {
			struct pool_tally swap = m.pools[0];
			m.pools[0] = m.pools[1];
			m.pools[1] = swap;
		}
		assert_true(take(trend, &m.tally, 10000 * i));
	}
	/* Swapped the last time: the growing one is the second; 810 remain at 1 a second. */
	assert_int_equal(out->pools[1].time_left_s, 810);
	assert_int_equal(out->pools[0].time_left_s, TIME_LEFT_NONE);
	/* The tightest pool of the peer is the one that stands still. */
	assert_int_equal(out->peers[0].time_left_s, TIME_LEFT_NONE);
	trend_free(trend);
}

/* Deterministic noise of -spread..spread. */
static int
noise(uint32_t *seed, int spread)
{
	*seed = *seed * 1664525 + 1013904223;
	return (int)(*seed >> 16) % (2 * spread + 1) - spread;
}

static void
a_slow_leak_under_jitter_shows_in_the_blocks(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	uint32_t seed = 4711, seen = 0;
	(void)state;
	/* One port in 40 s, under jitter of 20: an hour and 14 minutes, then 14 hours ahead. */
	for (unsigned i = 0; i < 448; i++) {
		make(&m, (uint32_t)(100 + (int)i / 4 + noise(&seed, 20)), 50);
		assert_true(take(trend, &m.tally, 10000 * (uint64_t)i));
		if (i >= 256 && out->pools[0].time_left_s != TIME_LEFT_NONE)
			seen++;
	}
	/* Nearly always, once 16 blocks are there. */
	assert_between(seen, 170, 192);
	assert_between(out->pools[0].time_left_s, 26000, 39000);
	assert_int_equal(out->pools[1].time_left_s, TIME_LEFT_NONE);
	trend_free(trend);
}

static void
jitter_alone_hardly_ever_grows(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	uint32_t seed = 99, alarms = 0;
	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		make(&m, (uint32_t)(300 + noise(&seed, 30)), (uint32_t)(300 + noise(&seed, 30)));
		assert_true(take(trend, &m.tally, 10000 * (uint64_t)i));
		alarms += out->pools[0].time_left_s != TIME_LEFT_NONE;
		alarms += out->pools[1].time_left_s != TIME_LEFT_NONE;
	}
	/* Of 10,000. */
	assert_between(alarms, 0, 60);
	trend_free(trend);
}

static void
memory_is_bounded(void **state)
{
	enum { MANY = TREND_MAX + 100 };
	struct trend *trend = trend_new();
	struct pool_tally *pools = calloc(MANY, sizeof(*pools));
	struct tally tally = {.pools = pools, .pool_count = MANY};
	(void)state;
	assert_non_null(pools);
	for (uint32_t i = 0; i < MANY; i++) {
		pools[i].port = (uint16_t)i;
		pools[i].local.zone = i >> 16;
		pools[i].usage = (struct usage){.capacity = 10, .tightest = 9};
	}
	assert_true(take(trend, &tally, 0));
	assert_true(take(trend, &tally, 1000));
	assert_int_equal(trend_count(trend), TREND_MAX);
	assert_int_equal(out->pools[MANY - 1].high_water, 1);
	assert_int_equal(out->pools[MANY - 1].time_left_s, TIME_LEFT_NONE);
	free(pools);
	trend_free(trend);
}

static void
without_memory_what_was_known_stays(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	(void)state;
	make(&m, 900, 2);
	assert_true(take(trend, &m.tally, 0));
	for (unsigned n = 1; n <= 2; n++) {
		make(&m, 4, 2);
		outlooks_free(out);
		out = outlooks_new(&m.tally);
		allocations_fail_from(n);
		assert_false(trend_take(trend, &m.tally, 1000, out));
		assert_true(allocations_fail_from(0));
	}
	assert_true(take(trend, &m.tally, 2000));
	assert_int_equal(out->pools[0].high_water, 900);
	trend_free(trend);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(growth_is_extrapolated, forget),
	    cmocka_unit_test_teardown(nothing_left_is_now, forget),
	    cmocka_unit_test_teardown(what_does_not_grow_has_no_end, forget),
	    cmocka_unit_test_teardown(jitter_and_a_spike_do_not_move_the_rate, forget),
	    cmocka_unit_test_teardown(real_time_counts_not_the_number_of_polls, forget),
	    cmocka_unit_test_teardown(nothing_is_foretold_beyond_a_week, forget),
	    cmocka_unit_test_teardown(the_high_water_mark_is_the_most_there_was, forget),
	    cmocka_unit_test_teardown(growth_is_of_the_row_that_grows_most, forget),
	    cmocka_unit_test_teardown(what_goes_away_is_forgotten, forget),
	    cmocka_unit_test_teardown(rows_keep_their_own_series_in_any_order, forget),
	    cmocka_unit_test_teardown(a_slow_leak_under_jitter_shows_in_the_blocks, forget),
	    cmocka_unit_test_teardown(jitter_alone_hardly_ever_grows, forget),
	    cmocka_unit_test_teardown(memory_is_bounded, forget),
	    cmocka_unit_test_teardown(without_memory_what_was_known_stays, forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

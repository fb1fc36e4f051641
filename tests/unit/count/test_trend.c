/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/trend.h"

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
a_slow_leak_under_jitter_shows_in_longer_spans(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	uint32_t seed = 4711, seen = 0;
	(void)state;
	/* One port in 40 s, under jitter of 20; from the third of its ten hours on. */
	for (unsigned i = 0; i < 2400; i++) {
		make(&m, (uint32_t)(100 + (int)i / 4 + noise(&seed, 20)), 50);
		assert_true(take(trend, &m.tally, 10000 * (uint64_t)i));
		if (i >= 1200 && out->pools[0].time_left_s != TIME_LEFT_NONE)
			seen++;
	}
	assert_between(seen, 1100, 1200);
	/* 300 are left. */
	assert_between(out->pools[0].time_left_s, 10000, 14000);
	assert_int_equal(out->pools[1].time_left_s, TIME_LEFT_NONE);
	trend_free(trend);
}

static void
nothing_is_foretold_beyond_a_week(void **state)
{
	struct trend *trend = trend_new();
	struct made m;
	(void)state;
	/* 50 in 50,400 s, and 600 are left; then 50 in 50,500 s. */
	for (unsigned i = 0; i < 8; i++) {
		make(&m, 50 + 50 * i, 10);
		assert_true(take(trend, &m.tally, 50400000 * (uint64_t)i));
	}
	assert_between(out->pools[0].time_left_s, TREND_HORIZON_S - 1, TREND_HORIZON_S);
	trend_free(trend);
	trend = trend_new();
	for (unsigned i = 0; i < 8; i++) {
		make(&m, 50 + 50 * i, 10);
		assert_true(take(trend, &m.tally, 50500000 * (uint64_t)i));
	}
	assert_int_equal(out->pools[0].time_left_s, TIME_LEFT_NONE);
	trend_free(trend);
}

static double
chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*seed >> 32) / 4294967296.0;
}

/* How many of very many come, where `mean` do on the average. */
static uint32_t
how_many(uint64_t *seed, double mean)
{
	uint32_t count = 0;
	double sum = 0, root = mean > 1 ? mean : 1;
	if (mean < 16) {
		for (unsigned i = 0; i < 64; i++)
			count += chance(seed) < mean / 64;
		return count;
	}
	for (unsigned i = 0; i < 12; i++)
		sum += chance(seed);
	for (unsigned i = 0; i < 20; i++)
		root = (root + mean / root) / 2;
	double value = mean + root * (sum - 6);
	return value > 0 ? (uint32_t)(value + 0.5) : 0;
}

/* Connections that come by chance and stay for `polls` polls on the average, and one more for good
 * in each 1 / leak polls. */
struct load {
	uint64_t seed;
	double polls, mean, leak, leaked;
	uint32_t now;
};

static uint32_t
load_next(struct load *l)
{
	uint32_t gone = how_many(&l->seed, l->now / l->polls);
	l->now -= gone < l->now ? gone : l->now;
	l->now += how_many(&l->seed, l->mean / l->polls);
	l->leaked += l->leak;
	return l->now + (uint32_t)l->leaked;
}

/* A poll of it. True if an end is announced. */
static bool
announced(struct trend *trend, struct load *load, uint32_t capacity, uint32_t poll)
{
	struct pool_tally pool = {.port = 1};
	struct tally tally = {.pools = &pool, .pool_count = 1};
	uint32_t used = load_next(load);
	pool.usage =
	    (struct usage){.capacity = capacity, .tightest = used < capacity ? capacity - used : 0};
	assert_true(take(trend, &tally, UINT64_C(2000) * poll));
	return out->pools[0].time_left_s != TIME_LEFT_NONE;
}

static const struct {
	double mean;
	uint32_t capacity;
	double polls[3];
} loads[] = {
    {150, 300, {6, 40, 900}},
    {500, 1000, {5, 30, 600}},
    {14000, 28232, {6, 40, 300}},
    {20000, 28232, {5, 30, 1200}},
};

/* A week of polls two seconds apart, in thirds of different lifetimes. */
static void
steady_load_has_no_end(void **state)
{
	enum { WEEK = 302400 };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(loads); i++) {
		struct trend *trend = trend_new();
		struct load load = {1, 0, loads[i].mean, 0, 0, (uint32_t)loads[i].mean};
		uint32_t times = 0;
		bool was = false;
		for (uint32_t poll = 0; poll < WEEK; poll++) {
			load.polls = loads[i].polls[poll * 3 / WEEK];
			bool is = announced(trend, &load, loads[i].capacity, poll);
			times += is && !was;
			was = is;
		}
		if (times > 1)
			fail_msg("%g of %u: %u times", loads[i].mean, loads[i].capacity, times);
		trend_free(trend);
	}
}

/* What would be full in half an hour, and in half a day, is told in the first third of it. Among
 * few connections chance hides the quick one for longer. */
static void
a_leak_is_told_before_a_third_has_gone(void **state)
{
	static const uint32_t polls[] = {900, 21600};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(loads); i++)
		for (size_t j = i == 0 ? 1 : 0; j < COUNT_OF(polls); j++) {
			enum { BEFORE = 4000 };
			struct trend *trend = trend_new();
			struct load load = {7,   loads[i].polls[1],      loads[i].mean, 0,
					    0.0, (uint32_t)loads[i].mean};
			uint32_t poll = 0;
			for (; poll < BEFORE; poll++)
				announced(trend, &load, loads[i].capacity, poll);
			load.leak = (loads[i].capacity - loads[i].mean) / polls[j];
			while (!announced(trend, &load, loads[i].capacity, poll))
				poll++;
			if (poll - BEFORE > polls[j] / 3)
				fail_msg("%g of %u, full in %u polls: after %u", loads[i].mean,
					 loads[i].capacity, polls[j], poll - BEFORE);
			trend_free(trend);
		}
}

/* Rows of `used` of 10, one more at each 100th. */
static void
fill(struct pool_tally *pools, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		pools[i] = (struct pool_tally){.port = (uint16_t)i};
		pools[i].local.zone = i >> 16;
		pools[i].usage = (struct usage){.capacity = 10, .tightest = i % 100 == 99 ? 3 : 9};
	}
}

static void
memory_is_bounded_and_the_fullest_come_first(void **state)
{
	enum { MANY = 5 * TREND_MAX };
	struct trend *trend = trend_new();
	struct pool_tally *pools = calloc(MANY, sizeof(*pools));
	struct tally tally = {.pools = pools, .pool_count = MANY};
	(void)state;
	assert_non_null(pools);
	fill(pools, MANY);
	assert_true(take(trend, &tally, 0));
	assert_int_equal(trend_count(trend), TREND_MAX);
	/* What was followed is, though others are as full; what was not has not grown from nothing.
	 */
	fill(pools, MANY);
	pools[0].usage.tightest = 10;
	pools[TREND_MAX / 2].usage.tightest = 10;
	assert_true(take(trend, &tally, 1000));
	assert_int_equal(trend_count(trend), TREND_MAX);
	assert_int_equal(out->growth, 0);
	fill(pools, MANY);
	pools[MANY - 1].usage.tightest = 1;
	pools[MANY - 2].usage.tightest = 2;
	assert_true(take(trend, &tally, 2000));
	assert_int_equal(out->growth, 80);
	fill(pools, MANY);
	assert_true(take(trend, &tally, 3000));
	assert_int_equal(out->pools[MANY - 1].high_water, 9);
	assert_int_equal(out->pools[MANY - 2].high_water, 8);
	assert_int_equal(out->pools[MANY - 3].high_water, 1);
	assert_int_equal(out->pools[MANY - 3].time_left_s, TIME_LEFT_NONE);
	free(pools);
	trend_free(trend);
}

/* Targets are followed however little they hold. */
static void
a_target_is_followed_beside_any_number_of_pools(void **state)
{
	enum { MANY = TREND_MAX + 100 };
	struct trend *trend = trend_new();
	struct pool_tally *pools = calloc(MANY, sizeof(*pools));
	struct target target = target_of("192.0.2.1");
	struct target_tally of = {.target = &target};
	struct tally tally = {
	    .pools = pools, .pool_count = MANY, .targets = &of, .target_count = 1};
	(void)state;
	assert_non_null(pools);
	fill(pools, MANY);
	of.usage = (struct usage){.capacity = 1000, .tightest = 995};
	assert_true(take(trend, &tally, 0));
	of.usage.tightest = 999;
	assert_true(take(trend, &tally, 1000));
	assert_int_equal(out->targets[0].high_water, 5);
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
	    cmocka_unit_test_teardown(the_high_water_mark_is_the_most_there_was, forget),
	    cmocka_unit_test_teardown(growth_is_of_the_row_that_grows_most, forget),
	    cmocka_unit_test_teardown(what_goes_away_is_forgotten, forget),
	    cmocka_unit_test_teardown(rows_keep_their_own_series_in_any_order, forget),
	    cmocka_unit_test_teardown(a_slow_leak_under_jitter_shows_in_longer_spans, forget),
	    cmocka_unit_test_teardown(nothing_is_foretold_beyond_a_week, forget),
	    cmocka_unit_test_teardown(steady_load_has_no_end, forget),
	    cmocka_unit_test_teardown(a_leak_is_told_before_a_third_has_gone, forget),
	    cmocka_unit_test_teardown(memory_is_bounded_and_the_fullest_come_first, forget),
	    cmocka_unit_test_teardown(a_target_is_followed_beside_any_number_of_pools, forget),
	    cmocka_unit_test_teardown(without_memory_what_was_known_stays, forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

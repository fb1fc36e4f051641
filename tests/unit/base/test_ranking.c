/* SPDX-License-Identifier: ISC */
#include "base/ranking.h"
#include "support.h"

#define MOST 300

static int
compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Whether the first `wanted` are those that a full sort puts first, and none got lost. */
static void
check(const struct candidate *given, uint32_t count, uint32_t wanted)
{
	struct candidate sorted[MOST], c[MOST];
	bool seen[MOST] = {false};
	memcpy(sorted, given, count * sizeof(*c));
	memcpy(c, given, count * sizeof(*c));
	qsort(sorted, count, sizeof(*c), compare);
	uint32_t there = ranking_first(c, count, wanted);
	assert_int_equal(there, wanted < count ? wanted : count);
	qsort(c, there, sizeof(*c), compare);
	for (uint32_t i = 0; i < there; i++)
		assert_true(c[i].rank == sorted[i].rank);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(c[i].position < count && !seen[c[i].position]);
		assert_true(c[i].rank == given[c[i].position].rank);
		seen[c[i].position] = true;
	}
}

static void
smallest_ranks_come_first(void **state)
{
	unsigned seed = 20;
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct candidate c[MOST];
		uint32_t count = (uint32_t)rand_r(&seed) % MOST + 1;
		unsigned kinds = (unsigned)rand_r(&seed) % 4;
		for (uint32_t i = 0; i < count; i++) {
			uint64_t random = (uint64_t)rand_r(&seed);
			/* Any, few distinct, ascending, descending. */
			uint64_t rank[] = {random << 33 | random, random % 3, i, count - i};
			c[i] = (struct candidate){rank[kinds], i};
		}
		check(c, count, (uint32_t)rand_r(&seed) % (count + 2));
	}
}

static void
bounds(void **state)
{
	struct candidate c[3] = {{UINT64_MAX, 0}, {0, 1}, {UINT64_MAX, 2}};
	(void)state;
	assert_int_equal(ranking_first(c, 0, 5), 0);
	assert_int_equal(ranking_first(NULL, 0, 0), 0);
	for (uint32_t wanted = 0; wanted <= 4; wanted++)
		check(c, 3, wanted);
	assert_int_equal(ranking_first(c, 3, 1), 1);
	assert_int_equal(c[0].position, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(smallest_ranks_come_first),
	    cmocka_unit_test(bounds),
	};
	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}

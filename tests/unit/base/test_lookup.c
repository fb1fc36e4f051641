/* SPDX-License-Identifier: ISC */
#include "base/lookup.h"
#include "support.h"

#include <errno.h>

static void
empty_index_has_nothing(void **state)
{
	struct lookup l = {0};
	uint32_t cursor = 5;
	(void)state;
	assert_int_equal(lookup_next(&l, 5, &cursor), LOOKUP_NONE);
	lookup_free(&l);
}

static void
every_entry_is_found(void **state)
{
	struct lookup l = {0};
	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		assert_true(lookup_enter(&l, lookup_hash(&i, 1), i));
	assert_true(l.size >= 2 * l.used);
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t hash = lookup_hash(&i, 1), cursor = hash, position;
		do
			position = lookup_next(&l, hash, &cursor);
		while (position != i && position != LOOKUP_NONE);
		assert_int_equal(position, i);
	}
	lookup_free(&l);
	assert_int_equal(l.size, 0);
}

/* Equal hashes at the very end of the hash space: the cursor wraps, and each comes once. */
static void
equal_hashes_come_one_by_one(void **state)
{
	static const uint32_t hashes[] = {0, 63, 64, UINT32_MAX, UINT32_MAX - 1};
	(void)state;
	for (size_t h = 0; h < COUNT_OF(hashes); h++) {
		struct lookup l = {0};
		bool seen[40] = {false};
		for (uint32_t i = 0; i < 40; i++)
			assert_true(lookup_enter(&l, hashes[h], i));
		assert_true(lookup_enter(&l, hashes[h] ^ 1, 99));
		uint32_t cursor = hashes[h], found = 0, i;
		while ((i = lookup_next(&l, hashes[h], &cursor)) != LOOKUP_NONE) {
			assert_true(i < 40 && !seen[i]);
			seen[i] = true;
			found++;
		}
		assert_int_equal(found, 40);
		lookup_free(&l);
	}
}

static void
out_of_memory_changes_nothing(void **state)
{
	struct lookup l = {0};
	(void)state;
	allocations_fail_from(1);
	errno = 0;
	assert_false(lookup_enter(&l, 1, 1));
	assert_int_equal(errno, ENOMEM);
	allocations_fail_from(0);
	for (uint32_t i = 0; i < 32; i++)
		assert_true(lookup_enter(&l, i, i));
	allocations_fail_from(1);
	assert_false(lookup_enter(&l, 32, 32));
	allocations_fail_from(0);
	assert_int_equal(l.used, 32);
	for (uint32_t i = 0; i < 32; i++) {
		uint32_t cursor = i;
		assert_int_equal(lookup_next(&l, i, &cursor), i);
	}
	lookup_free(&l);
}

/* Neighbouring keys, as ports and addresses are, must not crowd into a few slots. */
static void
hashes_spread(void **state)
{
	static unsigned bucket[1024];
	unsigned most = 0;
	(void)state;
	for (uint32_t i = 0; i < 65536; i++) {
		uint32_t word[2] = {0x0100007f, i << 16};
		unsigned b = lookup_hash(word, 2) % 1024;
		bucket[b]++;
		most = bucket[b] > most ? bucket[b] : most;
	}
	assert_between(most, 64, 192);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_index_has_nothing),
	    cmocka_unit_test(every_entry_is_found),
	    cmocka_unit_test(equal_hashes_come_one_by_one),
	    cmocka_unit_test(out_of_memory_changes_nothing),
	    cmocka_unit_test(hashes_spread),
	};
	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}

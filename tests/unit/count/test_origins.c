/* SPDX-License-Identifier: ISC */
#include "count/memory.h"
#include "support.h"

static const struct port_range range = {40000, 40099};

/* One good poll in which nothing is noted, with these ports. */
static void
commit(struct memory *memory, const char *listening, const char *any)
{
	struct portset l = ports_of(listening), a = ports_of(any);
	memory_commit(memory, &l, &a, true);
}

static void
unknown_is_unknown(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	assert_int_equal(memory_recall(memory, 1), ORIGIN_UNKNOWN);
	memory_begin(memory);
	memory_note(memory, 1, ORIGIN_CONNECT);
	assert_int_equal(memory_recall(memory, 2), ORIGIN_UNKNOWN);
	memory_note(memory, 0, ORIGIN_EXPLICIT);
	assert_int_equal(memory_recall(memory, 0), ORIGIN_UNKNOWN);
	assert_int_equal(memory_count(memory), 1);
	memory_free(memory);
	memory_free(NULL);
}

static void
what_is_seen_is_kept(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	memory_begin(memory);
	memory_note(memory, 10, ORIGIN_EXPLICIT);
	memory_note(memory, 11, ORIGIN_ACCEPTED);
	commit(memory, "", "");
	for (unsigned poll = 0; poll < 5; poll++) {
		memory_begin(memory);
		memory_note(memory, 10, ORIGIN_EXPLICIT);
		assert_int_equal(memory_recall(memory, 11), ORIGIN_ACCEPTED);
		commit(memory, "", "");
		assert_int_equal(memory_count(memory), 2);
	}
	memory_free(memory);
}

static void
what_is_not_seen_is_forgotten(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	memory_begin(memory);
	memory_note(memory, 10, ORIGIN_EXPLICIT);
	memory_note(memory, 11, ORIGIN_EXPLICIT);
	commit(memory, "", "");
	memory_begin(memory);
	memory_note(memory, 11, ORIGIN_EXPLICIT);
	commit(memory, "", "");
	assert_int_equal(memory_count(memory), 1);
	assert_int_equal(memory_recall(memory, 10), ORIGIN_UNKNOWN);
	assert_int_equal(memory_recall(memory, 11), ORIGIN_EXPLICIT);
	memory_free(memory);
}

/* A poll that leaves out some sockets says nothing about those. */
static void
partial_poll_forgets_nothing(void **state)
{
	struct memory *memory = memory_new();
	struct portset none = ports_of(""), listening = ports_of("80,40010");
	(void)state;
	memory_begin(memory);
	memory_note(memory, 10, ORIGIN_EXPLICIT);
	memory_commit(memory, &listening, &listening, true);
	memory_begin(memory);
	memory_commit(memory, &none, &none, false);
	assert_int_equal(memory_count(memory), 1);
	assert_int_equal(memory_recall(memory, 10), ORIGIN_EXPLICIT);
	assert_true(memory_listened(memory, &range, 80));
	assert_false(memory_listened(memory, &range, 40010));
	memory_begin(memory);
	memory_commit(memory, &none, &none, true);
	assert_int_equal(memory_count(memory), 0);
	assert_false(memory_listened(memory, &range, 80));
	memory_free(memory);
}

/* A poll that failed half-way is begun again: what it did not get to see is not forgotten. */
static void
failed_poll_forgets_nothing(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	memory_begin(memory);
	memory_note(memory, 10, ORIGIN_EXPLICIT);
	commit(memory, "", "");
	memory_begin(memory);
	memory_begin(memory);
	assert_int_equal(memory_recall(memory, 10), ORIGIN_EXPLICIT);
	commit(memory, "", "");
	assert_int_equal(memory_count(memory), 1);
	memory_free(memory);
}

static void
later_note_replaces(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	memory_begin(memory);
	memory_note(memory, 10, ORIGIN_CONNECT);
	memory_note(memory, 10, ORIGIN_EXPLICIT);
	assert_int_equal(memory_recall(memory, 10), ORIGIN_EXPLICIT);
	assert_int_equal(memory_count(memory), 1);
	memory_free(memory);
}

/* Full to the brim, what is known stays known from poll to poll, and what does not fit is unknown.
 */
static void
bounded(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	for (unsigned poll = 0; poll < 3; poll++) {
		memory_begin(memory);
		for (uint64_t cookie = 1; cookie <= MEMORY_MAX + 1000; cookie++)
			memory_note(memory, cookie, ORIGIN_EXPLICIT);
		commit(memory, "", "");
		assert_int_equal(memory_count(memory), MEMORY_MAX);
		assert_int_equal(memory_recall(memory, 1), ORIGIN_EXPLICIT);
		assert_int_equal(memory_recall(memory, MEMORY_MAX), ORIGIN_EXPLICIT);
		assert_int_equal(memory_recall(memory, MEMORY_MAX + 1), ORIGIN_UNKNOWN);
	}
	memory_begin(memory);
	memory_note(memory, 5, ORIGIN_EXPLICIT);
	commit(memory, "", "");
	assert_int_equal(memory_count(memory), 1);
	memory_note(memory, MEMORY_MAX + 1, ORIGIN_EXPLICIT);
	assert_int_equal(memory_recall(memory, MEMORY_MAX + 1), ORIGIN_EXPLICIT);
	memory_free(memory);
}

static void
out_of_memory_is_not_remembered(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	allocations_fail_from(1);
	assert_null(memory_new());
	memory_begin(memory);
	memory_note(memory, 10, ORIGIN_EXPLICIT);
	allocations_fail_from(0);
	assert_int_equal(memory_recall(memory, 10), ORIGIN_UNKNOWN);

	for (uint64_t cookie = 1; cookie <= 128; cookie++)
		memory_note(memory, cookie, ORIGIN_EXPLICIT);
	allocations_fail_from(1);
	memory_note(memory, 1000, ORIGIN_EXPLICIT);
	memory_note(memory, 5, ORIGIN_CONNECT);
	allocations_fail_from(0);
	assert_int_equal(memory_recall(memory, 1000), ORIGIN_UNKNOWN);
	assert_int_equal(memory_recall(memory, 5), ORIGIN_CONNECT);

	/* Forgetting needs room for a moment; without it the old ones stay until a later poll. */
	memory_begin(memory);
	memory_note(memory, 7, ORIGIN_EXPLICIT);
	allocations_fail_from(1);
	commit(memory, "", "");
	allocations_fail_from(0);
	assert_int_equal(memory_count(memory), 128);
	memory_begin(memory);
	memory_note(memory, 7, ORIGIN_EXPLICIT);
	commit(memory, "", "");
	assert_int_equal(memory_count(memory), 1);
	memory_free(memory);
}

static void
former_listeners(void **state)
{
	struct memory *memory = memory_new();
	(void)state;
	memory_begin(memory);
	assert_false(memory_listened(memory, &range, 80));
	commit(memory, "80,40010", "80,40010,40011");
	assert_true(memory_listened(memory, &range, 80));
	assert_true(memory_listened(memory, &range, 40010));
	assert_false(memory_listened(memory, &range, 40011));

	/* The listeners have gone; sockets are still on their ports. In the range only the last
	 * poll counts: any connect() may have taken the port since. */
	memory_begin(memory);
	commit(memory, "", "80,40010");
	assert_true(memory_listened(memory, &range, 80));
	assert_false(memory_listened(memory, &range, 40010));
	memory_begin(memory);
	commit(memory, "", "80");
	assert_true(memory_listened(memory, &range, 80));
	memory_begin(memory);
	commit(memory, "", "");
	assert_false(memory_listened(memory, &range, 80));
	memory_begin(memory);
	commit(memory, "", "80");
	assert_false(memory_listened(memory, &range, 80));
	memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unknown_is_unknown),
	    cmocka_unit_test(what_is_seen_is_kept),
	    cmocka_unit_test(what_is_not_seen_is_forgotten),
	    cmocka_unit_test(partial_poll_forgets_nothing),
	    cmocka_unit_test(failed_poll_forgets_nothing),
	    cmocka_unit_test(later_note_replaces),
	    cmocka_unit_test(bounded),
	    cmocka_unit_test(out_of_memory_is_not_remembered),
	    cmocka_unit_test(former_listeners),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}

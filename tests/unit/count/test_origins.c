/* SPDX-License-Identifier: ISC */
#include "count/origins.h"
#include "support.h"

static const struct port_range range = {40000, 40099};

/* One good poll in which nothing is noted, with these ports. */
static void
commit(struct origins *origins, const char *listening, const char *any)
{
	struct portset l = ports_of(listening), a = ports_of(any);
	origins_commit(origins, &l, &l, &a, true);
}

static void
unknown_is_unknown(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	assert_int_equal(origins_recall(origins, 1), ORIGIN_UNKNOWN);
	origins_begin(origins);
	origins_note(origins, 1, ORIGIN_CONNECT);
	assert_int_equal(origins_recall(origins, 2), ORIGIN_UNKNOWN);
	origins_note(origins, 0, ORIGIN_EXPLICIT);
	assert_int_equal(origins_recall(origins, 0), ORIGIN_UNKNOWN);
	assert_int_equal(origins_count(origins), 1);
	origins_free(origins);
	origins_free(NULL);
}

static void
what_is_seen_is_kept(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	origins_begin(origins);
	origins_note(origins, 10, ORIGIN_EXPLICIT);
	origins_note(origins, 11, ORIGIN_ACCEPTED);
	commit(origins, "", "");
	for (unsigned poll = 0; poll < 5; poll++) {
		origins_begin(origins);
		origins_note(origins, 10, ORIGIN_EXPLICIT);
		assert_int_equal(origins_recall(origins, 11), ORIGIN_ACCEPTED);
		commit(origins, "", "");
		assert_int_equal(origins_count(origins), 2);
	}
	origins_free(origins);
}

static void
what_is_not_seen_is_forgotten(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	origins_begin(origins);
	origins_note(origins, 10, ORIGIN_EXPLICIT);
	origins_note(origins, 11, ORIGIN_EXPLICIT);
	commit(origins, "", "");
	origins_begin(origins);
	origins_note(origins, 11, ORIGIN_EXPLICIT);
	commit(origins, "", "");
	assert_int_equal(origins_count(origins), 1);
	assert_int_equal(origins_recall(origins, 10), ORIGIN_UNKNOWN);
	assert_int_equal(origins_recall(origins, 11), ORIGIN_EXPLICIT);
	origins_free(origins);
}

/* A poll that leaves out some sockets says nothing about those. */
static void
partial_poll_forgets_nothing(void **state)
{
	struct origins *origins = origins_new();
	struct portset none = ports_of(""), listening = ports_of("80,40010");
	(void)state;
	origins_begin(origins);
	origins_note(origins, 10, ORIGIN_EXPLICIT);
	origins_commit(origins, &listening, &none, &listening, true);
	origins_begin(origins);
	origins_commit(origins, &none, &none, &none, false);
	assert_int_equal(origins_count(origins), 1);
	assert_int_equal(origins_recall(origins, 10), ORIGIN_EXPLICIT);
	assert_true(origins_listened(origins, &range, 80));
	assert_false(origins_listened(origins, &range, 40010));
	origins_begin(origins);
	origins_commit(origins, &none, &none, &none, true);
	assert_int_equal(origins_count(origins), 0);
	assert_false(origins_listened(origins, &range, 80));
	origins_free(origins);
}

/* A poll that failed half-way is begun again: what it did not get to see is not forgotten. */
static void
failed_poll_forgets_nothing(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	origins_begin(origins);
	origins_note(origins, 10, ORIGIN_EXPLICIT);
	commit(origins, "", "");
	origins_begin(origins);
	origins_begin(origins);
	assert_int_equal(origins_recall(origins, 10), ORIGIN_EXPLICIT);
	commit(origins, "", "");
	assert_int_equal(origins_count(origins), 1);
	origins_free(origins);
}

static void
later_note_replaces(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	origins_begin(origins);
	origins_note(origins, 10, ORIGIN_CONNECT);
	origins_note(origins, 10, ORIGIN_EXPLICIT);
	assert_int_equal(origins_recall(origins, 10), ORIGIN_EXPLICIT);
	assert_int_equal(origins_count(origins), 1);
	origins_free(origins);
}

/* Full to the brim, what is known stays known from poll to poll, and what does not fit is unknown.
 */
static void
bounded(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	for (unsigned poll = 0; poll < 3; poll++) {
		origins_begin(origins);
		for (uint64_t cookie = 1; cookie <= ORIGINS_MAX + 1000; cookie++)
			origins_note(origins, cookie, ORIGIN_EXPLICIT);
		commit(origins, "", "");
		assert_int_equal(origins_count(origins), ORIGINS_MAX);
		assert_int_equal(origins_recall(origins, 1), ORIGIN_EXPLICIT);
		assert_int_equal(origins_recall(origins, ORIGINS_MAX), ORIGIN_EXPLICIT);
		assert_int_equal(origins_recall(origins, ORIGINS_MAX + 1), ORIGIN_UNKNOWN);
	}
	origins_begin(origins);
	origins_note(origins, 5, ORIGIN_EXPLICIT);
	commit(origins, "", "");
	assert_int_equal(origins_count(origins), 1);
	origins_note(origins, ORIGINS_MAX + 1, ORIGIN_EXPLICIT);
	assert_int_equal(origins_recall(origins, ORIGINS_MAX + 1), ORIGIN_EXPLICIT);
	origins_free(origins);
}

static void
out_of_memory_is_not_remembered(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	allocations_fail_from(1);
	assert_null(origins_new());
	origins_begin(origins);
	origins_note(origins, 10, ORIGIN_EXPLICIT);
	allocations_fail_from(0);
	assert_int_equal(origins_recall(origins, 10), ORIGIN_UNKNOWN);

	for (uint64_t cookie = 1; cookie <= 128; cookie++)
		origins_note(origins, cookie, ORIGIN_EXPLICIT);
	allocations_fail_from(1);
	origins_note(origins, 1000, ORIGIN_EXPLICIT);
	origins_note(origins, 5, ORIGIN_CONNECT);
	allocations_fail_from(0);
	assert_int_equal(origins_recall(origins, 1000), ORIGIN_UNKNOWN);
	assert_int_equal(origins_recall(origins, 5), ORIGIN_CONNECT);

	/* Forgetting needs room for a moment; without it the old ones stay until a later poll. */
	origins_begin(origins);
	origins_note(origins, 7, ORIGIN_EXPLICIT);
	allocations_fail_from(1);
	commit(origins, "", "");
	allocations_fail_from(0);
	assert_int_equal(origins_count(origins), 128);
	origins_begin(origins);
	origins_note(origins, 7, ORIGIN_EXPLICIT);
	commit(origins, "", "");
	assert_int_equal(origins_count(origins), 1);
	origins_free(origins);
}

static void
former_listeners(void **state)
{
	struct origins *origins = origins_new();
	(void)state;
	origins_begin(origins);
	assert_false(origins_listened(origins, &range, 80));
	commit(origins, "80,40010", "80,40010,40011");
	assert_true(origins_listened(origins, &range, 80));
	assert_true(origins_listened(origins, &range, 40010));
	assert_false(origins_listened(origins, &range, 40011));

	/* The listeners have gone; sockets are still on their ports. In the range only the last
	 * poll counts: any connect() may have taken the port since. */
	origins_begin(origins);
	commit(origins, "", "80,40010");
	assert_true(origins_listened(origins, &range, 80));
	assert_false(origins_listened(origins, &range, 40010));
	origins_begin(origins);
	commit(origins, "", "80");
	assert_true(origins_listened(origins, &range, 80));
	origins_begin(origins);
	commit(origins, "", "");
	assert_false(origins_listened(origins, &range, 80));
	origins_begin(origins);
	commit(origins, "", "80");
	assert_false(origins_listened(origins, &range, 80));
	origins_free(origins);
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

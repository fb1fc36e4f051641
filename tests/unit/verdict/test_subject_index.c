/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "verdict/subject_index.h"

#include <errno.h>

#define MANY 300

/* Rows with something before the subject and something behind it. */
static struct row {
	uint32_t before;
	struct alarm_subject subject;
	uint32_t behind;
} rows[MANY];

static struct subject_index index_of_rows;

static struct alarm_subject
subject(uint32_t i)
{
	return (struct alarm_subject){.kind = i % 3 == 0 ? ALARM_PEER : ALARM_POOL,
				      .port = (uint16_t)i,
				      .peer = address(i % 3 == 0 ? "10.0.0.1" : "10.0.0.2"),
				      .local = {.zone = i}};
}

static uint32_t
find(uint32_t count, uint32_t wanted)
{
	const struct subject_rows all = {&rows->subject, sizeof(*rows), count};
	const struct alarm_subject s = subject(wanted);
	return subject_index_find(&index_of_rows, &all, &s);
}

static void
renew(uint32_t count)
{
	const struct subject_rows all = {&rows->subject, sizeof(*rows), count};
	subject_index_renew(&index_of_rows, &all);
}

static int
begin(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		rows[i] = (struct row){UINT32_MAX, subject(i), UINT32_MAX};
		assert_true(subject_index_enter(&index_of_rows, &rows[i].subject, i));
	}
	return 0;
}

static int
end(void **state)
{
	(void)state;
	subject_index_free(&index_of_rows);
	return 0;
}

static void
every_row_is_found(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(find(MANY, i), i);
	assert_int_equal(find(MANY, MANY), LOOKUP_NONE);
	assert_int_equal(index_of_rows.rows[ALARM_PEER], 100);
	assert_int_equal(index_of_rows.rows[ALARM_POOL], 200);
	assert_int_equal(index_of_rows.rows[ALARM_LOCAL], 0);
}

/* The last rows take the places of those that have gone; and once more, made anew. */
static void
rows_may_go_and_move(void **state)
{
	uint32_t kept = 0;
	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		if (i % 3 == 0)
			subject_index_leave(&index_of_rows, &rows[i].subject);
		else
			rows[kept++] = rows[i];
	}
	assert_int_equal(kept, 200);
	for (unsigned again = 0; again < 2; again++) {
		assert_int_equal(find(kept, 0), LOOKUP_NONE);
		assert_int_equal(find(kept, 1), 0);
		assert_int_equal(find(kept, 299), 199);
		renew(kept);
	}
	assert_int_equal(index_of_rows.rows[ALARM_PEER], 0);
}

static void
without_memory_it_searches(void **state)
{
	const struct alarm_subject more = subject(MANY);
	(void)state;
	subject_index_leave(&index_of_rows, &rows[MANY - 1].subject);
	for (unsigned n = 1; n <= 3; n++) {
		allocations_fail_from(n);
		renew(MANY - 1);
		assert_true(allocations_fail_from(0));
		assert_int_equal(find(MANY - 1, 298), 298);
		assert_int_equal(find(MANY - 1, 299), LOOKUP_NONE);
	}
	renew(MANY - 1);
	assert_int_equal(find(MANY - 1, 298), 298);
	/* The table is full when the rows are half of it. */
	for (uint32_t i = 0; index_of_rows.lookup.used < index_of_rows.lookup.size / 2; i++)
		assert_true(subject_index_enter(&index_of_rows, &more, MANY + i));
	uint32_t pools = index_of_rows.rows[ALARM_PEER];
	allocations_fail_from(1);
	errno = 0;
	assert_false(subject_index_enter(&index_of_rows, &more, MANY));
	assert_int_equal(errno, ENOMEM);
	assert_true(allocations_fail_from(0));
	assert_int_equal(index_of_rows.rows[ALARM_PEER], pools);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_row_is_found, begin, end),
	    cmocka_unit_test_setup_teardown(rows_may_go_and_move, begin, end),
	    cmocka_unit_test_setup_teardown(without_memory_it_searches, begin, end),
	};
	return cmocka_run_group_tests_name("subject_index", tests, NULL, NULL);
}

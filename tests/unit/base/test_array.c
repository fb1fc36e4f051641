/* SPDX-License-Identifier: ISC */
#include "base/array.h"
#include "support.h"

#include <errno.h>

static void
a_new_array_is_zero(void **state)
{
	static const uint64_t zero[100];
	(void)state;
	uint64_t *array = array_new(100, sizeof(*array));
	assert_non_null(array);
	assert_memory_equal(array, zero, sizeof(zero));
	free(array);
}

static void
no_elements_have_a_pointer_too(void **state)
{
	(void)state;
	void *array = array_new(0, 8);
	assert_non_null(array);
	free(array);
}

static void
a_new_array_without_memory(void **state)
{
	static const size_t counts[] = {0, 1, 100};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		allocations_fail_from(1);
		errno = 0;
		assert_null(array_new(counts[i], 8));
		assert_int_equal(errno, ENOMEM);
		assert_true(allocations_fail_from(0));
	}
}

/* Sixteen, then twice as much each time, and never sooner than needed. */
static void
room_doubles_when_it_is_full(void **state)
{
	uint32_t *array = NULL, room = 0;
	(void)state;
	for (uint32_t count = 0; count < 100; count++) {
		array = array_grow(array, count, &room, sizeof(*array));
		assert_non_null(array);
		assert_int_equal(room, count < 16 ? 16 : count < 32 ? 32 : count < 64 ? 64 : 128);
		array[count] = count * 3;
	}
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(array[i], i * 3);
	free(array);
}

static void
out_of_memory_leaves_the_array(void **state)
{
	uint32_t *array = NULL, room = 0;
	(void)state;
	allocations_fail_from(1);
	errno = 0;
	assert_null(array_grow(NULL, 0, &room, sizeof(*array)));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(room, 0);
	assert_true(allocations_fail_from(0));

	array = array_grow(NULL, 0, &room, sizeof(*array));
	assert_non_null(array);
	for (uint32_t i = 0; i < 16; i++)
		array[i] = 100 + i;
	allocations_fail_from(1);
	/* There is room: nothing has to be allocated. */
	assert_ptr_equal(array_grow(array, 15, &room, sizeof(*array)), array);
	assert_null(array_grow(array, 16, &room, sizeof(*array)));
	assert_true(allocations_fail_from(0));
	assert_int_equal(room, 16);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(array[i], 100 + i);
	free(array);
}

/* The counter would start again at 0, and realloc() would free the array. */
static void
the_counter_does_not_wrap(void **state)
{
	char array[1];
	uint32_t room = UINT32_C(1) << 31;
	(void)state;
	errno = 0;
	assert_null(array_grow(array, room, &room, sizeof(*array)));
	assert_int_equal(errno, ENOMEM);
	assert_true(room == UINT32_C(1) << 31);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_array_is_zero),
	    cmocka_unit_test(no_elements_have_a_pointer_too),
	    cmocka_unit_test(a_new_array_without_memory),
	    cmocka_unit_test(room_doubles_when_it_is_full),
	    cmocka_unit_test(out_of_memory_leaves_the_array),
	    cmocka_unit_test(the_counter_does_not_wrap),
	};
	return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}

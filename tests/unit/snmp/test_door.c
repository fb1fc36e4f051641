/* SPDX-License-Identifier: ISC */
#include "snmp/door.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct snapshot *
snapshot_number(uint32_t polls)
{
	struct poll_stats poll = {.polls = polls};
	struct snapshot *s = snapshot_repeat(NULL, &poll, 0);

	assert_non_null(s);
	return s;
}

static void
a_new_door_is_empty(void **state)
{
	struct door *door = door_new();

	(void)state;
	assert_null(door_take(door));
	door_free(door);
	door_free(NULL);
}

static void
the_last_snapshot_is_behind_it(void **state)
{
	struct door *door = door_new();
	struct snapshot *s;

	(void)state;
	door_publish(door, snapshot_number(1));
	door_publish(door, snapshot_number(2));
	s = door_take(door);
	assert_int_equal(s->poll.polls, 2);
	snapshot_release(s);
	door_free(door);
}

static void
references_are_counted(void **state)
{
	struct door *door = door_new();
	struct snapshot *mine = snapshot_number(1), *taken;

	(void)state;
	snapshot_hold(mine);
	door_publish(door, mine);
	assert_int_equal(atomic_load(&mine->references), 2);
	taken = door_take(door);
	assert_ptr_equal(taken, mine);
	assert_int_equal(atomic_load(&mine->references), 3);
	snapshot_release(taken);
	door_publish(door, NULL);
	assert_int_equal(atomic_load(&mine->references), 1);
	assert_null(door_take(door));
	snapshot_release(mine);
	door_free(door);
}

static void
what_was_taken_outlives_the_door(void **state)
{
	struct door *door = door_new();
	struct snapshot *taken;

	(void)state;
	door_publish(door, snapshot_number(7));
	taken = door_take(door);
	door_free(door);
	assert_int_equal(taken->poll.polls, 7);
	snapshot_release(taken);
}

#define PUBLISHED 20000

static void *
publish_many(void *door)
{
	for (uint32_t i = 1; i <= PUBLISHED; i++)
		door_publish(door, snapshot_number(i));
	return NULL;
}

/* Use after free and lost references show under the sanitizers; here: time never runs backwards. */
static void
a_reader_beside_the_writer_sees_each_once(void **state)
{
	struct door *door = door_new();
	pthread_t writer;
	uint32_t last = 0;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, publish_many, door), 0);
	while (last < PUBLISHED) {
		struct snapshot *s = door_take(door);

		if (s == NULL)
			continue;
		assert_true(s->poll.polls >= last);
		last = s->poll.polls;
		snapshot_release(s);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	door_free(door);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_door_is_empty),
	    cmocka_unit_test(the_last_snapshot_is_behind_it),
	    cmocka_unit_test(references_are_counted),
	    cmocka_unit_test(what_was_taken_outlives_the_door),
	    cmocka_unit_test(a_reader_beside_the_writer_sees_each_once),
	};

	return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}

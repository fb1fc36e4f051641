/* SPDX-License-Identifier: ISC */
#include "snmp/published.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct snapshot *
snapshot_number(uint32_t polls)
{
	struct poll_stats poll = {.polls = polls};
	const struct alarm_figures fresh = {.stale = false};
	struct snapshot *s = snapshot_repeat(NULL, &poll, &fresh);
	assert_non_null(s);
	return s;
}

static void
a_new_door_is_empty(void **state)
{
	struct published *published = published_new();
	(void)state;
	assert_null(published_get(published));
	published_free(published);
	published_free(NULL);
}

static void
the_last_snapshot_is_behind_it(void **state)
{
	struct published *published = published_new();
	struct snapshot *s;
	(void)state;
	published_set(published, snapshot_number(1));
	published_set(published, snapshot_number(2));
	s = published_get(published);
	assert_int_equal(s->poll.polls, 2);
	snapshot_release(s);
	published_free(published);
}

static void
references_are_counted(void **state)
{
	struct published *published = published_new();
	struct snapshot *mine = snapshot_number(1), *taken;
	(void)state;
	snapshot_hold(mine);
	published_set(published, mine);
	assert_int_equal(atomic_load(&mine->references), 2);
	taken = published_get(published);
	assert_ptr_equal(taken, mine);
	assert_int_equal(atomic_load(&mine->references), 3);
	snapshot_release(taken);
	published_set(published, NULL);
	assert_int_equal(atomic_load(&mine->references), 1);
	assert_null(published_get(published));
	snapshot_release(mine);
	published_free(published);
}

static void
what_was_taken_outlives_the_published(void **state)
{
	struct published *published = published_new();
	struct snapshot *taken;
	(void)state;
	published_set(published, snapshot_number(7));
	taken = published_get(published);
	published_free(published);
	assert_int_equal(taken->poll.polls, 7);
	snapshot_release(taken);
}

#define PUBLISHED 20000

static void *
publish_many(void *published)
{
	for (uint32_t i = 1; i <= PUBLISHED; i++)
		published_set(published, snapshot_number(i));
	return NULL;
}

/* Use after free and lost references show under the sanitizers; here: time never runs backwards. */
static void
a_reader_beside_the_writer_sees_each_once(void **state)
{
	struct published *published = published_new();
	pthread_t writer;
	uint32_t last = 0;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, publish_many, published), 0);
	while (last < PUBLISHED) {
		struct snapshot *s = published_get(published);

		if (s == NULL)
			continue;
		assert_true(s->poll.polls >= last);
		last = s->poll.polls;
		snapshot_release(s);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	published_free(published);
}

static void
a_snapshot_is_replaced_only_if_it_is_still_there(void **state)
{
	struct published *published = published_new();
	struct snapshot *first = snapshot_number(1), *second = snapshot_number(2);
	(void)state;
	published_set(published, snapshot_hold(first));
	published_replace(published, first, snapshot_hold(second));
	published_replace(published, first, snapshot_number(3));
	struct snapshot *now = published_get(published);
	assert_ptr_equal(now, second);
	snapshot_release(now);
	snapshot_release(first);
	snapshot_release(second);
	published_free(published);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_door_is_empty),
	    cmocka_unit_test(a_snapshot_is_replaced_only_if_it_is_still_there),
	    cmocka_unit_test(the_last_snapshot_is_behind_it),
	    cmocka_unit_test(references_are_counted),
	    cmocka_unit_test(what_was_taken_outlives_the_published),
	    cmocka_unit_test(a_reader_beside_the_writer_sees_each_once),
	};
	return cmocka_run_group_tests_name("published", tests, NULL, NULL);
}

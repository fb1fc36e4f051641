/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_store.h"
#include "support.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct directory d;
static char path[96], fresh[100], bad[100];
static struct alarm_store store;

static int
begin(void **state)
{
	(void)state;
	directory_make(&d);
	snprintf(path, sizeof(path), "%s/alarms", d.path);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	store.fd = -1;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	alarm_store_close(&store);
	directory_remove(&d);
	return 0;
}

static void
assert_content(const char *name, const char *expected)
{
	char content[64] = "";
	FILE *in = fopen(name, "r");
	assert_non_null(in);
	assert_int_equal(fread(content, 1, sizeof(content) - 1, in), strlen(expected));
	assert_string_equal(content, expected);
	fclose(in);
}

static void
a_file_is_replaced_whole_or_not_at_all(void **state)
{
	struct stat status;
	(void)state;
	assert_true(alarm_store_open(&store, path));
	assert_content(path, "");
	assert_true(alarm_store_replace(&store, path, "one\n", 4));
	assert_content(path, "one\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07027, 0);
	assert_true(alarm_store_replace(&store, path, "two\n", 4));
	assert_content(path, "two\n");
	assert_int_equal(access(fresh, F_OK), -1);

	/* The new one cannot be written: the old one stays. */
	directory_text(&d, "alarms.new/in/the/way", "");
	assert_false(alarm_store_replace(&store, path, "three\n", 6));
	assert_int_equal(errno, EISDIR);
	assert_content(path, "two\n");
}

static void
a_link_in_the_way_is_not_followed(void **state)
{
	char other[100];
	(void)state;
	snprintf(other, sizeof(other), "%s/other", d.path);
	directory_text(&d, "other", "mine\n");
	assert_true(alarm_store_open(&store, path));
	assert_int_equal(symlink(other, fresh), 0);
	assert_false(alarm_store_replace(&store, path, "one\n", 4));
	assert_int_equal(errno, ELOOP);
	assert_content(other, "mine\n");
}

static void
one_at_a_time_has_it(void **state)
{
	struct alarm_store second;
	(void)state;
	assert_true(alarm_store_open(&store, path));
	for (int round = 0; round < 2; round++) {
		assert_false(alarm_store_open(&second, path));
		assert_int_equal(errno, EBUSY);
		assert_int_equal(second.fd, -1);
		/* The lock goes with the name. */
		assert_true(alarm_store_replace(&store, path, "one\n", 4));
	}
	alarm_store_close(&store);
	assert_true(alarm_store_open(&second, path));
	alarm_store_close(&second);
}

static void
what_somebody_else_put_there_is_left_alone(void **state)
{
	(void)state;
	assert_true(alarm_store_open(&store, path));
	assert_int_equal(unlink(path), 0);
	directory_text(&d, "alarms", "theirs\n");
	assert_false(alarm_store_replace(&store, path, "ours\n", 5));
	assert_int_equal(errno, ESTALE);
	assert_content(path, "theirs\n");
}

/* Who removes it wants a new one, and still nobody else may have that. */
static void
what_was_removed_is_made_anew(void **state)
{
	struct alarm_store second = {.fd = -1};
	(void)state;
	assert_true(alarm_store_open(&store, path));
	assert_int_equal(unlink(path), 0);
	assert_true(alarm_store_replace(&store, path, "anew\n", 5));
	assert_content(path, "anew\n");
	assert_int_equal(unlink(path), 0);
	assert_true(alarm_store_open(&second, path));
	assert_false(alarm_store_replace(&store, path, "ours\n", 5));
	assert_int_equal(errno, ESTALE);
	alarm_store_close(&second);
	assert_content(path, "");
}

static void
what_is_kept_aside_is_whole(void **state)
{
	(void)state;
	directory_text(&d, "alarms", "srcportd alarms 2\n");
	directory_text(&d, "alarms.bad", "older\n");
	assert_true(alarm_store_open(&store, path));
	assert_true(alarm_store_keep_aside(&store, path));
	assert_content(bad, "srcportd alarms 2\n");
	assert_content(path, "");
	assert_true(alarm_store_replace(&store, path, "new\n", 4));
	assert_content(path, "new\n");
}

static void
no_regular_file_is_none_and_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(alarm_store_open(&store, path));
	assert_int_equal(errno, ENODEV);
	assert_false(alarm_store_open(&store, "/dev/null"));
	assert_int_equal(errno, ENODEV);
	assert_false(alarm_store_open(&store, d.path));
	assert_int_equal(errno, EISDIR);
	assert_false(alarm_store_open(&store, "/nonexistent/alarms"));
	assert_int_equal(errno, ENOENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_file_is_replaced_whole_or_not_at_all),
	    CASE(a_link_in_the_way_is_not_followed),
	    CASE(one_at_a_time_has_it),
	    CASE(what_somebody_else_put_there_is_left_alone),
	    CASE(what_was_removed_is_made_anew),
	    CASE(what_is_kept_aside_is_whole),
	    CASE(no_regular_file_is_none_and_is_not_waited_for),
	};
	return cmocka_run_group_tests_name("alarm_store", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "kernel/procfile.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[4096];

/* The lowest descriptor that is free now. */
static int
next_fd(void)
{
	int fd = dup(0);
	close(fd);
	return fd;
}

static long
read_name(struct kept *kept, const char *root, const char *name)
{
	const struct procfile_source source = {.root = root, .kept = kept};
	return procfile_read(&source, name, text, sizeof(text));
}

static void
test_a_file_of_proc_stays_open_and_says_what_is_so_now(void **state)
{
	(void)state;
	struct kept *kept = kept_new();
	char before[sizeof(text)];
	assert_int_equal(kept_fd(kept, "/proc/self/statm"), -1);
	assert_true(read_name(kept, "/proc", "self/statm") > 0);
	strcpy(before, text);
	int fd = kept_fd(kept, "/proc/self/statm"), next = next_fd();
	assert_true(fd >= 0);
	char *space = sbrk(1 << 20); /* a number of the line is the size of the process */
	assert_ptr_not_equal(space, (void *)-1);
	assert_true(read_name(kept, "/proc", "self/statm") > 0);
	assert_string_not_equal(text, before);
	assert_int_equal(next_fd(), next);
	kept_free(kept);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void
test_a_sysctl_is_read_again_and_again(void **state)
{
	(void)state;
	struct kept *kept = kept_new();
	for (int i = 0; i < 3; i++) {
		assert_true(read_name(kept, "/proc", "sys/kernel/ostype") > 0);
		assert_string_equal(text, "Linux\n");
	}
	assert_true(kept_fd(kept, "/proc/sys/kernel/ostype") >= 0);
	kept_free(kept);
}

static void
test_a_file_elsewhere_is_opened_each_time(void **state)
{
	(void)state;
	char directory[] = "/tmp/kept-XXXXXX", path[64];
	struct kept *kept = kept_new();
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/one", directory);
	for (char c = 'a'; c < 'c'; c++) {
		FILE *file = fopen(path, "w");
		fputc(c, file);
		fclose(file);
		assert_int_equal(read_name(kept, directory, "one"), 1);
		assert_int_equal(text[0], c);
		assert_int_equal(kept_fd(kept, path), -1);
		unlink(path);
	}
	assert_int_equal(read_name(kept, directory, "one"), -1);
	assert_int_equal(errno, ENOENT);
	rmdir(directory);
	kept_free(kept);
}

/* As when a module goes and comes again. */
static void
test_what_cannot_be_read_any_more_is_opened_anew(void **state)
{
	(void)state;
	struct kept *kept = kept_new();
	assert_true(read_name(kept, "/proc", "sys/kernel/ostype") > 0);
	int fd = kept_fd(kept, "/proc/sys/kernel/ostype");
	int unreadable = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(dup2(unreadable, fd), fd);
	close(unreadable);
	assert_true(read_name(kept, "/proc", "sys/kernel/ostype") > 0);
	assert_string_equal(text, "Linux\n");
	assert_true(kept_fd(kept, "/proc/sys/kernel/ostype") >= 0);
	kept_free(kept);
}

static void
test_so_many_files_and_no_more(void **state)
{
	(void)state;
	struct kept *kept = kept_new();
	char path[64];
	for (int i = 0; i < KEPT_MAX + 2; i++) {
		int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/%d", i);
		bool taken = kept_take(kept, path, fd);
		assert_int_equal(taken, i < KEPT_MAX);
		if (!taken)
			close(fd);
	}
	kept_drop(kept, kept_fd(kept, "/proc/3"));
	assert_int_equal(kept_fd(kept, "/proc/3"), -1);
	assert_true(kept_fd(kept, "/proc/23") >= 0);
	kept_free(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_file_of_proc_stays_open_and_says_what_is_so_now),
	    cmocka_unit_test(test_a_sysctl_is_read_again_and_again),
	    cmocka_unit_test(test_a_file_elsewhere_is_opened_each_time),
	    cmocka_unit_test(test_what_cannot_be_read_any_more_is_opened_anew),
	    cmocka_unit_test(test_so_many_files_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

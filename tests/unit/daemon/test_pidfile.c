/* SPDX-License-Identifier: ISC */
#include "daemon/pidfile.h"
#include "support.h"

#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/srcportd-unit-XXXXXX";
static char path[64];

static int
make_directory(void **state)
{
	(void)state;
	strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/pid", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void
assert_content(const char *expected)
{
	char text[32] = "";
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) < sizeof(text));
	fclose(file);
	assert_string_equal(text, expected);
}

static void
put(const char *content)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

/* What a process of its own gets for the file. */
static enum pidfile_result
taken_by_another(char *error, size_t room)
{
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct pidfile p;
		char text[256] = "";
		enum pidfile_result result = pidfile_take(path, &p, text, sizeof(text));
		bool told = write(ends[1], text, strlen(text) + 1) > 0;
		pidfile_drop(&p);
		_exit(told ? (int)result : 99);
	}
	close(ends[1]);
	assert_true(read(ends[0], error, room) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return (enum pidfile_result)WEXITSTATUS(status);
}

static void
holds_the_number_while_it_runs(void **state)
{
	struct pidfile p;
	char error[256], expected[32];
	struct stat st;
	(void)state;
	umask(022);
	assert_int_equal(pidfile_take(path, &p, error, sizeof(error)), PIDFILE_TAKEN);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	assert_content(expected);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	pidfile_drop(&p);
	assert_int_equal(access(path, F_OK), -1);
	pidfile_drop(&p);
}

static void
a_second_one_is_kept_out(void **state)
{
	struct pidfile p;
	char error[256], expected[256];
	(void)state;
	assert_int_equal(pidfile_take(path, &p, error, sizeof(error)), PIDFILE_TAKEN);
	assert_int_equal(taken_by_another(error, sizeof(error)), PIDFILE_RUNNING);
	snprintf(expected, sizeof(expected), "another srcportd is running: process %ld holds %s",
		 (long)getpid(), path);
	assert_string_equal(error, expected);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	assert_content(expected);
	pidfile_drop(&p);
	assert_int_equal(taken_by_another(error, sizeof(error)), PIDFILE_TAKEN);
}

static void
what_a_crash_left_stops_nobody(void **state)
{
	struct pidfile p;
	char error[256], expected[32];
	(void)state;
	put("1\nand something longer than a number that was there before\n");
	assert_int_equal(pidfile_take(path, &p, error, sizeof(error)), PIDFILE_TAKEN);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	assert_content(expected);
	pidfile_drop(&p);
}

/* The holder is named by what stands in the file; nothing useful may stand there. */
static void
a_holder_without_a_number(void **state)
{
	struct pidfile p;
	char error[256];
	(void)state;
	const char *const texts[] = {"", "\n", "not a number", "-5\n", "0\n"};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		put(texts[i]);
		FILE *holder = fopen(path, "re");
		assert_int_equal(flock(fileno(holder), LOCK_EX), 0);
		assert_int_equal(pidfile_take(path, &p, error, sizeof(error)), PIDFILE_RUNNING);
		assert_non_null(strstr(error, "a process that has not written its id yet"));
		fclose(holder);
	}
}

static void
none_is_asked_for(void **state)
{
	struct pidfile p;
	char error[256];
	(void)state;
	assert_int_equal(pidfile_take(NULL, &p, error, sizeof(error)), PIDFILE_TAKEN);
	assert_int_equal(p.fd, -1);
	pidfile_drop(&p);
}

static void
what_cannot_be_a_pid_file(void **state)
{
	struct pidfile p;
	char error[256], link[80], fifo[80];
	(void)state;
	snprintf(link, sizeof(link), "%s/link", directory);
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	const struct {
		const char *path, *reason;
	} rows[] = {
	    {link, "Too many levels of symbolic links"},
	    {fifo, "Invalid argument"},
	    {directory, "Is a directory"},
	    {"/nonexistent/pid", "No such file or directory"},
	    {"/dev/full", "Invalid argument"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char expected[256];
		assert_int_equal(pidfile_take(rows[i].path, &p, error, sizeof(error)),
				 PIDFILE_FAILED);
		snprintf(expected, sizeof(expected), "pid file %s: %s", rows[i].path,
			 rows[i].reason);
		assert_string_equal(error, expected);
		assert_int_equal(p.fd, -1);
	}
	assert_int_equal(access(path, F_OK), -1);
	unlink(link);
	unlink(fifo);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_DIRECTORY(holds_the_number_while_it_runs),
	    IN_DIRECTORY(a_second_one_is_kept_out),
	    IN_DIRECTORY(what_a_crash_left_stops_nobody),
	    IN_DIRECTORY(a_holder_without_a_number),
	    IN_DIRECTORY(none_is_asked_for),
	    IN_DIRECTORY(what_cannot_be_a_pid_file),
	};
	return cmocka_run_group_tests_name("pidfile", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "kernel/procfile.h"
#include "kernel/recording.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANGE    "sys/net/ipv4/ip_local_port_range"
#define RESERVED "sys/net/ipv4/ip_local_reserved_ports"
#define REUSE    "sys/net/ipv4/tcp_tw_reuse"
#define STAMPS   "sys/net/ipv4/tcp_timestamps"
#define DELAY    "sys/net/ipv4/tcp_tw_reuse_delay"
#define LEAST    "sys/net/ipv4/ip_unprivileged_port_start"

/* A directory that stands for /proc. */
struct root {
	struct directory directory;
	struct procfile_source source;
};

static void
root_make(struct root *root)
{
	memset(root, 0, sizeof(*root));
	directory_make(&root->directory);
	root->source.root = root->directory.path;
	directory_text(&root->directory, RANGE, "40000\t40099\n");
	directory_text(&root->directory, RESERVED, "40000-40009,40050\n");
	directory_text(&root->directory, REUSE, "1\n");
	directory_text(&root->directory, STAMPS, "1\n");
	directory_text(&root->directory, DELAY, "1000\n");
	directory_text(&root->directory, LEAST, "1024\n");
}

static void
root_remove(struct root *root)
{
	directory_remove(&root->directory);
}

static const char *
path_in(const struct root *root, const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", root->directory.path, name);
	return path;
}

static void
file_is_read_whole(void **state)
{
	struct root root;
	char buf[8];
	(void)state;
	root_make(&root);
	for (size_t length = 0; length <= 9; length++) {
		memset(buf, 'x', sizeof(buf));
		directory_write(&root.directory, "file", "012345678", length);
		errno = 0;
		long got = procfile_read(&root.source, "file", buf, sizeof(buf));
		if (length <= 7) {
			assert_int_equal(got, length);
			assert_memory_equal(buf, "0123456", length);
			assert_int_equal(buf[length], 0);
		} else {
			assert_int_equal(got, -1);
			assert_int_equal(errno, EFBIG);
		}
	}
	root_remove(&root);
}

static void
what_cannot_be_read_says_why(void **state)
{
	static char longest[5000];
	struct root root;
	char buf[8];
	(void)state;
	root_make(&root);
	assert_int_equal(procfile_read(&root.source, "nothing", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(procfile_read(&root.source, "sys", buf, sizeof(buf)), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(procfile_read(&root.source, RANGE "/x", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOTDIR);
	memset(longest, 'n', sizeof(longest) - 1);
	assert_int_equal(procfile_read(&root.source, longest, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	root_remove(&root);
}

static void
settings_are_read(void **state)
{
	struct root root;
	struct settings s;
	char error[256];
	(void)state;
	root_make(&root);
	assert_null(procfile_settings(&root.source, &s, error, sizeof(error)));
	assert_int_equal(s.range.low, 40000);
	assert_int_equal(s.range.high, 40099);
	assert_int_equal(portset_count(&s.reserved), 11);
	assert_int_equal(s.tw_reuse, 1);
	assert_int_equal(s.timestamps, 1);
	assert_int_equal(s.tw_reuse_delay_ms, 1000);
	root_remove(&root);
}

/* The longest list that the kernel can print: every other port. */
static void
longest_reserved_list(void **state)
{
	static char list[65536 * 6];
	struct root root;
	struct settings s;
	char error[256], *at = list;
	(void)state;
	root_make(&root);
	for (unsigned port = 1; port <= 65535; port += 2)
		at += sprintf(at, "%u%s", port, port == 65535 ? "\n" : ",");
	directory_text(&root.directory, RESERVED, list);
	assert_null(procfile_settings(&root.source, &s, error, sizeof(error)));
	assert_int_equal(portset_count(&s.reserved), 32768);
	root_remove(&root);
}

static void
three_may_be_absent(void **state)
{
	struct root root;
	struct settings s;
	char error[256];
	(void)state;
	root_make(&root);
	assert_int_equal(remove(path_in(&root, REUSE)), 0);
	assert_int_equal(remove(path_in(&root, STAMPS)), 0);
	assert_int_equal(remove(path_in(&root, DELAY)), 0);
	assert_null(procfile_settings(&root.source, &s, error, sizeof(error)));
	assert_int_equal(s.tw_reuse, SETTING_ABSENT);
	assert_int_equal(s.timestamps, SETTING_ABSENT);
	assert_int_equal(s.tw_reuse_delay_ms, SETTING_ABSENT);
	root_remove(&root);
}

/* The kernel takes any tcp_timestamps from 0 to 255, and older ones any integer: not 0 is on. */
static void
timestamps_are_on_for_any_number(void **state)
{
	static const char *const on[] = {"2\n", "7\n", "255\n", "2147483647\n"};
	struct root root;
	struct settings s;
	char error[256];
	(void)state;
	root_make(&root);
	for (size_t i = 0; i < COUNT_OF(on); i++) {
		directory_text(&root.directory, STAMPS, on[i]);
		assert_null(procfile_settings(&root.source, &s, error, sizeof(error)));
		assert_true(s.timestamps > 0);
	}
	root_remove(&root);
}

/* Checks that the settings are refused with "<root>/<name>: <reason>", and left as they were. */
static void
refused(const struct root *root, const char *name, const char *reason)
{
	static struct settings s, before;
	char error[512], expected[512];
	memset(&s, 0x5a, sizeof(s));
	before = s;
	snprintf(expected, sizeof(expected), "%s/%s: %s", root->source.root, name, reason);
	const char *got = procfile_settings(&root->source, &s, error, sizeof(error));
	assert_non_null(got);
	assert_string_equal(got, expected);
	assert_memory_equal(&s, &before, sizeof(s));
}

static void
malformed_settings_name_file_and_expectation(void **state)
{
	static const struct {
		const char *name, *text, *reason;
	} cases[] = {
	    {RANGE, "", "expected two ports LOW HIGH with 1 <= LOW <= HIGH <= 65535"},
	    {RANGE, "40000\n", "expected two ports LOW HIGH with 1 <= LOW <= HIGH <= 65535"},
	    {RESERVED, "1,,2\n", "expected ports 0..65535 as in 1,5-9,65535"},
	    {RESERVED, "1\n,2", "expected ports 0..65535 as in 1,5-9,65535"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct root root;
		root_make(&root);
		directory_text(&root.directory, cases[i].name, cases[i].text);
		refused(&root, cases[i].name, cases[i].reason);
		root_remove(&root);
	}
}

/* A value of a newer kernel, or one that this process may not read. */
static void
what_a_poll_can_do_without_is_not_known(void **state)
{
	static const struct {
		const char *name, *text; /* NULL = it cannot be read */
	} cases[] = {{REUSE, "3\n"},     {REUSE, "-1\n"},  {REUSE, ""},  {STAMPS, "on\n"},
		     {DELAY, "60001\n"}, {DELAY, "1 2\n"}, {LEAST, "x"}, {REUSE, NULL},
		     {STAMPS, NULL},     {DELAY, NULL},    {LEAST, NULL}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct root root;
		struct settings s;
		char error[256];
		root_make(&root);
		if (cases[i].text != NULL) {
			directory_text(&root.directory, cases[i].name, cases[i].text);
		} else {
			remove(path_in(&root, cases[i].name));
			assert_int_equal(mkdir(path_in(&root, cases[i].name), 0700), 0);
		}
		assert_null(procfile_settings(&root.source, &s, error, sizeof(error)));
		const char *name = cases[i].name;
		assert_int_equal(s.tw_reuse, strcmp(name, REUSE) == 0 ? SETTING_UNKNOWN : 1);
		assert_int_equal(s.timestamps, strcmp(name, STAMPS) == 0 ? SETTING_UNKNOWN : 1);
		assert_int_equal(s.tw_reuse_delay_ms,
				 strcmp(name, DELAY) == 0 ? SETTING_UNKNOWN : 1000);
		assert_int_equal(s.unprivileged_start,
				 strcmp(name, LEAST) == 0 ? SETTING_UNKNOWN : 1024);
		root_remove(&root);
	}
}

static void
absent_unreadable_and_too_large(void **state)
{
	static const char *const names[] = {RANGE, RESERVED};
	static char large[65536 * 7];
	(void)state;
	memset(large, ' ', sizeof(large));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct root root;
		root_make(&root);
		directory_write(&root.directory, names[i], large, sizeof(large));
		refused(&root, names[i], "File too large");
		/* A directory cannot be read, not even by root. */
		assert_int_equal(remove(path_in(&root, names[i])), 0);
		assert_int_equal(mkdir(path_in(&root, names[i]), 0700), 0);
		refused(&root, names[i], "Is a directory");
		assert_int_equal(remove(path_in(&root, names[i])), 0);
		refused(&root, names[i], "No such file or directory");
		root_remove(&root);
	}
}

static void
reading_is_recorded(void **state)
{
	struct root root;
	char *text = NULL, buf[32];
	size_t length = 0;
	(void)state;
	root_make(&root);
	root.source.record = open_memstream(&text, &length);
	assert_non_null(root.source.record);
	assert_int_equal(procfile_read(&root.source, REUSE, buf, sizeof(buf)), 2);
	assert_int_equal(procfile_read(&root.source, "nothing", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOENT);
	fclose(root.source.record);
	assert_string_equal(text, "file sys/net/ipv4/tcp_tw_reuse 2\n1\n\nabsent nothing\n");
	free(text);
	root_remove(&root);
}

static void
copies_stand_in_for_files(void **state)
{
	struct procfile_source source = {.root = "/nonexistent", .replay = true};
	char buf[8];
	(void)state;
	assert_true(procfile_add_copy(&source, "a", "1234567", 7));
	assert_true(procfile_add_copy(&source, "b", "12345678", 8));
	assert_true(procfile_add_copy(&source, "gone", NULL, 9));
	assert_true(procfile_add_copy(&source, "empty", "", 0));
	assert_int_equal(procfile_read(&source, "a", buf, sizeof(buf)), 7);
	assert_string_equal(buf, "1234567");
	assert_int_equal(procfile_read(&source, "b", buf, sizeof(buf)), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(procfile_read(&source, "gone", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(procfile_read(&source, "never", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(procfile_read(&source, "empty", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");

	allocations_fail_from(1);
	assert_false(procfile_add_copy(&source, "c", "1", 1));
	allocations_fail_from(2);
	assert_false(procfile_add_copy(&source, "c", "1", 1));
	assert_int_equal(errno, ENOMEM);
	allocations_fail_from(0);
	assert_int_equal(procfile_read(&source, "c", buf, sizeof(buf)), -1);
	procfile_free_copies(&source);
	assert_null(source.copies);
}

/* Whether the name is one line of the list. */
static bool
lists(const char *list, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = list; *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, name, length) == 0 && line[length] == '\n')
			return true;
	return false;
}

static void
directories_are_listed(void **state)
{
	struct root root;
	char buf[32];
	(void)state;
	root_make(&root);
	directory_text(&root.directory, "d/eth0", "");
	directory_text(&root.directory, "d/docker0", "");
	directory_text(&root.directory, "d/a b", "");
	directory_text(&root.directory, "d/a\nb", "");
	assert_int_equal(procfile_list(&root.source, "d", buf, sizeof(buf)), 13);
	assert_int_equal(strlen(buf), 13);
	assert_true(lists(buf, "eth0") && lists(buf, "docker0"));
	assert_int_equal(procfile_list(&root.source, "d", buf, 14), 13);
	assert_int_equal(procfile_list(&root.source, "d", buf, 13), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(procfile_list(&root.source, "nothing", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(procfile_list(&root.source, REUSE, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOTDIR);
	root_remove(&root);
}

static void
files_of_another_namespace_take_the_place_of_the_own(void **state)
{
	struct root root;
	char text[64];
	(void)state;
	root_make(&root);
	directory_text(&root.directory, "there/ip_local_port_range", "1024\t2047\n");
	directory_text(&root.directory, "70/net/sockstat", "of 70\n");
	directory_text(&root.directory, "net/sockstat", "own\n");
	directory_text(&root.directory, "sys/net/netfilter/nf_conntrack_count", "7\n");
	directory_text(&root.directory, "sys/fs/file-nr", "1\t0\t2\n");
	int there = open(path_in(&root, "there"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(there >= 0);
	const struct procfile_inside inside = {.process = 70, .ipv4 = there, .netfilter = -1};
	root.source.inside = &inside;
	assert_int_equal(procfile_read(&root.source, RANGE, text, sizeof(text)), 10);
	assert_string_equal(text, "1024\t2047\n");
	assert_int_equal(procfile_read(&root.source, "net/sockstat", text, sizeof(text)), 6);
	assert_string_equal(text, "of 70\n");
	/* What it does not have is absent, and not the own one's. */
	assert_int_equal(procfile_read(&root.source, REUSE, text, sizeof(text)), -1);
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_int_equal(
	    procfile_read(&root.source, "sys/net/netfilter/nf_conntrack_count", text, sizeof(text)),
	    -1);
	assert_int_equal(errno, ENOENT);
	/* What all namespaces share. */
	assert_int_equal(procfile_read(&root.source, "sys/fs/file-nr", text, sizeof(text)), 6);
	close(there);
	root_remove(&root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_is_read_whole),
	    cmocka_unit_test(what_cannot_be_read_says_why),
	    cmocka_unit_test(settings_are_read),
	    cmocka_unit_test(longest_reserved_list),
	    cmocka_unit_test(three_may_be_absent),
	    cmocka_unit_test(timestamps_are_on_for_any_number),
	    cmocka_unit_test(malformed_settings_name_file_and_expectation),
	    cmocka_unit_test(what_a_poll_can_do_without_is_not_known),
	    cmocka_unit_test(absent_unreadable_and_too_large),
	    cmocka_unit_test(reading_is_recorded),
	    cmocka_unit_test(copies_stand_in_for_files),
	    cmocka_unit_test(directories_are_listed),
	    cmocka_unit_test(files_of_another_namespace_take_the_place_of_the_own),
	};
	return cmocka_run_group_tests_name("procfile", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "owners/owner_walk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct directory proc;
static struct owner_book *book;

static int
set_up(void **state)
{
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	(void)state;
	directory_make(&proc);
	book = owner_book_new();
	return book == NULL || !owner_book_pool(book, &local, &peer, 443);
}

static int
tear_down(void **state)
{
	(void)state;
	owner_book_free(book);
	directory_remove(&proc);
	return 0;
}

static void
add_socket(uint32_t inode, uint32_t uid)
{
	struct diag_socket s = socket_of(STATE_CLOSE_WAIT, "10.0.0.9", 40000, "10.1.2.3", 443);
	s.inode = inode;
	s.uid = uid;
	assert_true(owner_book_socket(book, &s));
}

/* A file descriptor of a process of the fake /proc. */
static void
add_file(uint32_t pid, unsigned fd, const char *target)
{
	char name[64], path[256];
	snprintf(name, sizeof(name), "%u/fd/x", pid);
	directory_text(&proc, name, "");
	snprintf(path, sizeof(path), "%s/%s", proc.path, name);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/%u/fd/%u", proc.path, pid, fd);
	assert_int_equal(symlink(target, path), 0);
}

static void
describe(uint32_t pid, const char *comm)
{
	char name[64];
	snprintf(name, sizeof(name), "%u/comm", pid);
	directory_text(&proc, name, comm);
	snprintf(name, sizeof(name), "%u/limits", pid);
	directory_text(&proc, name, "Max open files            64                128    files\n");
}

/* The list after a walk in steps of `work` entries; the number of steps in *steps. */
static struct owner_list *
walk(const struct owner_list *before, unsigned work, unsigned *steps)
{
	struct owner_walk *w = owner_walk_open(proc.path, before);
	assert_non_null(w);
	for (*steps = 1; owner_walk_step(w, book, work); (*steps)++)
		assert_true(*steps < 1000);
	owner_walk_close(w);
	return owner_book_list(book, 5000);
}

static void
test_processes(void **state)
{
	unsigned steps;
	(void)state;
	for (uint32_t inode = 100; inode < 106; inode++)
		add_socket(inode, getuid());
	add_file(812, 0, "/dev/null");
	add_file(812, 3, "socket:[100]");
	add_file(812, 4, "socket:[101]");
	add_file(812, 5, "socket:[102]");
	add_file(812, 6, "socket:[102]"); /* dup(2) */
	add_file(812, 7, "socket:[9999]");
	add_file(812, 8, "pipe:[103]");
	add_file(812, 9, "anon_inode:[eventpoll]");
	describe(812, "java\n");
	add_file(90, 3, "socket:[104]");
	directory_text(&proc, "net/fd/x", "");
	directory_text(&proc, "12x/fd/x", "");
	directory_text(&proc, "self/comm", "");
	directory_text(&proc, "7/comm", "no files may be seen\n");

	struct owner_list *list = walk(NULL, 1, &steps);
	assert_int_equal(list->pools[0].count, 3);
	assert_int_equal(list->owners[0].pid, 812);
	assert_int_equal(list->owners[0].connections, 3);
	assert_int_equal(list->owners[0].open_files, 8);
	assert_string_equal(list->owners[0].process, "java");
	assert_int_equal(list->owners[0].files.soft, 64);
	assert_int_equal(list->owners[0].files.hard, 128);
	assert_int_equal(list->owners[1].kind, OWNER_GROUP); /* nobody has 103 and 105 */
	assert_int_equal(list->owners[1].connections, 2);
	assert_int_equal(list->owners[2].pid, 90);
	assert_string_equal(list->owners[2].process, "");
	assert_int_equal(list->owners[2].files.soft, 0);
	owner_list_free(list);
}

/* Whoever else may have such a number open is not asked. */
static void
test_processes_of_one_namespace(void **state)
{
	char path[256];
	struct stat there;
	(void)state;
	add_socket(100, getuid());
	add_socket(101, getuid());
	add_file(90, 3, "socket:[100]");
	add_file(812, 3, "socket:[101]");
	add_file(813, 3, "socket:[100]");
	directory_text(&proc, "90/net/sockstat", "elsewhere\n");
	directory_text(&proc, "812/net/sockstat", "there\n");
	snprintf(path, sizeof(path), "%s/812/net/sockstat", proc.path);
	assert_int_equal(stat(path, &there), 0);
	struct owner_walk *w = owner_walk_open(proc.path, NULL);
	assert_non_null(w);
	owner_walk_within(w, there.st_ino);
	while (owner_walk_step(w, book, 10))
		;
	owner_walk_close(w);
	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->pools[0].count, 2);
	assert_int_equal(list->owners[0].pid + list->owners[1].pid, 812);
	owner_list_free(list);
}

/* The walk ends with the process that has the last socket, and begins with those that had some
 * before. */
static void
test_what_is_known_comes_first(void **state)
{
	unsigned cold, warm;
	struct owner_list *first, *again;
	(void)state;
	for (uint32_t pid = 100; pid < 160; pid++)
		add_file(pid, 3, "socket:[5]");
	add_file(812, 3, "socket:[100]");
	describe(812, "java\n");
	add_socket(100, getuid() + 1); /* its maker was another user: the last pass finds it */
	first = walk(NULL, 1, &cold);
	assert_int_equal(first->owners[0].pid, 812);

	owner_book_free(book);
	book = owner_book_new();
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	assert_true(owner_book_pool(book, &local, &peer, 443));
	add_socket(100, getuid() + 1);
	again = walk(first, 1, &warm);
	assert_int_equal(again->owners[0].pid, 812);
	assert_int_equal(again->owners[0].open_files, 1);
	assert_true(cold > 60); /* 60 other processes were passed over at least once */
	assert_true(warm < 10);
	owner_list_free(first);
	owner_list_free(again);
}

static void
test_users_of_the_sockets_come_first(void **state)
{
	unsigned of_user, of_other;
	(void)state;
	add_file(812, 3, "socket:[100]");
	for (uint32_t pid = 100; pid < 130; pid++)
		add_file(pid, 3, "socket:[5]");
	add_socket(100, getuid());
	owner_list_free(walk(NULL, 1, &of_user));

	owner_book_free(book);
	book = owner_book_new();
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	assert_true(owner_book_pool(book, &local, &peer, 443));
	add_socket(100, getuid() + 1);
	owner_list_free(walk(NULL, 1, &of_other));
	/* First all 31 processes in vain. */
	assert_true(of_other >= of_user + 31);
}

/* It is named although its files were not all looked at; how many there are is then not known. */
static void
test_a_walk_that_is_broken_off_describes_who_is_under_way(void **state)
{
	(void)state;
	for (unsigned fd = 0; fd < 200; fd++)
		add_file(812, fd, "socket:[100]");
	describe(812, "java\n");
	add_socket(100, getuid());
	add_socket(101, getuid());
	struct owner_walk *w = owner_walk_open(proc.path, NULL);
	for (int i = 0; owner_book_unclaimed(book) == 2; i++) {
		assert_true(i < 400);
		assert_true(owner_walk_step(w, book, 1));
	}
	owner_walk_break_off(w, book);
	owner_walk_close(w);
	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->owners[0].pid, 812);
	assert_string_equal(list->owners[0].process, "java");
	assert_int_equal(list->owners[0].files.hard, 128);
	assert_int_equal(list->owners[0].open_files, 0);
	owner_list_free(list);
}

/* Of a real /proc: where the kernel counts a process's files (6.2), these are not read to the end.
 */
static void
test_files_behind_the_last_socket_are_counted_by_the_kernel(void **state)
{
	enum { FILES = 300 };
	int fds[FILES];
	unsigned steps = 1;
	struct stat status;
	(void)state;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(fstat(s, &status), 0);
	for (int i = 0; i < FILES; i++)
		fds[i] = dup(0);
	add_socket((uint32_t)status.st_ino, getuid());
	struct owner us = {.pid = (uint32_t)getpid()};
	const struct owner_list before = {.owner_count = 1, .owners = &us};
	struct owner_walk *w = owner_walk_open("/proc", &before);
	for (; owner_walk_step(w, book, 1); steps++)
		assert_true(steps < 1000);
	owner_walk_close(w);
	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->owners[0].pid, getpid());
	assert_between(list->owners[0].open_files, FILES + 1, FILES + 50);
	assert_int_equal(stat("/proc/self/fd", &status), 0);
	if (status.st_size > 0)
		assert_between(steps, 1, FILES / 2);
	owner_list_free(list);
	for (int i = 0; i < FILES; i++)
		close(fds[i]);
	close(s);
}

static void
test_no_proc(void **state)
{
	(void)state;
	errno = 0;
	assert_null(owner_walk_open("/nowhere", NULL));
	assert_int_equal(errno, ENOENT);
	owner_walk_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_processes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_processes_of_one_namespace, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_known_comes_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_users_of_the_sockets_come_first, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(
		test_a_walk_that_is_broken_off_describes_who_is_under_way, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_files_behind_the_last_socket_are_counted_by_the_kernel, set_up, tear_down),
	    cmocka_unit_test(test_no_proc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

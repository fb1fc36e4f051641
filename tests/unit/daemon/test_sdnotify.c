/* SPDX-License-Identifier: ISC */
#include "daemon/sdnotify.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager's end: a datagram socket in a directory of its own, or with an abstract name.
 */
struct manager {
	char directory[32];
	char address[64]; /* as NOTIFY_SOCKET has it */
	int fd;
};

static struct manager
manager_open(bool abstract)
{
	struct manager m = {.directory = "/tmp/srcportd-unit-XXXXXX"};
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	assert_non_null(mkdtemp(m.directory));
	int length =
	    snprintf(m.address, sizeof(m.address), "%s%s/notify", abstract ? "@" : "", m.directory);
	memcpy(name.sun_path, m.address, (size_t)length);
	if (abstract)
		name.sun_path[0] = '\0';
	m.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(m.fd, (struct sockaddr *)&name,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
			 0);
	return m;
}

static void
manager_close(struct manager *m)
{
	close(m->fd);
	if (m->address[0] == '/')
		unlink(m->address);
	rmdir(m->directory);
}

static void
assert_heard(const struct manager *m, const char *expected)
{
	char text[256];
	ssize_t got = recv(m->fd, text, sizeof(text) - 1, 0);
	assert_true(got >= 0);
	text[got] = '\0';
	assert_string_equal(text, expected);
}

static void
set(const char *socket, const char *usec, const char *pid)
{
	const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
	const char *const values[] = {socket, usec, pid};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (values[i] != NULL)
			setenv(names[i], values[i], 1);
		else
			unsetenv(names[i]);
	}
}

static void
a_message_arrives(void **state)
{
	(void)state;
	for (int abstract = 0; abstract < 2; abstract++) {
		struct manager m = manager_open(abstract);
		struct sdnotify n;
		char error[256];
		set(m.address, NULL, NULL);
		assert_true(sdnotify_open(&n, error, sizeof(error)));
		assert_true(fcntl(n.fd, F_GETFD) & FD_CLOEXEC);
		assert_true(sdnotify_send(&n, "READY=1\nSTATUS=good\n"));
		assert_heard(&m, "READY=1\nSTATUS=good\n");
		sdnotify_close(&n);
		assert_true(sdnotify_send(&n, "STOPPING=1\n"));
		assert_int_equal(recv(m.fd, error, sizeof(error), 0), -1);
		manager_close(&m);
	}
}

static void
the_environment_is_cleared(void **state)
{
	struct manager m = manager_open(true);
	struct sdnotify n;
	char error[256];
	(void)state;
	set(m.address, "1000000", NULL);
	assert_true(sdnotify_open(&n, error, sizeof(error)));
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	sdnotify_close(&n);
	manager_close(&m);
}

static void
without_a_manager_nothing_happens(void **state)
{
	struct sdnotify n;
	char error[256] = "";
	(void)state;
	set(NULL, "1000000", NULL);
	assert_true(sdnotify_open(&n, error, sizeof(error)));
	assert_int_equal(n.fd, -1);
	assert_int_equal(n.watchdog_us, 0);
	assert_true(sdnotify_send(&n, "READY=1\n"));
	assert_string_equal(error, "");
	sdnotify_close(&n);
}

static void
the_watchdog_is_for_one_process(void **state)
{
	char mine[16];
	snprintf(mine, sizeof(mine), "%ld", (long)getpid());
	const struct {
		const char *usec, *pid;
		uint64_t expected;
	} rows[] = {
	    {"30000000", NULL, 30000000},
	    {"30000000", mine, 30000000},
	    {"30000000", "1", 0},
	    {"30000000", "", 0},
	    {NULL, mine, 0},
	    {"", mine, 0},
	    {"-1", mine, 0},
	    {"30000000x", mine, 0},
	    {"99999999999999999999999", mine, 0},
	};
	struct manager m = manager_open(false);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sdnotify n;
		char error[256];
		set(m.address, rows[i].usec, rows[i].pid);
		assert_true(sdnotify_open(&n, error, sizeof(error)));
		assert_int_equal(n.watchdog_us, rows[i].expected);
		sdnotify_close(&n);
	}
	manager_close(&m);
}

static void
a_bad_address_is_told(void **state)
{
	char too_long[200];
	memset(too_long, 'x', sizeof(too_long));
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	const struct {
		const char *address, *reason;
	} rows[] = {
	    {"", "Invalid argument"},
	    {"@", "Invalid argument"},
	    {"relative", "Invalid argument"},
	    {too_long, "Invalid argument"},
	    {"/nonexistent/notify", "No such file or directory"},
	    {"/dev/null", "Connection refused"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sdnotify n;
		char error[512], expected[512];
		set(rows[i].address, "1000000", NULL);
		assert_false(sdnotify_open(&n, error, sizeof(error)));
		snprintf(expected, sizeof(expected), "NOTIFY_SOCKET %s: %s", rows[i].address,
			 rows[i].reason);
		assert_string_equal(error, expected);
		assert_int_equal(n.watchdog_us, 0);
		assert_null(getenv("NOTIFY_SOCKET"));
		assert_true(sdnotify_send(&n, "READY=1\n"));
	}
}

/* A manager that has ended, or does not read, costs an error and at most the second promised. */
static void
a_deaf_manager_is_survived(void **state)
{
	struct manager m = manager_open(true);
	struct sdnotify n;
	char error[256];
	int sent = 0;
	(void)state;
	set(m.address, NULL, NULL);
	assert_true(sdnotify_open(&n, error, sizeof(error)));
	while (sdnotify_send(&n, "WATCHDOG=1\n"))
		assert_true(++sent < 100000);
	assert_int_equal(errno, EAGAIN);
	manager_close(&m);
	assert_false(sdnotify_send(&n, "WATCHDOG=1\n"));
	assert_int_equal(errno, ECONNREFUSED);
	sdnotify_close(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_arrives),
	    cmocka_unit_test(the_environment_is_cleared),
	    cmocka_unit_test(without_a_manager_nothing_happens),
	    cmocka_unit_test(the_watchdog_is_for_one_process),
	    cmocka_unit_test(a_bad_address_is_told),
	    cmocka_unit_test(a_deaf_manager_is_survived),
	};
	return cmocka_run_group_tests_name("sdnotify", tests, NULL, NULL);
}

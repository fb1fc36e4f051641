/* SPDX-License-Identifier: ISC */
/*
 * The poller when something fails on the way: the socket, a request, an answer, the recording.
 */
#include "count/census_take.h"
#include "mock_kernel.h"

#include <errno.h>

/* An answer that is in the census in part is not asked for once more, in two families. */
static void
broken_off_in_the_middle(void **state)
{
	static const int errors[] = {EINVAL, EOPNOTSUPP, ENOENT, ENOMEM};
	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(errors); i++) {
		int error = errors[i / 2];
		char expected[128];
		mock_open();
		kernel.breaks_off = error;
		kernel.breaks_later = i % 2 == 1;
		snprintf(expected, sizeof(expected), "dump of listeners: %s: %s",
			 kernel.breaks_later ? "the kernel broke it off" : "answer",
			 strerror(error));
		assert_failed(expected);
		assert_asked("H2");
		kernel.breaks_off = 0;
		assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
		mock_close();
	}
}

static void
failed_receives(void **state)
{
	static const struct {
		int error;
		const char *text;
	} cases[] = {
	    {EAGAIN, "it did not end: Connection timed out"},
	    {ENOSPC, "a datagram was cut short: Message too long"},
	    {ENOBUFS, "receive: No buffer space available"},
	    {-1, "receive: Bad message"},
	};
	(void)state;
	mock_open();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char expected[128];
		kernel.receive_fails = cases[i].error;
		snprintf(expected, sizeof(expected), "dump of listeners: %s", cases[i].text);
		assert_failed(expected);
		assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
	}
	kernel.receive_fails = EINTR;
	assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
}

static void
answers_to_something_else(void **state)
{
	(void)state;
	mock_open();
	kernel.wrong_seq = true;
	assert_failed("dump of listeners: answer: Bad message");
	kernel.wrong_seq = false;
	kernel.wrong_portid = true;
	assert_failed("dump of listeners: answer: Bad message");
	kernel.wrong_portid = false;
	kernel.inconsistent = true;
	assert_failed("dump of listeners: answer: Interrupted system call");
	kernel.inconsistent = false;
	unsigned opened = kernel.opened;
	assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
	/* The rest of that answer may still be on its way: a new socket does not see it. */
	assert_int_equal(kernel.opened, opened + 1);
	assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
	assert_int_equal(kernel.opened, opened + 1);
}

static void
poll_given_up_half_way(void **state)
{
	const struct settings settings = settings_of(40000, 40099, "");
	(void)state;
	mock_open();
	const struct diag_plan plan = {.range = settings.range};
	census_init(&census, &settings, NULL);
	assert_int_equal(poller_begin(poller, &plan, census_take, &census, NULL), POLLER_MORE);
	assert_int_equal(poller_read(poller), POLLER_MORE);
	assert_int_equal(poller_give_up(poller), POLLER_FAILED);
	assert_string_equal(poller_error(poller),
			    "dump of explicit binds: it did not end: Connection timed out");
	assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
}

static void
failed_requests(void **state)
{
	(void)state;
	mock_open();
	kernel.no_send = ECONNREFUSED;
	assert_failed("dump of listeners: request: Connection refused");
	kernel.no_send = 0;
	assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
}

static void
no_socket(void **state)
{
	char error[128];
	(void)state;
	kernel.no_open = EMFILE;
	assert_null(poller_open(error, sizeof(error)));
	assert_string_equal(error, "netlink sock_diag socket: Too many open files");
	kernel.no_open = 0;
	mock_open();
	kernel.receive_fails = EAGAIN;
	assert_int_equal(mock_poll(NULL), POLLER_FAILED);
	kernel.no_open = EMFILE;
	assert_int_equal(mock_poll(NULL), POLLER_FAILED);
	assert_non_null(strstr(poller_error(poller), "netlink socket: Too many open files"));
	assert_int_equal(poller_fd(poller), -1);
	kernel.no_open = 0;
	assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
	poller_close(NULL);
}

static void
recording_that_cannot_be_written(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	mock_open();
	assert_int_equal(mock_poll(full), POLLER_FAILED);
	assert_string_equal(poller_error(poller), "dump of listeners: recording: "
						  "No space left on device");
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MOCK_TEST(broken_off_in_the_middle),
	    MOCK_TEST(failed_receives),
	    MOCK_TEST(answers_to_something_else),
	    MOCK_TEST(poll_given_up_half_way),
	    MOCK_TEST(failed_requests),
	    MOCK_TEST(no_socket),
	    MOCK_TEST(recording_that_cannot_be_written),
	};
	return cmocka_run_group_tests_name("poller_trouble", tests, NULL, NULL);
}

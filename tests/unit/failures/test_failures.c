/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "failures/failures.h"

#define EVENT "kernel/tracing/events/sock/inet_sock_set_state/format"

static const char format_text[] = "name: inet_sock_set_state\nID: 4000000000\nformat:\n"
				  "\tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n"
				  "\tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n"
				  "\tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n"
				  "\tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n"
				  "\tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n"
				  "\tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n"
				  "\tfield:__u8 daddr[4];\toffset:36;\tsize:4;\tsigned:0;\n"
				  "\tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n"
				  "\tfield:__u8 daddr_v6[16];\toffset:56;\tsize:16;\tsigned:0;\n";

static void
assert_not_available(const struct directory *sys, const char *reason_begins)
{
	struct failures *failures = failures_new("/proc", sys->path);
	assert_non_null(failures);
	for (int poll = 0; poll < 2; poll++) {
		const struct failure_state *state = failures_state(failures);
		failures_poll(failures, true);
		assert_false(state->available);
		assert_memory_equal(state->reason, reason_begins, strlen(reason_begins));
		assert_int_equal(state->total, 0);
		assert_string_equal(state->pool, "");
		assert_int_equal(failures_fd(failures), -1);
		assert_null(failure_log_last(failures_log(failures)));
	}
	failures_free(failures);
}

static void
test_reasons(void **state)
{
	struct directory sys;
	(void)state;
	directory_make(&sys);
	assert_not_available(&sys, "tracefs is not mounted: mount -t tracefs tracefs "
				   "/sys/kernel/tracing");

	directory_text(&sys, "kernel/tracing/events/enable", "0\n");
	assert_not_available(&sys, "tracepoint sock:inet_sock_set_state: this kernel does not");

	directory_text(&sys, EVENT, "name: something else\n");
	assert_not_available(&sys, EVENT ": expected the name inet_sock_set_state");

	/* No processors to be found; then a tracepoint that does not exist. */
	directory_text(&sys, EVENT, format_text);
	assert_not_available(&sys, "perf_event_open: No such file or directory");
	directory_text(&sys, "devices/system/cpu/online", "zero\n");
	assert_not_available(&sys, "perf_event_open: Invalid argument");
	directory_text(&sys, "devices/system/cpu/online", "0\n");
	assert_not_available(&sys, "perf_event_open: ");
	directory_remove(&sys);
}

/* debugfs is where older systems have it. */
static void
test_below_debugfs(void **state)
{
	struct directory sys;
	(void)state;
	directory_make(&sys);
	directory_text(&sys, "kernel/debug/tracing/events/sock/inet_sock_set_state/format", "");
	assert_not_available(&sys, "kernel/debug/tracing/events/sock/inet_sock_set_state/format: "
				   "expected the name");
	directory_remove(&sys);
}

static void
test_not_wanted(void **state)
{
	struct failures *failures = failures_new("/proc", "/sys");
	(void)state;
	assert_non_null(failures);
	failures_poll(failures, false);
	assert_false(failures_state(failures)->available);
	assert_string_equal(failures_state(failures)->reason, "switched off: failures no");
	assert_int_equal(failures_fd(failures), -1);
	failures_free(failures);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_below_debugfs),
	    cmocka_unit_test(test_not_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

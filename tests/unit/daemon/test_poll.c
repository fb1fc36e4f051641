/* SPDX-License-Identifier: ISC */
/*
 * Polls of a kernel that the test makes up (mock_kernel.h), with a /proc of its own.
 */
#include "mock_kernel.h"

#include "base/clock.h"
#include "count/light.h"
#include "daemon/poll.h"

#include <errno.h>

static struct directory directory;
static char proc[96], tape[96], error[512];
static struct options options;
static struct config config;
static struct poll *polls;
static struct findings *findings;
static struct tally *tally;
static struct poll_stats stats;

static int
begin(void **state)
{
	static const char *const files[][2] = {
	    {"ip_local_port_range", "40000\t40099\n"},
	    {"ip_local_reserved_ports", "40090-40099\n"},
	    {"tcp_tw_reuse", "2\n"},
	    {"tcp_timestamps", "1\n"},
	};
	directory_make(&directory);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char name[128];
		snprintf(name, sizeof(name), "proc/sys/net/ipv4/%s", files[i][0]);
		directory_text(&directory, name, files[i][1]);
	}
	snprintf(proc, sizeof(proc), "%s/proc", directory.path);
	snprintf(tape, sizeof(tape), "%s/tape", directory.path);
	config_init(&config);
	options = (struct options){.proc_root = proc, .sys_root = "/nonexistent"};
	return mock_begin(state);
}

static void
drop(void)
{
	findings_free(findings);
	tally_free(tally);
	findings = NULL;
	tally = NULL;
}

static int
end(void **state)
{
	drop();
	poll_close(polls);
	polls = NULL;
	config_free(&config);
	directory_remove(&directory);
	return mock_end(state);
}

static void
open_polls(bool history)
{
	const struct poll_setup setup = {
	    .options = &options, .config = &config, .history = history};
	polls = poll_open(&setup, error, sizeof(error));
	assert_non_null(polls);
}

/* One poll that must succeed, and what it found. */
static void
run(void)
{
	drop();
	kernel.sent = 0;
	assert_int_equal(poll_run(polls), POLL_DONE);
	assert_false(poll_busy(polls));
	assert_int_equal(poll_fd(polls), -1);
	findings = poll_take(polls, NULL, NULL, &tally, &stats);
	assert_non_null(findings);
	assert_ptr_equal(findings->tally, tally);
	assert_int_equal(stats.sockets, 2);
	assert_int_equal(tally->range.capacity, 88);
	assert_int_equal(tally->pool_count, 1);
}

/* Those of the tally that do not depend on the kernel beneath this test. */
static uint32_t
features(void)
{
	return tally->features & ~(1U << FEATURE_LETS_GO);
}

static bool
kernel_is_asked_for_udp(void)
{
	return kernel.sent > 0 && kernel.requests[kernel.sent - 1].dump == 'U';
}

static void
again_and_again(void **state)
{
	(void)state;
	open_polls(true);
	for (unsigned i = 0; i < 4; i++) {
		run();
		assert_int_equal(stats.light, 0);
		assert_int_equal(stats.carried, 0);
		assert_int_equal(features(), BOTH | IDLE | EXPLICIT);
		assert_null(poll_trouble(polls));
		assert_null(poll_failures(polls));
	}
}

/* What one poll has seen the kernel do holds for the next, without a socket to show it. */
static void
features_stay_known(void **state)
{
	(void)state;
	kernel.shows_cgroup = true;
	open_polls(true);
	run();
	kernel.shows_cgroup = false;
	run();
	assert_int_equal(features(), BOTH | IDLE | EXPLICIT | 1U << FEATURE_CGROUP);
}

static void
a_poll_that_fails_takes_nothing_along(void **state)
{
	(void)state;
	open_polls(true);
	run();
	kernel.receive_fails = EAGAIN;
	assert_int_equal(poll_run(polls), POLL_FAILED);
	assert_string_equal(poll_error(polls), "dump of listeners: it did not "
					       "end: Connection timed out");
	assert_false(poll_busy(polls));
	run();
	assert_int_equal(poll_begin(polls, false), POLL_MORE);
	assert_true(poll_busy(polls));
	assert_int_equal(poll_fd(polls), kernel.fd);
	assert_int_equal(poll_give_up(polls), POLL_FAILED);
	run();
	directory_text(&directory, "proc/sys/net/ipv4/ip_local_port_range", "2 1\n");
	assert_int_equal(poll_begin(polls, false), POLL_FAILED);
	assert_non_null(strstr(poll_error(polls), "ip_local_port_range: expected two ports"));
}

static void
a_recording_says_the_same(void **state)
{
	(void)state;
	options.record = tape;
	open_polls(false);
	run();
	uint32_t features = tally->features, remaining = tally->pools[0].usage.remaining;
	drop();
	poll_close(polls);
	options.record = NULL;
	options.replay = tape;
	options.proc_root = "/nonexistent";
	open_polls(false);
	run();
	assert_int_equal(tally->features, features);
	assert_int_equal(tally->pools[0].usage.remaining, remaining);
	assert_int_equal(tally->udp.rows[0].used, 1);
	assert_int_equal(stats.duration_us, 0);
}

static void
recordings_that_cannot_be_written(void **state)
{
	const struct poll_setup setup = {.options = &options, .config = &config};
	(void)state;
	options.record = "/dev/full";
	open_polls(false);
	assert_int_equal(poll_run(polls), POLL_FAILED);
	assert_string_equal(poll_error(polls), "/dev/full: it could not be written whole");
	options.record = "/nonexistent/tape";
	assert_null(poll_open(&setup, error, sizeof(error)));
	assert_string_equal(error, "/nonexistent/tape: No such file or directory");
}

/* What the next poll asks for. */
static void
assert_asks(const char *dumps)
{
	char asked[MOCK_REQUESTS_MAX + 1] = "";
	drop();
	kernel.sent = 0;
	assert_int_equal(poll_run(polls), POLL_DONE);
	for (unsigned i = 0; i < kernel.sent; i++)
		asked[i] = kernel.requests[i].dump;
	assert_string_equal(asked, dumps);
	findings = poll_take(polls, NULL, NULL, &tally, &stats);
	assert_non_null(findings);
}

/* What it may have accepted was taken for outgoing: once more, and then with it. Where listeners
 * come at each moment there is an end all the same. */
static void
a_listener_that_comes_late_is_there_at_the_second_time(void **state)
{
	(void)state;
	open_polls(false);
	kernel.late = 40000;
	assert_asks("HESHHESHUU"); /* UDP once, at the end */
	assert_int_equal(tally->range.listening, 2);
	/* Nobody is on its port. */
	kernel.late = 40098;
	assert_asks("HESHUU");
}

static void
explicit_binds_are_asked_for_where_there_are_connections(void **state)
{
	(void)state;
	open_polls(true);
	kernel.lonely = true;
	for (unsigned i = 0; i < LIGHT_ALONE_FROM; i++)
		assert_asks("HESHUU");
	assert_asks("HLSHUU");
	assert_asks("HLSHUU");
	assert_int_equal(tally->range.capacity, 89);
	kernel.lonely = false;
	assert_asks("HLSHHESHUU"); /* its port was given by bind(): begun anew */
	assert_int_equal(tally->range.capacity, 88);
	assert_int_equal(tally->totals.sockets, 2);
	assert_int_equal(tally->pools[0].usage.connections, 1);
	assert_asks("HESHUU");
}

static void
a_poll_alone_is_of_one_range(void **state)
{
	(void)state;
	open_polls(true);
	kernel.lonely = true;
	for (unsigned i = 0; i < LIGHT_ALONE_FROM; i++)
		assert_asks("HESHUU");
	directory_text(&directory, "proc/sys/net/ipv4/ip_local_port_range", "40000\t40097\n");
	assert_asks("HESHUU");
}

/* Each poll has what UDP sockets hold; where the kernel does not say it, that it does not. */
static void
udp_or_why_not(void **state)
{
	(void)state;
	open_polls(true);
	run();
	assert_true(tally->udp.available);
	assert_int_equal(tally->udp.count, 3);
	assert_int_equal(tally->udp.rows[0].remaining, 89);
	assert_int_equal(findings->udp[0].severity, SEVERITY_WARNING);
	kernel.no_udp = ENOENT;
	run();
	assert_false(tally->udp.available);
	assert_int_equal(tally->udp.count, 0);
	assert_string_equal(tally->udp.reason,
			    "the kernel does not list UDP sockets: modprobe udp_diag");
	kernel.no_udp = EPERM;
	run();
	assert_string_equal(tally->udp.reason,
			    "the kernel does not list UDP sockets: Operation not permitted");
	kernel.no_udp = 0;
	kernel.udp_fails = true;
	run(); /* the others are there */
	assert_false(tally->udp.available);
	assert_non_null(strstr(tally->udp.reason, "dump of UDP sockets: "));
	kernel.udp_fails = false;
	run();
	assert_true(tally->udp.available);
	assert_string_equal(tally->udp.reason, "");
	assert_int_equal(tally->udp.rows[2].used, 1);
}

/* What is known of TCP does not wait for it. */
static void
udp_that_takes_too_long_is_given_up(void **state)
{
	(void)state;
	const struct poll_setup setup = {
	    .options = &options, .config = &config, .history = true, .udp_us = 1};
	polls = poll_open(&setup, error, sizeof(error));
	assert_non_null(polls);
	for (unsigned i = 0; i < 3; i++) {
		kernel.sent = 0;
		assert_int_equal(poll_begin(polls, false), POLL_MORE);
		enum poll_step result = POLL_MORE;
		while (result == POLL_MORE && !kernel_is_asked_for_udp())
			result = poll_read(polls);
		assert_int_equal(result, POLL_MORE);
		uint64_t cpu_us = clock_cpu_us();
		while (clock_cpu_us() < cpu_us + 2)
			;
		assert_int_equal(poll_read(polls), POLL_DONE);
		drop();
		findings = poll_take(polls, NULL, NULL, &tally, &stats);
		assert_non_null(findings);
		assert_int_equal(stats.sockets, 2);
		assert_false(tally->udp.available);
		assert_non_null(strstr(tally->udp.reason, "too long"));
	}
}

static void
a_recording_without_udp(void **state)
{
	(void)state;
	options.record = tape;
	kernel.no_udp = ENOENT;
	open_polls(false);
	run();
	drop();
	poll_close(polls);
	options.record = NULL;
	options.replay = tape;
	open_polls(false);
	run();
	assert_false(tally->udp.available);
	assert_string_equal(tally->udp.reason, "the recording has no UDP sockets");
}

/* Without memory a poll fails and says so, or misses what can be done without; and the next one,
 * with memory, is as if nothing had been. */
static void
memory_runs_out_anywhere(void **state)
{
	bool failed = true;
	(void)state;
	open_polls(true);
	run();
	for (unsigned n = 1; failed; n++) {
		drop();
		assert_true(n < 200);
		allocations_fail_from(n);
		enum poll_step step = poll_run(polls);
		if (step == POLL_DONE)
			findings = poll_take(polls, NULL, NULL, &tally, &stats);
		failed = allocations_fail_from(0);
		assert_true(step != POLL_MORE && (failed || findings != NULL));
		if (step == POLL_FAILED)
			assert_non_null(strcasestr(poll_error(polls), "memory"));
		run();
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(again_and_again),
	    CASE(features_stay_known),
	    CASE(a_poll_that_fails_takes_nothing_along),
	    CASE(a_recording_says_the_same),
	    CASE(recordings_that_cannot_be_written),
	    CASE(a_listener_that_comes_late_is_there_at_the_second_time),
	    CASE(explicit_binds_are_asked_for_where_there_are_connections),
	    CASE(a_poll_alone_is_of_one_range),
	    CASE(udp_or_why_not),
	    CASE(udp_that_takes_too_long_is_given_up),
	    CASE(a_recording_without_udp),
	    CASE(memory_runs_out_anywhere),
	};
	return cmocka_run_group_tests_name("poll", tests, NULL, NULL);
}

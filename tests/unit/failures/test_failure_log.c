/* SPDX-License-Identifier: ISC */
#include "failures/failure_log.h"
#include "one_host.h"

static struct failure_log fails;

/* The marks of the tally at that moment. */
static void
apply(uint64_t now_ms)
{
	failure_log_mark(&fails, host.tally, now_ms, host.marks);
	host.failure_log = &fails;
	host_find(&host);
}

static const struct failure_mark *
pool_mark(const char *local, const char *peer, uint16_t port)
{
	return &host_pool_found(&host, local, peer, port)->failed;
}

static const struct failure_mark *
peer_mark(const char *peer)
{
	return &host_peer_found(&host, peer)->failed;
}

static int
empty(void **state)
{
	(void)state;
	memset(&fails, 0, sizeof(fails));
	host_with_range(40000, 40999, "");
	return 0;
}

static bool
fail_in(enum failure_place place, const char *local, const char *peer, uint16_t port,
	uint64_t when_ms, uint32_t pid, const char *name)
{
	const struct failure_sample sample = {.local = address(local),
					      .peer = address(peer),
					      .port = port,
					      .pid = pid,
					      .time_ns = when_ms * 1000000 + 999999};
	const struct failure_process process = {place, name, ""};
	return failure_log_add(&fails, &sample, &process);
}

static bool
failed_at(const char *local, const char *peer, uint16_t port, uint64_t when_ms)
{
	return fail_in(FAILED_HERE, local, peer, port, when_ms, 1, "x");
}

static void
test_pools_and_last(void **state)
{
	(void)state;
	assert_null(failure_log_last(&fails));
	fail_in(FAILED_HERE, "10.0.0.9", "10.1.2.3", 443, 1000, 812, "java");
	fail_in(FAILED_HERE, "10.0.0.9", "10.1.2.3", 443, 2000, 813, "curl");
	fail_in(FAILED_HERE, "10.0.0.9", "10.1.2.3", 80, 3000, 0, "");
	fail_in(FAILED_HERE, "10.0.0.8", "10.1.2.3", 443, 4000, 7, "a");
	fail_in(FAILED_ELSEWHERE, "10.0.0.9", "10.1.2.3", 443, 5000, 9, "b");
	assert_int_equal(fails.pool_count, 4);
	assert_int_equal(fails.pools[0].count, 2);
	assert_int_equal(fails.pools[0].last_ms, 2000);
	assert_int_equal(fails.pools[0].pid, 813);
	assert_string_equal(fails.pools[0].process, "curl");
	assert_ptr_equal(failure_log_last(&fails), &fails.pools[3]);
	assert_int_equal(failure_log_last(&fails)->place, FAILED_ELSEWHERE);
}

/* One ring is read after another: an older failure may come later. */
static void
test_out_of_order(void **state)
{
	(void)state;
	fail_in(FAILED_HERE, "10.0.0.9", "10.1.2.3", 443, 2000, 812, "java");
	fail_in(FAILED_HERE, "10.0.0.9", "10.1.2.3", 80, 1000, 813, "curl");
	fail_in(FAILED_HERE, "10.0.0.9", "10.1.2.3", 443, 1500, 814, "late");
	assert_int_equal(failure_log_last(&fails)->port, 443);
	assert_int_equal(failure_log_last(&fails)->last_ms, 2000);
	assert_string_equal(failure_log_last(&fails)->process, "java");
	assert_int_equal(fails.pools[0].count, 2);
}

static void
test_news(void **state)
{
	(void)state;
	assert_true(failed_at("10.0.0.9", "10.1.2.3", 443, 100000));
	assert_false(failed_at("10.0.0.9", "10.1.2.3", 443, 100000));
	assert_true(failed_at("10.0.0.9", "10.1.2.3", 80, 100000));
	assert_false(failed_at("10.0.0.9", "10.1.2.3", 443, 159999));
	assert_true(failed_at("10.0.0.9", "10.1.2.3", 443, 219999));
}

static void
test_the_quietest_makes_place(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FAILURE_LOG_POOLS; i++)
		failed_at("10.0.0.9", "10.1.2.3", (uint16_t)(1000 + i), 1000 + i);
	failed_at("10.0.0.9", "10.1.2.3", 1000, 5000);
	assert_int_equal(fails.forgot_ms, 0);
	failed_at("10.0.0.9", "10.1.2.3", 9999, 6000);
	assert_int_equal(fails.forgot_ms, 6000);
	failed_at("10.0.0.9", "10.1.2.3", 9999, 6100);
	assert_int_equal(fails.forgot_ms, 6000);
	assert_int_equal(fails.pool_count, FAILURE_LOG_POOLS);
	assert_int_equal(fails.pools[0].port, 1000);
	assert_int_equal(fails.pools[0].count, 2);
	assert_int_equal(fails.pools[1].port, 9999); /* where 1001 was */
	assert_int_equal(fails.pools[1].count, 2);
	assert_int_equal(failure_log_last(&fails)->port, 9999);
}

/* Each news makes a poll: of more pools than there is room for, taking turns, none may be. */
static void
test_too_many_pools_are_no_news(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 3; turn++)
		for (unsigned i = 0; i < FAILURE_LOG_POOLS + 1; i++)
			assert_int_equal(failed_at("10.0.0.9", "10.1.2.3", (uint16_t)(1000 + i),
						   1000 + 200 * turn + i),
					 turn == 0 && i < FAILURE_LOG_POOLS);
	/* Once they have been quiet, what fails first is. */
	assert_true(failed_at("10.0.0.9", "10.1.2.3", 9999, 61500));
	assert_false(failed_at("10.0.0.9", "10.1.2.3", 9999, 61501));
}

static void
test_a_recent_failure_is_critical(void **state)
{
	struct target target = target_of("10.1.2.0/24"), other = target_of("10.9.9.9");
	struct target targets[] = {target, other};
	(void)state;
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.1.2.3", 443, 40000, 3, 1);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.1.2.3", 80, 40010, 3, 1);
	/* Of all other ports few are free: any connect() may fail. */
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.9.0.1", 80, 40020, 960, 1);
	failed_at("10.0.0.9", "10.1.2.3", 443, 100000);
	failed_at("10.0.0.9", "10.1.2.3", 443, 100001);
	failed_at("10.0.0.9", "10.1.2.3", 80, 40000);
	failed_at("10.0.0.9", "10.1.2.4", 80,
		  100000); /* no socket there: no pool, but the target's */
	host_tally(&host, targets, 2);
	apply(100000 + 59999);

	const struct finding *f = host_pool_found(&host, "10.0.0.9", "10.1.2.3", 443);
	assert_int_equal(f->failed.count, 2);
	assert_int_equal(f->failed.recent, 2);
	const struct usage *u = host_pool(&host, "10.0.0.9", "10.1.2.3", 443);
	assert_int_equal(u->remaining, 997); /* the numbers stay what they are */
	assert_int_equal(u->percent, 0);

	f = host_pool_found(&host, "10.0.0.9", "10.1.2.3", 80);
	assert_int_equal(f->failed.count, 1);
	assert_false(f->failed.recent);

	f = host_peer_found(&host, "10.1.2.3");
	assert_int_equal(f->failed.count, 3);
	assert_true(f->failed.recent);

	f = host.findings->targets;
	assert_int_equal(f[0].failed.count, 4);
	assert_int_equal(f[0].verdict.severity, SEVERITY_CRITICAL);
	assert_int_equal(f[0].verdict.cause, CAUSE_FAILURES);
	assert_int_equal(f[1].failed.count, 0);
	assert_int_equal(f[1].verdict.severity, SEVERITY_NORMAL);

	/* A target speaks for its pools; without one they and the peer are critical themselves. */
	host_tally(&host, NULL, 0);
	apply(100000 + 59999);
	f = host_pool_found(&host, "10.0.0.9", "10.1.2.3", 443);
	assert_int_equal(f->verdict.severity, SEVERITY_CRITICAL);
	assert_int_equal(f->verdict.cause, CAUSE_FAILURES);
	assert_int_equal(host_pool_found(&host, "10.0.0.9", "10.1.2.3", 80)->verdict.severity,
			 SEVERITY_NORMAL);
	assert_int_equal(host_peer_found(&host, "10.1.2.3")->verdict.severity, SEVERITY_CRITICAL);
}

static void
test_a_minute_later_it_is_over(void **state)
{
	(void)state;
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.1.2.3", 443, 40000, 3, 1);
	failed_at("10.0.0.9", "10.1.2.3", 443, 100000);
	host_tally(&host, NULL, 0);
	apply(160000);
	const struct finding *f = host_pool_found(&host, "10.0.0.9", "10.1.2.3", 443);
	assert_int_equal(f->failed.count, 1);
	assert_false(f->failed.recent);
	assert_int_equal(f->verdict.severity, SEVERITY_NORMAL);
	assert_int_equal(f->verdict.cause, CAUSE_NONE);
}

static void
test_other_namespaces_are_not_ours(void **state)
{
	struct target target = target_of("127.0.0.1");
	(void)state;
	host_connect(&host, STATE_ESTABLISHED, "127.0.0.1", "127.0.0.1", 443, 40000, 3, 1);
	fail_in(FAILED_ELSEWHERE, "127.0.0.1", "127.0.0.1", 443, 100000, 5, "x");
	host_tally(&host, &target, 1);
	apply(100000);
	assert_int_equal(pool_mark("127.0.0.1", "127.0.0.1", 443)->count, 0);
	assert_int_equal(peer_mark("127.0.0.1")->count, 0);
	assert_int_equal(host.findings->targets[0].failed.count, 0);
}

/* Nobody knows where: ours if the pool is nearly full, and then it stays ours. */
static void
test_unknown_places(void **state)
{
	struct target target = target_of("127.0.0.1:443");
	(void)state;
	fail_in(FAILED_UNKNOWN, "127.0.0.1", "127.0.0.1", 443, 100000, 0, "");
	host_connect(&host, STATE_ESTABLISHED, "127.0.0.1", "127.0.0.1", 443, 40000, 899, 1);
	host_tally(&host, &target, 1);
	apply(100000);
	assert_int_equal(pool_mark("127.0.0.1", "127.0.0.1", 443)->count, 0);
	assert_int_equal(peer_mark("127.0.0.1")->count, 0);
	assert_int_equal(host.findings->targets[0].failed.count, 0);

	host_connect(&host, STATE_ESTABLISHED, "127.0.0.1", "127.0.0.1", 443, 40899, 1, 1);
	host_tally(&host, &target, 1);
	apply(100000);
	assert_int_equal(pool_mark("127.0.0.1", "127.0.0.1", 443)->count, 1);
	assert_int_equal(peer_mark("127.0.0.1")->count, 1);
	assert_int_equal(host.findings->targets[0].failed.count, 1);

	host_with_range(40000, 40999, "");
	host_connect(&host, STATE_ESTABLISHED, "127.0.0.1", "127.0.0.1", 443, 40000, 1, 1);
	host_tally(&host, NULL, 0);
	apply(100001);
	assert_true(pool_mark("127.0.0.1", "127.0.0.1", 443)->recent);

	/* One whose process could be asked settles it for the others. */
	fail_in(FAILED_UNKNOWN, "127.0.0.1", "127.0.0.1", 80, 100000, 0, "");
	fail_in(FAILED_HERE, "127.0.0.1", "127.0.0.1", 80, 100000, 7, "x");
	assert_int_equal(fails.pool_count, 2);
	assert_int_equal(fails.pools[1].place, FAILED_HERE);
	assert_int_equal(fails.pools[1].count, 2);
}

static uint32_t
failures_on(uint32_t device)
{
	for (uint32_t i = 0; i < host.tally->pool_count; i++)
		if (host.tally->pools[i].local.zone == device)
			return host.findings->pools[i].failed.count;
	return UINT32_MAX;
}

/* The kernel's record names no device. */
static void
test_devices(void **state)
{
	struct diag_socket unbound =
	    socket_of(STATE_ESTABLISHED, "10.0.0.9", 40050, "10.1.2.3", 443);
	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		host_add(&host, DIAG_SOCKETS,
			 on_device(socket_of(STATE_ESTABLISHED, "10.0.0.9", (uint16_t)(40000 + i),
					     "10.1.2.3", 443),
				   i < 2 ? 3 : 4));
	failed_at("10.0.0.9", "10.1.2.3", 443, 100000);
	host_tally(&host, NULL, 0);
	apply(100000);
	/* The tightest: three on device 4. */
	assert_int_equal(failures_on(3), 0);
	assert_int_equal(failures_on(4), 1);

	host_add(&host, DIAG_SOCKETS, unbound);
	host_tally(&host, NULL, 0);
	apply(100000);
	assert_int_equal(failures_on(0), 1);
	assert_int_equal(failures_on(4), 0);
}

static void
link_local(uint16_t local_port, uint16_t port, uint32_t device)
{
	host_add(&host, DIAG_SOCKETS,
		 on_device(socket_of(STATE_ESTABLISHED, "fe80::9", local_port, "fe80::1", port),
			   device));
}

/* A counter does not go back when one of the peer's pools has no socket left; of peers that differ
 * in their device only, it stays the same one's. */
static void
test_a_peer_keeps_its_failures(void **state)
{
	(void)state;
	failed_at("10.0.0.9", "10.1.2.3", 443, 100000);
	failed_at("10.0.0.9", "10.1.2.3", 80, 100000);
	failed_at("fe80::9", "fe80::1", 443, 100000);
	for (unsigned round = 0; round < 2; round++) {
		host_with_range(40000, 40999, "");
		host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.1.2.3", 443, 40000, 3, 1);
		link_local(40100, 80, 3);
		link_local(40101, 80, 4);
		if (round == 0) {
			host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.1.2.3", 80, 40010, 3,
				     1);
			link_local(40102, 443, 4);
		}
		host_tally(&host, NULL, 0);
		apply(100001);
		assert_int_equal(peer_mark("10.1.2.3")->count, 2);
		assert_int_equal(peer_mark("fe80::1%3")->count, 0);
		assert_int_equal(peer_mark("fe80::1%4")->count, 1);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, empty, host_teardown)

static void
fail_in_space(const char *space, uint64_t when_ms)
{
	const struct failure_sample sample = {.local = address("10.0.0.9"),
					      .peer = address("10.1.2.3"),
					      .port = 443,
					      .time_ns = when_ms * 1000000};
	const struct failure_process process = {FAILED_ELSEWHERE, "", space};
	failure_log_add(&fails, &sample, &process);
}

static void
test_other_namespaces_are_counted(void **state)
{
	(void)state;
	fail_in_space("blue", 1000);
	fail_in_space("green", 1001);
	fail_in_space("blue", 1002);
	fail_in_space("", 1003);
	failed_at("10.0.0.9", "10.1.2.3", 443, 1004);
	assert_int_equal(failure_log_space(&fails, "blue"), 2);
	assert_int_equal(failure_log_space(&fails, "green"), 1);
	assert_int_equal(failure_log_space(&fails, "red"), 0);
	assert_int_equal(failure_log_space(&fails, ""), 0);
	/* The quietest makes place, and that is told. */
	for (int i = 0; i < FAILURE_LOG_SPACES - 1; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(fails.forgot_ms, 0);
		fail_in_space(name, (uint64_t)(2000 + i));
	}
	assert_int_equal(fails.forgot_ms, 2000 + FAILURE_LOG_SPACES - 2);
	assert_int_equal(failure_log_space(&fails, "green"), 0);
	assert_int_equal(failure_log_space(&fails, "blue"), 2);
	fail_in_space("green", 5000);
	assert_int_equal(failure_log_space(&fails, "blue"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_pools_and_last),
	    CASE(test_other_namespaces_are_counted),
	    CASE(test_out_of_order),
	    CASE(test_news),
	    CASE(test_the_quietest_makes_place),
	    CASE(test_too_many_pools_are_no_news),
	    CASE(test_a_recent_failure_is_critical),
	    CASE(test_a_minute_later_it_is_over),
	    CASE(test_other_namespaces_are_not_ours),
	    CASE(test_unknown_places),
	    CASE(test_devices),
	    CASE(test_a_peer_keeps_its_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

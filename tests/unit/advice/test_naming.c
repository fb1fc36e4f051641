/* SPDX-License-Identifier: ISC */
#include "advice/advice.h"
#include "advice/naming.h"
#include "failures/failure_log.h"
#include "one_host.h"

static struct failure_log fails;
static struct owner owners[8];
static struct owner_list list;

static int
set_up(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	host_connect(&host, STATE_CLOSE_WAIT, "10.0.0.9", "10.1.2.3", 443, 40000, 20, 1);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.1.2.3", 80, 40100, 20, 1);
	memset(&fails, 0, sizeof(fails));
	list = (struct owner_list){.owners = owners};
	return 0;
}

static void
tally(const struct target *targets, uint32_t count)
{
	host_tally(&host, targets, count);
	host.tally->failure_log = &fails;
	host.tally->owners = &list;
	failure_log_apply(&fails, host.tally, 100000);
}

static void
owned(uint16_t port, uint32_t pid, const char *unit, uint32_t connections, uint32_t close_wait)
{
	list.pools[list.pool_count++] = (struct owner_pool){.local = address("10.0.0.9"),
							    .peer = address("10.1.2.3"),
							    .port = port,
							    .first = list.owner_count,
							    .count = 1};
	owners[list.owner_count] = (struct owner){.kind = OWNER_PROCESS,
						  .pid = pid,
						  .cgroup = pid,
						  .process = "java",
						  .connections = connections,
						  .close_wait = close_wait};
	strcpy(owners[list.owner_count++].unit, unit);
}

static void
failed(uint16_t port, uint64_t when_ms, uint32_t pid, enum failure_place place)
{
	const struct failure_sample sample = {.local = address("10.0.0.9"),
					      .peer = address("10.1.2.3"),
					      .port = port,
					      .pid = pid,
					      .time_ns = when_ms * 1000000};
	const struct failure_process process = {place, pid == 7 ? "" : "curl"};
	failure_log_add(&fails, &sample, &process);
}

static void
assert_names(const struct naming_subject *subject, const struct usage *usage, const char *holder,
	     const char *who_failed)
{
	struct advice advice = {.usage = usage};
	struct naming naming;
	naming_put(host.tally, subject, &advice, &naming);
	assert_string_equal(advice.holder, holder);
	assert_string_equal(advice.failed, who_failed);
}

static void
test_pools_peers_targets(void **state)
{
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	struct target targets[] = {target_of("10.1.2.0/24"), target_of("10.1.2.3:80"),
				   target_of("10.9.0.0/16")};
	const struct usage any = {.cause = CAUSE_ESTABLISHED}, leak = {.cause = CAUSE_CLOSE_WAIT};
	(void)state;
	owned(443, 812, "payments.service", 20, 1);
	owned(80, 900, "web.service", 19, 5);
	failed(443, 90000, 1, FAILED_HERE);
	failed(80, 80000, 7, FAILED_HERE);
	failed(80, 95000, 3, FAILED_ELSEWHERE);
	tally(targets, 3);
	assert_names(&(struct naming_subject){.local = &local, .peer = &peer, .port = 443}, &any,
		     "payments.service (pid 812 java)", "curl (pid 1)");
	assert_names(&(struct naming_subject){.local = &local, .peer = &peer, .port = 80}, &any,
		     "web.service (pid 900 java)", "pid 7");
	assert_names(&(struct naming_subject){.peer = &peer}, &any,
		     "payments.service (pid 812 java)", "curl (pid 1)");
	assert_names(&(struct naming_subject){.peer = &peer}, &leak, "web.service (pid 900 java)",
		     "curl (pid 1)");
	assert_names(&(struct naming_subject){.target = &targets[0]}, &any,
		     "payments.service (pid 812 java)", "curl (pid 1)");
	assert_names(&(struct naming_subject){.target = &targets[1]}, &any,
		     "web.service (pid 900 java)", "pid 7");
	assert_names(&(struct naming_subject){.target = &targets[2]}, &any, "", "");
}

static void
test_nothing_known(void **state)
{
	const struct usage any = {.cause = CAUSE_ESTABLISHED};
	(void)state;
	tally(NULL, 0);
	host.tally->failure_log = NULL;
	host.tally->owners = NULL;
	assert_names(&(struct naming_subject){0}, &any, "", "");
}

/* The sentence that an operator gets. */
static void
test_the_culprit_is_named(void **state)
{
	struct target target = target_of("10.1.2.3:443");
	char text[ADVICE_MAX];
	(void)state;
	target.levels.raise.close_wait = 15;
	owned(443, 812, "payments.service", 20, 20);
	tally(&target, 1);
	assert_string_equal(advice_target(host.tally, &host.tally->targets[0], text),
			    "CLOSE_WAIT 20 of 20, held by payments.service (pid 812 java): it does "
			    "not close its sockets; restart it");
	assert_string_equal(advice_system(host.tally, text),
			    "10.1.2.3:443: CLOSE_WAIT 20 of 20, held by payments.service (pid 812 "
			    "java): it does not close its sockets; restart it");
}

/* An alarm's sentence may stand alone. */
static void
test_an_alarm_of_a_leak_names_the_peer(void **state)
{
	char text[ADVICE_MAX];
	(void)state;
	owned(443, 812, "payments.service", 20, 20);
	tally(NULL, 0);
	struct peer_tally *peer = &host.tally->peers[host.tally->pools[0].peer_position];
	struct pool_tally *pool = &host.tally->pools[0];
	assert_int_equal(pool->port, 443);
	peer->usage.cause = pool->usage.cause = CAUSE_CLOSE_WAIT;
	peer->usage.severity = SEVERITY_WARNING;
	assert_string_equal(advice_peer_alarm(host.tally, peer, text),
			    "CLOSE_WAIT 20 of 40 to 10.1.2.3, held by payments.service (pid 812 "
			    "java): it does not close its sockets; restart it");
	assert_string_equal(advice_pool_alarm(host.tally, pool, text),
			    "CLOSE_WAIT 20 of 20 to 10.1.2.3:443, held by payments.service (pid "
			    "812 java): it does not close its sockets; restart it");
	assert_string_equal(advice_pool(host.tally, pool, text),
			    "CLOSE_WAIT 20 of 20, held by payments.service (pid 812 java): it does "
			    "not close its sockets; restart it");
}

static void
test_who_failed_is_named(void **state)
{
	char text[ADVICE_MAX];
	static const char begin[] = "failed connect() calls (1, the last in curl (pid 1)): 20 of "
				    "1,000 ports in use, 980 left";
	(void)state;
	failed(443, 90000, 1, FAILED_HERE);
	tally(NULL, 0);
	for (uint32_t i = 0; i < host.tally->pool_count; i++) {
		const struct pool_tally *pool = &host.tally->pools[i];
		if (pool->port != 443)
			continue;
		advice_pool(host.tally, pool, text);
		assert_memory_equal(text, begin, strlen(begin));
	}
	advice_peer_alarm(host.tally, host_peer(&host, "10.1.2.3"), text);
	assert_non_null(strstr(text, "the last in curl (pid 1)"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pools_peers_targets, set_up, host_teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_known, set_up, host_teardown),
	    cmocka_unit_test_setup_teardown(test_the_culprit_is_named, set_up, host_teardown),
	    cmocka_unit_test_setup_teardown(test_an_alarm_of_a_leak_names_the_peer, set_up,
					    host_teardown),
	    cmocka_unit_test_setup_teardown(test_who_failed_is_named, set_up, host_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

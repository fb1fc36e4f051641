/* SPDX-License-Identifier: ISC */
#include "advice/advice.h"
#include "failures/failure_log.h"
#include "one_host.h"

static struct failure_log fails;
static struct owner owners[8];
static struct owner_list list;
static struct scene scene;

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
	host_count(&host, targets, count);
	failure_log_mark(&fails, host.tally, 100000, host.marks);
	host.failure_log = &fails;
	host_find(&host);
	scene = (struct scene){host.findings, &list, true, NULL};
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
	const struct failure_process process = {place, pid == 7 ? "" : "curl", ""};
	failure_log_add(&fails, &sample, &process);
}

static void
assert_names(const struct naming_subject *subject, const struct finding *finding,
	     const char *holder, const char *who_failed)
{
	struct matter matter = {.finding = finding};
	struct naming naming;
	remedy_name(&scene, subject, &matter, &naming);
	assert_string_equal(matter.holder, holder);
	assert_string_equal(matter.failed, who_failed);
}

static void
test_pools_peers_targets(void **state)
{
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	struct target targets[] = {target_of("10.1.2.0/24"), target_of("10.1.2.3:80"),
				   target_of("10.9.0.0/16")};
	const struct finding any = {.verdict.cause = CAUSE_ESTABLISHED},
			     leak = {.verdict.cause = CAUSE_CLOSE_WAIT};
	(void)state;
	owned(443, 812, "payments.service", 20, 1);
	owned(80, 900, "web.service", 19, 5);
	failed(443, 90000, 1, FAILED_HERE);
	failed(80, 80000, 7, FAILED_HERE);
	failed(80, 95000, 3, FAILED_ELSEWHERE);
	tally(targets, 3);
	assert_names(&(struct naming_subject){.local = &local, .peer = &peer, .port = 443}, &any,
		     "\"payments.service\" (pid 812 \"java\")", "\"curl\" (pid 1)");
	assert_names(&(struct naming_subject){.local = &local, .peer = &peer, .port = 80}, &any,
		     "\"web.service\" (pid 900 \"java\")", "pid 7");
	assert_names(&(struct naming_subject){.peer = &peer}, &any,
		     "\"payments.service\" (pid 812 \"java\")", "\"curl\" (pid 1)");
	assert_names(&(struct naming_subject){.peer = &peer}, &leak,
		     "\"web.service\" (pid 900 \"java\")", "\"curl\" (pid 1)");
	assert_names(&(struct naming_subject){.target = &targets[0]}, &any,
		     "\"payments.service\" (pid 812 \"java\")", "\"curl\" (pid 1)");
	assert_names(&(struct naming_subject){.target = &targets[1]}, &any,
		     "\"web.service\" (pid 900 \"java\")", "pid 7");
	assert_names(&(struct naming_subject){.target = &targets[2]}, &any, "", "");
}

static void
test_nothing_known(void **state)
{
	const struct finding any = {.verdict.cause = CAUSE_ESTABLISHED};
	(void)state;
	tally(NULL, 0);
	host.failure_log = NULL;
	host_find(&host);
	scene = (struct scene){host.findings, NULL, false, NULL};
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
	assert_string_equal(
	    advice_target(&scene, 0, text),
	    "CLOSE_WAIT 20 of 20, held by \"payments.service\" (pid 812 \"java\"): it does "
	    "not close its sockets; restart it");
	assert_string_equal(advice_system(&scene, text),
			    "10.1.2.3:443: CLOSE_WAIT 20 of 20, held by \"payments.service\" (pid "
			    "812 \"java\"): it does not close its sockets; restart it");
}

/* An alarm's sentence may stand alone. */
static void
test_an_alarm_of_a_leak_names_the_peer(void **state)
{
	char text[ADVICE_MAX];
	(void)state;
	owned(443, 812, "payments.service", 20, 20);
	tally(NULL, 0);
	assert_int_equal(host.tally->pools[0].port, 443);
	struct standing standing = {.subject.kind = ALARM_PEER,
				    .measured = {SEVERITY_WARNING, CAUSE_CLOSE_WAIT},
				    .row = host.tally->pools[0].peer_position};
	assert_string_equal(advice_alarm(&scene, &standing, text),
			    "CLOSE_WAIT 20 of 40 to 10.1.2.3, held by \"payments.service\" (pid "
			    "812 \"java\"): it does not close its sockets; restart it");
	standing.subject.kind = ALARM_POOL;
	standing.row = 0;
	assert_string_equal(advice_alarm(&scene, &standing, text),
			    "CLOSE_WAIT 20 of 20 to 10.1.2.3:443, held by \"payments.service\" "
			    "(pid 812 \"java\"): it does not close its sockets; restart it");
	host.findings->pools[0].verdict = standing.measured;
	assert_string_equal(
	    advice_pool(&scene, 0, text),
	    "CLOSE_WAIT 20 of 20, held by \"payments.service\" (pid 812 \"java\"): it does "
	    "not close its sockets; restart it");
}

static void
test_who_failed_is_named(void **state)
{
	char text[ADVICE_MAX];
	static const char begin[] =
	    "failed connect() calls (1, the last in \"curl\" (pid 1)): 20 of "
	    "1,000 ports in use, 980 left";
	(void)state;
	failed(443, 90000, 1, FAILED_HERE);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.9", "10.9.0.1", 80, 40040, 950, 1);
	tally(NULL, 0);
	for (uint32_t i = 0; i < host.tally->pool_count; i++) {
		if (host.tally->pools[i].port != 443)
			continue;
		advice_pool(&scene, i, text);
		assert_memory_equal(text, begin, strlen(begin));
	}
	const struct standing standing = {.subject.kind = ALARM_PEER,
					  .measured = {SEVERITY_CRITICAL, CAUSE_FAILURES},
					  .row = host.tally->pools[0].peer_position};
	advice_alarm(&scene, &standing, text);
	assert_non_null(strstr(text, "the last in \"curl\" (pid 1)"));
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

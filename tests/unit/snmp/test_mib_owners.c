/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "snmp/mib_owners.h"

#define PEER "1.4.10.1.2.3"
#define POOL PEER ".443.1.4.10.0.0.9"

static struct snapshot *snapshot;

/* Of two pools, not in MIB order. */
static struct owner owners[4];
static struct owner_list list = {.owners = owners, .owner_count = 4};

static void
fill_owners(void)
{
	for (uint32_t i = 0; i < 4; i++)
		owners[i] = (struct owner){.peer = address("10.1.2.3"),
					   .port = i < 2 ? 443 : 80,
					   .local = address("10.0.0.9"),
					   .number = i % 2 + 1,
					   .kind = OWNER_NOBODY,
					   .connections = 100 - i,
					   .taken_ms = 2500};
	owners[0].kind = OWNER_PROCESS;
	owners[0].close_wait = 99;
	owners[0].uid = 1000;
	owners[0].pid = 812;
	owners[0].open_files = 1020;
	owners[0].files = (struct file_limits){1024, PROCESS_UNLIMITED};
	strcpy(owners[0].process, "java");
	strcpy(owners[0].unit, "payments.service");
	strcpy(owners[0].path, "/system.slice/payments.service");
}

static int
set_up(void **state)
{
	struct pool_tally pool = {
	    .peer = address("10.1.2.3"), .port = 443, .local = address("10.0.0.9")};
	struct peer_tally peer = {.peer = address("10.1.2.3")};
	const struct tally tally = {
	    .pools = &pool, .pool_count = 1, .peers = &peer, .peer_count = 1};
	const struct alarm_list none = {.alarms = NULL};
	const struct poll_stats poll = {.made_ms = 10000};
	const struct row_limits limits = {10, 10, 10, 100, 10};
	(void)state;
	fill_owners();
	struct findings *findings = findings_of(&tally);
	findings->pools[0].failed.count = 17;
	findings->peers[0].failed.count = 18;
	findings->failures = (struct failure_state){.available = true,
						    .total = UINT64_C(0x100000005),
						    .lost = 4,
						    .last_ms = 2500,
						    .pool = "10.0.0.9 to 10.1.2.3:443",
						    .pid = 812,
						    .process = "java"};
	const struct scene scene = {findings, &list, true, NULL};
	snapshot = snapshot_build(&scene, &none, &poll, &limits, NULL);
	findings_free(findings);
	return snapshot == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	snapshot_release(snapshot);
	return 0;
}

static void
test_after_failures(void **state)
{
	(void)state;
	assert_number(snapshot, "6.1.0", MIB_INTEGER, 1);
	assert_text(snapshot, "6.2.0", "");
	assert_number(snapshot, "6.3.0", MIB_COUNTER, 5); /* it wraps */
	assert_number(snapshot, "6.4.0", MIB_COUNTER, 4);
	assert_number(snapshot, "6.5.0", MIB_GAUGE, 59);
	assert_text(snapshot, "6.6.0", "10.0.0.9 to 10.1.2.3:443");
	assert_number(snapshot, "6.7.0", MIB_GAUGE, 812);
	assert_text(snapshot, "6.8.0", "java");
	assert_number(snapshot, "11.1.27." PEER, MIB_COUNTER, 18);
	assert_number(snapshot, "12.1.27." POOL, MIB_COUNTER, 17);
}

static void
test_without_any(void **state)
{
	(void)state;
	snapshot->failures = (struct failure_state){.reason = "tracefs is not mounted"};
	assert_number(snapshot, "6.1.0", MIB_INTEGER, 2);
	assert_text(snapshot, "6.2.0", "tracefs is not mounted");
	for (unsigned object = 3; object <= 9; object++) {
		char text[16];
		snprintf(text, sizeof(text), "6.%u.0", object);
		assert_absent(snapshot, text);
	}
	/* No number that nobody counted. */
	assert_absent(snapshot, "11.1.27." PEER);
	assert_absent(snapshot, "12.1.27." POOL);
	assert_number(snapshot, "12.1.26." POOL, MIB_GAUGE, TIME_LEFT_NONE);
}

static void
test_before_the_first_failure(void **state)
{
	(void)state;
	snapshot->failures = (struct failure_state){.available = true};
	assert_number(snapshot, "6.3.0", MIB_COUNTER, 0);
	assert_number(snapshot, "6.4.0", MIB_COUNTER, 0);
	for (unsigned object = 5; object <= 8; object++) {
		char text[16];
		snprintf(text, sizeof(text), "6.%u.0", object);
		assert_absent(snapshot, text);
	}
	/* Started ten seconds before the view, under a master agent that runs for fifty. */
	assert_number(snapshot, "6.9.0", MIB_TICKS, 4000);
	/* A process that nobody can see. */
	snapshot->failures.last_ms = 62000;
	assert_number(snapshot, "6.5.0", MIB_GAUGE, 0);
	assert_absent(snapshot, "6.7.0");
	assert_absent(snapshot, "6.8.0");
	/* Counters of rows began anew five seconds ago. */
	snapshot->failures.forgot_ms = 57499;
	assert_number(snapshot, "6.9.0", MIB_TICKS, 4500);
}

static void
test_owners(void **state)
{
	(void)state;
	assert_text(snapshot, "15.1.6." POOL ".1", "\"payments.service\" (pid 812 \"java\")");
	assert_number(snapshot, "15.1.7." POOL ".1", MIB_GAUGE, 100);
	assert_number(snapshot, "15.1.22." POOL ".1", MIB_GAUGE, 99);
	assert_number(snapshot, "15.1.40." POOL ".1", MIB_INTEGER, 1);
	assert_number(snapshot, "15.1.41." POOL ".1", MIB_GAUGE, 1000);
	assert_text(snapshot, "15.1.44." POOL ".1", "payments.service");
	assert_text(snapshot, "15.1.45." POOL ".1", "/system.slice/payments.service");
	assert_number(snapshot, "15.1.49." POOL ".1", MIB_GAUGE, 59);
	assert_text(snapshot, "15.1.6." POOL ".2", "the kernel");
	assert_number(snapshot, "15.1.40." POOL ".2", MIB_INTEGER, 3);
	assert_number(snapshot, "15.1.41." POOL ".2", MIB_GAUGE,
		      UINT32_MAX); /* no user, not root */
	assert_number(snapshot, "15.1.7." PEER ".80.1.4.10.0.0.9.1", MIB_GAUGE, 98);
}

/* A process has a row more, and nobody else. */
static void
test_processes(void **state)
{
	static const char *const absent[] = {"26.1.42." POOL ".2", "26.1.43." POOL ".2",
					     "26.1.46." POOL ".2", "26.1.47." POOL ".2",
					     "26.1.48." POOL ".2"};
	(void)state;
	assert_number(snapshot, "26.1.42." POOL ".1", MIB_GAUGE, 812);
	assert_text(snapshot, "26.1.43." POOL ".1", "java");
	assert_number(snapshot, "26.1.46." POOL ".1", MIB_GAUGE, 1020);
	assert_number(snapshot, "26.1.47." POOL ".1", MIB_GAUGE, 1024);
	assert_number(snapshot, "26.1.48." POOL ".1", MIB_GAUGE, UINT32_MAX);
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_absent(snapshot, absent[i]);
	/* It ended while it was looked at: no number of it is made up. */
	snapshot->owners[2].t.files = (struct file_limits){0, 0};
	assert_absent(snapshot, "26.1.42." POOL ".1");
}

static void
test_asked_or_not(void **state)
{
	(void)state;
	assert_number(snapshot, "25.1.0", MIB_INTEGER, 1);
	assert_text(snapshot, "25.2.0", "");
	snapshot->surveyed = false;
	assert_number(snapshot, "25.1.0", MIB_INTEGER, 2);
	assert_text(snapshot, "25.2.0", "switched off: owners no, in srcportd.conf");
}

/* Port 80 before port 443, and the first owner before the second. */
static void
test_owners_in_mib_order(void **state)
{
	static const uint32_t expected[] = {98, 97, 100, 99};
	const struct mib_view view = {.snapshot = snapshot};
	uint32_t sub[MIBTREE_OID_MAX] = {15, 1, 7};
	size_t length = 3;
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct mib_value v;
		assert_int_equal(
		    mibtree_next(&mib_columns_tree, &view, sub, length, false, sub, &length, &v),
		    MIB_FOUND);
		assert_int_equal(length, 3 + 6 + 1 + 6 + 1);
		assert_int_equal(v.number, expected[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_after_failures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_without_any, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_before_the_first_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_owners, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_processes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_asked_or_not, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_owners_in_mib_order, set_up, tear_down),
	};
	manager_when = (struct mib_view){.now_ms = 62499, .started_ms = 52499, .uptime_cs = 5000};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "snmp/mib_alarms.h"

#include <stdio.h>

#define ID     "41"
#define BANK   "4.98.97.110.107"
#define OFFICE "6.111.102.102.105.99.101"

static struct alarm
pool_alarm(void)
{
	struct alarm alarm = {.id = 41,
			      .sequence = 99,
			      .subject = {.kind = ALARM_POOL, .port = 443},
			      .severity = SEVERITY_CRITICAL,
			      .cause = CAUSE_TIME_WAIT,
			      .local = address("10.0.0.1"),
			      .peer = address("2001:db8::2"),
			      .port = 443,
			      .used = 97,
			      .capacity = 100,
			      .remaining = 3,
			      .percent = 97,
			      .close_wait = 5,
			      .since_ms = 2000,
			      .since = 1763800000, /* 2025-11-22 08:26:40 */
			      .message = "97 of 100"};
	alarm.subject.local = alarm.local;
	alarm.subject.peer = alarm.peer;
	return alarm;
}

/* Two alarms, two targets, in the wrong order. */
static int
set_up(void **state)
{
	struct alarm alarms[2] = {{.id = 43,
				   .subject = {.kind = ALARM_HOST},
				   .severity = SEVERITY_WARNING,
				   .cause = CAUSE_SMALL_RANGE,
				   .message = "few"},
				  pool_alarm()};
	struct target office = target_of("10.1.0.0/16"), bank = target_of("10.1.2.3:443");
	struct target_tally targets[2] = {
	    {.target = &office},
	    {.target = &bank,
	     .pools = 2,
	     .tightest_local = address("10.0.0.1"),
	     .tightest_peer = address("10.1.2.3"),
	     .tightest_port = 443,
	     .usage = {.connections = 12, .tightest = 88}},
	};
	struct alarm_list list = {
	    .alarms = alarms,
	    .count = 2,
	    .summary = {
		.active = 2, .omitted = 1, .sequence = 99, .owed = 7, .sent = 80, .unsent = 4}};
	struct tally tally = {.targets = targets, .target_count = 2};
	struct poll_stats poll = {.made_ms = 9000};
	struct row_limits limits = {1, 1, 1, 100, 1};
	strcpy(office.name, "office");
	strcpy(bank.name, "bank");
	bank.levels.raise.critical_percent = LEVEL_PERCENT_OFF;
	struct findings *findings = findings_of(&tally);
	findings->targets[1].verdict.severity = SEVERITY_WARNING;
	const struct scene scene = {.findings = findings};
	struct snapshot *s = snapshot_build(&scene, &list, &poll, &limits, NULL);
	assert_non_null(s);
	findings_free(findings);
	/* The snapshot needs nothing of what it was made from. */
	memset(&office, 0xff, sizeof(office));
	memset(&bank, 0xff, sizeof(bank));
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	snapshot_release(*state);
	return 0;
}

static void
an_alarm_has_its_columns(void **state)
{
	const struct snapshot *s = *state;
	assert_text(s, "14.1.2." ID, "pool 10.0.0.1 -> [2001:db8::2]:443");
	assert_number(s, "14.1.3." ID, MIB_INTEGER, 1);
	assert_number(s, "14.1.4." ID, MIB_INTEGER, 3);
	assert_number(s, "14.1.5." ID, MIB_INTEGER, 3);
	assert_octets(s, "14.1.6." ID, MIB_TEXT, "\x07\xe9\x0b\x16\x08\x1a\x28\x00+\x00\x00", 11);
	assert_number(s, "14.1.7." ID, MIB_GAUGE, 60);
	assert_number(s, "14.1.8." ID, MIB_GAUGE, 99);
	assert_number(s, "14.1.9." ID, MIB_INTEGER, 1);
	assert_octets(s, "14.1.10." ID, MIB_TEXT, "\x0a\x00\x00\x01", 4);
	assert_number(s, "14.1.11." ID, MIB_INTEGER, 2);
	assert_octets(s, "14.1.12." ID, MIB_TEXT, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
	assert_number(s, "14.1.13." ID, MIB_GAUGE, 443);
	assert_number(s, "14.1.14." ID, MIB_GAUGE, 97);
	assert_number(s, "14.1.15." ID, MIB_GAUGE, 100);
	assert_number(s, "14.1.16." ID, MIB_GAUGE, 3);
	assert_number(s, "14.1.17." ID, MIB_GAUGE, 97);
	assert_number(s, "14.1.18." ID, MIB_GAUGE, 5);
	assert_text(s, "14.1.19." ID, "97 of 100");
	/* Our own network namespace. */
	assert_text(s, "14.1.20." ID, "");
}

static void
an_alarm_of_the_host_has_no_address(void **state)
{
	const struct snapshot *s = *state;
	assert_text(s, "14.1.2.43", "host");
	assert_number(s, "14.1.9.43", MIB_INTEGER, 0);
	assert_octets(s, "14.1.10.43", MIB_TEXT, "", 0);
	assert_number(s, "14.1.11.43", MIB_INTEGER, 0);
	assert_octets(s, "14.1.12.43", MIB_TEXT, "", 0);
	assert_number(s, "14.1.13.43", MIB_GAUGE, 0);
}

static void
the_host_counts_alarms_and_notifications(void **state)
{
	const struct snapshot *s = *state;
	assert_number(s, "1.1.0", MIB_INTEGER, SEVERITY_CRITICAL);
	assert_text(s, "1.2.0", "pool 10.0.0.1 -> [2001:db8::2]:443: 97 of 100");
	assert_number(s, "1.6.0", MIB_GAUGE, 2);
	assert_number(s, "1.7.0", MIB_GAUGE, 1);
	assert_number(s, "1.8.0", MIB_GAUGE, 99);
	assert_number(s, "1.9.0", MIB_COUNTER, 80);
	assert_number(s, "1.10.0", MIB_GAUGE, 7);
	assert_number(s, "1.11.0", MIB_COUNTER, 4);
}

static void
a_target_has_its_columns(void **state)
{
	const struct snapshot *s = *state;
	assert_text(s, "13.1.2." BANK, "10.1.2.3:443");
	assert_text(s, "13.1.3." BANK, "10.0.0.1 -> 10.1.2.3:443");
	assert_number(s, "13.1.4." BANK, MIB_GAUGE, 2);
	assert_number(s, "13.1.5." BANK, MIB_GAUGE, 88);
	assert_text(s, "13.1.6." BANK, "bank");
	assert_number(s, "13.1.7." BANK, MIB_GAUGE, 12);
	assert_number(s, "13.1.13." BANK, MIB_INTEGER, 2);
	assert_number(s, "13.1.30." BANK, MIB_GAUGE, 0);
	assert_number(s, "13.1.31." BANK, MIB_GAUGE, 80);
	assert_number(s, "13.1.32." BANK, MIB_GAUGE, 1);
	assert_number(s, "13.1.33." BANK, MIB_GAUGE, 100);
	assert_number(s, "13.1.34." BANK, MIB_GAUGE, 1000);
	assert_text(s, "13.1.2." OFFICE, "10.1.0.0/16");
	assert_text(s, "13.1.3." OFFICE, "");
	assert_number(s, "13.1.30." OFFICE, MIB_GAUGE, 95);
}

/* Shorter names first, then by octets; alarms by number. */
static void
rows_come_in_the_order_of_their_indexes(void **state)
{
	static const char *const walk[] = {"13.1.2." BANK, "13.1.2." OFFICE, "13.1.3." BANK};
	const struct mib_view view = {.snapshot = *state};
	struct mib_value value;
	struct oid o = oid("13");
	for (size_t i = 0; i < COUNT_OF(walk); i++) {
		assert_int_equal(mibtree_next(&mib_columns_tree, &view, o.sub, o.length, false,
					      o.sub, &o.length, &value),
				 MIB_FOUND);
		assert_oid(&o, walk[i]);
	}
	o = oid("14.1.2." ID);
	mibtree_next(&mib_columns_tree, &view, o.sub, o.length, false, o.sub, &o.length, &value);
	assert_oid(&o, "14.1.2.43");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_alarm_has_its_columns, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_alarm_of_the_host_has_no_address, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_host_counts_alarms_and_notifications, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(a_target_has_its_columns, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(rows_come_in_the_order_of_their_indexes, set_up,
					    tear_down),
	};
	manager_when = (struct mib_view){.now_ms = 62000};
	return cmocka_run_group_tests_name("mib_alarms", tests, NULL, NULL);
}

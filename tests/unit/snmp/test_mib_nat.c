/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "snmp/mib_nat.h"

#define TCP "6.1.4.198.51.100.1.443.1.4.192.0.2.1.0"
#define UDP "17.1.4.198.51.100.1.53.1.4.192.0.2.1.5"

static struct snapshot *snapshot;

static struct nat_pool pools[2];
static const struct nat_census census = {.established_s = 432000, .pools = pools, .count = 2};
static struct nat_state nat = {.census = &census,
			       .reason = "",
			       .read_ms = 4000,
			       .drops = {.counted = true, .total = UINT32_MAX}};
static struct verdict found[2] = {{SEVERITY_NORMAL, CAUSE_NONE},
				  {SEVERITY_CRITICAL, CAUSE_NAT_LOSS}};

/* The one that is not in alarm comes first in MIB order, and is tighter. */
static bool surveyed = true;

static void
build(uint32_t limit)
{
	const struct tally tally = {.pools = NULL};
	const struct alarm_list none = {.alarms = NULL};
	const struct poll_stats poll = {.made_ms = 10000};
	const struct row_limits limits = {1, 1, 1, limit, 1};
	struct findings *f = findings_of(&tally);
	free(f->nat_pools);
	f->nat = nat;
	f->nat_pools = found;
	const struct scene scene = {.findings = f, .surveyed = surveyed};
	snapshot = snapshot_build(&scene, &none, &poll, &limits, NULL);
	assert_non_null(snapshot);
	f->nat_pools = NULL;
	findings_free(f);
}

static int
set_up(void **state)
{
	(void)state;
	manager_when.now_ms = 11000;
	pools[0] = (struct nat_pool){.outside = address("192.0.2.1"),
				     .peer = address("198.51.100.1"),
				     .port = 443,
				     .protocol = 6,
				     .entries = 40,
				     .usage = {100, 39, 61, 1, 39, 0},
				     .range = {20000, 20099},
				     .from = NAT_RANGE_FLOWS,
				     .idle = 7,
				     .moved = 2,
				     .translated = 39,
				     .holder = address("10.0.0.2"),
				     .behind = "web-1",
				     .holder_entries = 1};
	pools[1] = (struct nat_pool){.outside = address("192.0.2.1"),
				     .peer = address("198.51.100.1"),
				     .port = 53,
				     .protocol = 17,
				     .zone = 5,
				     .entries = 50000,
				     .usage = {64512, 50000, 14512, 0, 77, 12345},
				     .range = {1024, 65535},
				     .moved = 50000,
				     .translated = 50000};
	nat.census = &census;
	build(2);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	snapshot_release(snapshot);
	return 0;
}

static void
assert_column(const char *index, unsigned column, enum mib_type type, uint32_t expected)
{
	char text[128];
	snprintf(text, sizeof(text), "17.1.%u.%s", column, index);
	assert_number(snapshot, text, type, expected);
}

static void
a_row_a_pool(void **state)
{
	static const uint32_t tcp[] = {39, 61, 1, 100, 39, 1, 1},
			      udp[] = {50000, 14512, 0, 64512, 77, 3, 15};
	(void)state;
	for (unsigned column = 8; column <= 14; column++) {
		enum mib_type type = column < 13 ? MIB_GAUGE : MIB_INTEGER;
		assert_column(TCP, column, type, tcp[column - 8]);
		assert_column(UDP, column, type, udp[column - 8]);
	}
	assert_text(snapshot, "17.1.15.6.1.4.198.51.100.1.443.1.4.192.0.2.1.0",
		    "tcp 192.0.2.1 -> 198.51.100.1:443");
	assert_text(snapshot, "17.1.15.17.1.4.198.51.100.1.53.1.4.192.0.2.1.5",
		    "udp/5 192.0.2.1 -> 198.51.100.1:53");
	assert_column(TCP, 16, MIB_GAUGE, 40);
	assert_column(UDP, 17, MIB_GAUGE, 12345);
	assert_column(TCP, 18, MIB_GAUGE, 5);
	assert_column(UDP, 18, MIB_GAUGE, 100);
	assert_column(TCP, 19, MIB_GAUGE, 20000);
	assert_column(TCP, 20, MIB_GAUGE, 20099);
	assert_column(TCP, 21, MIB_INTEGER, 3);
	assert_column(UDP, 21, MIB_INTEGER, 1);
	assert_column(TCP, 22, MIB_GAUGE, 7);
	assert_column(UDP, 22, MIB_GAUGE, 0);
}

/* Where `owners no` hides who holds the ports. */
static void
who_is_inside(void **state)
{
	static const char holder[] = "17.1.23.6.1.4.198.51.100.1.443.1.4.192.0.2.1.0";
	(void)state;
	assert_text(snapshot, holder, "10.0.0.2 in web-1: 1 entry");
	assert_text(snapshot, "17.1.23.17.1.4.198.51.100.1.53.1.4.192.0.2.1.5", "");
	snapshot_release(snapshot);
	surveyed = false;
	build(2);
	assert_absent(snapshot, holder);
	surveyed = true;
}

static void
all_of_them_together(void **state)
{
	(void)state;
	assert_number(snapshot, "8.1.0", MIB_INTEGER, 1);
	assert_text(snapshot, "8.2.0", "");
	assert_number(snapshot, "8.3.0", MIB_GAUGE, 50040);
	assert_number(snapshot, "8.4.0", MIB_GAUGE, 2);
	assert_number(snapshot, "8.5.0", MIB_GAUGE, 0);
	assert_number(snapshot, "8.6.0", MIB_COUNTER, UINT32_MAX);
	assert_number(snapshot, "8.7.0", MIB_INTEGER, 3);
	assert_text(snapshot, "8.8.0",
		    "udp/5 192.0.2.1 -> 198.51.100.1:53: 50,000 of 64,512 outside ports in use, "
		    "14,512 left, 1.23% of new connections that must change port are lost "
		    "(100% must); give the rule more outside addresses (a host uses one)");
	assert_number(snapshot, "8.9.0", MIB_GAUGE, 7);
}

static void
what_is_in_alarm_has_a_row_first(void **state)
{
	(void)state;
	snapshot_release(snapshot);
	build(1);
	assert_number(snapshot, "8.5.0", MIB_GAUGE, 1);
	assert_column(UDP, 8, MIB_GAUGE, 50000);
	assert_absent(snapshot, "17.1.8.6.1.4.198.51.100.1.443.1.4.192.0.2.1.0");
}

static void
what_is_not_there_is_no_number(void **state)
{
	(void)state;
	snapshot_release(snapshot);
	nat.census = NULL;
	nat.reason = "needs CAP_NET_ADMIN";
	build(2);
	assert_number(snapshot, "8.1.0", MIB_INTEGER, 2);
	assert_text(snapshot, "8.2.0", "needs CAP_NET_ADMIN");
	for (unsigned i = 3; i <= 9; i++) {
		char text[16];
		snprintf(text, sizeof(text), "8.%u.0", i);
		assert_absent(snapshot, text);
	}
	assert_int_equal(snapshot->nat_count, 0);
	nat.reason = "";
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_row_a_pool),
	    CASE(who_is_inside),
	    CASE(all_of_them_together),
	    CASE(what_is_in_alarm_has_a_row_first),
	    CASE(what_is_not_there_is_no_number),
	};
	return cmocka_run_group_tests_name("mib_nat", tests, NULL, NULL);
}

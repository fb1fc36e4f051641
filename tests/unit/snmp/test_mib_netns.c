/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "snmp/mib_netns.h"

/* Names in an index. */
#define WEB  "3.119.101.98"
#define DB   "2.100.98"
#define POOL WEB ".1.4.198.51.100.1.443.1.4.192.0.2.1"

static struct snapshot *snapshot;

static struct namespace_row rows[3];
static struct namespace_view views[3];
static struct pool_tally pools[2];
static const struct finding none_found = {.verdict = {SEVERITY_NORMAL, CAUSE_NONE}};
static struct space_pool spaces[2];
static struct verdict found[2];
static struct namespace_list list = {views, 3, ""};

static void
build(const struct namespace_list *namespaces, uint32_t limit, uint32_t pool_limit)
{
	const struct tally tally = {.pools = NULL};
	const struct alarm_list none = {.alarms = NULL};
	const struct poll_stats poll = {.made_ms = 10000};
	const struct row_limits limits = {pool_limit, 1, 1, 1, limit};
	struct findings *f = findings_of(&tally);
	free(f->space_found);
	f->spaces = (struct space_pools){.of = spaces, .count = 2};
	f->space_found = found;
	const struct scene scene = {.findings = f, .namespaces = namespaces};
	snapshot = snapshot_build(&scene, &none, &poll, &limits, NULL);
	assert_non_null(snapshot);
	f->space_found = NULL;
	findings_free(f);
}

static struct namespace_row
row_of(const char *name, enum namespace_kind kind, uint32_t process, int64_t connections)
{
	struct namespace_row row = {.kind = kind, .process = process, .connections = connections};
	snprintf(row.name, sizeof(row.name), "%s", name);
	return row;
}

static void
make_pool(unsigned i, const char *space, uint16_t port, uint32_t used, struct verdict verdict)
{
	struct usage usage = {.connections = used + 1,
			      .used = used,
			      .remaining = 100 - used,
			      .uncertain = i,
			      .capacity = 100,
			      .percent = used};
	usage.states.of[STATE_ESTABLISHED] = used;
	usage.states.of[STATE_CLOSING] = 1;
	pools[i] = (struct pool_tally){.local = address("192.0.2.1"),
				       .peer = address("198.51.100.1"),
				       .port = port,
				       .usage = usage};
	spaces[i] = (struct space_pool){space, &pools[i], &none_found, "it is full", 0};
	found[i] = verdict;
}

static int
set_up(void **state)
{
	(void)state;
	manager_when.now_ms = 11000;
	rows[0] = row_of("web", NAMESPACE_NAMED, 70, 300);
	rows[1] = row_of("db", NAMESPACE_CONTAINER, 80, 20);
	rows[1].aliased = true;
	rows[2] = row_of("sh (pid 90)", NAMESPACE_PROCESS, 90, 70000);
	views[0] = (struct namespace_view){.row = &rows[0],
					   .knowledge = NAMESPACE_EXACT,
					   .severity = SEVERITY_WARNING,
					   .cause = CAUSE_ESTABLISHED,
					   .message = "it is nearly full",
					   .made_ms = 9000,
					   .range = {40000, 40099},
					   .capacity = 100,
					   .least_remaining = 3,
					   .uncertain = 1,
					   .percent = 97,
					   .most_used = 97,
					   .all_pools = 5,
					   .worst = "192.0.2.1 -> 198.51.100.1:443"};
	views[1] = (struct namespace_view){.row = &rows[1],
					   .knowledge = NAMESPACE_NORMAL,
					   .severity = SEVERITY_NORMAL,
					   .cause = CAUSE_NONE,
					   .message = "too few",
					   .made_ms = 1000};
	views[2] = (struct namespace_view){.row = &rows[2],
					   .knowledge = NAMESPACE_BOUND,
					   .severity = SEVERITY_UNKNOWN,
					   .cause = CAUSE_NONE,
					   .message = "a bound",
					   .made_ms = 10000};
	make_pool(0, "web", 443, 97, (struct verdict){SEVERITY_CRITICAL, CAUSE_ESTABLISHED});
	make_pool(1, "web", 80, 96, (struct verdict){SEVERITY_NORMAL, CAUSE_NONE});
	build(&list, 10, 10);
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
assert_column(unsigned table, const char *index, unsigned column, enum mib_type type,
	      uint32_t expected)
{
	char text[128];
	snprintf(text, sizeof(text), "%u.1.%u.%s", table, column, index);
	assert_number(snapshot, text, type, expected);
}

static void
a_row_a_namespace(void **state)
{
	(void)state;
	assert_column(18, WEB, 2, MIB_INTEGER, 3);
	assert_column(18, WEB, 3, MIB_INTEGER, 1);
	assert_column(18, WEB, 4, MIB_GAUGE, 70);
	assert_column(18, WEB, 5, MIB_GAUGE, 97);
	assert_text(snapshot, "18.1.6." WEB, "web");
	assert_column(18, WEB, 7, MIB_GAUGE, 300);
	assert_column(18, WEB, 8, MIB_GAUGE, 2);
	/* The alarm of its pool goes on. */
	assert_column(18, WEB, 13, MIB_INTEGER, SEVERITY_CRITICAL);
	assert_column(18, WEB, 14, MIB_INTEGER, CAUSE_ESTABLISHED);
	assert_text(snapshot, "18.1.15." WEB, "192.0.2.1 -> 198.51.100.1:443");
	assert_text(snapshot, "18.1.16." WEB, "it is full");
	assert_absent(snapshot, "18.1.27." WEB);
}

static void
what_is_not_counted_has_a_bound(void **state)
{
	static const char sh[] = "11.115.104.32.40.112.105.100.32.57.48.41";
	(void)state;
	assert_column(18, DB, 2, MIB_INTEGER, 2);
	assert_column(18, DB, 3, MIB_INTEGER, 2);
	assert_column(18, DB, 5, MIB_GAUGE, 20);
	assert_column(18, DB, 13, MIB_INTEGER, SEVERITY_NORMAL);
	assert_column(18, sh, 2, MIB_INTEGER, 7);
	assert_column(18, sh, 3, MIB_INTEGER, 2);
	assert_column(18, sh, 5, MIB_GAUGE, 65535);
	assert_column(18, sh, 7, MIB_GAUGE, 70000);
	assert_column(18, sh, 13, MIB_INTEGER, SEVERITY_UNKNOWN);
	assert_text(snapshot, "18.1.15.11.115.104.32.40.112.105.100.32.57.48.41", "");
	assert_absent(snapshot, "19.1.2." DB);
}

static void
its_range(void **state)
{
	static const uint32_t expected[][2] = {{2, 40000}, {3, 40099}, {4, 5},  {5, 3},
					       {10, 1},    {11, 100},  {12, 97}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		assert_column(19, WEB, expected[i][0], MIB_GAUGE, expected[i][1]);
	assert_text(snapshot, "19.1.6." WEB, "web");
}

static void
its_pools_in_alarm(void **state)
{
	static const uint32_t gauges[] = {98, 97, 3, 0, 100, 97};
	(void)state;
	assert_text(snapshot, "20.1.6." POOL, "192.0.2.1 -> 198.51.100.1:443");
	for (unsigned column = 7; column <= 12; column++)
		assert_column(20, POOL, column, MIB_GAUGE, gauges[column - 7]);
	assert_column(20, POOL, 13, MIB_INTEGER, SEVERITY_CRITICAL);
	assert_column(20, POOL, 14, MIB_INTEGER, CAUSE_ESTABLISHED);
	assert_column(20, POOL, 16, MIB_GAUGE, 97);
	assert_column(20, POOL, 24, MIB_GAUGE, 1);
	assert_absent(snapshot, "20.1.6." WEB ".1.4.198.51.100.1.80.1.4.192.0.2.1");
}

static void
all_of_them_together(void **state)
{
	(void)state;
	assert_number(snapshot, "9.1.0", MIB_INTEGER, 1);
	assert_text(snapshot, "9.2.0", "");
	assert_number(snapshot, "9.3.0", MIB_GAUGE, 3);
	assert_number(snapshot, "9.4.0", MIB_GAUGE, 1);
	assert_number(snapshot, "9.5.0", MIB_GAUGE, 0);
	assert_number(snapshot, "9.6.0", MIB_GAUGE, 0);
	assert_number(snapshot, "9.7.0", MIB_INTEGER, SEVERITY_CRITICAL);
	assert_text(snapshot, "9.8.0", "web: it is full");
}

/* Then the most ports in use, whatever is known of them. */
static void
what_is_in_alarm_has_a_row_first(void **state)
{
	(void)state;
	snapshot_release(snapshot);
	found[1].severity = SEVERITY_WARNING;
	build(&list, 2, 1);
	assert_int_equal(snapshot->netns.count, 2);
	assert_column(18, WEB, 4, MIB_GAUGE, 70);
	assert_absent(snapshot, "18.1.4." DB);
	assert_number(snapshot, "9.5.0", MIB_GAUGE, 1);
	assert_number(snapshot, "9.6.0", MIB_GAUGE, 1);
	assert_column(20, POOL, 8, MIB_GAUGE, 97);
}

static void
a_repeat_has_the_same_rows(void **state)
{
	const struct poll_stats poll = {.made_ms = 10000, .errors = 1};
	const struct alarm_figures figures = {.active = false};
	(void)state;
	struct snapshot *repeat = snapshot_repeat(snapshot, &poll, &figures);
	assert_non_null(repeat);
	snapshot_release(snapshot);
	snapshot = repeat;
	assert_column(18, WEB, 5, MIB_GAUGE, 97);
	assert_column(20, POOL, 8, MIB_GAUGE, 97);
}

static void
without_them_nothing_has_an_instance(void **state)
{
	static const struct namespace_list absent = {NULL, 0, "nobody wants it"};
	(void)state;
	snapshot_release(snapshot);
	build(&absent, 10, 10);
	assert_number(snapshot, "9.1.0", MIB_INTEGER, 2);
	assert_text(snapshot, "9.2.0", "nobody wants it");
	for (unsigned i = 3; i <= 8; i++) {
		char text[16];
		snprintf(text, sizeof(text), "9.%u.0", i);
		assert_absent(snapshot, text);
	}
	assert_int_equal(snapshot->netns.count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_row_a_namespace),
	    CASE(what_is_not_counted_has_a_bound),
	    CASE(its_range),
	    CASE(its_pools_in_alarm),
	    CASE(all_of_them_together),
	    CASE(what_is_in_alarm_has_a_row_first),
	    CASE(a_repeat_has_the_same_rows),
	    CASE(without_them_nothing_has_an_instance),
	};
	return cmocka_run_group_tests_name("mib_netns", tests, NULL, NULL);
}

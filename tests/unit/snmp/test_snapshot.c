/* SPDX-License-Identifier: ISC */
#include "one_host.h"
#include "snmp/mib_index.h"
#include "snmp/mibtree.h"
#include "snmp/snapshot.h"

#include <errno.h>

/* Nothing is too old. */
static const struct alarm_figures fresh;

static const struct row_limits no_limits = {100000, 100000, 100000, 100, 100};

static int
begin(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	return 0;
}

static struct snapshot *
build_of_host(const struct poll_stats *poll, const struct row_limits *limits)
{
	const struct alarm_list none = {.alarms = NULL};
	const struct scene scene = {.findings = host.findings};
	return snapshot_build(&scene, &none, poll, limits, NULL);
}

static struct snapshot *
build(const struct row_limits *limits)
{
	const struct poll_stats poll = {.polls = 7, .features = 1};
	host_tally(&host, NULL, 0);
	struct snapshot *s = build_of_host(&poll, limits);
	assert_non_null(s);
	return s;
}

/* Whether every row's index is greater than the one before. */
static void
assert_ascending(const struct row_index *last, const struct row_index *row)
{
	assert_true(mibtree_compare(last->sub, last->length, row->sub, row->length) < 0);
}

static void
rows_are_in_mib_order(void **state)
{
	static const char *const addresses[] = {"10.0.0.9",    "9.255.255.255", "::1",
						"10.0.0.10",   "fe80::2%3",     "fe80::1%3",
						"2001:db8::1", "127.0.0.1"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		for (unsigned n = 0; n < 4; n++)
			connect_from(addresses[i], (uint16_t)(40000 + n), addresses[i],
				     (uint16_t)(443 - 100 * n));
	}
	struct snapshot *s = build(&no_limits);
	assert_int_equal(s->pool_count, 32);
	assert_int_equal(s->peer_count, 8);
	assert_int_equal(s->local_count, 8);
	for (uint32_t i = 1; i < s->pool_count; i++)
		assert_ascending(&s->pools[i - 1].index, &s->pools[i].index);
	for (uint32_t i = 1; i < s->peer_count; i++)
		assert_ascending(&s->peers[i - 1].index, &s->peers[i].index);
	for (uint32_t i = 1; i < s->local_count; i++)
		assert_ascending(&s->locals[i - 1].index, &s->locals[i].index);
	for (uint32_t i = 0; i < s->pool_count; i++) {
		uint32_t sub[MIB_INDEX_POOL_MAX];
		size_t length = mib_index_pool(&s->pools[i].t, sub);
		assert_int_equal(length, s->pools[i].index.length);
		assert_memory_equal(sub, s->pools[i].index.sub, length * sizeof(*sub));
	}
	snapshot_release(s);
}

/* Pools of 10.0.0.2 with 1, 2, ... `count` connections: the last one is the tightest. */
static void
staircase(unsigned count)
{
	for (unsigned pool = 1; pool <= count; pool++)
		for (unsigned n = 0; n < pool; n++)
			connect_from("10.0.0.1", (uint16_t)(40000 + 2 * n), "10.0.0.2",
				     (uint16_t)pool);
}

static void
limits_keep_the_tightest(void **state)
{
	const struct row_limits limits = {.pools = 3, .peers = 1, .locals = 0};
	(void)state;
	staircase(10);
	connect_from("10.0.0.1", 40000, "10.0.0.3", 80);
	struct snapshot *s = build(&limits);
	assert_int_equal(s->pool_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(s->pools[i].t.port, 8 + i);
	assert_int_equal(s->omitted.pools.rows, 8);
	assert_int_equal(s->omitted.pools.connections, 56 - 8 - 9 - 10);
	assert_int_equal(s->peer_count, 1);
	struct addr peer = address("10.0.0.2");
	assert_true(addr_equal(&s->peers[0].t.peer, &peer));
	assert_int_equal(s->omitted.peers.rows, 1);
	assert_int_equal(s->local_count, 0);
	assert_int_equal(s->omitted.locals.rows, 1);
	snapshot_release(s);
}

/* A pool in trouble for its CLOSE_WAIT goes before one with fewer ports left. */
static void
limits_keep_what_is_in_trouble(void **state)
{
	const struct row_limits limits = {.pools = 1, .peers = 1, .locals = 1};
	(void)state;
	host_with_range(30000, 59999, "");
	host_connect(&host, STATE_CLOSE_WAIT, "10.0.0.1", "10.0.0.2", 80, 30000, 1001, 2);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.1", "10.0.0.3", 80, 30000, 2000, 2);
	struct snapshot *s = build(&limits);
	assert_int_equal(s->pools[0].f.verdict.cause, CAUSE_CLOSE_WAIT);
	assert_int_equal(s->peers[0].f.verdict.cause, CAUSE_CLOSE_WAIT);
	assert_int_equal(s->severity, SEVERITY_WARNING);
	/* The extremes are those of all pools, with a row or without. */
	struct addr worst = address("10.0.0.2");
	assert_true(addr_equal(&s->extremes.worst.peer, &worst));
	assert_int_equal(s->extremes.least_remaining, 28000);
	assert_int_equal(s->extremes.highest_percent, 6);
	snapshot_release(s);
}

/* Among equals the choice must not change from poll to poll, in whatever order the kernel lists. */
static void
choice_among_equals_is_stable(void **state)
{
	const struct row_limits limits = {.pools = 5, .peers = 5, .locals = 5};
	uint16_t chosen[5];
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (uint16_t i = 0; i < 40; i++)
			connect_from("10.0.0.1", 40000, "10.0.0.2",
				     (uint16_t)(1000 + (round == 0 ? i : 39 - i)));
		struct snapshot *s = build(&limits);
		for (uint32_t i = 0; i < 5; i++) {
			if (round == 0)
				chosen[i] = s->pools[i].t.port;
			assert_int_equal(s->pools[i].t.port, chosen[i]);
		}
		snapshot_release(s);
		begin(NULL);
	}
}

static void
figures_are_taken_over(void **state)
{
	(void)state;
	const struct poll_stats poll = {.polls = 7, .features = 1};
	staircase(2);
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_SYN_SENT, "10.0.0.1", 40998, "10.0.0.2", 1));
	host_tally(&host, NULL, 0);
	host.findings->nearness = 45;
	host.findings->growth = 6;
	struct snapshot *s = build_of_host(&poll, &no_limits);
	assert_int_equal(s->extremes.nearness, 45);
	assert_int_equal(s->extremes.growth, 6);
	assert_int_equal(s->poll.polls, 7);
	assert_int_equal(s->poll.features, 1 | 1U << FEATURE_TW_DELAY);
	assert_int_equal(s->range.capacity, 1000);
	assert_int_equal(s->totals.outbound, 4);
	assert_int_equal(s->totals.states.of[STATE_SYN_SENT], 1);
	assert_int_equal(s->severity, SEVERITY_NORMAL);
	assert_null(s->rows_from);
	snapshot_release(s);
}

static void
empty_host(void **state)
{
	(void)state;
	struct snapshot *s = build(&no_limits);
	assert_int_equal(s->pool_count + s->peer_count + s->local_count, 0);
	assert_int_equal(s->severity, SEVERITY_NORMAL);
	assert_int_equal(s->extremes.least_remaining, 1000);
	assert_int_equal(s->extremes.highest_percent, 0);
	snapshot_release(s);
	snapshot_release(NULL);
}

/* A failed poll: new figures, the rows of the last good one, which live as long as any repeat. */
static void
repeats_share_the_rows(void **state)
{
	const struct row_limits limits = {.pools = 2, .peers = 2, .locals = 2};
	struct poll_stats poll = {.interval_s = 10,
				  .made_ms = 50000,
				  .polls = 7,
				  .errors = 1,
				  .error = "sock_diag: it did not end"};
	(void)state;
	staircase(4);
	struct snapshot *first = build(&limits);
	struct snapshot *second = snapshot_repeat(first, &poll, &fresh);
	poll.errors = 2;
	struct snapshot *third = snapshot_repeat(second, &poll, &fresh);
	assert_ptr_equal(second->pools, first->pools);
	assert_ptr_equal(third->pools, first->pools);
	assert_ptr_equal(third->rows_from, first);
	assert_int_equal(third->omitted.pools.rows, 2);
	assert_int_equal(third->poll.errors, 2);
	assert_int_equal(second->poll.errors, 1);
	assert_string_equal(third->poll.error, "sock_diag: it did not end");
	assert_int_equal(third->severity, first->severity);
	assert_int_equal(third->range.capacity, 1000);

	assert_ptr_equal(snapshot_hold(third), third);
	snapshot_release(first);
	snapshot_release(second);
	snapshot_release(third);
	/* One reference is left; ASan would see the rows being gone. */
	assert_int_equal(third->pools[0].t.port, 3);
	assert_int_equal(third->pools[1].index.length, third->pools[0].index.length);
	assert_int_equal(third->pools[1].index.sub[0], 1);
	snapshot_release(third);
}

static void
repeat_of_nothing_is_unknown(void **state)
{
	const struct poll_stats poll = {.errors = 1, .error = "no /proc"};
	struct snapshot *s = snapshot_repeat(NULL, &poll, &fresh);
	(void)state;
	assert_int_equal(s->severity, SEVERITY_UNKNOWN);
	assert_int_equal(s->pool_count, 0);
	assert_string_equal(s->message, "no poll has succeeded yet: no /proc");
	struct snapshot *again = snapshot_repeat(s, &poll, &fresh);
	assert_int_equal(again->severity, SEVERITY_UNKNOWN);
	snapshot_release(s);
	snapshot_release(again);
}

static void
patience_is_three_intervals_and_fifteen_seconds_at_least(void **state)
{
	static const struct {
		uint32_t interval_s;
		uint64_t patience_ms;
	} cases[] = {{1, 15000}, {2, 15000}, {5, 15000}, {6, 18000}, {3600, 10800000}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct poll_stats poll = {.interval_s = cases[i].interval_s};
		assert_int_equal(snapshot_patience_ms(&poll), cases[i].patience_ms);
	}
}

static struct alarm_figures
stale_figures(uint32_t id, const char *message)
{
	struct alarm_figures f = {.stale = true,
				  .active = true,
				  .alarm = {.id = id,
					    .subject = {.kind = ALARM_HOST, .name = ALARM_FIGURES},
					    .severity = SEVERITY_UNKNOWN,
					    .cause = CAUSE_STALE},
				  .summary = {.active = 3, .sequence = 9}};
	snprintf(f.alarm.message, sizeof(f.alarm.message), "%s", message);
	return f;
}

static void
assert_alarms(const struct snapshot *s, uint32_t count, const uint32_t *ids)
{
	assert_int_equal(s->alarm_count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(s->alarms[i].t.id, ids[i]);
		assert_int_equal(s->alarms[i].index.length, 1);
		assert_int_equal(s->alarms[i].index.sub[0], ids[i]);
	}
}

/* The severity is unknown, the message says why, and the alarm has its place in the table. */
static void
figures_that_are_too_old_are_in_the_table(void **state)
{
	struct poll_stats poll = {
	    .interval_s = 10, .made_ms = 50000, .errors = 3, .error = "no /proc"};
	struct alarm alarms[] = {{.id = 4, .severity = SEVERITY_WARNING},
				 {.id = 8, .severity = SEVERITY_WARNING}};
	const struct alarm_list list = {.alarms = alarms, .count = 2, .summary = {.active = 2}};
	static const struct {
		uint32_t id, ids[3];
	} cases[] = {{2, {2, 4, 8}}, {6, {4, 6, 8}}, {9, {4, 8, 9}}};
	(void)state;
	staircase(4);
	host_tally(&host, NULL, 0);
	const struct scene scene = {.findings = host.findings};
	struct snapshot *first = snapshot_build(&scene, &list, &poll, &no_limits, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct alarm_figures stale = stale_figures(cases[i].id, "that old");
		struct snapshot *s = snapshot_repeat(first, &poll, &stale);
		assert_int_equal(s->severity, SEVERITY_UNKNOWN);
		assert_string_equal(s->message, "that old");
		assert_int_equal(s->pool_count, 4);
		assert_int_equal(s->alarm_summary.active, 3);
		assert_int_equal(s->alarm_summary.sequence, 9);
		assert_alarms(s, 3, cases[i].ids);
		/* Of a repeat too, and it ends there. */
		stale = stale_figures(cases[i].id, "older");
		struct snapshot *again = snapshot_repeat(s, &poll, &stale);
		snapshot_release(s);
		assert_string_equal(again->message, "older");
		assert_alarms(again, 3, cases[i].ids);
		s = snapshot_repeat(again, &poll, &fresh);
		snapshot_release(again);
		assert_alarms(s, 2, (uint32_t[]){4, 8});
		snapshot_release(s);
	}
	snapshot_release(first);
	/* Before the first poll. */
	const struct poll_stats none = {.errors = 1, .error = "no /proc"};
	struct alarm_figures stale = stale_figures(7, "none before");
	struct snapshot *s = snapshot_repeat(NULL, &none, &stale);
	assert_alarms(s, 1, (uint32_t[]){7});
	assert_int_equal(s->alarm_summary.active, 1);
	assert_string_equal(s->message, "no poll has succeeded yet: no /proc");
	struct snapshot *again = snapshot_repeat(s, &none, &stale);
	snapshot_release(s);
	assert_alarms(again, 1, (uint32_t[]){7});
	s = snapshot_repeat(again, &none, &fresh);
	snapshot_release(again);
	assert_int_equal(s->alarm_count, 0);
	snapshot_release(s);
}

static void
out_of_memory_is_told(void **state)
{
	const struct poll_stats poll = {0};
	(void)state;
	staircase(3);
	host_tally(&host, NULL, 0);
	struct snapshot *s = NULL;
	unsigned n = 1;
	for (; s == NULL; n++) {
		errno = 0;
		allocations_fail_from(n);
		s = build_of_host(&poll, &no_limits);
		bool failed = allocations_fail_from(0);
		if (s == NULL)
			assert_int_equal(errno, ENOMEM);
		assert_true(s != NULL || failed);
	}
	assert_between(n, 5, 30);
	for (n = 1; n <= 2; n++) {
		allocations_fail_from(n);
		assert_null(snapshot_repeat(s, &poll, &fresh));
	}
	allocations_fail_from(0);
	snapshot_release(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(rows_are_in_mib_order),
	    CASE(limits_keep_the_tightest),
	    CASE(limits_keep_what_is_in_trouble),
	    CASE(choice_among_equals_is_stable),
	    CASE(figures_are_taken_over),
	    CASE(empty_host),
	    CASE(repeats_share_the_rows),
	    CASE(repeat_of_nothing_is_unknown),
	    CASE(patience_is_three_intervals_and_fifteen_seconds_at_least),
	    CASE(figures_that_are_too_old_are_in_the_table),
	    CASE(out_of_memory_is_told),
	};
	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "manager.h"

/* A snapshot as a poll makes it: two pools to one peer, one to another of each family. */
static struct snapshot *
small_snapshot(void)
{
	struct pool_tally pools[3] = {
	    {.peer = address("10.0.0.1"),
	     .port = 80,
	     .local = address("10.0.0.9"),
	     .usage = {.connections = 21,
		       .used = 20,
		       .remaining = 80,
		       .uncertain = 3,
		       .capacity = 100,
		       .recyclable = 1,
		       .percent = 20}},
	    {.peer = address("10.0.0.1"),
	     .port = 443,
	     .local = address("10.0.0.9"),
	     .usage = {.remaining = 99, .capacity = 100, .percent = 1}},
	    {.peer = address("2001:db8::1"),
	     .port = 80,
	     .local = address("2001:db8::9"),
	     .usage = {.remaining = 100, .capacity = 100}},
	};
	struct peer_tally peers[2] = {
	    {.peer = address("10.0.0.1"),
	     .pools = 2,
	     .usage =
		 {.used = 21, .remaining = 79, .tightest = 80, .capacity = 100, .percent = 20}},
	    {.peer = address("2001:db8::1"), .pools = 1},
	};
	struct local_tally locals[2] = {
	    {.address = address("10.0.0.9"), .connections = 22, .used = 21, .remaining = 79},
	    {.address = address("2001:db8::9")},
	};
	struct tally tally = {
	    .range = {.range = {32768, 60999}, .size = 28232, .capacity = 100, .free = 55},
	    .totals = {.sockets = 1000, .inbound = 8, .outbound = 22},
	    .pools = pools,
	    .pool_count = 3,
	    .peers = peers,
	    .peer_count = 2,
	    .locals = locals,
	    .local_count = 2,
	};
	struct poll_stats poll = {.interval_s = 5, .made_ms = 10000, .polls = 17, .features = 0x3};
	struct row_limits limits = {100, 100, 100, 100, 100};
	for (unsigned s = 1; s < STATE_MAX; s++) {
		tally.totals.states.of[s] = 100 + s;
		pools[0].usage.states.of[s] = 200 + s;
		peers[0].usage.states.of[s] = 300 + s;
	}
	const struct alarm_list none = {.alarms = NULL};
	struct findings *findings = findings_of(&tally);
	findings->pools[0].verdict = (struct verdict){SEVERITY_WARNING, CAUSE_CLOSE_WAIT};
	findings->pools[0].outlook = (struct outlook){44, 3600};
	findings->peers[0].verdict.severity = SEVERITY_WARNING;
	const struct scene scene = {.findings = findings};
	struct snapshot *snapshot = snapshot_build(&scene, &none, &poll, &limits, NULL);
	findings_free(findings);
	return snapshot;
}

static int
set_up(void **state)
{
	*state = small_snapshot();
	return *state == NULL;
}

static int
tear_down(void **state)
{
	snapshot_release(*state);
	return 0;
}

#define POOL "1.4.10.0.0.1.80.1.4.10.0.0.9"

static void
every_column_has_its_value(void **state)
{
	const struct snapshot *s = *state;
	static const uint32_t pool[] = {21,  20,  80,  3,   100, 20,  2,   4,   1,
					201, 202, 203, 204, 205, 206, 208, 209, 211};
	char text[64];
	for (uint32_t column = 7; column <= 24; column++) {
		snprintf(text, sizeof(text), "12.1.%u." POOL, column);
		assert_number(s, text, column == 13 || column == 14 ? MIB_INTEGER : MIB_GAUGE,
			      pool[column - 7]);
	}
	for (uint32_t tcp_state = 1; tcp_state <= 11; tcp_state++) {
		snprintf(text, sizeof(text), "3.%u.0", tcp_state);
		assert_number(s, text, MIB_GAUGE, 100 + tcp_state);
	}
	assert_number(s, "11.1.4.1.4.10.0.0.1", MIB_GAUGE, 2);
	assert_number(s, "11.1.5.1.4.10.0.0.1", MIB_GAUGE, 80);
	assert_number(s, "11.1.9.1.4.10.0.0.1", MIB_GAUGE, 79);
	assert_number(s, "11.1.24.1.4.10.0.0.1", MIB_GAUGE, 311);
	assert_number(s, "12.1.25." POOL, MIB_GAUGE, 44);
	assert_number(s, "12.1.26." POOL, MIB_GAUGE, 3600);
	assert_number(s, "10.1.7.1.4.10.0.0.9", MIB_GAUGE, 22);
	assert_number(s, "10.1.8.1.4.10.0.0.9", MIB_GAUGE, 21);
	assert_number(s, "10.1.9.1.4.10.0.0.9", MIB_GAUGE, 79);
}

static void
scalars_of_every_width(void **state)
{
	const struct snapshot *s = *state;
	assert_number(s, "2.1.0", MIB_GAUGE, 32768);
	assert_number(s, "2.2.0", MIB_GAUGE, 60999);
	assert_number(s, "2.10.0", MIB_GAUGE, 55);
	assert_number(s, "3.14.0", MIB_GAUGE, 1000);
	assert_number(s, "5.5.0", MIB_COUNTER, 17);
}

static void
the_host_in_short(void **state)
{
	const struct snapshot *s = *state;
	static const char worst[] = "10.0.0.9 -> 10.0.0.1:80: 80 of 100 ports remain";
	static const char message[] =
	    "10.0.0.9 -> 10.0.0.1:80: CLOSE_WAIT 208 of 21: the peer has closed, the local process "
	    "has not; restart it";
	assert_number(s, "1.1.0", MIB_INTEGER, SEVERITY_WARNING);
	assert_text(s, "1.2.0", message);
	assert_text(s, "1.3.0", worst);
	assert_number(s, "1.4.0", MIB_GAUGE, 80);
	assert_number(s, "1.5.0", MIB_GAUGE, 20);
}

static void
rows_have_names(void **state)
{
	static const char pool[] = "10.0.0.9 -> 10.0.0.1:80";
	static const char pool6[] = "2001:db8::9 -> [2001:db8::1]:80";
	assert_text(*state, "12.1.6." POOL, pool);
	assert_text(*state,
		    "12.1.6.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1.80."
		    "2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.9",
		    pool6);
	assert_text(*state, "11.1.6.1.4.10.0.0.1", "10.0.0.1");
	assert_text(*state, "10.1.6.1.4.10.0.0.9", "10.0.0.9");
}

static void
times_come_from_the_view(void **state)
{
	struct mib_view late = {
	    .snapshot = *state, .now_ms = 90000, .started_ms = 0, .uptime_cs = 100};
	struct mib_value value;
	assert_number(*state, "5.2.0", MIB_GAUGE, 2345);
	/* Started ten seconds ago, under a master agent that runs for fifty. */
	assert_number(*state, "5.7.0", MIB_TICKS, 4000);
	/* Older than the master agent. */
	assert_int_equal(mibtree_get(&mib_columns_tree, &late, (uint32_t[]){5, 7, 0}, 3, &value),
			 MIB_FOUND);
	assert_int_equal(value.number, 0);
}

/* Two clocks that do not tick together are no restart; sysUpTime that begins anew is. */
static void
the_start_does_not_jitter(void **state)
{
	static const struct {
		uint64_t now_ms;
		uint32_t uptime_cs, expected;
	} looks[] = {
	    {12345, 5000, 4000}, {12355, 5002, 4000}, {12365, 5001, 4000}, {12345, 4950, 4000},
	    {12345, 5050, 4000}, {12345, 5051, 4051}, {12345, 5010, 4051}, {22345, 50, 0},
	    {22355, 51, 0},      {22345, 2030, 30},   {22345, 2000, 30},
	};
	uint32_t stamp_cs[MIB_STAMPS] = {0};
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		const struct mib_view view = {.snapshot = *state,
					      .now_ms = looks[i].now_ms,
					      .started_ms = 2345,
					      .uptime_cs = looks[i].uptime_cs,
					      .stamp_cs = stamp_cs};
		struct mib_value value;
		assert_int_equal(
		    mibtree_get(&mib_columns_tree, &view, (uint32_t[]){5, 7, 0}, 3, &value),
		    MIB_FOUND);
		assert_int_equal(value.number, looks[i].expected);
	}
}

static void
bits_begin_at_the_left(void **state)
{
	struct snapshot s = {
	    .poll = {.made_ms = 1,
		     .features = 1u << FEATURE_BOTH_FAMILIES | 1u << FEATURE_FAILURES}};
	assert_octets(*state, "5.11.0", MIB_BITS, "\xc0", 1);
	assert_octets(&s, "5.11.0", MIB_BITS, "\x81", 1);
	s.poll.features = 0;
	assert_octets(&s, "5.11.0", MIB_BITS, "\0", 1);
	s.poll.features = 1u << 9;
	assert_octets(&s, "5.11.0", MIB_BITS, "\0\x40", 2);
}

static void
texts_end_at_their_nul(void **state)
{
	struct snapshot s = {.poll.error = "sock_diag: permission denied"};
	assert_text(*state, "5.12.0", "");
	assert_text(&s, "5.12.0", "sock_diag: permission denied");
	memset(s.poll.error, 'x', sizeof(s.poll.error));
	struct mib_value value;
	assert_int_equal(manager_get(&s, "5.12.0", &value), MIB_FOUND);
	assert_int_equal(value.length, sizeof(s.poll.error) - 1);
}

static void
large_numbers_are_cut(void **state)
{
	struct snapshot s = {.poll.made_ms = 1, .totals.sockets = UINT64_C(0x100000005)};
	(void)state;
	assert_number(&s, "3.14.0", MIB_GAUGE, UINT32_MAX);
}

static void
no_object_and_no_instance_differ(void **state)
{
	static const char *const no_object[] = {
	    "",
	    "0",
	    "1",
	    "4.25.0",
	    "12",
	    "12.1",
	    "12.0.6.1",
	    "12.2.6." POOL,
	    "12.1.1." POOL,
	    "12.1.5." POOL,
	    "12.1.28." POOL,
	    "16.1.1.1",
	    "20.1.1.1",
	    "27.1.0",
	    "1.12.0",
	    "4294967295",
	};
	static const char *const no_instance[] = {
	    "1.1",
	    "1.1.1",
	    "1.1.0.0",
	    "12.1.6",
	    "12.1.6.1",
	    "12.1.6." POOL ".0",
	    "12.1.6.1.4.10.0.0.1.81.1.4.10.0.0.9",
	    "12.1.6.4294967295",
	};
	struct mib_value value;
	for (size_t i = 0; i < sizeof(no_object) / sizeof(no_object[0]); i++)
		assert_int_equal(manager_get(*state, no_object[i], &value), MIB_NO_OBJECT);
	for (size_t i = 0; i < sizeof(no_instance) / sizeof(no_instance[0]); i++)
		assert_int_equal(manager_get(*state, no_instance[i], &value), MIB_NO_INSTANCE);
}

static void
nothing_to_serve_yet(void **state)
{
	struct mib_view view = {.snapshot = NULL};
	struct poll_stats failed = {.errors = 1, .error = "no sock_diag"};
	const struct alarm_figures fresh = {.stale = false};
	struct snapshot *s = snapshot_repeat(NULL, &failed, &fresh);
	struct mib_value value;
	struct oid found;
	(void)state;
	assert_int_equal(mibtree_next(&mib_columns_tree, &view, NULL, 0, false, found.sub,
				      &found.length, &value),
			 MIB_END);
	assert_int_equal(manager_get(NULL, "1.1.0", &value), MIB_NO_INSTANCE);
	/* Polled, but never with success. */
	assert_number(s, "1.1.0", MIB_INTEGER, SEVERITY_UNKNOWN);
	assert_int_equal(manager_get(s, "1.3.0", &value), MIB_NO_INSTANCE);
	assert_int_equal(manager_get(s, "1.4.0", &value), MIB_NO_INSTANCE);
	assert_int_equal(manager_get(s, "1.5.0", &value), MIB_NO_INSTANCE);
	assert_int_equal(manager_get(s, "2.1.0", &value), MIB_NO_INSTANCE);
	assert_int_equal(manager_get(s, "3.1.0", &value), MIB_NO_INSTANCE);
	for (unsigned object = 1; object <= 18; object++) {
		bool always = object == 1 || (object >= 5 && object <= 7) || object == 12;
		char text[16];
		snprintf(text, sizeof(text), "5.%u.0", object);
		assert_int_equal(manager_get(s, text, &value),
				 always ? MIB_FOUND : MIB_NO_INSTANCE);
	}
	assert_int_equal(manager_get(s, "7.1.0", &value), MIB_NO_INSTANCE);
	assert_number(s, "5.6.0", MIB_COUNTER, 1);
	snapshot_release(s);
}

static void
assert_next(const struct snapshot *s, const char *from, bool inclusive, const char *expected)
{
	struct mib_view view = {.snapshot = s, .now_ms = 12345};
	struct oid o = oid(from), found;
	struct mib_value value;
	enum mib_result result = mibtree_next(&mib_columns_tree, &view, o.sub, o.length, inclusive,
					      found.sub, &found.length, &value);
	if (expected == NULL) {
		assert_int_equal(result, MIB_END);
	} else {
		assert_int_equal(result, MIB_FOUND);
		assert_oid(&found, expected);
	}
}

static void
next_in_words(void **state)
{
	const struct snapshot *s = *state;
	assert_next(s, "", false, "1.1.0");
	assert_next(s, "1", false, "1.1.0");
	assert_next(s, "1.1", false, "1.1.0");
	assert_next(s, "1.1.0", true, "1.1.0");
	assert_next(s, "1.1.0", false, "1.2.0");
	assert_next(s, "1.1.0.0", true, "1.2.0");
	assert_next(s, "1.5.0", false, "1.6.0");
	assert_next(s, "1.11.0", false, "2.1.0");
	assert_next(s, "5.18.0", false, "6.1.0");
	assert_next(s, "6.2.0", false, "7.1.0");
	assert_next(s, "9", false, "9.1.0");
	assert_next(s, "9.2.0", false, "10.1.6.1.4.10.0.0.9");
	assert_next(s, "12", false, "12.1.6." POOL);
	assert_next(s, "12.0.4294967295", false, "12.1.6." POOL);
	assert_next(s, "12.1.6." POOL, true, "12.1.6." POOL);
	assert_next(s, "12.1.6." POOL, false, "12.1.6.1.4.10.0.0.1.443.1.4.10.0.0.9");
	assert_next(s, "12.1.6." POOL ".0", true, "12.1.6.1.4.10.0.0.1.443.1.4.10.0.0.9");
	assert_next(s, "12.1.6.1.4.10.0.0.1", false, "12.1.6." POOL);
	assert_next(s, "12.1.6.1.4.10.0.0.4294967295", false,
		    "12.1.6.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1.80."
		    "2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.9");
	assert_next(s, "12.1.6.3", false, "12.1.7." POOL);
	assert_next(s, "12.1.27", false, "21.1.0");
	assert_next(s, "12.1.27.3", false, "21.1.0");
	assert_next(s, "12.2", false, "21.1.0");
	assert_next(s, "23.4.0", false, "25.1.0");
	assert_next(s, "24", false, "25.1.0");
	assert_next(s, "25.2.0", false, NULL);
	assert_next(s, "4294967295", true, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_column_has_its_value, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(scalars_of_every_width, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_host_in_short, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(rows_have_names, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(times_come_from_the_view, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_start_does_not_jitter, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bits_begin_at_the_left, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(texts_end_at_their_nul, set_up, tear_down),
	    cmocka_unit_test(large_numbers_are_cut),
	    cmocka_unit_test_setup_teardown(no_object_and_no_instance_differ, set_up, tear_down),
	    cmocka_unit_test(nothing_to_serve_yet),
	    cmocka_unit_test_setup_teardown(next_in_words, set_up, tear_down),
	};
	manager_when = (struct mib_view){.now_ms = 12345, .started_ms = 2345, .uptime_cs = 5000};
	return cmocka_run_group_tests_name("mib_columns", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "one_host.h"

static struct row_limits limits = {100, 100, 100, 100, 100};

/* What a manager sees of the host. */
static struct snapshot *
look(void)
{
	const struct alarm_list none = {.alarms = NULL};
	const struct poll_stats poll = {.made_ms = 1000};
	host_tally(&host, NULL, 0);
	const struct scene scene = {.findings = host.findings};
	struct snapshot *s = snapshot_build(&scene, &none, &poll, &limits, NULL);
	assert_non_null(s);
	return s;
}

static void
hold(const char *local, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		host_add(&host, DIAG_UDP,
			 socket_of(STATE_CLOSE, local, (uint16_t)(first + i), "0.0.0.0", 0));
}

static void
both_wildcard_pools(void **state)
{
	static const uint32_t expected[] = {5, 95, 1, 100, 5, SEVERITY_WARNING, CAUSE_SMALL_RANGE};
	char text[32];
	(void)state;
	host.census.udp_held.available = true;
	hold("10.0.0.1", 40000, 5);
	hold("0.0.0.0", 53, 1); /* not of the range, but a socket */
	host_add(&host, DIAG_UDP, socket_of(STATE_ESTABLISHED, "::1", 40005, "::1", 53));
	struct snapshot *s = look();
	assert_number(s, "7.1.0", MIB_INTEGER, 1);
	assert_text(s, "7.2.0", "");
	assert_number(s, "7.3.0", MIB_GAUGE, 7);
	assert_number(s, "7.4.0", MIB_GAUGE, 0);
	for (unsigned i = 0; i < COUNT_OF(expected); i++) {
		snprintf(text, sizeof(text), "7.%u.0", 10 + i);
		assert_number(s, text, i < 5 ? MIB_GAUGE : MIB_INTEGER, expected[i]);
	}
	assert_text(s, "7.17.0", s->udp.of[0].message);
	assert_memory_equal(s->udp.of[0].message,
			    "95 of 100 ports are left for UDP sockets of IPv4", 48);
	assert_number(s, "7.20.0", MIB_GAUGE, 6);
	assert_number(s, "7.21.0", MIB_GAUGE, 94);
	assert_number(s, "7.22.0", MIB_GAUGE, 0);
	assert_text(s, "7.27.0", s->udp.of[1].message);
	assert_int_equal(s->poll.features >> FEATURE_UDP & 1, 1);
	snapshot_release(s);
}

static void
a_row_for_each_local_address(void **state)
{
	(void)state;
	host.census.udp_held.available = true;
	hold("10.0.0.2", 40000, 3);
	hold("10.0.0.1", 40000, 7);
	hold("2001:db8::1", 40010, 1);
	struct snapshot *s = look();
	assert_text(s, "16.1.6.1.4.10.0.0.1", "10.0.0.1");
	for (unsigned column = 7; column <= 12; column++) {
		static const uint32_t expected[] = {7, 7, 93, 0, 100, 7};
		char text[32];
		snprintf(text, sizeof(text), "16.1.%u.1.4.10.0.0.1", column);
		assert_number(s, text, MIB_GAUGE, expected[column - 7]);
	}
	assert_number(s, "16.1.9.1.4.10.0.0.2", MIB_GAUGE, 97);
	assert_number(s, "16.1.9.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1", MIB_GAUGE, 99);
	assert_absent(s, "16.1.9.1.4.10.0.0.3");
	snapshot_release(s);
}

/* The tightest first, and what has no row is counted, whichever bound it met. */
static void
a_full_table(void **state)
{
	char local[32];
	(void)state;
	host.census.udp_held.available = true;
	hold("10.0.0.1", 40000, 1);
	hold("10.0.0.2", 40000, 9);
	limits.locals = 1;
	struct snapshot *s = look();
	assert_int_equal(s->udp_local_count, 1);
	assert_number(s, "16.1.8.1.4.10.0.0.2", MIB_GAUGE, 9);
	assert_number(s, "7.4.0", MIB_GAUGE, 1);
	snapshot_release(s);
	limits.locals = 100;
	for (unsigned i = 3; i <= 74; i++) {
		snprintf(local, sizeof(local), "10.0.0.%u", i);
		hold(local, 40000, 2);
	}
	s = look();
	assert_int_equal(s->udp_local_count, UDP_LOCALS_MAX);
	assert_number(s, "7.4.0", MIB_GAUGE, 74 - UDP_LOCALS_MAX);
	snapshot_release(s);
}

static void
not_available_is_no_number(void **state)
{
	static const char *const absent[] = {"7.3.0",  "7.4.0",  "7.10.0",
					     "7.17.0", "7.27.0", "16.1.9.1.4.10.0.0.1"};
	(void)state;
	hold("10.0.0.1", 40000, 1);
	udp_none(&host.census.udp_held, "why");
	struct snapshot *s = look();
	assert_number(s, "7.1.0", MIB_INTEGER, 2);
	assert_text(s, "7.2.0", "why");
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_absent(s, absent[i]);
	assert_int_equal(s->poll.features >> FEATURE_UDP & 1, 0);
	snapshot_release(s);
}

static void
nothing_before_the_first_poll(void **state)
{
	const struct snapshot s = {.poll.made_ms = 0};
	(void)state;
	assert_absent(&s, "7.1.0");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(both_wildcard_pools),
	    CASE(a_row_for_each_local_address),
	    CASE(a_full_table),
	    CASE(not_available_is_no_number),
	    cmocka_unit_test(nothing_before_the_first_poll),
	};
	return cmocka_run_group_tests_name("mib_udp", tests, NULL, NULL);
}

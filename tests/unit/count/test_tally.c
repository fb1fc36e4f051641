/* SPDX-License-Identifier: ISC */
/*
 * The formula, situation by situation. Range 40000-40099, 127.0.0.1 -> 127.0.0.1:9000 unless it
 * says otherwise; the numbers are what connect() was measured to get on Linux 6.18 in each.
 */
#include "one_host.h"

#define LO   "127.0.0.1"
#define LO2  "127.0.0.2"
#define PORT 9000

/* What is said of a pool; one that has no socket yet is offered the whole capacity. */
static void
assert_remaining(const char *local, const char *peer, uint16_t port, uint32_t remaining,
		 uint32_t uncertain)
{
	host_tally(&host, NULL, 0);
	const struct range_tally *range = &host.tally->range;
	const struct usage *u = host_pool(&host, local, peer, port);
	assert_int_equal(u != NULL ? u->remaining : range->capacity, remaining);
	assert_int_equal(u != NULL ? u->uncertain : range->uncertain, uncertain);
	if (u != NULL) {
		assert_int_equal(u->used + u->remaining, range->capacity);
		assert_int_equal(u->capacity, range->capacity);
		assert_int_equal(u->tightest, u->remaining);
	}
}

static void
assert_said(uint32_t remaining, uint32_t uncertain)
{
	assert_remaining(LO, LO, PORT, remaining, uncertain);
}

static void
connect_here(enum tcp_state tcp, uint16_t first, unsigned count, unsigned step)
{
	host_connect(&host, tcp, LO, LO, PORT, first, count, step);
}

static void
hold(struct diag_socket s)
{
	host_add(&host, DIAG_HOLDERS, s);
}

static void
connection(struct diag_socket s)
{
	host_add(&host, DIAG_SOCKETS, s);
}

static void
a_clean_host(void **state)
{
	(void)state;
	assert_said(100, 0);
	assert_int_equal(host.tally->range.size, 100);
	assert_int_equal(host.tally->range.free, 100);
	assert_int_equal(host.tally->range.in_use, 0);
}

static void
b_reserved_ports(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "1-100,40000-40009,40050,60000");
	assert_said(89, 0);
	assert_int_equal(host.tally->range.reserved, 11);
}

static void
c_listener_of_any_address(void **state)
{
	static const char *const addresses[] = {"127.0.0.77", "0.0.0.0", "::", "::1"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		host_with_range(40000, 40099, "");
		hold(listener(addresses[i], 40010));
		assert_said(99, 0);
		assert_int_equal(host.tally->range.listening, 1);
		assert_int_equal(host.tally->range.bound, 0);
	}
	hold(with_v6only(listener("::", 40011)));
	hold(listener("0.0.0.0", 40011)); /* twice the same port */
	hold(listener("0.0.0.0", 39999));
	assert_said(98, 0);
}

static void
e_bound_idle(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		hold(bound_idle(i == 0 ? "0.0.0.0" : LO2, (uint16_t)(40020 + i)));
	assert_said(95, 0);
	assert_int_equal(host.tally->range.bound, 5);
}

static void
f_explicit_binds_connected_elsewhere(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 5; i++) {
		struct diag_socket s =
		    socket_of(STATE_ESTABLISHED, LO2, (uint16_t)(40030 + i), LO, 22);
		host_add(&host, DIAG_EXPLICIT, i == 4 ? on_device(s, 1) : s);
	}
	for (uint16_t i = 0; i < 5; i++) {
		struct diag_socket s =
		    socket_of(STATE_ESTABLISHED, LO2, (uint16_t)(40030 + i), LO, 22);
		connection(i == 4 ? on_device(s, 1) : s);
	}
	assert_said(95, 0);
	assert_remaining(LO2, LO, 22, 95, 0);
}

static void
f2_explicit_bind_after_a_reset(void **state)
{
	(void)state;
	hold(socket_of(STATE_CLOSE, LO2, 40031, LO, 22));
	assert_said(99, 0);
}

static void
g_other_pools(void **state)
{
	(void)state;
	host_connect(&host, STATE_ESTABLISHED, LO, LO, 9001, 40000, 30, 2);
	host_connect(&host, STATE_ESTABLISHED, LO, LO2, PORT, 40000, 20, 2);
	assert_said(100, 0);
	assert_remaining(LO, LO, 9001, 70, 0);
	assert_remaining(LO, LO2, PORT, 80, 0);
}

/* Connections that are certain to be connect()'s own also where they are at odd ports. */
static void
fill_pool(const char *local, const char *peer, uint16_t port, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		connection(with_no_port(
		    socket_of(STATE_ESTABLISHED, local, (uint16_t)(40000 + i), peer, port), true));
}

static void
g2_full_pool(void **state)
{
	(void)state;
	fill_pool(LO, LO, 9001, 100);
	assert_remaining(LO, LO, 9001, 0, 0);
	assert_said(100, 0);
	assert_int_equal(host.tally->range.free, 0);
	assert_int_equal(host.tally->range.in_use, 100);
}

static void
h_time_wait(void **state)
{
	static const struct {
		int32_t reuse, timestamps, delay;
		const char *address;
		uint32_t age, remaining;
	} cases[] = {
	    {0, 1, 1000, LO, 300, 60},
	    {0, 1, 1000, LO, 1300, 60},
	    {0, 1, 1000, "10.7.0.1", 1300, 60},
	    {1, 1, 1000, LO, 300, 60},
	    {1, 1, 1000, LO, 1300, 100},
	    {1, 1, 1000, "10.7.0.1", 300, 60},
	    {1, 1, 1000, "10.7.0.1", 1300, 100},
	    {1, 1, 1000, "fd00::1", 1300, 100},
	    {2, 1, 1000, LO, 300, 60},
	    {2, 1, 1000, LO, 1300, 100},
	    {2, 1, 1000, "10.7.0.1", 1300, 60},
	    {1, 0, 1000, LO, 1300, 60},
	    {1, 1, 1, LO, 50, 100},
	    {1, 1, 300, LO, 500, 100},
	    {1, 1, 5000, LO, 1300, 60},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct settings settings = settings_of(40000, 40099, "");
		settings.tw_reuse = cases[i].reuse;
		settings.timestamps = cases[i].timestamps;
		settings.tw_reuse_delay_ms = cases[i].delay;
		host_with(&settings);
		const char *a = cases[i].address;
		for (uint16_t n = 0; n < 40; n++)
			connection(time_wait(a, (uint16_t)(40000 + 2 * n), a, PORT, cases[i].age));
		assert_remaining(a, a, PORT, cases[i].remaining, 0);
		assert_int_equal(host_pool(&host, a, a, PORT)->recyclable, cases[i].remaining - 60);
	}
}

static void
h5_orphaned_fin_wait2(void **state)
{
	struct settings settings = settings_of(40000, 40099, "");
	(void)state;
	settings.tw_reuse = 1;
	host_with(&settings);
	for (uint16_t n = 0; n < 10; n++)
		connection(fin_wait2_mini(LO, (uint16_t)(40000 + 2 * n), LO, PORT, 2200));
	assert_said(90, 0);
}

/* TIME_WAIT of another pool that bind() may have chosen: measured 90, said [90, 100]. */
static void
h6_time_wait_of_unknown_origin(void **state)
{
	(void)state;
	for (uint16_t n = 0; n < 10; n++)
		connection(time_wait(LO2, (uint16_t)(40001 + 2 * n), LO, 22, 300));
	assert_said(100, 10);
	/* They are used in their own pool: nothing about them is uncertain there. */
	assert_remaining(LO2, LO, 22, 90, 0);
}

static void
i_other_states(void **state)
{
	static const enum tcp_state states[] = {STATE_CLOSE_WAIT, STATE_SYN_SENT,   STATE_LAST_ACK,
						STATE_FIN_WAIT1,  STATE_CLOSING,    STATE_FIN_WAIT2,
						STATE_SYN_RECV,   STATE_ESTABLISHED};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		host_with_range(40000, 40099, "");
		connect_here(states[i], 40000, 25, 2);
		assert_said(75, 0);
	}
}

static void
j_accepted_children(void **state)
{
	(void)state;
	hold(listener(LO2, 40011));
	for (uint16_t n = 0; n < 3; n++)
		connection(socket_of(STATE_ESTABLISHED, LO2, 40011, LO, (uint16_t)(50000 + n)));
	assert_said(99, 0);
	assert_int_equal(host.tally->pool_count, 0);

	/* The listener has gone: measured 99, said [99, 100]. */
	for (unsigned closed = 0; closed < 2; closed++) {
		host_with_range(40000, 40099, "");
		for (uint16_t n = 0; n < 3; n++)
			connection(closed ? time_wait(LO2, 40011, LO, (uint16_t)(50000 + n), 300)
					  : socket_of(STATE_ESTABLISHED, LO2, 40011, LO,
						      (uint16_t)(50000 + n)));
		assert_said(100, 1);
	}
}

static void
j4_request_socks(void **state)
{
	(void)state;
	hold(listener(LO2, 40011));
	for (uint16_t n = 0; n < 5; n++)
		connection(request_sock(LO2, 40011, LO, (uint16_t)(50000 + n)));
	assert_said(99, 0);

	host_with_range(40000, 40099, "");
	for (uint16_t n = 0; n < 5; n++)
		connection(request_sock(LO2, 40011, LO, (uint16_t)(50000 + n)));
	assert_said(100, 0);
	/* But connect() from that port to just that peer and port would meet the tuple. */
	assert_remaining(LO2, LO, 50000, 99, 0);
}

/* On a port that no connect() gets anyway it takes nothing more. */
static void
j5_request_sock_on_a_blocked_port(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "40012");
	hold(bound_idle(LO2, 40010));
	connection(request_sock(LO2, 40010, LO, 50000));
	connection(request_sock(LO2, 40012, LO, 50000));
	assert_remaining(LO2, LO, 50000, 98, 0);
}

static void
k_second_source_address(void **state)
{
	(void)state;
	fill_pool(LO, LO, PORT, 100);
	assert_said(0, 0);
	assert_remaining("127.0.0.9", LO, PORT, 100, 0);
}

static void
m_families(void **state)
{
	struct diag_socket s;
	(void)state;
	fill_pool(LO, LO, PORT, 100);
	assert_remaining("::1", "::1", PORT, 100, 0);

	host_with_range(40000, 40099, "");
	fill_pool(LO, LO, PORT, 60);
	s = socket_of(STATE_ESTABLISHED, "::ffff:127.0.0.1", 40060, "::ffff:127.0.0.1", PORT);
	connection(s);
	assert_said(39, 0);
	for (uint16_t i = 0; i < 5; i++)
		hold(with_v6only(bound_idle("::1", (uint16_t)(40070 + i))));
	assert_said(34, 0);
}

static void
n_bind_without_a_port(void **state)
{
	(void)state;
	/* 15 of them elsewhere, at the ports where bind(addr, 0) looks first: measured 85. */
	for (uint16_t i = 0; i < 15; i++)
		connection(with_no_port(
		    socket_of(STATE_ESTABLISHED, LO2, (uint16_t)(40001 + 2 * i), LO, 22), false));
	assert_said(100, 15);
	assert_int_equal(host.tally->range.uncertain, 15);

	/* The same with IP_BIND_ADDRESS_NO_PORT: measured 100. */
	host_with_range(40000, 40099, "");
	for (uint16_t i = 0; i < 15; i++)
		connection(with_no_port(
		    socket_of(STATE_ESTABLISHED, LO2, (uint16_t)(40001 + 2 * i), LO, 22), true));
	assert_said(100, 0);
}

/* A port may be ambiguous and blocked for certain: then it is blocked and not uncertain. */
static void
n5_settled_by_something_else(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "40003");
	connection(time_wait(LO2, 40001, LO, 22, 300));
	connection(time_wait(LO2, 40003, LO, 22, 300));
	connection(time_wait(LO2, 40005, LO, 22, 300));
	assert_said(99, 2);
	hold(bound_idle(LO, 40001));
	assert_said(98, 1);
}

static void
p_devices(void **state)
{
	(void)state;
	fill_pool(LO, LO, PORT, 100);
	connection(on_device(socket_of(STATE_ESTABLISHED, LO, 40000, LO, PORT), 1));
	host_tally(&host, NULL, 0);
	/* A caller bound to the device meets those bound to none. */
	for (uint32_t i = 0; i < host.tally->pool_count; i++)
		assert_int_equal(host.tally->pools[i].usage.remaining, 0);

	host_with_range(40000, 40099, "");
	for (uint16_t i = 0; i < 100; i++) {
		struct diag_socket s =
		    socket_of(STATE_ESTABLISHED, LO, (uint16_t)(40000 + i), LO, PORT);
		connection(on_device(with_no_port(s, true), 1));
	}
	/* An unbound caller does not meet those bound to a device. */
	assert_said(100, 0);
	assert_int_equal(host.tally->pool_count, 1);
	assert_int_equal(host.tally->pools[0].usage.remaining, 0);
}

static void
r_shared_with_an_explicit_bind(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, LO2, 40099, LO, 22);
	(void)state;
	fill_pool(LO, LO, PORT, 99);
	assert_said(1, 0);
	host_add(&host, DIAG_EXPLICIT, s);
	assert_said(0, 0);
}

/* A range with everything in it; each port counts once, for the first reason that there is. */
static void
s_mixture(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "40000-40004");
	hold(listener("0.0.0.0", 40004));
	hold(listener("0.0.0.0", 40005));
	hold(bound_idle(LO, 40005));
	hold(bound_idle(LO, 40006));
	host_add(&host, DIAG_EXPLICIT, socket_of(STATE_ESTABLISHED, LO, 40006, LO2, 1));
	host_add(&host, DIAG_EXPLICIT, socket_of(STATE_ESTABLISHED, LO, 40007, LO2, 1));
	connect_here(STATE_ESTABLISHED, 40000, 20, 1);
	assert_said(80, 0);
	const struct range_tally *range = &host.tally->range;
	assert_int_equal(range->size, 100);
	assert_int_equal(range->reserved, 5);
	assert_int_equal(range->listening, 1);
	assert_int_equal(range->bound, 2);
	assert_int_equal(range->capacity, 92);
	assert_int_equal(range->in_use, 15);
	assert_int_equal(range->free, 80);
	assert_int_equal(host_pool(&host, LO, LO, PORT)->used, 12);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_clean_host),
	    CASE(b_reserved_ports),
	    CASE(c_listener_of_any_address),
	    CASE(e_bound_idle),
	    CASE(f_explicit_binds_connected_elsewhere),
	    CASE(f2_explicit_bind_after_a_reset),
	    CASE(g_other_pools),
	    CASE(g2_full_pool),
	    CASE(h_time_wait),
	    CASE(h5_orphaned_fin_wait2),
	    CASE(h6_time_wait_of_unknown_origin),
	    CASE(i_other_states),
	    CASE(j_accepted_children),
	    CASE(j4_request_socks),
	    CASE(j5_request_sock_on_a_blocked_port),
	    CASE(k_second_source_address),
	    CASE(m_families),
	    CASE(n_bind_without_a_port),
	    CASE(n5_settled_by_something_else),
	    CASE(p_devices),
	    CASE(r_shared_with_an_explicit_bind),
	    CASE(s_mixture),
	};
	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}

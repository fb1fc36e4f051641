/* SPDX-License-Identifier: ISC */
#include "one_host.h"

#include "count/evidence.h"
#include "count/port_watch.h"

#include <sys/socket.h>

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

static struct settings settings;
static struct port_watch watch;
static bool udp_available;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "40050,50000");
	settings.unprivileged_start = 1024;
	udp_available = true;
	host_with(&settings);
	watch = (struct port_watch){.asked = ports_of("22,40000-40009,40050,50000"),
				    .settings = &host.census.settings};
	return 0;
}

static int
end(void **state)
{
	port_watch_free(&watch);
	return host_teardown(state);
}

static void
add(enum diag_dump dump, struct diag_socket s)
{
	assert_true(port_watch_add(&watch, dump, &s));
	host_add(&host, dump, s);
}

/* What is said of a port; the first call ends the poll. */
static const struct port_state *
row_of(uint16_t port, bool udp)
{
	if (watch.states == NULL) {
		host.census.features |= UINT32_C(1) << FEATURE_BOUND_IDLE;
		if (udp_available)
			host.census.udp_held.available = true;
		else
			udp_none(&host.census.udp_held, "no udp_diag");
		assert_true(evidence_weigh(&host.census));
		assert_true(port_watch_end(&watch, &host.census));
	}
	for (uint32_t i = 0; i < watch.state_count; i++)
		if (watch.states[i].port == port && watch.states[i].udp == udp)
			return &watch.states[i];
	fail_msg("port %u was not asked about", port);
	return NULL;
}

static const struct port_state *
state_of(uint16_t port)
{
	return row_of(port, false);
}

static void
udp_says(uint16_t port, enum port_connect connect, enum port_connect connect4, enum port_bind bind,
	 enum port_bind bind4)
{
	const struct port_state *s = row_of(port, true);
	assert_int_equal(s->connect, connect);
	assert_int_equal(s->connect4, connect4);
	assert_int_equal(s->bind, bind);
	assert_int_equal(s->bind4, bind4);
}

static void
says(uint16_t port, enum port_connect connect, enum port_reason reason, enum port_bind bind)
{
	const struct port_state *s = state_of(port);
	assert_int_equal(s->connect, connect);
	assert_int_equal(s->reason, reason);
	assert_int_equal(s->bind, bind);
}

static void
a_port_that_nobody_has(void **state)
{
	(void)state;
	says(40000, PORT_CONNECT_YES, PORT_REASON_NONE, PORT_BIND_YES);
	says(22, PORT_CONNECT_NO, PORT_REASON_OUTSIDE, PORT_BIND_PRIVILEGED);
	says(40050, PORT_CONNECT_NO, PORT_REASON_RESERVED, PORT_BIND_YES);
	says(50000, PORT_CONNECT_NO, PORT_REASON_OUTSIDE, PORT_BIND_YES);
	assert_int_equal(watch.state_count, 2 * 13);
}

static void
each_kind_of_socket(void **state)
{
	struct diag_socket explicit = socket_of(STATE_ESTABLISHED, HERE, 40006, THERE, 80);
	(void)state;
	add(DIAG_HOLDERS, listener("0.0.0.0", 40000));
	add(DIAG_HOLDERS, bound_idle(HERE, 40002));
	add(DIAG_EXPLICIT, explicit);
	add(DIAG_SOCKETS, explicit);
	add(DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40000, THERE, 5000));
	add(DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40004, THERE, 80));
	add(DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40005, THERE, 80));
	add(DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 22, THERE, 5000));
	says(40000, PORT_CONNECT_NO, PORT_REASON_LISTENER, PORT_BIND_NO);
	says(40002, PORT_CONNECT_NO, PORT_REASON_BOUND, PORT_BIND_REUSE);
	says(40004, PORT_CONNECT_OTHERS, PORT_REASON_NONE, PORT_BIND_REUSE);
	says(40005, PORT_CONNECT_UNKNOWN, PORT_REASON_AMBIGUOUS, PORT_BIND_REUSE);
	says(40006, PORT_CONNECT_NO, PORT_REASON_BOUND, PORT_BIND_REUSE);
	says(22, PORT_CONNECT_NO, PORT_REASON_OUTSIDE, PORT_BIND_REUSE);
	static const enum holder_kind kinds[] = {
	    HOLDER_CONNECTION, HOLDER_LISTENER, HOLDER_INBOUND, HOLDER_BOUND,
	    HOLDER_OUTGOING,   HOLDER_OUTGOING, HOLDER_EXPLICIT};
	assert_int_equal(watch.holder_count, COUNT_OF(kinds));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		assert_int_equal(watch.holders[i].kind, kinds[i]);
	assert_false(state_of(40000)->specific);
	assert_true(state_of(40002)->specific);
}

static void
what_is_in_no_bucket_hinders_no_bind(void **state)
{
	(void)state;
	add(DIAG_SOCKETS, request_sock(HERE, 40000, THERE, 5000));
	assert_int_equal(state_of(40000)->bind, PORT_BIND_YES);
}

static void
a_recyclable_time_wait_hinders_no_connect(void **state)
{
	(void)state;
	add(DIAG_SOCKETS, time_wait("127.0.0.1", 40000, "127.0.0.1", 80, 2000));
	add(DIAG_SOCKETS, time_wait("127.0.0.1", 40002, "127.0.0.1", 80, 100));
	says(40000, PORT_CONNECT_YES, PORT_REASON_NONE, PORT_BIND_REUSE);
	says(40002, PORT_CONNECT_OTHERS, PORT_REASON_NONE, PORT_BIND_REUSE);
}

static void
one_of_ipv6_alone_leaves_ipv4(void **state)
{
	(void)state;
	add(DIAG_HOLDERS, with_v6only(listener("::", 40000)));
	add(DIAG_HOLDERS, listener("::", 40002));
	assert_int_equal(state_of(40000)->bind, PORT_BIND_NO);
	assert_int_equal(state_of(40000)->bind4, PORT_BIND_YES);
	assert_int_equal(state_of(40002)->bind4, PORT_BIND_NO);
}

static void
where_bound_idle_sockets_are_not_listed(void **state)
{
	(void)state;
	host.census.idle_counted = true;
	host.census.idle = 1;
	assert_true(evidence_weigh(&host.census));
	assert_true(port_watch_end(&watch, &host.census));
	says(40000, PORT_CONNECT_UNKNOWN, PORT_REASON_UNSEEN, PORT_BIND_UNKNOWN);
}

static void
sockets_beyond_the_bound_are_counted(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, HERE, 22, THERE, 5000);
	(void)state;
	for (unsigned i = 0; i < PORT_WATCH_MAX + 3; i++)
		assert_true(port_watch_add(&watch, DIAG_SOCKETS, &s));
	assert_int_equal(watch.holder_count, PORT_WATCH_MAX);
	assert_int_equal(watch.omitted[0], 3);
}

/* They may be on a port of which none was kept: that it is free is then not said. */
static void
a_port_whose_sockets_were_not_kept_is_not_free(void **state)
{
	struct diag_socket s = socket_of(STATE_CLOSE, HERE, 40000, "0.0.0.0", 0);
	struct diag_socket beyond = socket_of(STATE_CLOSE, HERE, 40002, "0.0.0.0", 0);
	struct diag_socket listening = listener("0.0.0.0", 40004);
	(void)state;
	for (unsigned i = 0; i < PORT_WATCH_MAX; i++)
		assert_true(port_watch_add(&watch, DIAG_UDP, &s));
	assert_true(port_watch_add(&watch, DIAG_UDP, &beyond));
	add(DIAG_HOLDERS, listening); /* there is room for those of TCP */
	assert_int_equal(watch.omitted[1], 1);
	assert_true(row_of(40002, true)->more);
	assert_int_equal(row_of(40002, true)->reason, PORT_REASON_OMITTED);
	udp_says(40002, PORT_CONNECT_UNKNOWN, PORT_CONNECT_UNKNOWN, PORT_BIND_UNKNOWN,
		 PORT_BIND_UNKNOWN);
	says(40002, PORT_CONNECT_YES, PORT_REASON_NONE, PORT_BIND_YES);
	says(40004, PORT_CONNECT_NO, PORT_REASON_LISTENER, PORT_BIND_NO);
}

static void
udp_that_nobody_has(void **state)
{
	(void)state;
	udp_says(40000, PORT_CONNECT_YES, PORT_CONNECT_YES, PORT_BIND_YES, PORT_BIND_YES);
	udp_says(22, PORT_CONNECT_NO, PORT_CONNECT_NO, PORT_BIND_PRIVILEGED, PORT_BIND_PRIVILEGED);
	udp_says(40050, PORT_CONNECT_NO, PORT_CONNECT_NO, PORT_BIND_YES, PORT_BIND_YES);
	assert_int_equal(row_of(40050, true)->reason, PORT_REASON_RESERVED);
}

static void
each_kind_of_udp_socket(void **state)
{
	struct diag_socket mapped = socket_of(STATE_ESTABLISHED, HERE, 40004, THERE, 53);
	(void)state;
	mapped.family = AF_INET6;
	add(DIAG_UDP, socket_of(STATE_CLOSE, "0.0.0.0", 40000, "0.0.0.0", 0));
	add(DIAG_UDP, socket_of(STATE_CLOSE, "::", 40001, "::", 0));
	add(DIAG_UDP, with_v6only(socket_of(STATE_CLOSE, "::", 40002, "::", 0)));
	add(DIAG_UDP, socket_of(STATE_ESTABLISHED, "2001:db8::1", 40003, "2001:db8::2", 53));
	add(DIAG_UDP, mapped);
	/* With one that certainly is in the way, the one in doubt does not count. */
	add(DIAG_UDP, socket_of(STATE_ESTABLISHED, "2001:db8::1", 40005, "2001:db8::2", 53));
	add(DIAG_UDP, socket_of(STATE_CLOSE, HERE, 40005, "0.0.0.0", 0));
	for (uint16_t port = 40000; port <= 40001; port++)
		udp_says(port, PORT_CONNECT_NO, PORT_CONNECT_NO, PORT_BIND_REUSE, PORT_BIND_REUSE);
	udp_says(40002, PORT_CONNECT_NO, PORT_CONNECT_YES, PORT_BIND_REUSE, PORT_BIND_YES);
	udp_says(40003, PORT_CONNECT_NO, PORT_CONNECT_UNKNOWN, PORT_BIND_REUSE, PORT_BIND_UNKNOWN);
	for (uint16_t port = 40004; port <= 40005; port++)
		udp_says(port, PORT_CONNECT_NO, PORT_CONNECT_NO, PORT_BIND_REUSE, PORT_BIND_REUSE);
	says(40000, PORT_CONNECT_YES, PORT_REASON_NONE, PORT_BIND_YES);
	assert_false(row_of(40000, true)->specific);
	assert_true(row_of(40005, true)->specific);
	const struct port_holder *h = &watch.holders[row_of(40005, true)->first];
	assert_int_equal(row_of(40005, true)->count, 2);
	assert_int_equal(h[0].kind, HOLDER_UDP);
	assert_int_equal(h[0].peer_port, 0);
	assert_int_equal(h[1].kind, HOLDER_UDP_PEER);
	assert_int_equal(h[1].peer_port, 53);
}

static void
where_udp_is_not_listed(void **state)
{
	(void)state;
	udp_available = false;
	add(DIAG_UDP, socket_of(STATE_CLOSE, "0.0.0.0", 40000, "0.0.0.0", 0));
	add(DIAG_HOLDERS, listener("0.0.0.0", 40000));
	udp_says(40000, PORT_CONNECT_UNKNOWN, PORT_CONNECT_UNKNOWN, PORT_BIND_UNKNOWN,
		 PORT_BIND_UNKNOWN);
	assert_int_equal(row_of(40000, true)->count, 0);
	assert_int_equal(row_of(40000, true)->reason, PORT_REASON_NO_UDP);
	assert_string_equal(watch.no_udp, "no udp_diag");
	udp_says(22, PORT_CONNECT_NO, PORT_CONNECT_NO, PORT_BIND_UNKNOWN, PORT_BIND_UNKNOWN);
	says(40000, PORT_CONNECT_NO, PORT_REASON_LISTENER, PORT_BIND_NO);
}

static void
a_poll_that_begins_anew_has_each_socket_once(void **state)
{
	struct diag_socket s = socket_of(STATE_CLOSE, HERE, 40000, "0.0.0.0", 0);
	(void)state;
	for (unsigned i = 0; i <= PORT_WATCH_MAX; i++)
		assert_true(port_watch_add(&watch, DIAG_UDP, &s));
	port_watch_again(&watch);
	add(DIAG_HOLDERS, listener("0.0.0.0", 40000));
	add(DIAG_UDP, s);
	assert_int_equal(state_of(40000)->count, 1);
	assert_int_equal(row_of(40000, true)->count, 1);
	assert_false(row_of(40000, true)->more);
	assert_int_equal(watch.omitted[1], 0);
}

static void
the_span_is_that_of_all_ports_and_the_range(void **state)
{
	(void)state;
	struct port_range span = port_watch_span(&watch, &settings.range);
	assert_int_equal(span.low, 22);
	assert_int_equal(span.high, 50000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_port_that_nobody_has, begin, end),
	    cmocka_unit_test_setup_teardown(each_kind_of_socket, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_in_no_bucket_hinders_no_bind, begin, end),
	    cmocka_unit_test_setup_teardown(a_recyclable_time_wait_hinders_no_connect, begin, end),
	    cmocka_unit_test_setup_teardown(one_of_ipv6_alone_leaves_ipv4, begin, end),
	    cmocka_unit_test_setup_teardown(where_bound_idle_sockets_are_not_listed, begin, end),
	    cmocka_unit_test_setup_teardown(sockets_beyond_the_bound_are_counted, begin, end),
	    cmocka_unit_test_setup_teardown(a_port_whose_sockets_were_not_kept_is_not_free, begin,
					    end),
	    cmocka_unit_test_setup_teardown(udp_that_nobody_has, begin, end),
	    cmocka_unit_test_setup_teardown(each_kind_of_udp_socket, begin, end),
	    cmocka_unit_test_setup_teardown(where_udp_is_not_listed, begin, end),
	    cmocka_unit_test_setup_teardown(a_poll_that_begins_anew_has_each_socket_once, begin,
					    end),
	    cmocka_unit_test_setup_teardown(the_span_is_that_of_all_ports_and_the_range, begin,
					    end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

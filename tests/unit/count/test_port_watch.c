/* SPDX-License-Identifier: ISC */
#include "one_host.h"

#include "count/evidence.h"
#include "count/port_watch.h"

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

static struct settings settings;
static struct port_watch watch;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "40050,50000");
	settings.unprivileged_start = 1024;
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
state_of(uint16_t port)
{
	if (watch.states == NULL) {
		host.census.features |= UINT32_C(1) << FEATURE_BOUND_IDLE;
		assert_true(evidence_weigh(&host.census));
		assert_true(port_watch_end(&watch, &host.census));
	}
	for (uint32_t i = 0; i < watch.state_count; i++)
		if (watch.states[i].port == port)
			return &watch.states[i];
	fail_msg("port %u was not asked about", port);
	return NULL;
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
	assert_int_equal(watch.state_count, 13);
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
	assert_int_equal(watch.omitted, 3);
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
	    cmocka_unit_test_setup_teardown(the_span_is_that_of_all_ports_and_the_range, begin,
					    end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/inbound.h"

static struct inbound inbound;

static void
add(uint16_t port, enum tcp_state state, bool served, unsigned count)
{
	struct diag_socket s = socket_of(state, "10.0.0.1", port, "10.9.9.9", 50000);
	for (unsigned i = 0; i < count; i++)
		inbound_add(&inbound, &s, served);
}

static int
set_up(void **state)
{
	(void)state;
	inbound = (struct inbound){.count = 0};
	return 0;
}

static void
what_is_over_is_counted_by_port(void **state)
{
	(void)state;
	add(443, STATE_ESTABLISHED, true, 7);
	add(443, STATE_CLOSE_WAIT, true, 3);
	add(40000, STATE_FIN_WAIT2, false, 4);
	assert_int_equal(inbound.count, 14);
	assert_int_equal(inbound.leaked.close_wait, 3);
	assert_int_equal(inbound.leaked.fin_wait2, 4);
	assert_int_equal(inbound.leak_count, 2);
	assert_int_equal(inbound_worst(&inbound).port, 40000);
	assert_int_equal(inbound.server_count, 1);
	assert_int_equal(inbound.servers[0].states.of[STATE_ESTABLISHED], 7);
	assert_int_equal(inbound.servers[0].leaked.close_wait, 3);
}

/* The kernel ends it: no program has it open. */
static void
a_mini_socket_is_not_kept_open(void **state)
{
	struct diag_socket s = socket_of(STATE_FIN_WAIT2, "10.0.0.1", 443, "10.9.9.9", 50000);
	(void)state;
	s.mini = true;
	inbound_add(&inbound, &s, false);
	assert_int_equal(inbound.count, 1);
	assert_int_equal(inbound.leaked.fin_wait2, 0);
	assert_int_equal(inbound_worst(&inbound).port, 0);
}

static void
of_equals_the_lowest_port(void **state)
{
	(void)state;
	add(8080, STATE_CLOSE_WAIT, false, 5);
	add(80, STATE_FIN_WAIT2, false, 5);
	add(443, STATE_CLOSE_WAIT, false, 5);
	assert_int_equal(inbound_worst(&inbound).port, 80);
}

/* Whoever opens ports does not make it grow; the totals are whole. */
static void
ports_are_bounded(void **state)
{
	(void)state;
	for (uint16_t port = 1; port <= 1000; port++)
		add(port, STATE_CLOSE_WAIT, true, 2);
	assert_int_equal(inbound.count, 2000);
	assert_int_equal(inbound.leaked.close_wait, 2000);
	assert_int_equal(inbound.leak_count, INBOUND_LEAKS_MAX);
	assert_int_equal(inbound.server_count, DIAG_SKIP_MAX);
}

static void
what_an_earlier_poll_saw_is_taken(void **state)
{
	struct inbound_server server = {.port = 443, .leaked = {.close_wait = 2, .fin_wait2 = 1}};
	(void)state;
	server.states.of[STATE_ESTABLISHED] = 10;
	server.states.of[STATE_CLOSE_WAIT] = 2;
	server.states.of[STATE_FIN_WAIT2] = 3;
	inbound_take(&inbound, &server);
	assert_int_equal(inbound.count, 15);
	assert_int_equal(inbound_worst(&inbound).leaked.close_wait, 2);
	assert_int_equal(inbound_worst(&inbound).leaked.fin_wait2, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_is_over_is_counted_by_port, set_up),
	    cmocka_unit_test_setup(a_mini_socket_is_not_kept_open, set_up),
	    cmocka_unit_test_setup(of_equals_the_lowest_port, set_up),
	    cmocka_unit_test_setup(ports_are_bounded, set_up),
	    cmocka_unit_test_setup(what_an_earlier_poll_saw_is_taken, set_up),
	};
	return cmocka_run_group_tests_name("inbound", tests, NULL, NULL);
}

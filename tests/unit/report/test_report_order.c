/* SPDX-License-Identifier: ISC */
#include "one_host.h"
#include "report/report_order.h"

#include <errno.h>

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

static void
sorted_for_a_reader(void **state)
{
	static const struct {
		const char *local, *peer;
		uint16_t port;
	} order[] = {{HERE, THERE, 80},
		     {HERE, THERE, 443},
		     {"10.0.0.9", THERE, 443},
		     {HERE, "10.0.0.3", 1},
		     {HERE, "2001:db8::2", 1}};
	(void)state;
	for (size_t i = COUNT_OF(order); i-- > 0;)
		for (uint16_t n = 0; n < (i == 0 ? 2 : 1); n++)
			connect_from(order[i].local, (uint16_t)(40000 + n), order[i].peer,
				     order[i].port);
	struct report_order order_of;
	host_tally(&host, NULL, 0);
	assert_true(report_order_make(host.tally, &order_of));
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		struct addr local = address(order[i].local), peer = address(order[i].peer);
		assert_true(addr_equal(&host.tally->pools[order_of.pools[i]].local, &local));
		assert_true(addr_equal(&host.tally->pools[order_of.pools[i]].peer, &peer));
		assert_int_equal(host.tally->pools[order_of.pools[i]].port, order[i].port);
	}
	struct addr first = address(THERE), here = address(HERE);
	assert_true(addr_equal(&host.tally->peers[order_of.peers[0]].peer, &first));
	assert_true(addr_equal(&host.tally->locals[order_of.locals[0]].address, &here));
	report_order_free(&order_of);
}

static void
without_memory_it_is_empty(void **state)
{
	struct report_order order;
	(void)state;
	connect_from(HERE, 40000, THERE, 80);
	host_tally(&host, NULL, 0);
	for (unsigned n = 1; n <= 3; n++) {
		allocations_fail_from(n);
		assert_false(report_order_make(host.tally, &order));
		assert_true(allocations_fail_from(0));
		assert_null(order.pools);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(sorted_for_a_reader, host_setup, host_teardown),
	    cmocka_unit_test_setup_teardown(without_memory_it_is_empty, host_setup, host_teardown),
	};
	return cmocka_run_group_tests_name("report_order", tests, NULL, NULL);
}

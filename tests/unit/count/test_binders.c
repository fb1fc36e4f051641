/* SPDX-License-Identifier: ISC */
/* Who is seen to bind before connecting. */
#include "one_host.h"

#include "count/binders.h"

#define HERE "10.0.0.1"

/* Sockets that do not tell how their port was chosen: `count` from an offset on, every second, each
 * to a peer port of its own or all to one. */
static void
unknown_sockets(const char *local, uint16_t first, unsigned count, bool one_pool)
{
	for (unsigned i = 0; i < count; i++)
		host_add(&host, DIAG_SOCKETS,
			 socket_of(STATE_ESTABLISHED, local, (uint16_t)(first + 2 * i), "10.0.0.2",
				   (uint16_t)(one_pool ? 80U : 1000U + first % 2U * 1000U + i)));
}

static bool
at(const char *local)
{
	const struct addr address_of = address(local);
	for (uint32_t l = 0; l < host.tally->local_count; l++)
		if (addr_equal(&host.tally->locals[l].address, &address_of))
			return host.tally->locals[l].binders;
	return false;
}

static void
clearly_more_than_chance(void **state)
{
	(void)state;
	assert_false(binders_show(0, 0));
	assert_false(binders_show(1, 1));
	assert_false(binders_show(8, 8));
	assert_true(binders_show(9, 9));
	assert_true(binders_show(200, 300));
	assert_false(binders_show(200, 14000));
	assert_false(binders_show(20, 90));
}

static void
odd_offsets_of_a_pool_tell(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	unknown_sockets(HERE, 40001, 250, true);
	unknown_sockets(HERE, 40000, 50, true);
	unknown_sockets("10.0.0.9", 40000, 10, true);
	host_count(&host, NULL, 0);
	assert_true(at(HERE));
	assert_true(host_pool(&host, HERE, "10.0.0.2", 80) != NULL);
	assert_false(at("10.0.0.9"));
}

/* Each to another peer: odd and even alike, but connect() would not choose an odd one. */
static void
odd_offsets_of_many_pools_tell(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	unknown_sockets(HERE, 40001, 500, false);
	unknown_sockets(HERE, 40000, 450, false);
	host_count(&host, NULL, 0);
	assert_true(at(HERE));
	assert_true(host.tally->pools[0].binders);
}

/* connect() alone: the even ones first, then odd ones; and what churn leaves of them. */
static void
ordinary_pools_do_not(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	unknown_sockets(HERE, 40000, 500, true);
	unknown_sockets(HERE, 40001, 450, true);
	host_count(&host, NULL, 0);
	assert_false(at(HERE));
	host_with_range(40000, 40999, "");
	unknown_sockets(HERE, 40000, 120, true);
	unknown_sockets(HERE, 40001, 130, true);
	host_count(&host, NULL, 0);
	assert_false(at(HERE));
}

/* A bound idle socket is seen where it is, or everywhere; a listener is none. */
static void
bound_idle_sockets_tell(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 40007));
	host_add(&host, DIAG_HOLDERS, bound_idle(HERE, 40001));
	connect_from("10.0.0.9", 40100, "10.0.0.2", 80);
	host_count(&host, NULL, 0);
	assert_true(at(HERE));
	assert_false(at("10.0.0.9"));
	host_with_range(40000, 40999, "");
	host_add(&host, DIAG_HOLDERS, bound_idle("0.0.0.0", 40001));
	connect_from("10.0.0.9", 40100, "10.0.0.2", 80);
	connect_from("2001:db8::9", 40100, "2001:db8::1", 80);
	host_count(&host, NULL, 0);
	assert_true(at("10.0.0.9"));
	assert_false(at("2001:db8::9"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(clearly_more_than_chance, host_setup, host_teardown),
	    cmocka_unit_test_setup_teardown(odd_offsets_of_a_pool_tell, host_setup, host_teardown),
	    cmocka_unit_test_setup_teardown(odd_offsets_of_many_pools_tell, host_setup,
					    host_teardown),
	    cmocka_unit_test_setup_teardown(ordinary_pools_do_not, host_setup, host_teardown),
	    cmocka_unit_test_setup_teardown(bound_idle_sockets_tell, host_setup, host_teardown),
	};
	return cmocka_run_group_tests_name("binders", tests, NULL, NULL);
}

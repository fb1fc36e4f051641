/* SPDX-License-Identifier: ISC */
/* Ranges of odd sizes, and the rows that take several pools together. */
#include "one_host.h"

#include <errno.h>

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

/* An odd-sized range: one port is lost where it is known, and may be lost where it is not. */
static void
sizes(void **state)
{
	static const struct {
		uint16_t low, high;
		uint32_t capacity, uncertain;
	} cases[] = {
	    {40000, 40000, 1, 0},   {40000, 40001, 2, 0},     {40000, 40002, 2, 0},
	    {40000, 40003, 4, 0},   {40000, 40004, 5, 1},     {40001, 40005, 5, 1},
	    {40000, 40100, 101, 1}, {40000, 40099, 100, 0},   {1, 1, 1, 0},
	    {65535, 65535, 1, 0},   {65534, 65535, 2, 0},     {65533, 65535, 2, 0},
	    {1, 65535, 65535, 1},   {32768, 60999, 28232, 0}, {1, 3, 2, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		host_with_range(cases[i].low, cases[i].high, "");
		host_tally(&host, NULL, 0);
		assert_int_equal(host.tally->range.size, cases[i].high - cases[i].low + 1);
		assert_int_equal(host.tally->range.capacity, cases[i].capacity);
		assert_int_equal(host.tally->range.free, cases[i].capacity);
		assert_int_equal(host.tally->range.uncertain, cases[i].uncertain);
		/* Filled from the low end, the pool counts down to nothing. */
		for (uint32_t used = 1; used <= cases[i].capacity && used <= 101; used++) {
			connect_from(HERE, (uint16_t)(cases[i].low + used - 1), THERE, 80);
			host_tally(&host, NULL, 0);
			const struct usage *u = host_pool(&host, HERE, THERE, 80);
			assert_int_equal(u->remaining, cases[i].capacity - used);
			assert_int_equal(u->uncertain,
					 used < cases[i].capacity ? cases[i].uncertain : 0);
		}
	}
}

/* Only the first and the last port can be skipped: with both taken nothing is uncertain. */
static void
odd_size_with_its_ends_taken(void **state)
{
	(void)state;
	host_with_range(40000, 40100, "");
	connect_from(HERE, 40000, THERE, 80);
	host_tally(&host, NULL, 0);
	assert_int_equal(host_pool(&host, HERE, THERE, 80)->uncertain, 1);
	connect_from(HERE, 40100, THERE, 80);
	host_tally(&host, NULL, 0);
	assert_int_equal(host_pool(&host, HERE, THERE, 80)->remaining, 99);
	assert_int_equal(host_pool(&host, HERE, THERE, 80)->uncertain, 0);
	assert_int_equal(host.tally->range.uncertain, 1);

	host_with_range(40000, 40100, "40000,40100");
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->range.capacity, 99);
	assert_int_equal(host.tally->range.uncertain, 0);
}

static void
nothing_can_be_used(void **state)
{
	struct target target = target_of(THERE);
	(void)state;
	host_with_range(40000, 40099, "0-65535");
	connect_from(HERE, 40000, THERE, 80);
	host_tally(&host, &target, 1);
	const struct usage *u = host_pool(&host, HERE, THERE, 80);
	assert_int_equal(host.tally->range.reserved, 100);
	assert_int_equal(host.tally->range.capacity, 0);
	assert_int_equal(host.tally->range.free, 0);
	assert_int_equal(host.tally->range.uncertain, 0);
	assert_int_equal(u->remaining, 0);
	assert_int_equal(u->used, 0);
	assert_int_equal(u->percent, 100);
}

static void
reserved_port_with_a_listener(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "40010");
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 40010));
	host_add(&host, DIAG_HOLDERS, bound_idle("0.0.0.0", 40011));
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 40011));
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->range.reserved, 1);
	assert_int_equal(host.tally->range.listening, 1);
	assert_int_equal(host.tally->range.bound, 0);
	assert_int_equal(host.tally->range.capacity, 98);
}

/* A peer's used ports are distinct ones; what fails first is its tightest pool. */
static void
peers(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 60; i++)
		connect_from(HERE, (uint16_t)(40000 + i), THERE, 80);
	for (uint16_t i = 0; i < 30; i++)
		connect_from(HERE, (uint16_t)(40050 + i), THERE, 443);
	connect_from("10.0.0.9", 40099, THERE, 80);
	connect_from(HERE, 40000, "10.0.0.3", 80);
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->peer_count, 2);
	const struct peer_tally *peer = host_peer(&host, THERE);
	assert_int_equal(peer->pools, 3);
	assert_int_equal(peer->usage.used, 81);
	assert_int_equal(peer->usage.remaining, 19);
	assert_int_equal(peer->usage.tightest, 40);
	assert_int_equal(peer->usage.percent, 60);
	assert_int_equal(peer->usage.connections, 91);
	assert_int_equal(peer->usage.states.of[STATE_ESTABLISHED], 91);
	peer = host_peer(&host, "10.0.0.3");
	assert_int_equal(peer->pools, 1);
	assert_int_equal(peer->usage.used, 1);
	assert_int_equal(peer->usage.tightest, 99);
	assert_memory_equal(&peer->usage, host_pool(&host, HERE, "10.0.0.3", 80),
			    sizeof(peer->usage));
}

/* What is said to remain for several pools is the tightest's, and so must be its uncertainty: a
 * port that one pool holds may be blocked unseen for another. */
static void
uncertainty_is_that_of_the_tightest(void **state)
{
	struct target target = target_of(THERE);
	(void)state;
	for (uint16_t i = 0; i < 10; i++)
		host_add(&host, DIAG_SOCKETS,
			 time_wait(HERE, (uint16_t)(40001 + 2 * i), THERE, 80, 300));
	for (uint16_t i = 0; i < 40; i++)
		connect_from(HERE, (uint16_t)(40050 + i), THERE, 443);
	host_tally(&host, &target, 1);
	assert_int_equal(host_pool(&host, HERE, THERE, 80)->remaining, 90);
	/* Even offsets of the other pool: so many odd ones are held here that bind() may have come
	 * to even ones. */
	assert_int_equal(host_pool(&host, HERE, THERE, 80)->uncertain, 20);
	assert_int_equal(host_pool(&host, HERE, THERE, 443)->remaining, 60);
	assert_int_equal(host_pool(&host, HERE, THERE, 443)->uncertain, 10);
	const struct usage *peer = &host_peer(&host, THERE)->usage;
	assert_int_equal(peer->tightest, 60);
	assert_int_equal(peer->uncertain, 10);
	assert_int_equal(host.tally->targets[0].usage.tightest, 60);
	assert_int_equal(host.tally->targets[0].usage.uncertain, 10);
}

static void
targets(void **state)
{
	struct target list[] = {
	    target_of("10.0.0.0/24"), target_of("10.0.0.0/24:443"),
	    target_of(THERE),         target_of("10.0.0.2:81"),
	    target_of("::/0"),        target_of("0.0.0.0/0"),
	};
	static const struct {
		uint32_t pools, used, tightest, connections;
	} expected[] = {
	    {3, 70, 40, 100}, {1, 30, 70, 30}, {2, 60, 40, 90},
	    {0, 0, 100, 0},   {1, 1, 99, 1},   {4, 71, 40, 101},
	};
	(void)state;
	for (uint16_t i = 0; i < 60; i++)
		connect_from(HERE, (uint16_t)(40000 + i), THERE, 80);
	for (uint16_t i = 0; i < 30; i++)
		connect_from(HERE, (uint16_t)(40000 + i), THERE, 443);
	for (uint16_t i = 0; i < 10; i++)
		connect_from(HERE, (uint16_t)(40060 + i), "10.0.0.3", 80);
	connect_from(HERE, 40090, "11.0.0.2", 80);
	connect_from("2001:db8::1", 40000, "2001:db8::2", 80);
	host_tally(&host, list, COUNT_OF(list));
	assert_int_equal(host.tally->target_count, COUNT_OF(list));
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		const struct target_tally *t = &host.tally->targets[i];
		assert_ptr_equal(t->target, &list[i]);
		assert_int_equal(t->pools, expected[i].pools);
		assert_int_equal(t->usage.used, expected[i].used);
		assert_int_equal(t->usage.remaining, 100 - expected[i].used);
		assert_int_equal(t->usage.tightest, expected[i].tightest);
		assert_int_equal(t->usage.connections, expected[i].connections);
		assert_int_equal(t->usage.percent, 100 - expected[i].tightest);
	}
	struct addr here = address(HERE), there = address(THERE);
	const struct target_tally *t = &host.tally->targets[0];
	assert_true(addr_equal(&t->tightest_local, &here));
	assert_true(addr_equal(&t->tightest_peer, &there));
	assert_int_equal(t->tightest_port, 80);
}

/* bind(address, 0): a pool per local address, in which every socket at it or at the wildcard
 * counts. */
static void
each_local_address_has_a_bind_pool(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 40; i++)
		connect_from(HERE, (uint16_t)(40000 + i), THERE, 80);
	for (uint16_t i = 0; i < 20; i++)
		connect_from(HERE, (uint16_t)(40030 + i), THERE, 443);
	connect_from("10.0.0.9", 40000, THERE, 80);
	connect_from("2001:db8::1", 40000, "2001:db8::2", 80);
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 40090));
	host_add(&host, DIAG_HOLDERS, listener("::", 40091));
	host_add(&host, DIAG_HOLDERS, with_v6only(listener("::", 40092)));
	host_add(&host, DIAG_HOLDERS, bound_idle(HERE, 40093));
	/* Inbound connections at the listeners' ports take nothing more. */
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40090, THERE, 1));
	host_tally(&host, NULL, 0);
	assert_int_equal(host_local(&host, HERE)->used, 53);
	assert_int_equal(host_local(&host, HERE)->remaining, 47);
	assert_int_equal(host_local(&host, "10.0.0.9")->used, 3);
	assert_int_equal(host_local(&host, "2001:db8::1")->used, 3);
	assert_int_equal(host.tally->local_count, 3);
	/* bind(0.0.0.0, 0): what nobody holds. */
	assert_int_equal(host.tally->range.free, 100 - 50 - 4);
}

static void
bind_pool_counts_what_connect_may_take_over(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 10; i++)
		host_add(&host, DIAG_SOCKETS,
			 time_wait("127.0.0.1", (uint16_t)(40000 + 2 * i), "127.0.0.1", 80, 30000));
	host_add(&host, DIAG_SOCKETS, request_sock("127.0.0.1", 40050, "127.0.0.1", 81));
	host_tally(&host, NULL, 0);
	assert_int_equal(host_pool(&host, "127.0.0.1", "127.0.0.1", 80)->remaining, 100);
	assert_int_equal(host_local(&host, "127.0.0.1")->remaining, 90);
	assert_int_equal(host.tally->range.free, 90);
}

/* inet_bind_conflict(): two devices are strangers, no device meets all. */
static void
bind_pools_over_devices(void **state)
{
	struct addr one = address(HERE), two = one;
	(void)state;
	one.zone = 1;
	two.zone = 2;
	for (uint16_t i = 0; i < 10; i++)
		connect_from(HERE, (uint16_t)(40000 + i), THERE, 80);
	for (uint16_t i = 0; i < 20; i++)
		host_add(
		    &host, DIAG_SOCKETS,
		    on_device(socket_of(STATE_ESTABLISHED, HERE, (uint16_t)(40020 + i), THERE, 80),
			      1));
	for (uint16_t i = 0; i < 30; i++)
		host_add(
		    &host, DIAG_SOCKETS,
		    on_device(socket_of(STATE_ESTABLISHED, HERE, (uint16_t)(40050 + i), THERE, 80),
			      2));
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->local_count, 3);
	assert_int_equal(host_local(&host, HERE)->used, 60);
	for (uint32_t i = 0; i < 3; i++) {
		const struct local_tally *l = &host.tally->locals[i];
		if (addr_equal(&l->address, &one))
			assert_int_equal(l->used, 30);
		if (addr_equal(&l->address, &two))
			assert_int_equal(l->used, 40);
	}
}

static void
bind_pool_of_a_range_of_three(void **state)
{
	(void)state;
	host_with_range(40000, 40002, "");
	connect_from(HERE, 40000, THERE, 80);
	host_tally(&host, NULL, 0);
	assert_int_equal(host_local(&host, HERE)->used, 1);
	assert_int_equal(host_local(&host, HERE)->remaining, 1);
}

static void
out_of_memory_is_told(void **state)
{
	struct target target = target_of(THERE);
	(void)state;
	connect_from(HERE, 40000, THERE, 80);
	connect_from(HERE, 40000, THERE, 81);
	unsigned n = 1;
	for (struct tally *tally = NULL; tally == NULL; n++) {
		allocations_fail_from(n);
		errno = 0;
		tally = tally_make(&host.census, &target, 1);
		assert_int_equal(tally == NULL, allocations_fail_from(0));
		assert_int_equal(errno, tally == NULL ? ENOMEM : 0);
		tally_free(tally);
	}
	assert_between(n, 8, 30);
	tally_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(sizes),
	    CASE(odd_size_with_its_ends_taken),
	    CASE(nothing_can_be_used),
	    CASE(reserved_port_with_a_listener),
	    CASE(peers),
	    CASE(uncertainty_is_that_of_the_tightest),
	    CASE(targets),
	    CASE(each_local_address_has_a_bind_pool),
	    CASE(bind_pool_counts_what_connect_may_take_over),
	    CASE(bind_pools_over_devices),
	    CASE(bind_pool_of_a_range_of_three),
	    CASE(out_of_memory_is_told),
	};
	return cmocka_run_group_tests_name("tally_rows", tests, NULL, NULL);
}

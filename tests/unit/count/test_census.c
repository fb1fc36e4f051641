/* SPDX-License-Identifier: ISC */
#include "count/census_take.h"
#include "one_host.h"

#include <errno.h>

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

static struct settings settings;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "");
	host_with(&settings);
	return 0;
}

static const struct pool *
pool_of(const char *local, const char *peer, uint16_t port)
{
	struct addr l = address(local), p = address(peer);
	return census_pool(&host.census, &l, &p, port);
}

static void
every_state_of_a_connection_holds_its_port(void **state)
{
	static const enum tcp_state open[] = {STATE_ESTABLISHED, STATE_SYN_SENT,   STATE_FIN_WAIT1,
					      STATE_FIN_WAIT2,   STATE_CLOSE_WAIT, STATE_LAST_ACK,
					      STATE_CLOSING,     STATE_SYN_RECV};
	uint16_t port = 40000;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(open); i++, port++)
		host_add(&host, DIAG_SOCKETS, socket_of(open[i], HERE, port, THERE, 80));
	host_add(&host, DIAG_SOCKETS, time_wait(HERE, port++, THERE, 80, 30000));
	host_add(&host, DIAG_SOCKETS, fin_wait2_mini(HERE, port++, THERE, 80, 30000));

	const struct pool *pool = pool_of(HERE, THERE, 80);
	assert_int_equal(host.census.pool_count, 1);
	assert_int_equal(pool->held.count, 10);
	assert_int_equal(pool->recyclable, 0);
	assert_int_equal(pool->states.of[STATE_FIN_WAIT2], 2);
	assert_int_equal(pool->states.of[STATE_TIME_WAIT], 1);
	assert_int_equal(tcp_state_sum(&pool->states), 10);
	assert_int_equal(host.census.outbound, 10);
	assert_int_equal(host.census.inbound.count, 0);
	assert_int_equal(portset_count(&host.census.any), 10);
}

static void
recyclable_time_wait_is_not_held(void **state)
{
	(void)state;
	host_add(&host, DIAG_SOCKETS, time_wait("127.0.0.1", 40000, "127.0.0.1", 80, 1300));
	host_add(&host, DIAG_SOCKETS, time_wait("127.0.0.1", 40002, "127.0.0.1", 80, 300));
	const struct pool *pool = pool_of("127.0.0.1", "127.0.0.1", 80);
	assert_int_equal(pool->held.count, 1);
	assert_int_equal(pool->recyclable, 1);
	assert_int_equal(pool->states.of[STATE_TIME_WAIT], 2);
	/* For bind(127.0.0.1, 0) and for the host it is there all the same. */
	assert_int_equal(host.census.locals[0].extra.count, 1);
	assert_int_equal(portset_count(&host.census.any), 2);
}

/* Where nothing tells whether connect() takes it over, it remains, and is in doubt. */
static void
a_time_wait_that_may_be_taken_over_is_unsure(void **state)
{
	(void)state;
	settings.tw_reuse_delay_ms = SETTING_ABSENT;
	host_with(&settings);
	host_add(&host, DIAG_SOCKETS, time_wait("127.0.0.1", 40000, "127.0.0.1", 80, 900));
	host_add(&host, DIAG_SOCKETS, time_wait("127.0.0.1", 40002, "127.0.0.1", 80, 1300));
	host_add(&host, DIAG_SOCKETS, fin_wait2_mini("127.0.0.1", 40004, "127.0.0.1", 80, 1300));
	host_add(&host, DIAG_SOCKETS, fin_wait2_mini(HERE, 40006, THERE, 80, 1300));
	host_count(&host, NULL, 0);
	const struct usage *u = host_pool(&host, "127.0.0.1", "127.0.0.1", 80);
	assert_int_equal(u->remaining, 100);
	assert_int_equal(u->uncertain, 2);
	assert_int_equal(u->recyclable, 2);
	u = host_pool(&host, HERE, THERE, 80);
	assert_int_equal(u->remaining, 99);
	assert_int_equal(u->uncertain, 0);
	/* That is so for this pool alone. */
	assert_int_equal(host.tally->range.uncertain, 0);
}

/* A request sock is in ehash only: its tuple is taken, its port is not blocked for anybody else. */
static void
request_sock_holds_its_tuple_only(void **state)
{
	(void)state;
	host_add(&host, DIAG_SOCKETS, request_sock(HERE, 40001, THERE, 50000));
	host_add(&host, DIAG_SOCKETS, request_sock(HERE, 40001, THERE, 50000));
	const struct pool *pool = pool_of(HERE, THERE, 50000);
	assert_int_equal(pool->asked.count, 1);
	assert_int_equal(pool->held.count, 0);
	assert_int_equal(portset_count(&host.census.any), 0);
	assert_int_equal(portset_count(&host.census.bound), 0);
	assert_int_equal(portset_count(&host.census.ambiguous), 0);
	assert_int_equal(host.census.locals[0].extra.count, 0);
}

static void
inbound_takes_nothing_from_any_pool(void **state)
{
	(void)state;
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 443));
	host_add(&host, DIAG_HOLDERS, listener("::", 40010));
	for (uint16_t port = 50000; port < 50010; port++) {
		host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 443, THERE, port));
		host_add(&host, DIAG_SOCKETS,
			 socket_of(STATE_CLOSE_WAIT, HERE, 40010, THERE, port));
		host_add(&host, DIAG_SOCKETS,
			 request_sock(HERE, 40010, THERE, (uint16_t)(port + 10)));
	}
	assert_int_equal(host.census.pool_count, 0);
	assert_int_equal(host.census.inbound.count, 30);
	assert_int_equal(host.census.outbound, 0);
	assert_int_equal(host.census.totals.of[STATE_LISTEN], 2);
	assert_int_equal(host.census.totals.of[STATE_ESTABLISHED], 10);
	assert_int_equal(host.census.totals.of[STATE_SYN_RECV], 10);
	assert_int_equal(host.census.sockets, 32);
	assert_int_equal(portset_count(&host.census.ambiguous), 0);
}

/* A peer that connects in and out at once. */
static void
one_peer_both_ways(void **state)
{
	(void)state;
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 80));
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 80, THERE, 40000));
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40000, THERE, 80));
	assert_int_equal(host.census.inbound.count, 1);
	assert_int_equal(host.census.outbound, 1);
	assert_int_equal(pool_of(HERE, THERE, 80)->held.count, 1);
}

static void
port_outside_the_range_is_seen_but_not_held(void **state)
{
	(void)state;
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 39999, THERE, 80));
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40100, THERE, 80));
	host_add(&host, DIAG_SOCKETS, time_wait("127.0.0.1", 1000, "127.0.0.1", 80, 30000));
	host_add(&host, DIAG_SOCKETS, request_sock(HERE, 1000, THERE, 80));
	/* Nobody listens, or did: neither a pool nor inbound. */
	assert_int_equal(host.census.pool_count, 0);
	assert_int_equal(host.census.outbound + host.census.inbound.count, 0);
	assert_int_equal(tcp_state_sum(&host.census.totals), 4);
	assert_int_equal(portset_count(&host.census.ambiguous), 0);
}

static void
mapped_and_plain_ipv4_share_a_pool(void **state)
{
	struct diag_socket mapped =
	    socket_of(STATE_ESTABLISHED, "::ffff:10.0.0.1", 40000, "::ffff:10.0.0.2", 80);
	(void)state;
	mapped.family = 10;
	host_add(&host, DIAG_SOCKETS, mapped);
	host_add(&host, DIAG_SOCKETS, socket_of(STATE_ESTABLISHED, HERE, 40002, THERE, 80));
	assert_int_equal(host.census.pool_count, 1);
	assert_int_equal(host.census.local_count, 1);
	assert_int_equal(pool_of(HERE, THERE, 80)->held.count, 2);
}

static void
pools_are_told_apart(void **state)
{
	static const struct {
		const char *local, *peer;
		uint16_t port;
		uint32_t interface;
	} keys[] = {
	    {HERE, THERE, 80, 0},
	    {HERE, THERE, 81, 0},
	    {HERE, "10.0.0.3", 80, 0},
	    {"10.0.0.3", THERE, 80, 0},
	    {HERE, THERE, 80, 1},
	    {HERE, THERE, 80, 2},
	    {"127.0.0.1", "127.0.0.1", 80, 0},
	    {"::1", "::1", 80, 0},
	    {"fe80::1", "fe80::2", 80, 2},
	    {"fe80::1", "fe80::2", 80, 3},
	};
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT_OF(keys); i++) {
			struct diag_socket s =
			    socket_of(STATE_ESTABLISHED, keys[i].local, (uint16_t)(40000 + round),
				      keys[i].peer, keys[i].port);
			host_add(&host, DIAG_SOCKETS, on_device(s, keys[i].interface));
		}
	}
	assert_int_equal(host.census.pool_count, COUNT_OF(keys));
	for (uint32_t i = 0; i < host.census.pool_count; i++)
		assert_int_equal(host.census.pools[i].held.count, 2);
	assert_non_null(pool_of("fe80::1%3", "fe80::2%3", 80));
	assert_null(pool_of("fe80::1", "fe80::2", 80));
}

static void
explicit_binds_block_their_ports(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, HERE, 40001, THERE, 80);
	(void)state;
	host_add(&host, DIAG_EXPLICIT, s);
	assert_int_equal(host.census.sockets, 0);
	host_add(&host, DIAG_SOCKETS, s);
	assert_int_equal(host.census.sockets, 1);
	assert_true(portset_has(&host.census.bound, 40001));
	assert_int_equal(pool_of(HERE, THERE, 80)->held.count, 1);
}

static void
holders_block_whatever_their_address(void **state)
{
	static const char *const addresses[] = {"0.0.0.0", "127.0.0.77", "::", "::1", "fe80::1%2"};
	(void)state;
	for (uint16_t i = 0; i < COUNT_OF(addresses); i++) {
		host_add(&host, DIAG_HOLDERS, listener(addresses[i], (uint16_t)(40010 + i)));
		host_add(&host, DIAG_HOLDERS, bound_idle(addresses[i], (uint16_t)(40020 + i)));
	}
	assert_int_equal(portset_count(&host.census.listening), 5);
	assert_int_equal(portset_count(&host.census.bound), 5);
	assert_int_equal(portset_count(&host.census.any), 10);
	assert_int_equal(host.census.totals.of[STATE_CLOSE], 5);
	assert_int_equal(host.census.pool_count, 0);
	assert_int_equal(host.census.features & 1U << FEATURE_BOUND_IDLE, 1U << FEATURE_BOUND_IDLE);
}

/* srcportd's own, of this process or another (specimen.h). */
static void
a_specimen_tells_of_the_kernel_and_counts_for_nothing(void **state)
{
	(void)state;
	host_with_range(40000, 40099, "40050");
	host_add(&host, DIAG_HOLDERS, with_no_port(bound_idle("127.83.82.80", 65535), false));
	host_add(&host, DIAG_HOLDERS, with_cgroup(bound_idle("127.83.82.80", 40050)));
	assert_int_equal(host.census.sockets, 0);
	assert_int_equal(tcp_state_sum(&host.census.totals), 0);
	assert_int_equal(portset_count(&host.census.bound), 0);
	assert_int_equal(portset_count(&host.census.any), 0);
	assert_int_equal(host.census.local_count, 0);
	assert_int_equal(host.census.features, 1U << FEATURE_BOUND_IDLE | 1U << FEATURE_NO_PORT |
						   1U << FEATURE_CGROUP | 1U << FEATURE_TW_DELAY);
	/* Nobody hides a port of the range behind that address. */
	host_add(&host, DIAG_HOLDERS, bound_idle("127.83.82.80", 40051));
	assert_int_equal(portset_count(&host.census.bound), 1);
	assert_int_equal(host.census.sockets, 1);
}

static void
wildcards_hold_every_address_of_their_kind(void **state)
{
	static const struct {
		const char *address;
		bool v6only, wild4, wild6;
	} cases[] = {
	    {"0.0.0.0", false, true, false},    {"::", false, true, true},
	    {"::", true, false, true},          {"::ffff:0.0.0.0", false, true, false},
	    {"127.0.0.1", false, false, false}, {"::1", false, false, false},
	};
	(void)state;
	for (uint16_t i = 0; i < COUNT_OF(cases); i++) {
		struct diag_socket s = listener(cases[i].address, (uint16_t)(40000 + i));
		host_add(&host, DIAG_HOLDERS, cases[i].v6only ? with_v6only(s) : s);
		assert_int_equal(portset_has(&host.census.wild4, s.local_port), cases[i].wild4);
		assert_int_equal(portset_has(&host.census.wild6, s.local_port), cases[i].wild6);
	}
	assert_int_equal(host.census.local_count, 2);
}

/* A dump is no snapshot: while sockets come and go, one may be listed twice. */
static void
duplicates_hold_one_port(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, HERE, 40000, THERE, 80);
	struct diag_socket tw = time_wait("127.0.0.1", 40002, "127.0.0.1", 80, 30000);
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		host_add(&host, DIAG_SOCKETS, s);
		host_add(&host, DIAG_SOCKETS, tw);
	}
	assert_int_equal(pool_of(HERE, THERE, 80)->held.count, 1);
	assert_int_equal(host.census.locals[1].extra.count, 1);
}

static void
features_are_what_was_seen(void **state)
{
	(void)state;
	assert_int_equal(host.census.features, 1U << FEATURE_TW_DELAY);
	host_add(&host, DIAG_SOCKETS,
		 with_no_port(socket_of(STATE_ESTABLISHED, HERE, 40001, THERE, 80), true));
	assert_int_equal(host.census.features, 1U << FEATURE_TW_DELAY | 1U << FEATURE_NO_PORT);
	assert_int_equal(portset_count(&host.census.ambiguous), 0);

	host_with_range(40000, 40099, "");
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 80));
	assert_int_equal(host.census.features, 1U << FEATURE_TW_DELAY);
	host_add(&host, DIAG_HOLDERS, with_no_port(listener("0.0.0.0", 81), false));
	assert_int_equal(host.census.features, 1U << FEATURE_TW_DELAY | 1U << FEATURE_NO_PORT);
	host_add(&host, DIAG_HOLDERS, with_cgroup(listener("0.0.0.0", 82)));
	assert_int_equal(host.census.features,
			 1U << FEATURE_TW_DELAY | 1U << FEATURE_NO_PORT | 1U << FEATURE_CGROUP);
}

static void
many_pools_and_addresses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct diag_socket s = socket_of(STATE_ESTABLISHED, HERE, 40000, THERE, 80);
		s.peer.octet[13] = (uint8_t)(i / 256);
		s.peer.octet[14] = (uint8_t)i;
		s.local.octet[14] = (uint8_t)(i % 100);
		host_add(&host, DIAG_SOCKETS, s);
	}
	assert_int_equal(host.census.pool_count, 3000);
	assert_int_equal(host.census.local_count, 100);
	for (uint32_t i = 0; i < 3000; i++) {
		const struct pool *p = &host.census.pools[i];
		assert_ptr_equal(census_pool(&host.census, &p->local, &p->peer, p->port), p);
		assert_int_equal(census_local(&host.census, &p->local), p->local_index);
	}
	assert_int_equal(host.census.locals[7].connections, 30);
}

/* Wherever memory ends, census_add() says so and what there is can be freed. */
static void
out_of_memory_is_told(void **state)
{
	(void)state;
	unsigned n = 1;
	for (bool failed = true; failed; n++) {
		bool good = true;
		census_free(&host.census);
		census_init(&host.census, &settings, NULL);
		allocations_fail_from(n);
		for (uint16_t i = 0; good && i < 60; i++) {
			struct diag_socket s = socket_of(
			    STATE_ESTABLISHED, HERE, (uint16_t)(40000 + i), THERE, i < 30 ? 80 : i);
			struct diag_socket r = request_sock(HERE, (uint16_t)(40000 + i), THERE, 90);
			struct diag_socket b = bound_idle("10.0.0.9", (uint16_t)(40000 + i));
			errno = 0;
			good = census_add(&host.census, DIAG_HOLDERS, &b) &&
			       census_add(&host.census, DIAG_SOCKETS, &s) &&
			       census_add(&host.census, DIAG_SOCKETS, &r);
		}
		failed = allocations_fail_from(0);
		assert_int_equal(good, !failed);
		assert_int_equal(errno, failed ? ENOMEM : 0);
	}
	assert_between(n, 10, 60);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, host_teardown)

/* Services of UDP are ports to leave alone, and nothing of TCP. */
static void
udp_services_take_no_port_of_tcp(void **state)
{
	(void)state;
	host_add(&host, DIAG_UDP, socket_of(STATE_CLOSE, "0.0.0.0", 40010, "0.0.0.0", 0));
	host_add(&host, DIAG_UDP, socket_of(STATE_CLOSE, "::", 51820, "::", 0));
	host_add(&host, DIAG_UDP, socket_of(STATE_CLOSE, "::", 0, "::", 0));
	/* Nor is one that is connected a service; but each is counted. */
	host_add(&host, DIAG_UDP, socket_of(STATE_ESTABLISHED, "10.0.0.1", 40011, "10.0.0.2", 53));
	assert_int_equal(host.census.udp_held.all.sockets, 2);
	assert_int_equal(portset_count(&host.census.udp), 2);
	assert_true(portset_has(&host.census.udp, 40010));
	assert_true(portset_has(&host.census.udp, 51820));
	assert_int_equal(host.census.sockets, 0);
	assert_int_equal(portset_count(&host.census.bound), 0);
	assert_false(portset_has(&host.census.listening, 40010));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(every_state_of_a_connection_holds_its_port),
	    CASE(recyclable_time_wait_is_not_held),
	    CASE(a_time_wait_that_may_be_taken_over_is_unsure),
	    CASE(request_sock_holds_its_tuple_only),
	    CASE(inbound_takes_nothing_from_any_pool),
	    CASE(one_peer_both_ways),
	    CASE(port_outside_the_range_is_seen_but_not_held),
	    CASE(mapped_and_plain_ipv4_share_a_pool),
	    CASE(pools_are_told_apart),
	    CASE(explicit_binds_block_their_ports),
	    CASE(holders_block_whatever_their_address),
	    CASE(a_specimen_tells_of_the_kernel_and_counts_for_nothing),
	    CASE(wildcards_hold_every_address_of_their_kind),
	    CASE(duplicates_hold_one_port),
	    CASE(features_are_what_was_seen),
	    CASE(many_pools_and_addresses),
	    CASE(out_of_memory_is_told),
	    CASE(udp_services_take_no_port_of_tcp),
	};
	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * How a socket came by its port, over several polls: what the census learns, keeps in origins, and
 * forgets. The range is 40000-40099: odd ports are where bind(address, 0) searches first.
 */
#include "count/origins.h"
#include "support.h"

static struct settings settings;
static struct origins *origins;
static struct host host;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "");
	origins = origins_new();
	return origins == NULL;
}

static int
end(void **state)
{
	(void)state;
	origins_free(origins);
	return 0;
}

static void
poll_begin(void)
{
	origins_begin(origins);
	host_begin(&host, &settings, origins);
}

static void
poll_end(void)
{
	origins_commit(origins, &host.census.listening, &host.census.bound, &host.census.any, true);
	host_free(&host);
}

/* Ends the poll; what it said of the host. */
static void
assert_said(uint32_t capacity, uint32_t uncertain)
{
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->range.capacity, capacity);
	assert_int_equal(host.tally->range.uncertain, uncertain);
	poll_end();
}

static struct diag_socket
established(uint16_t port)
{
	return socket_of(STATE_ESTABLISHED, "10.0.0.1", port, "10.0.0.2", 443);
}

static struct diag_socket
closed(uint16_t port)
{
	return time_wait("10.0.0.1", port, "10.0.0.2", 443, 100);
}

static void
without_memory_parity_decides(void **state)
{
	(void)state;
	host_begin(&host, &settings, NULL);
	host_add(&host, DIAG_SOCKETS, closed(40010));
	host_add(&host, DIAG_SOCKETS, closed(40011));
	host_add(&host, DIAG_SOCKETS, with_no_port(established(40013), false));
	host_add(&host, DIAG_SOCKETS, with_no_port(established(40015), true));
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->range.capacity, 100);
	assert_int_equal(host.tally->range.uncertain, 2);
	host_free(&host);
}

static void
explicit_bind_blocks_in_time_wait(void **state)
{
	(void)state;
	poll_begin();
	for (uint16_t port = 40010; port < 40012; port++) {
		host_add(&host, DIAG_EXPLICIT, established(port));
		host_add(&host, DIAG_SOCKETS, established(port));
	}
	assert_said(98, 0);
	for (unsigned poll = 0; poll < 3; poll++) {
		poll_begin();
		host_add(&host, DIAG_SOCKETS, closed(40010));
		host_add(&host, DIAG_SOCKETS, closed(40011));
		assert_said(98, 0);
	}
	poll_begin();
	assert_said(100, 0);
	assert_int_equal(origins_count(origins), 0);
}

/* A listener comes to a port that connect() has chosen before, and goes; what is said of it then,
 * in the first poll that sees the listener already if `seen_late`. */
static void
listener_comes_and_goes(const char *at, enum letting_go letting_go, bool seen_late,
			uint32_t capacity, uint32_t uncertain)
{
	struct diag_socket chosen = established(40010);
	for (unsigned poll = 0; poll < 5; poll++) {
		bool listens = poll == 1 || poll == 2;
		if (poll == 0 && seen_late)
			continue;
		poll_begin();
		host.census.letting_go = letting_go;
		if (listens)
			host_add(&host, DIAG_HOLDERS, listener(at, 40010));
		host_add(&host, DIAG_SOCKETS, chosen);
		if (listens)
			assert_said(99, 0);
		else
			assert_said(poll == 0 ? 100 : capacity, poll == 0 ? 0 : uncertain);
	}
	poll_begin();
	assert_said(100, 0);
	assert_int_equal(origins_count(origins), 0);
}

/* At another address: it cannot be its child. */
static void
older_than_the_listener(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		listener_comes_and_goes("10.0.0.9", LETS_GO, late, 100, 0);
		listener_comes_and_goes("2001:db8::1", LETS_GO, late, 100, 0);
		listener_comes_and_goes("::", LETS_GO, late, late ? 99 : 100, late ? 0 : 1);
		listener_comes_and_goes("0.0.0.0", LETS_GO, late, late ? 99 : 100, late ? 0 : 1);
	}
}

/* Before Linux 6.18 the port stays blocked, whosoever child this is. */
static void
what_was_blocked_stays_so(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		listener_comes_and_goes("10.0.0.9", KEEPS, late, 99, 0);
		listener_comes_and_goes("0.0.0.0", KEEPS, late, 99, 0);
		listener_comes_and_goes("10.0.0.9", MAY_LET_GO, late, 100, 1);
	}
}

/* The same after an explicit bind; and when all sockets on the port have changed meanwhile, it may
 * have been free for a moment, or not. */
static void
what_was_bound_stays_so(void **state)
{
	struct diag_socket chosen = established(40010), other = established(40010);
	struct diag_socket bound = socket_of(STATE_ESTABLISHED, "10.0.0.3", 40010, "10.0.0.2", 80);
	struct diag_socket late = established(40010);
	(void)state;
	other.cookie = 7;
	late.cookie = 8;
	for (unsigned poll = 0; poll < 5; poll++) {
		static const uint32_t capacity[] = {100, 99, 99, 99, 100};
		static const uint32_t uncertain[] = {0, 0, 0, 0, 1};
		poll_begin();
		host.census.letting_go = KEEPS;
		if (poll == 1)
			host_add(&host, DIAG_EXPLICIT, bound);
		if (poll < 3)
			host_add(&host, DIAG_SOCKETS, chosen);
		if (poll == 1)
			host_add(&host, DIAG_SOCKETS, bound);
		/* One more came while it was still blocked; it is alone at last. */
		if (poll == 2 || poll == 3)
			host_add(&host, DIAG_SOCKETS, other);
		if (poll == 4)
			host_add(&host, DIAG_SOCKETS, late);
		assert_said(capacity[poll], uncertain[poll]);
	}
	for (unsigned poll = 0; poll < 2; poll++) {
		poll_begin();
		host.census.letting_go = KEEPS;
		if (poll == 1)
			host_add(&host, DIAG_SOCKETS, established(40010));
		assert_said(100, 0);
	}
}

/* bind(address, 0) shows only as long as the socket is idle. */
static void
bound_idle_blocks_when_connected(void **state)
{
	struct diag_socket idle = bound_idle("10.0.0.1", 40011);
	struct diag_socket later = with_no_port(established(40011), false);
	(void)state;
	later.cookie = idle.cookie;
	poll_begin();
	host_add(&host, DIAG_HOLDERS, idle);
	assert_said(99, 0);
	poll_begin();
	host_add(&host, DIAG_SOCKETS, later);
	assert_said(99, 0);
	later = closed(40011);
	later.cookie = idle.cookie;
	poll_begin();
	host_add(&host, DIAG_SOCKETS, later);
	assert_said(99, 0);
}

static void
no_port_is_remembered(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_SOCKETS, with_no_port(established(40011), true));
	assert_said(100, 0);
	poll_begin();
	host_add(&host, DIAG_SOCKETS, closed(40011));
	assert_said(100, 0);
}

/* A poll with a listener and a connection that it has accepted. */
static void
accept_on_40010(void)
{
	poll_begin();
	host_add(&host, DIAG_HOLDERS, listener("10.0.0.1", 40010));
	host_add(&host, DIAG_SOCKETS, established(40010));
	assert_said(99, 0);
}

static void
children_outlive_their_listener(void **state)
{
	(void)state;
	accept_on_40010();

	poll_begin();
	host_add(&host, DIAG_SOCKETS, established(40010));
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->totals.inbound, 1);
	assert_null(host_pool(&host, "10.0.0.1", "10.0.0.2", 443));
	assert_said(99, 0);

	poll_begin();
	host_add(&host, DIAG_SOCKETS, closed(40010));
	assert_said(99, 0);
	poll_begin();
	assert_said(100, 0);
}

/* A socket that is new on a port whose listener has just gone may be its child, or the first
 * connect() that got the port. It stays unsure, at an even offset too. */
static void
stranger_on_a_former_listener(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_HOLDERS, listener("10.0.0.1", 40010));
	assert_said(99, 0);
	for (unsigned poll = 0; poll < 3; poll++) {
		poll_begin();
		host_add(&host, DIAG_SOCKETS, established(40010));
		host_tally(&host, NULL, 0);
		assert_int_equal(host.tally->totals.outbound, 1);
		assert_said(100, 1);
	}
	poll_begin();
	assert_said(100, 0);
	/* Another one, later: the listener is long gone. */
	poll_begin();
	host_add(&host, DIAG_SOCKETS,
		 socket_of(STATE_ESTABLISHED, "10.0.0.1", 40010, "10.0.0.3", 443));
	assert_said(100, 0);
}

/* Next to a child that is known, a stranger changes nothing; left alone, it is unsure again. */
static void
stranger_beside_a_known_child(void **state)
{
	struct diag_socket stranger =
	    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40010, "10.0.0.3", 50000);
	(void)state;
	accept_on_40010();
	poll_begin();
	host_add(&host, DIAG_SOCKETS, stranger);
	host_add(&host, DIAG_SOCKETS, established(40010));
	assert_said(99, 0);
	poll_begin();
	host_add(&host, DIAG_SOCKETS, stranger);
	assert_said(100, 1);
}

/* What is known to be connect()'s own stays so when a listener comes and goes at another address.
 */
static void
listener_does_not_adopt(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_SOCKETS, with_no_port(established(40011), true));
	assert_said(100, 0);
	poll_begin();
	host_add(&host, DIAG_HOLDERS, listener("10.0.0.9", 40011));
	host_add(&host, DIAG_SOCKETS, with_no_port(established(40011), true));
	assert_said(99, 0);
	poll_begin();
	host_add(&host, DIAG_SOCKETS, with_no_port(established(40011), true));
	assert_said(100, 0);
}

/* What another socket blocks in the meantime is not forgotten. */
static void
kept_while_the_port_is_blocked(void **state)
{
	struct diag_socket other = socket_of(STATE_ESTABLISHED, "10.0.0.7", 40010, "10.0.0.2", 80);
	(void)state;
	poll_begin();
	host_add(&host, DIAG_EXPLICIT, established(40010));
	host_add(&host, DIAG_SOCKETS, established(40010));
	assert_said(99, 0);
	poll_begin();
	host_add(&host, DIAG_EXPLICIT, other);
	host_add(&host, DIAG_SOCKETS, other);
	host_add(&host, DIAG_SOCKETS, closed(40010));
	assert_said(99, 0);
	poll_begin();
	host_add(&host, DIAG_SOCKETS, closed(40010));
	assert_said(99, 0);
}

/* A poll that fails forgets nothing of the one before. */
static void
failed_poll(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_EXPLICIT, established(40010));
	host_add(&host, DIAG_SOCKETS, established(40010));
	assert_said(99, 0);
	poll_begin();
	host_free(&host);
	poll_begin();
	host_add(&host, DIAG_SOCKETS, closed(40010));
	assert_said(99, 0);
}

static void
only_sockets_of_the_range_are_kept(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_HOLDERS, listener("0.0.0.0", 80));
	host_add(&host, DIAG_HOLDERS, bound_idle("10.0.0.1", 30000));
	for (uint16_t client = 50000; client < 50100; client++)
		host_add(&host, DIAG_SOCKETS,
			 socket_of(STATE_ESTABLISHED, "10.0.0.1", 80, "10.0.0.3", client));
	assert_said(100, 0);
	assert_int_equal(origins_count(origins), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
	    TEST(without_memory_parity_decides),
	    TEST(explicit_bind_blocks_in_time_wait),
	    TEST(older_than_the_listener),
	    TEST(what_was_blocked_stays_so),
	    TEST(what_was_bound_stays_so),
	    TEST(bound_idle_blocks_when_connected),
	    TEST(no_port_is_remembered),
	    TEST(children_outlive_their_listener),
	    TEST(stranger_on_a_former_listener),
	    TEST(stranger_beside_a_known_child),
	    TEST(listener_does_not_adopt),
	    TEST(kept_while_the_port_is_blocked),
	    TEST(failed_poll),
	    TEST(only_sockets_of_the_range_are_kept),
	};
	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "count/udp.h"
#include "support.h"

static struct udp_census census;
static struct udp_tally udp;
static struct settings settings;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "40090-40099");
	udp_none(&census, "");
	census.available = true;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	free(udp.rows);
	udp = (struct udp_tally){0};
	udp_none(&census, "");
	return 0;
}

static void
add(struct diag_socket s)
{
	assert_true(udp_add(&census, &settings, &s));
}

static void
idle(const char *local, uint16_t port)
{
	add(socket_of(STATE_CLOSE, local, port, strchr(local, ':') ? "::" : "0.0.0.0", 0));
}

static void
connected(const char *local, uint16_t port)
{
	add(socket_of(STATE_ESTABLISHED, local, port, local, 53));
}

static void
count(void)
{
	free(udp.rows);
	assert_true(udp_count(&census, &settings, &udp));
}

static const struct udp_row *
row(const char *text)
{
	struct addr wanted = address(text);
	for (uint32_t i = 0; i < udp.count; i++)
		if (addr_equal(&udp.rows[i].address, &wanted))
			return &udp.rows[i];
	return NULL;
}

static void
assert_row(const char *text, uint32_t sockets, uint32_t used, uint32_t uncertain)
{
	const struct udp_row *r = row(text);
	assert_non_null(r);
	assert_int_equal(r->sockets, sockets);
	assert_int_equal(r->used, used);
	assert_int_equal(r->uncertain, uncertain);
	assert_int_equal(r->capacity, 90);
	assert_int_equal(r->remaining, 90 - used);
}

static void
nothing_is_held(void **state)
{
	(void)state;
	count();
	assert_true(udp.available);
	assert_int_equal(udp.count, UDP_WILDCARDS);
	assert_row("0.0.0.0", 0, 0, 0);
	assert_row("::", 0, 0, 0);
	assert_int_equal(udp.rows[0].percent, 0);
}

/* Not available is no number. */
static void
not_available(void **state)
{
	(void)state;
	idle("0.0.0.0", 40001);
	udp_none(&census, "so it is");
	count();
	assert_false(udp.available);
	assert_int_equal(udp.count, 0);
	assert_null(udp.rows);
	assert_string_equal(udp.reason, "so it is");
}

static void
ports_that_autobind_never_takes(void **state)
{
	(void)state;
	idle("10.0.0.1", 0);
	idle("10.0.0.1", 39999);
	idle("10.0.0.1", 40090);
	idle("10.0.0.1", 40100);
	count();
	assert_int_equal(udp.count, UDP_WILDCARDS);
	assert_row("0.0.0.0", 0, 0, 0);
	idle("10.0.0.1", 40000);
	idle("10.0.0.1", 40089);
	count();
	assert_row("0.0.0.0", 2, 2, 0);
	assert_row("10.0.0.1", 2, 2, 0);
}

static void
ports_and_not_sockets(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++)
		idle("10.0.0.1", 40001);
	idle("10.0.0.2", 40001);
	count();
	assert_row("0.0.0.0", 9, 1, 0);
	assert_row("::", 9, 1, 0);
	assert_row("10.0.0.1", 8, 1, 0);
	assert_row("10.0.0.2", 1, 1, 0);
}

static void
wildcards_are_in_the_way_of_addresses(void **state)
{
	(void)state;
	idle("10.0.0.1", 40001);
	idle("2001:db8::1", 40002);
	idle("0.0.0.0", 40003);
	add(with_v6only(socket_of(STATE_CLOSE, "::", 40004, "::", 0)));
	idle("::", 40005); /* for both families */
	count();
	assert_row("10.0.0.1", 3, 3, 0);
	assert_row("2001:db8::1", 3, 3, 0);
	assert_row("::", 5, 5, 0);
}

static void
what_is_in_doubt_is_settled(void **state)
{
	struct portset doubts;
	(void)state;
	for (uint16_t port = 40001; port <= 40005; port++)
		connected("2001:db8::1", port);
	connected("10.0.0.1", 40005); /* in the way anyway */
	idle("127.0.0.6", 40010);
	udp_doubts(&census, &doubts);
	assert_int_equal(portset_count(&doubts), 4);
	assert_false(portset_has(&doubts, 40005));
	udp_settle(&census, 40001, true);
	udp_settle(&census, 40002, false);
	udp_doubts(&census, &doubts);
	assert_int_equal(portset_count(&doubts), 2);
	count();
	assert_row("0.0.0.0", 7, 3, 2);
	assert_row("127.0.0.6", 6, 2, 3);
	assert_row("::", 7, 6, 0);
}

static void
ipv6_sockets_that_are_connected(void **state)
{
	(void)state;
	connected("2001:db8::1", 40001);
	connected("2001:db8::1", 40002);
	connected("10.0.0.1", 40002);
	idle("127.0.0.6", 40003);
	count();
	/* One of the two ports is held for IPv4 anyway. */
	assert_row("0.0.0.0", 4, 2, 1);
	assert_row("::", 4, 3, 0);
	assert_row("2001:db8::1", 2, 2, 0);
	assert_row("10.0.0.1", 1, 1, 0);
	assert_row("127.0.0.6", 3, 1, 2);
}

static void
devices(void **state)
{
	(void)state;
	add(on_device(socket_of(STATE_CLOSE, "10.0.0.1", 40001, "0.0.0.0", 0), 2));
	add(on_device(with_v6only(socket_of(STATE_CLOSE, "::", 40002, "::", 0)), 3));
	add(on_device(socket_of(STATE_CLOSE, "fe80::1", 40003, "::", 0), 2));
	count();
	assert_row("10.0.0.1", 1, 1, 0);
	/* The socket at :: is in the way if it is on the same device. */
	assert_row("fe80::1%2", 2, 1, 1);
}

static void
the_fewest_remaining_first(void **state)
{
	(void)state;
	idle("10.0.0.1", 40001);
	idle("10.0.0.3", 40001);
	idle("10.0.0.2", 40001);
	idle("10.0.0.3", 40002);
	count();
	assert_int_equal(udp.count, UDP_WILDCARDS + 3);
	assert_ptr_equal(row("10.0.0.3"), &udp.rows[2]);
	assert_ptr_equal(row("10.0.0.1"), &udp.rows[3]);
	assert_ptr_equal(row("10.0.0.2"), &udp.rows[4]);
}

static void
addresses_beyond_those_kept(void **state)
{
	char local[32];
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(local, sizeof(local), "127.1.0.%u", i);
		idle(local, 40001);
	}
	for (unsigned i = 0; i < 100; i++) {
		snprintf(local, sizeof(local), "10.1.0.%u", i);
		idle(local, 40002);
	}
	count();
	assert_int_equal(udp.count, UDP_WILDCARDS + UDP_LOCALS_MAX);
	assert_int_equal(udp.omitted, 200 - UDP_LOCALS_MAX);
	assert_row("0.0.0.0", 200, 2, 0);
	assert_non_null(row("127.1.0.0"));
	assert_null(row("127.1.0.32"));
	assert_non_null(row("10.1.0.31"));
	assert_null(row("10.1.0.32"));
}

/* With IP_FREEBIND there is no limit to them either. */
static void
addresses_that_are_not_this_hosts(void **state)
{
	static const struct sources none = {.known = true, .count = 0};
	struct sources own = {.known = true, .count = 1};
	char local[32];
	(void)state;
	own.of[0].address = address("192.0.2.1");
	for (unsigned round = 0; round < 2; round++) {
		begin(NULL);
		census.own = round == 0 ? &own : &none;
		for (unsigned i = 0; i < 100; i++) {
			snprintf(local, sizeof(local), "10.1.0.%u", i);
			idle(local, 40001);
		}
		idle("192.0.2.1", 40001);
		count();
		assert_int_equal(udp.count, UDP_WILDCARDS + UDP_GUESTS_MAX + (round == 0));
		assert_int_equal(udp.omitted, 101 - UDP_GUESTS_MAX - (round == 0));
		assert_int_equal(udp.rows[0].used, 1);
		assert_true((row("192.0.2.1") != NULL) == (round == 0));
	}
}

static void
growth(void **state)
{
	struct udp_before before = {0};
	(void)state;
	idle("10.0.0.1", 40001);
	count();
	assert_int_equal(udp_growth(&before, &udp), 0); /* nothing is known of before */
	assert_int_equal(udp_growth(&before, &udp), 0);
	for (uint16_t port = 40010; port < 40019; port++)
		idle("10.0.0.1", port);
	add(with_v6only(socket_of(STATE_CLOSE, "::", 40002, "::", 0)));
	count();
	assert_int_equal(udp_growth(&before, &udp), 11); /* 10 of 90, of both families */
	udp_none(&census, "");
	count();
	assert_int_equal(udp_growth(&before, &udp), 0);
	census.available = true;
	idle("10.0.0.1", 40001);
	count();
	assert_int_equal(udp_growth(&before, &udp), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(nothing_is_held),
	    CASE(not_available),
	    CASE(ports_that_autobind_never_takes),
	    CASE(ports_and_not_sockets),
	    CASE(wildcards_are_in_the_way_of_addresses),
	    CASE(what_is_in_doubt_is_settled),
	    CASE(ipv6_sockets_that_are_connected),
	    CASE(devices),
	    CASE(the_fewest_remaining_first),
	    CASE(addresses_beyond_those_kept),
	    CASE(addresses_that_are_not_this_hosts),
	    CASE(growth),
	};
	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}

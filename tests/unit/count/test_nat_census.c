/* SPDX-License-Identifier: ISC */
#include "count/nat_census.h"
#include "support.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>

#define INSIDE  "10.0.0.2"
#define OUTSIDE "192.0.2.1"
#define PEER    "198.51.100.1"

static struct conntrack_entry
entry_of(const char *source, uint16_t port, uint16_t outside_port)
{
	struct addr outside = address(OUTSIDE), peer = address(PEER);
	struct conntrack_entry e = {.protocol = IPPROTO_TCP, .state = 3};
	e.original = (struct conntrack_tuple){address(source), peer, port, 443, 0};
	e.reply = (struct conntrack_tuple){peer, outside, 443, outside_port, 0};
	if (!addr_equal(&e.original.source, &outside) || port != outside_port)
		e.status = IPS_SRC_NAT;
	return e;
}

/* Both dumps show the same entries, as that of an old kernel would. */
static void
take_all(struct nat_census *census, const struct conntrack_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(nat_census_take(census, CONNTRACK_TRANSLATED, &entries[i]));
	for (size_t i = 0; i < count; i++)
		assert_true(nat_census_take(census, CONNTRACK_HOLDERS, &entries[i]));
	nat_census_end(census);
}

static void
who_holds_a_port(void **state)
{
	struct conntrack_entry e[8];
	struct nat_census census;
	(void)state;
	e[0] = entry_of(INSIDE, 40000, 40000);
	e[1] = entry_of(INSIDE, 40001, 20001);
	e[2] = entry_of(OUTSIDE, 40002, 40002); /* the host's own */
	/* From the peer's very port, and from another one. */
	e[3] = entry_of(INSIDE, 0, 0);
	e[3].status = 0;
	e[3].original = e[0].reply;
	e[3].original.destination_port = 50000;
	e[3].reply = (struct conntrack_tuple){address(OUTSIDE), address(PEER), 50000, 443, 0};
	e[4] = e[3];
	e[4].original.source_port = e[4].reply.destination_port = 444;
	/* Another zone, another protocol, and another one's own. */
	e[5] = entry_of(INSIDE, 40003, 40003);
	e[5].reply.zone = 5;
	e[6] = entry_of(INSIDE, 40004, 40004);
	e[6].protocol = IPPROTO_UDP;
	e[7] = entry_of(OUTSIDE, 40005, 40005);
	e[7].reply.source_port = e[7].original.destination_port = 80;
	nat_census_init(&census, true);
	take_all(&census, e, COUNT_OF(e));
	assert_int_equal(census.count, 3);
	const struct nat_pool *p = &census.pools[0];
	assert_int_equal(p->protocol, IPPROTO_TCP);
	assert_int_equal(p->zone, 0);
	assert_int_equal(p->port, 443);
	assert_int_equal(p->entries, 4);
	assert_int_equal(p->usage.used, 4);
	assert_int_equal(p->usage.remaining, 64508);
	assert_int_equal(p->translated, 2);
	assert_int_equal(p->moved, 1);
	assert_int_equal(census.pools[1].zone, 5);
	assert_int_equal(census.pools[2].protocol, IPPROTO_UDP);
	nat_census_free(&census);
	assert_int_equal(census.count, 0);
}

/* A port of two entries is given up by neither. */
static void
what_gives_way(void **state)
{
	struct conntrack_entry e[4];
	struct nat_census census;
	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		e[i] = entry_of(INSIDE, (uint16_t)(40000 + i), (uint16_t)(40000 + i));
		e[i].state = CONNTRACK_TIME_WAIT;
	}
	e[3] = entry_of("10.0.0.3", 40002, 40002);
	for (int evicts = 0; evicts < 2; evicts++) {
		nat_census_init(&census, evicts != 0);
		take_all(&census, e, COUNT_OF(e));
		assert_int_equal(census.count, 1);
		assert_int_equal(census.pools[0].entries, 3);
		assert_int_equal(census.pools[0].usage.evictable, evicts ? 2 : 0);
		assert_int_equal(census.pools[0].usage.used, evicts ? 1 : 3);
		nat_census_free(&census);
	}
}

/* By the time that is left; one that is nearly over may wait for an acknowledgement. */
static void
who_is_idle(void **state)
{
	static const uint32_t left[] = {432000, 428401, 428400, 301, 300, 0};
	struct conntrack_entry e[COUNT_OF(left) + 1];
	struct nat_census census;
	(void)state;
	for (uint16_t i = 0; i < COUNT_OF(left); i++) {
		e[i] = entry_of(INSIDE, (uint16_t)(40000 + i), (uint16_t)(40000 + i));
		e[i].left_s = left[i];
	}
	e[COUNT_OF(left)] = entry_of(INSIDE, 40100, 40100);
	e[COUNT_OF(left)].state = CONNTRACK_TIME_WAIT;
	e[COUNT_OF(left)].left_s = 1000;
	for (int known = 0; known < 2; known++) {
		nat_census_init(&census, true);
		census.established_s = known ? 432000 : 0;
		take_all(&census, e, COUNT_OF(e));
		assert_int_equal(census.count, 1);
		assert_int_equal(census.pools[0].idle, known ? 2 : 0);
		nat_census_free(&census);
	}
}

/* Of the host's own, one that was moved without a rule says nothing of a rule's range; nor do
 * source ports below 1024. Entries that come twice change nothing. */
static void
the_range_of_a_rule(void **state)
{
	struct conntrack_entry e[104];
	struct nat_census census;
	(void)state;
	for (uint16_t i = 0; i < 100; i++)
		e[i] = entry_of(INSIDE, (uint16_t)(40000 + i), (uint16_t)(20000 + i));
	e[100] = entry_of(OUTSIDE, 20000, 61000);
	e[101] = entry_of(INSIDE, 500, 400);
	e[102] = e[0];
	e[103] = e[0];
	nat_census_init(&census, true);
	take_all(&census, e, COUNT_OF(e));
	const struct nat_pool *p = &census.pools[0];
	assert_int_equal(p->from, NAT_RANGE_FLOWS);
	assert_int_equal(p->range.low, 20000);
	assert_int_equal(p->range.high, 20099);
	assert_int_equal(p->entries, 102);
	assert_int_equal(p->usage.used, 100);
	assert_int_equal(p->usage.remaining, 0);
	assert_int_equal(p->usage.loss_ppm, NAT_PPM);
	assert_int_equal(p->lost_ppm, NAT_PPM);
	nat_census_free(&census);
}

/* A socket that sends to many peers keeps the port that it was given: that is no range of one. */
static void
one_socket_shows_no_range(void **state)
{
	struct conntrack_entry e[100];
	struct nat_census census;
	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		e[i] = entry_of(INSIDE, 30000, 20000);
		e[i].original.destination_port = e[i].reply.source_port = (uint16_t)(i + 1);
	}
	nat_census_init(&census, true);
	take_all(&census, e, COUNT_OF(e));
	assert_int_equal(census.count, 100);
	assert_int_equal(census.pools[0].from, NAT_RANGE_DEFAULT);
	assert_int_equal(census.pools[0].usage.remaining, 64511);
	assert_int_equal(census.pools[0].lost_ppm, 0);
	nat_census_free(&census);
}

/* Without a translated connection there is none; where there is one, it need not come again. */
static void
what_is_no_pool(void **state)
{
	struct conntrack_entry once = entry_of(INSIDE, 40000, 40000),
			       own = entry_of(OUTSIDE, 40001, 40001);
	struct nat_census census;
	(void)state;
	nat_census_init(&census, true);
	assert_true(nat_census_take(&census, CONNTRACK_TRANSLATED, &once));
	assert_true(nat_census_take(&census, CONNTRACK_HOLDERS, &own));
	nat_census_end(&census);
	assert_int_equal(census.count, 1);
	assert_int_equal(census.pools[0].usage.used, 2);
	nat_census_free(&census);
	nat_census_init(&census, true);
	take_all(&census, &own, 1);
	assert_int_equal(census.count, 0);
	nat_census_free(&census);
}

/* By translated connections; the host's own are not inside. */
static void
who_is_inside(void **state)
{
	struct conntrack_entry e[8];
	struct nat_census census;
	(void)state;
	for (uint16_t i = 0; i < 8; i++)
		e[i] = entry_of(i < 3   ? OUTSIDE
				: i < 5 ? "10.0.0.3"
				: i < 7 ? INSIDE
					: "10.0.0.1",
				(uint16_t)(40000 + i), (uint16_t)(40000 + i));
	nat_census_init(&census, true);
	take_all(&census, e, COUNT_OF(e));
	struct addr inside = address(INSIDE);
	assert_true(addr_equal(&census.pools[0].holder, &inside));
	assert_int_equal(census.pools[0].holder_entries, 2);
	nat_census_free(&census);
}

/* Who is asked by a ping of the peer answers: that holds none of the identifiers. SCTP is neither
 * of TCP's nor of UDP's pools, and shows a range of its own. */
static void
other_protocols(void **state)
{
	struct conntrack_entry e[36];
	struct nat_census census;
	(void)state;
	for (uint16_t i = 0; i < 33; i++) {
		e[i] = entry_of(INSIDE, (uint16_t)(40000 + i), (uint16_t)(20000 + 3 * i));
		e[i].protocol = IPPROTO_SCTP;
	}
	e[33] = entry_of(INSIDE, 40000, 50000);
	e[34] = entry_of(INSIDE, 7, 8);
	e[34].protocol = IPPROTO_ICMP;
	e[34].original.destination_port = e[34].reply.source_port = 0;
	e[35] = e[34];
	e[35].status = 0;
	e[35].original = (struct conntrack_tuple){address(PEER), address(OUTSIDE), 0, 0, 0};
	e[35].reply = (struct conntrack_tuple){address(OUTSIDE), address(PEER), 0, 0, 0};
	nat_census_init(&census, true);
	take_all(&census, e, COUNT_OF(e));
	assert_int_equal(census.count, 3);
	const struct nat_pool *p = &census.pools[0];
	assert_int_equal(p->protocol, IPPROTO_SCTP);
	assert_int_equal(p->from, NAT_RANGE_FLOWS);
	assert_int_equal(p->range.high, 20096);
	assert_int_equal(p->usage.used, 33);
	assert_string_equal(nat_pool_unit(p), "port");
	assert_int_equal(census.pools[1].protocol, IPPROTO_TCP);
	assert_int_equal(census.pools[1].from, NAT_RANGE_DEFAULT);
	p = &census.pools[2];
	assert_int_equal(p->protocol, IPPROTO_ICMP);
	assert_int_equal(p->port, 0);
	assert_int_equal(p->usage.used, 1);
	assert_int_equal(p->usage.capacity, 65536);
	assert_string_equal(nat_pool_unit(p), "identifier");
	assert_string_equal(nat_pool_flow(p), "ping");
	char text[NAT_POOL_TEXT_MAX];
	assert_string_equal(nat_pool_text(p, text), "icmp 192.0.2.1 -> 198.51.100.1");
	nat_census_free(&census);
}

/* Those that lose most come first, then those with least remaining. */
static void
the_order(void **state)
{
	struct nat_census census;
	(void)state;
	nat_census_init(&census, true);
	for (int dump = 0; dump < 2; dump++)
		for (uint16_t peer = 1; peer <= 4; peer++)
			for (uint16_t i = 0; i < 10 * peer + (peer == 2 ? 30000 : 0); i++) {
				struct conntrack_entry e =
				    entry_of(INSIDE, (uint16_t)(2000 + i), (uint16_t)(2000 + i));
				e.reply.source_port = e.original.destination_port = peer;
				assert_true(nat_census_take(
				    &census, dump ? CONNTRACK_HOLDERS : CONNTRACK_TRANSLATED, &e));
			}
	nat_census_end(&census);
	assert_int_equal(census.count, 4);
	static const uint16_t order[] = {2, 4, 3, 1};
	for (size_t i = 0; i < COUNT_OF(order); i++)
		assert_int_equal(census.pools[i].port, order[i]);
	assert_true(census.pools[0].usage.loss_ppm > 10000);
	/* None was moved. */
	assert_int_equal(census.pools[0].lost_ppm, 0);
	nat_census_free(&census);
}

/* More pools than are kept are counted, not kept. */
static void
too_many_pools(void **state)
{
	struct nat_census census;
	(void)state;
	nat_census_init(&census, true);
	for (uint32_t i = 0; i < NAT_POOLS_MAX + 7; i++) {
		struct conntrack_entry e = entry_of(INSIDE, 40000, 40000);
		e.reply.source_port = e.original.destination_port = (uint16_t)i;
		e.reply.zone = (uint16_t)(i >> 16);
		assert_true(nat_census_take(&census, CONNTRACK_TRANSLATED, &e));
	}
	assert_int_equal(census.count, NAT_POOLS_MAX);
	assert_int_equal(census.omitted, 7);
	nat_census_free(&census);
}

static void
no_memory(void **state)
{
	bool failed = true;
	(void)state;
	for (unsigned n = 1; failed && n < 100; n++) {
		struct nat_census census;
		bool good = true;
		nat_census_init(&census, true);
		allocations_fail_from(n);
		for (int dump = 0; good && dump < 2; dump++)
			for (uint16_t i = 0; good && i < 600; i++) {
				struct conntrack_entry e =
				    entry_of(INSIDE, (uint16_t)(40000 + i), (uint16_t)(20000 + i));
				e.reply.source_port = e.original.destination_port =
				    (uint16_t)(i % 2);
				good = nat_census_take(
				    &census, dump ? CONNTRACK_HOLDERS : CONNTRACK_TRANSLATED, &e);
			}
		failed = allocations_fail_from(0);
		assert_int_equal(good, !failed);
		nat_census_free(&census);
	}
	assert_false(failed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_holds_a_port), cmocka_unit_test(what_gives_way),
	    cmocka_unit_test(who_is_idle),      cmocka_unit_test(the_range_of_a_rule),
	    cmocka_unit_test(what_is_no_pool),  cmocka_unit_test(one_socket_shows_no_range),
	    cmocka_unit_test(who_is_inside),    cmocka_unit_test(the_order),
	    cmocka_unit_test(too_many_pools),   cmocka_unit_test(no_memory),
	    cmocka_unit_test(other_protocols),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

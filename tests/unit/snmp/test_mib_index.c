/* SPDX-License-Identifier: ISC */
#include "snmp/mib_index.h"
#include "snmp/mibtree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct addr
address(const char *text)
{
	struct addr a;
	assert_true(addr_parse(text, &a));
	return a;
}

/* Compares with a list of numbers that ends with -1. */
static void
assert_subs(const uint32_t *sub, size_t length, const long *expected)
{
	size_t n = 0;
	for (; expected[n] >= 0; n++)
		assert_true(n < length && sub[n] == (uint32_t)expected[n]);
	assert_int_equal(length, n);
}

static void
ipv4_is_type_length_octets(void **state)
{
	struct addr a = address("10.1.2.255");
	uint32_t sub[MIB_INDEX_ADDR_MAX];
	(void)state;
	assert_subs(sub, mib_index_addr(&a, sub), (const long[]){1, 4, 10, 1, 2, 255, -1});
}

static void
mapped_ipv4_is_ipv4(void **state)
{
	struct addr a = address("::ffff:10.1.2.3");
	uint32_t sub[MIB_INDEX_ADDR_MAX];
	(void)state;
	assert_subs(sub, mib_index_addr(&a, sub), (const long[]){1, 4, 10, 1, 2, 3, -1});
}

static void
ipv6_has_sixteen_octets(void **state)
{
	struct addr a = address("2001:db8::ff");
	uint32_t sub[MIB_INDEX_ADDR_MAX];
	(void)state;
	assert_subs(
	    sub, mib_index_addr(&a, sub),
	    (const long[]){2, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, -1});
}

static void
zone_is_four_octets_more(void **state)
{
	struct addr v6 = address("fe80::1");
	struct addr v4 = address("10.0.0.1");
	uint32_t sub[MIB_INDEX_ADDR_MAX];
	(void)state;
	v6.zone = 0x01020304;
	v4.zone = 7;
	assert_subs(sub, mib_index_addr(&v6, sub),
		    (const long[]){4, 20, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0,
				   0, 0,  0,    0,    0, 1, 1, 2, 3, 4, -1});
	assert_subs(sub, mib_index_addr(&v4, sub),
		    (const long[]){3, 8, 10, 0, 0, 1, 0, 0, 0, 7, -1});
}

static void
rows_follow_the_index_clauses(void **state)
{
	struct pool_tally pool = {
	    .peer = address("10.9.8.7"), .local = address("::1"), .port = 443};
	struct peer_tally peer = {.peer = pool.peer};
	struct local_tally local = {.address = pool.peer};
	uint32_t sub[MIB_INDEX_POOL_MAX];
	(void)state;
	assert_subs(sub, mib_index_pool(&pool, sub),
		    (const long[]){1, 4, 10, 9, 8, 7, 443, 2, 16, 0, 0, 0, 0,
				   0, 0, 0,  0, 0, 0, 0,   0, 0,  0, 0, 1, -1});
	assert_subs(sub, mib_index_peer(&peer, sub), (const long[]){1, 4, 10, 9, 8, 7, -1});
	assert_subs(sub, mib_index_local(&local, sub), (const long[]){1, 4, 10, 9, 8, 7, -1});
}

static void
longest_rows_fit(void **state)
{
	struct pool_tally pool = {
	    .peer = address("fe80::1"), .local = address("fe80::2"), .port = 65535};
	uint32_t sub[MIB_INDEX_POOL_MAX];
	(void)state;
	pool.peer.zone = pool.local.zone = UINT32_MAX;
	assert_int_equal(mib_index_addr(&pool.peer, sub), 22);
	assert_int_equal(mib_index_pool(&pool, sub), 45);
	assert_int_equal(MIB_INDEX_POOL_MAX, 45);
}

static struct addr
random_address(unsigned *seed)
{
	static const char *const near[] = {"10.0.0.1", "10.0.0.2", "10.0.1.0", "9.255.255.255",
					   "::1",      "fe80::1",  "fe80::2",  "2001:db8::1"};
	struct addr a = address(near[(unsigned)rand_r(seed) % 8]);
	a.zone = rand_r(seed) % 4 ? 0 : (uint32_t)rand_r(seed) % 3 * 255;
	a.octet[15] = (uint8_t)(a.octet[15] ^ (rand_r(seed) % 3 == 0));
	return a;
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Rows are sorted by their tallies; the walk needs them in the order of their identifiers. */
static void
order_of_tallies_is_order_of_oids(void **state)
{
	unsigned seed = 7777;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct pool_tally a = {.peer = random_address(&seed),
				       .local = random_address(&seed)};
		struct pool_tally b = {.peer = random_address(&seed),
				       .local = random_address(&seed)};
		uint32_t sub_a[MIB_INDEX_POOL_MAX], sub_b[MIB_INDEX_POOL_MAX];
		int expected = addr_compare(&a.peer, &b.peer);

		a.port = (uint16_t)(rand_r(&seed) % 4 * 21845);
		b.port = (uint16_t)(rand_r(&seed) % 4 * 21845);
		if (expected == 0)
			expected = a.port - b.port;
		if (expected == 0)
			expected = addr_compare(&a.local, &b.local);

		size_t length_a = mib_index_pool(&a, sub_a), length_b = mib_index_pool(&b, sub_b);

		assert_int_equal(sign(mibtree_compare(sub_a, length_a, sub_b, length_b)),
				 sign(expected));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ipv4_is_type_length_octets),
	    cmocka_unit_test(mapped_ipv4_is_ipv4),
	    cmocka_unit_test(ipv6_has_sixteen_octets),
	    cmocka_unit_test(zone_is_four_octets_more),
	    cmocka_unit_test(rows_follow_the_index_clauses),
	    cmocka_unit_test(longest_rows_fit),
	    cmocka_unit_test(order_of_tallies_is_order_of_oids),
	};
	return cmocka_run_group_tests_name("mib_index", tests, NULL, NULL);
}

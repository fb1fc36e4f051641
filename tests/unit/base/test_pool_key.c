/* SPDX-License-Identifier: ISC */
#include "base/pool_key.h"
#include "support.h"

struct named {
	struct addr local, peer;
	uint16_t port;
};

static struct named
named(const char *local, const char *peer, uint16_t port)
{
	return (struct named){address(local), address(peer), port};
}

/* In order; each differs from the one before in one part, or in more with the first deciding. */
static const struct {
	const char *peer;
	uint16_t port;
	const char *local;
} sorted[] = {
    {"10.0.0.2", 80, "10.0.0.1"},      {"10.0.0.2", 80, "10.0.0.9"},
    {"10.0.0.2", 443, "10.0.0.1"},     {"10.0.0.3", 22, "10.0.0.1"},
    {"2001:db8::1", 1, "2001:db8::9"}, {"2001:db8::1", 65535, "::1"},
    {"fe80::1%2", 22, "fe80::9%2"},    {"fe80::1%2", 22, "fe80::9%3"},
    {"fe80::1%3", 22, "fe80::9%2"},
};

static void
peer_then_port_then_local(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sorted); i++) {
		struct named a = named(sorted[i].local, sorted[i].peer, sorted[i].port);
		for (size_t j = 0; j < COUNT_OF(sorted); j++) {
			struct named b = named(sorted[j].local, sorted[j].peer, sorted[j].port);
			int order = pool_key_compare(POOL_KEY(&a), POOL_KEY(&b));
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(pool_key_equal(POOL_KEY(&a), POOL_KEY(&b)), i == j);
		}
	}
}

/* Each part counts, and which address is whose. */
static void
different_keys_have_different_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sorted); i++) {
		struct named a = named(sorted[i].local, sorted[i].peer, sorted[i].port);
		struct named back = named(sorted[i].peer, sorted[i].local, sorted[i].port);
		assert_int_not_equal(pool_key_hash(POOL_KEY(&a)), pool_key_hash(POOL_KEY(&back)));
		for (size_t j = 0; j < COUNT_OF(sorted); j++) {
			struct named b = named(sorted[j].local, sorted[j].peer, sorted[j].port);
			bool same = pool_key_hash(POOL_KEY(&a)) == pool_key_hash(POOL_KEY(&b));
			assert_int_equal(same, i == j);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(peer_then_port_then_local),
	    cmocka_unit_test(different_keys_have_different_hashes),
	};
	return cmocka_run_group_tests_name("pool_key", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "count/nat_range.h"
#include "support.h"

#include <netinet/in.h>

#define TCP  IPPROTO_TCP
#define UDP  IPPROTO_UDP
#define RULE NAT_RANGE_RULE

/* As many as show a range. */
static const struct nat_seen narrow = {32, 40, 20000, 20099}, none;

static struct nat_rule
rule(uint8_t protocol, const char *outside, uint16_t low, uint16_t high)
{
	struct nat_rule r = {.protocol = protocol, .clear = true, .family = AF_INET};
	r.addressed = outside != NULL;
	if (outside != NULL)
		r.first = r.last = address(outside);
	r.named = low != 0;
	r.ports = (struct port_range){low, high};
	return r;
}

static void
assert_range(const struct nat_rules *rules, const struct nat_seen *seen,
	     enum nat_range_source source, uint16_t low, uint16_t high)
{
	struct addr outside = address("192.0.2.1");
	const struct nat_range_question q = {
	    .protocol = TCP, .outside = &outside, .own = &none, .seen = seen};
	struct port_range range;
	assert_int_equal(nat_range_of(rules, &q, &range), source);
	assert_int_equal(range.low, low);
	assert_int_equal(range.high, high);
}

static void
rules_that_agree(void **state)
{
	struct nat_rules rules = {.known = true, .count = 4};
	(void)state;
	rules.of[0] = rule(TCP, NULL, 20000, 20099);
	rules.of[1] = rule(UDP, NULL, 30000, 30099);
	rules.of[2] = rule(0, "192.0.2.2", 0, 0);
	rules.of[3] = rule(0, NULL, 0, 0);
	rules.of[3].family = AF_INET6;
	assert_range(&rules, &none, RULE, 20000, 20099);
	assert_range(&rules, &narrow, RULE, 20000, 20099);
	/* No port named is the default, named or not. */
	rules.of[0] = rule(0, NULL, 0, 0);
	rules.of[1] = rule(TCP, NULL, 1024, 65535);
	assert_range(&rules, &none, RULE, 1024, 65535);
}

static void
rules_that_do_not_tell(void **state)
{
	struct nat_rules rules = {.known = true, .count = 2};
	(void)state;
	rules.of[0] = rule(TCP, NULL, 20000, 20099);
	rules.of[1] = rule(0, NULL, 0, 0);
	assert_range(&rules, &none, NAT_RANGE_DEFAULT, 1024, 65535);
	assert_range(&rules, &narrow, NAT_RANGE_FLOWS, 20000, 20099);
	rules.of[1] = rule(TCP, NULL, 20000, 20099);
	rules.of[1].clear = false;
	assert_range(&rules, &none, NAT_RANGE_DEFAULT, 1024, 65535);
	rules.count = 1;
	assert_range(&rules, &none, RULE, 20000, 20099);
	rules.omitted = true;
	assert_range(&rules, &none, NAT_RANGE_DEFAULT, 1024, 65535);
	rules.omitted = rules.known = false;
	assert_range(&rules, &none, NAT_RANGE_DEFAULT, 1024, 65535);
	rules.known = true;
	rules.count = 0;
	assert_range(&rules, &none, NAT_RANGE_DEFAULT, 1024, 65535);
}

/* Which rule is meant for a pool, its own connections may show. */
static void
rules_that_differ(void **state)
{
	static const struct {
		struct nat_seen own;
		enum nat_range_source source;
		uint16_t low, high;
	} cases[] = {
	    /* Kept ports outside the narrow one. */
	    {{0, 1, 40000, 40000}, RULE, 1024, 65535},
	    /* One in 645 would be there by chance, two in 416,000. */
	    {{1, 1, 20000, 20000}, NAT_RANGE_FLOWS, 20000, 60000},
	    {{2, 2, 20000, 20000}, RULE, 20000, 20099},
	    {{2, 3, 20000, 20099}, RULE, 20000, 20099},
	    {{2, 3, 20000, 20100}, RULE, 1024, 65535},
	    /* Those that kept their port do not choose. */
	    {{0, 50, 20000, 20050}, NAT_RANGE_FLOWS, 20000, 60000},
	};
	static const struct nat_seen wide = {500, 600, 20000, 60000};
	struct nat_rules rules = {.known = true, .count = 2};
	struct addr outside = address("192.0.2.1");
	(void)state;
	rules.of[0] = rule(0, NULL, 0, 0);
	rules.of[1] = rule(TCP, NULL, 20000, 20099);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct nat_range_question q = {
		    .protocol = TCP, .outside = &outside, .own = &cases[i].own, .seen = &wide};
		struct port_range range;
		assert_int_equal(nat_range_of(&rules, &q, &range), cases[i].source);
		assert_int_equal(range.low, cases[i].low);
		assert_int_equal(range.high, cases[i].high);
	}
}

/* Without rules that tell: what the pool shows, if it shows less than half. */
static void
a_pool_shows_less_than_its_address(void **state)
{
	static const struct nat_seen wide = {500, 600, 20000, 40000}, half = {32, 32, 20000, 30000},
				     less = {32, 32, 20000, 29999}, few = {31, 31, 20000, 20049};
	const struct nat_rules rules = {.known = false};
	struct addr outside = address("192.0.2.1");
	struct nat_range_question q = {.protocol = TCP, .outside = &outside, .seen = &wide};
	struct port_range range;
	(void)state;
	q.own = &half;
	assert_int_equal(nat_range_of(&rules, &q, &range), NAT_RANGE_FLOWS);
	assert_int_equal(range.high, 40000);
	q.own = &less;
	assert_int_equal(nat_range_of(&rules, &q, &range), NAT_RANGE_FLOWS);
	assert_int_equal(range.high, 29999);
	q.own = &few;
	assert_int_equal(nat_range_of(&rules, &q, &range), NAT_RANGE_FLOWS);
	assert_int_equal(range.high, 40000);
}

/* There is another firewall, or there was another rule. */
static void
connections_that_contradict(void **state)
{
	const struct nat_seen beyond = {1, 1, 20100, 20100};
	struct nat_rules rules = {.known = true, .count = 1};
	(void)state;
	rules.of[0] = rule(0, NULL, 20000, 20099);
	assert_range(&rules, &beyond, NAT_RANGE_DEFAULT, 1024, 65535);
	rules.of[0] = rule(0, NULL, 0, 0);
	assert_range(&rules, &beyond, RULE, 1024, 65535);
	assert_range(&rules, &narrow, NAT_RANGE_FLOWS, 20000, 20099);
}

/* Whether ports that are named without a protocol are meant for it cannot be told. */
static void
identifiers(void **state)
{
	struct addr outside = address("192.0.2.1");
	struct nat_range_question q = {
	    .protocol = IPPROTO_ICMP, .outside = &outside, .own = &none, .seen = &none};
	struct nat_rules rules = {.known = true, .count = 1};
	struct port_range range;
	(void)state;
	rules.of[0] = rule(0, NULL, 0, 0);
	assert_int_equal(nat_range_of(&rules, &q, &range), RULE);
	assert_int_equal(range.low, 0);
	rules.of[0] = rule(IPPROTO_ICMP, NULL, 100, 149);
	assert_int_equal(nat_range_of(&rules, &q, &range), RULE);
	assert_int_equal(range.high, 149);
	rules.of[0] = rule(0, NULL, 20000, 20099);
	assert_int_equal(nat_range_of(&rules, &q, &range), NAT_RANGE_DEFAULT);
	assert_int_equal(range.low, 0);
	assert_int_equal(range.high, 65535);
	q.protocol = IPPROTO_SCTP;
	assert_int_equal(nat_range_of(&rules, &q, &range), RULE);
}

static void
words(void **state)
{
	(void)state;
	assert_string_equal(nat_range_source_name(NAT_RANGE_DEFAULT), "default");
	assert_string_equal(nat_range_source_name(NAT_RANGE_RULE), "rule");
	assert_string_equal(nat_range_source_name(NAT_RANGE_FLOWS), "flows");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_that_agree),
	    cmocka_unit_test(rules_that_do_not_tell),
	    cmocka_unit_test(rules_that_differ),
	    cmocka_unit_test(a_pool_shows_less_than_its_address),
	    cmocka_unit_test(connections_that_contradict),
	    cmocka_unit_test(identifiers),
	    cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

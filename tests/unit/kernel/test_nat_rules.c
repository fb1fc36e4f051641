/* SPDX-License-Identifier: ISC */
#include "kernel/nat_rules.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define NEW (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE)

/* A rule that is being written. */
struct draft {
	_Alignas(8) uint8_t octet[2048];
	struct nlmsghdr *message;
	struct nlattr *list, *element, *data;
};

static void
begin(struct draft *d, uint8_t family)
{
	memset(d, 0, sizeof(*d));
	d->message = mnl_nlmsg_put_header(d->octet);
	d->message->nlmsg_type = NEW;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(d->message, sizeof(*head));
	head->nfgen_family = family;
	mnl_attr_put_strz(d->message, NFTA_RULE_TABLE, "nat");
	d->list = mnl_attr_nest_start(d->message, NFTA_RULE_EXPRESSIONS);
}

static void
expression(struct draft *d, const char *name)
{
	d->element = mnl_attr_nest_start(d->message, NFTA_LIST_ELEM);
	mnl_attr_put_strz(d->message, NFTA_EXPR_NAME, name);
	d->data = mnl_attr_nest_start(d->message, NFTA_EXPR_DATA);
}

static void
end_expression(struct draft *d)
{
	mnl_attr_nest_end(d->message, d->data);
	mnl_attr_nest_end(d->message, d->element);
}

static void
put(struct draft *d, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(d->message, type, htonl(value));
}

static void
put_value(struct draft *d, uint16_t type, const void *octets, size_t size)
{
	struct nlattr *data = mnl_attr_nest_start(d->message, type);
	mnl_attr_put(d->message, NFTA_DATA_VALUE, size, octets);
	mnl_attr_nest_end(d->message, data);
}

static void
immediate(struct draft *d, uint32_t reg, const void *octets, size_t size)
{
	expression(d, "immediate");
	put(d, NFTA_IMMEDIATE_DREG, reg);
	put_value(d, NFTA_IMMEDIATE_DATA, octets, size);
	end_expression(d);
}

static void
immediate_port(struct draft *d, uint32_t reg, uint16_t port)
{
	uint16_t order = htons(port);
	immediate(d, reg, &order, sizeof(order));
}

static void
immediate_address(struct draft *d, uint32_t reg, const char *text)
{
	struct addr a = address(text);
	uint8_t octets[20];
	immediate(d, reg, octets, addr_octets(&a, octets));
}

static void
l4proto(struct draft *d, uint32_t op, uint8_t protocol)
{
	expression(d, "meta");
	put(d, NFTA_META_KEY, NFT_META_L4PROTO);
	put(d, NFTA_META_DREG, NFT_REG_1);
	end_expression(d);
	expression(d, "cmp");
	put(d, NFTA_CMP_SREG, NFT_REG_1);
	put(d, NFTA_CMP_OP, op);
	put_value(d, NFTA_CMP_DATA, &protocol, 1);
	end_expression(d);
}

/* Registers of 0 are not named. */
static void
masquerade(struct draft *d, uint32_t low, uint32_t high)
{
	expression(d, "masq");
	if (low != 0)
		put(d, NFTA_MASQ_REG_PROTO_MIN, low);
	if (high != 0)
		put(d, NFTA_MASQ_REG_PROTO_MAX, high);
	end_expression(d);
}

static void
translate(struct draft *d, uint32_t type, uint32_t family, const uint32_t reg[4])
{
	expression(d, "nat");
	put(d, NFTA_NAT_TYPE, type);
	put(d, NFTA_NAT_FAMILY, family);
	for (uint16_t i = 0; i < 4; i++)
		if (reg[i] != 0)
			put(d, (uint16_t)(NFTA_NAT_REG_ADDR_MIN + i), reg[i]);
	end_expression(d);
}

static void
target(struct draft *d, const char *name, uint32_t revision, const void *info, size_t size)
{
	expression(d, "target");
	mnl_attr_put_strz(d->message, NFTA_TARGET_NAME, name);
	put(d, NFTA_TARGET_REV, revision);
	mnl_attr_put(d->message, NFTA_TARGET_INFO, size, info);
	end_expression(d);
}

static void
take(struct draft *d, struct nat_rules *rules)
{
	mnl_attr_nest_end(d->message, d->list);
	assert_int_equal(nat_rules_take(rules, d->message), 0);
}

/* The only rule that it makes; NULL if it makes none. */
static const struct nat_rule *
only(struct draft *d)
{
	static struct nat_rules rules;
	memset(&rules, 0, sizeof(rules));
	take(d, &rules);
	assert_between(rules.count, 0, 1);
	return rules.count == 0 ? NULL : &rules.of[0];
}

static void
assert_ports(const struct nat_rule *rule, uint16_t low, uint16_t high)
{
	assert_non_null(rule);
	assert_true(rule->clear);
	assert_true(rule->named);
	assert_int_equal(rule->ports.low, low);
	assert_int_equal(rule->ports.high, high);
}

static void
masquerade_of_nft(void **state)
{
	struct draft d;
	(void)state;
	begin(&d, NFPROTO_IPV4);
	masquerade(&d, 0, 0);
	const struct nat_rule *rule = only(&d);
	assert_true(rule->clear);
	assert_false(rule->named);
	assert_false(rule->addressed);
	assert_int_equal(rule->family, AF_INET);
	assert_int_equal(rule->protocol, 0);

	begin(&d, NFPROTO_INET);
	l4proto(&d, NFT_CMP_EQ, IPPROTO_UDP);
	immediate_port(&d, NFT_REG_1, 20000);
	immediate_port(&d, NFT_REG_2, 20099);
	masquerade(&d, NFT_REG_1, NFT_REG_2);
	rule = only(&d);
	assert_ports(rule, 20000, 20099);
	assert_int_equal(rule->family, AF_UNSPEC);
	assert_int_equal(rule->protocol, IPPROTO_UDP);

	begin(&d, NFPROTO_IPV6);
	immediate_port(&d, NFT_REG32_01, 20000);
	masquerade(&d, NFT_REG32_01, 0);
	rule = only(&d);
	assert_ports(rule, 20000, 20000);
	assert_int_equal(rule->family, AF_INET6);
}

static void
snat_of_nft(void **state)
{
	static const uint32_t all[4] = {NFT_REG_1, NFT_REG_2, NFT_REG_3, NFT_REG_4};
	static const uint32_t address_only[4] = {NFT_REG_1, 0, 0, 0};
	static const uint32_t compact[4] = {NFT_REG_1, 0, NFT_REG32_01, NFT_REG32_02};
	struct addr low = address("192.0.2.1"), high = address("192.0.2.9");
	struct addr six = address("2001:db8::1");
	struct draft d;
	(void)state;
	begin(&d, NFPROTO_IPV4);
	immediate_address(&d, NFT_REG_1, "192.0.2.1");
	immediate_address(&d, NFT_REG_2, "192.0.2.9");
	immediate_port(&d, NFT_REG_3, 1024);
	immediate_port(&d, NFT_REG_4, 2047);
	translate(&d, NFT_NAT_SNAT, NFPROTO_IPV4, all);
	const struct nat_rule *rule = only(&d);
	assert_ports(rule, 1024, 2047);
	assert_true(rule->addressed && addr_equal(&rule->first, &low) &&
		    addr_equal(&rule->last, &high));

	begin(&d, NFPROTO_INET);
	immediate_address(&d, NFT_REG_1, "2001:db8::1");
	translate(&d, NFT_NAT_SNAT, NFPROTO_IPV6, address_only);
	rule = only(&d);
	assert_true(rule->clear && !rule->named && rule->addressed);
	assert_true(addr_equal(&rule->first, &six) && addr_equal(&rule->last, &six));
	assert_int_equal(rule->family, AF_INET6);

	begin(&d, NFPROTO_IPV4);
	immediate_address(&d, NFT_REG_1, "192.0.2.1");
	immediate_port(&d, NFT_REG32_01, 3000);
	immediate_port(&d, NFT_REG32_02, 4000);
	translate(&d, NFT_NAT_SNAT, NFPROTO_IPV4, compact);
	assert_ports(only(&d), 3000, 4000);

	begin(&d, NFPROTO_IPV4);
	immediate_address(&d, NFT_REG_1, "192.0.2.1");
	translate(&d, NFT_NAT_DNAT, NFPROTO_IPV4, address_only);
	assert_null(only(&d));
}

/* A port from a map, a register that something else was written to, a range turned round: it gives
 * out ports, and which is not known. */
static void
what_is_not_clear(void **state)
{
	static const uint32_t ports[4] = {0, 0, NFT_REG_1, 0};
	struct draft d;
	(void)state;
	begin(&d, NFPROTO_IPV4);
	immediate_port(&d, NFT_REG_1, 20000);
	expression(&d, "lookup");
	end_expression(&d);
	translate(&d, NFT_NAT_SNAT, NFPROTO_IPV4, ports);
	assert_false(only(&d)->clear);

	begin(&d, NFPROTO_IPV4);
	immediate_port(&d, NFT_REG32_01, 20000);
	immediate_address(&d, NFT_REG_1, "2001:db8::1"); /* four words: that one too */
	masquerade(&d, NFT_REG32_01, 0);
	assert_false(only(&d)->clear);

	begin(&d, NFPROTO_IPV4);
	immediate_port(&d, NFT_REG_1, 20000);
	masquerade(&d, NFT_REG_1, NFT_REG_2);
	assert_false(only(&d)->clear);

	begin(&d, NFPROTO_IPV4);
	immediate_port(&d, NFT_REG_1, 20000);
	immediate_port(&d, NFT_REG_2, 19999);
	masquerade(&d, NFT_REG_1, NFT_REG_2);
	assert_false(only(&d)->clear);

	/* Not confined to a protocol: it is one that it does not have. */
	begin(&d, NFPROTO_IPV4);
	l4proto(&d, NFT_CMP_NEQ, IPPROTO_UDP);
	masquerade(&d, 0, 0);
	assert_int_equal(only(&d)->protocol, 0);
}

static void
targets_of_iptables(void **state)
{
	struct nf_nat_ipv4_multi_range_compat old = {.rangesize = 1};
	struct nf_nat_range range = {.flags = NF_NAT_RANGE_PROTO_SPECIFIED};
	struct addr outside = address("192.0.2.1");
	struct draft d;
	(void)state;
	begin(&d, NFPROTO_IPV4);
	target(&d, "MASQUERADE", 0, &old, sizeof(old));
	const struct nat_rule *rule = only(&d);
	assert_true(rule->clear && !rule->named && !rule->addressed);

	old.range[0].flags = NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_MAP_IPS;
	inet_pton(AF_INET, "192.0.2.1", &old.range[0].min_ip);
	old.range[0].max_ip = old.range[0].min_ip;
	old.range[0].min.all = htons(20000);
	old.range[0].max.all = htons(20099);
	begin(&d, NFPROTO_IPV4);
	l4proto(&d, NFT_CMP_EQ, IPPROTO_TCP);
	target(&d, "SNAT", 0, &old, sizeof(old));
	rule = only(&d);
	assert_ports(rule, 20000, 20099);
	assert_int_equal(rule->protocol, IPPROTO_TCP);
	assert_true(rule->addressed && addr_equal(&rule->first, &outside));

	range.min_proto.all = htons(1024);
	range.max_proto.all = htons(65535);
	begin(&d, NFPROTO_IPV6);
	target(&d, "MASQUERADE", 0, &range, sizeof(range));
	assert_ports(only(&d), 1024, 65535);

	begin(&d, NFPROTO_IPV4);
	target(&d, "SNAT", 0, &old, sizeof(old) - 4); /* cut off */
	assert_false(only(&d)->clear);
	old.rangesize = 2;
	begin(&d, NFPROTO_IPV4);
	target(&d, "SNAT", 0, &old, sizeof(old));
	assert_false(only(&d)->clear);

	begin(&d, NFPROTO_IPV4);
	target(&d, "DNAT", 0, &old, sizeof(old));
	assert_null(only(&d));
}

/* What differs is there once, and no more of it than there is room for. */
static void
how_many(void **state)
{
	static struct nat_rules rules;
	struct draft d;
	(void)state;
	for (uint16_t i = 0; i < NAT_RULES_MAX; i++) {
		for (int twice = 0; twice < 2; twice++) {
			begin(&d, NFPROTO_IPV4);
			immediate_port(&d, NFT_REG_1, (uint16_t)(20000 + i));
			masquerade(&d, NFT_REG_1, 0);
			take(&d, &rules);
		}
	}
	assert_int_equal(rules.count, NAT_RULES_MAX);
	assert_false(rules.omitted);
	begin(&d, NFPROTO_IPV4);
	masquerade(&d, 0, 0);
	take(&d, &rules);
	assert_int_equal(rules.count, NAT_RULES_MAX);
	assert_true(rules.omitted);
}

static void
other_messages(void **state)
{
	struct nat_rules rules = {.known = false};
	struct draft d;
	(void)state;
	begin(&d, NFPROTO_BRIDGE);
	masquerade(&d, 0, 0);
	assert_null(only(&d));
	begin(&d, NFPROTO_IPV4);
	d.message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN;
	assert_int_equal(nat_rules_take(&rules, d.message), EBADMSG);
	begin(&d, NFPROTO_IPV4);
	d.message->nlmsg_len = NLMSG_HDRLEN;
	assert_int_equal(nat_rules_take(&rules, d.message), EBADMSG);
	assert_int_equal(rules.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(masquerade_of_nft), cmocka_unit_test(snat_of_nft),
	    cmocka_unit_test(what_is_not_clear), cmocka_unit_test(targets_of_iptables),
	    cmocka_unit_test(how_many),          cmocka_unit_test(other_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

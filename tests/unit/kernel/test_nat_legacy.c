/* SPDX-License-Identifier: ISC */
#include "kernel/nat_legacy.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <unistd.h>

/* Rules as the kernel gives them. */
struct draft {
	_Alignas(8) uint8_t octet[4096];
	size_t size;
};

#define MATCH 48 /* octets of what a match has */

static void
rule(struct draft *d, uint8_t family, uint8_t protocol, const char *name, uint8_t revision,
     const void *info, size_t size)
{
	bool v4 = family == AF_INET;
	size_t head = v4 ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
	size_t whole = (size + 7) / 8 * 8 + sizeof(struct xt_entry_target);
	struct xt_entry_target target = {.u.user.target_size = (uint16_t)whole};
	uint16_t at = (uint16_t)(head + MATCH), next = (uint16_t)(at + whole);
	struct ipt_entry e4 = {.ip.proto = protocol, .target_offset = at, .next_offset = next};
	struct ip6t_entry e6 = {.ipv6.proto = protocol, .target_offset = at, .next_offset = next};
	e6.ipv6.flags = protocol == 0 ? 0 : IP6T_F_PROTO;
	assert_true(d->size + next <= sizeof(d->octet));
	snprintf(target.u.user.name, sizeof(target.u.user.name), "%s", name);
	target.u.user.revision = revision;
	memcpy(d->octet + d->size, v4 ? (void *)&e4 : (void *)&e6, head);
	memcpy(d->octet + d->size + at, &target, sizeof(target));
	memcpy(d->octet + d->size + at + sizeof(target), info, size);
	d->size += next;
}

static void
masquerade(struct draft *d, uint8_t protocol, uint16_t low, uint16_t high)
{
	struct nf_nat_ipv4_multi_range_compat range = {.rangesize = 1};
	range.range[0].flags = low == 0 ? 0 : NF_NAT_RANGE_PROTO_SPECIFIED;
	range.range[0].min.all = htons(low);
	range.range[0].max.all = htons(high);
	rule(d, AF_INET, protocol, "MASQUERADE", 0, &range, sizeof(range));
}

static const uint8_t other[32];

static void
rules_of_v4(void **state)
{
	struct draft d = {.size = 0};
	struct nat_rules rules = {.known = true};
	struct nf_nat_range2 range = {.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED};
	struct addr first = address("192.0.2.1"), last = address("192.0.2.9");
	(void)state;
	range.min_addr.ip = inet_addr("192.0.2.1");
	range.max_addr.ip = inet_addr("192.0.2.9");
	range.min_proto.all = htons(30000);
	range.max_proto.all = htons(30099);
	rule(&d, AF_INET, 0, "", 0, other, 4); /* a policy */
	masquerade(&d, IPPROTO_TCP, 20000, 20099);
	rule(&d, AF_INET, IPPROTO_TCP, "DNAT", 0, other, sizeof(other));
	rule(&d, AF_INET, IPPROTO_UDP, "SNAT", 2, &range, sizeof(range));
	masquerade(&d, 0, 0, 0);
	masquerade(&d, 0, 0, 0);
	rule(&d, AF_INET, 0, "ERROR", 0, other, sizeof(other));
	assert_int_equal(nat_legacy_take(&rules, AF_INET, d.octet, d.size), 0);
	assert_int_equal(rules.count, 3);
	assert_int_equal(rules.of[0].protocol, IPPROTO_TCP);
	assert_int_equal(rules.of[0].family, AF_INET);
	assert_true(rules.of[0].clear && rules.of[0].named && !rules.of[0].addressed);
	assert_int_equal(rules.of[0].ports.low, 20000);
	assert_int_equal(rules.of[0].ports.high, 20099);
	assert_int_equal(rules.of[1].protocol, IPPROTO_UDP);
	assert_true(rules.of[1].clear && rules.of[1].named && rules.of[1].addressed);
	assert_true(addr_equal(&rules.of[1].first, &first));
	assert_true(addr_equal(&rules.of[1].last, &last));
	assert_int_equal(rules.of[1].ports.low, 30000);
	assert_int_equal(rules.of[2].protocol, 0);
	assert_true(rules.of[2].clear && !rules.of[2].named);
	assert_true(rules.known && !rules.unread);
}

/* "! -p udp" is no protocol. */
static void
every_protocol_but_one(void **state)
{
	struct draft d = {.size = 0};
	struct nat_rules rules = {.known = true};
	struct ipt_entry entry;
	(void)state;
	masquerade(&d, IPPROTO_UDP, 20000, 20099);
	memcpy(&entry, d.octet, sizeof(entry));
	entry.ip.invflags = IPT_INV_PROTO;
	memcpy(d.octet, &entry, sizeof(entry));
	assert_int_equal(nat_legacy_take(&rules, AF_INET, d.octet, d.size), 0);
	assert_int_equal(rules.count, 1);
	assert_int_equal(rules.of[0].protocol, 0);
}

static void
rules_of_v6(void **state)
{
	struct draft d = {.size = 0};
	struct nat_rules rules = {.known = true};
	struct nf_nat_range range = {.flags = NF_NAT_RANGE_PROTO_SPECIFIED};
	(void)state;
	range.min_proto.all = htons(40000);
	range.max_proto.all = htons(40099);
	rule(&d, AF_INET6, IPPROTO_UDP, "MASQUERADE", 0, &range, sizeof(range));
	range.flags = 0;
	rule(&d, AF_INET6, 0, "NETMAP", 0, &range, sizeof(range));
	assert_int_equal(nat_legacy_take(&rules, AF_INET6, d.octet, d.size), 0);
	assert_int_equal(rules.count, 2);
	assert_int_equal(rules.of[0].family, AF_INET6);
	assert_int_equal(rules.of[0].protocol, IPPROTO_UDP);
	assert_int_equal(rules.of[0].ports.high, 40099);
	assert_int_equal(rules.of[1].protocol, 0);
	assert_true(rules.of[1].clear && !rules.of[1].named);
}

static void
what_no_kernel_gives(void **state)
{
	struct draft d = {.size = 0};
	struct nat_rules rules = {.known = true};
	struct ipt_entry entry;
	(void)state;
	masquerade(&d, IPPROTO_TCP, 20000, 20099);
	for (size_t size = 1; size < d.size; size++)
		assert_int_equal(nat_legacy_take(&rules, AF_INET, d.octet, size), EBADMSG);
	static const uint16_t offsets[][2] = {{0, 200},   {111, 200}, {112, 143},    {112, 112},
					      {200, 100}, {112, 0},   {65535, 65535}};
	for (size_t i = 0; i < COUNT_OF(offsets); i++) {
		memcpy(&entry, d.octet, sizeof(entry));
		entry.target_offset = offsets[i][0];
		entry.next_offset = offsets[i][1];
		memcpy(d.octet, &entry, sizeof(entry));
		assert_int_equal(nat_legacy_take(&rules, AF_INET, d.octet, d.size), EBADMSG);
	}
	assert_int_equal(rules.count, 0);
}

/* Nothing is asked for then: a question would make the table. */
static void
where_there_is_no_table(void **state)
{
	struct directory directory;
	struct nat_rules rules = {.known = true};
	(void)state;
	directory_make(&directory);
	const struct procfile_source proc = {.root = directory.path};
	nat_legacy_read(&proc, &rules, NULL);
	assert_false(rules.unread);
	directory_text(&directory, "net/ip_tables_names", "filter\nnatural\n");
	directory_text(&directory, "net/ip6_tables_names", "");
	nat_legacy_read(&proc, &rules, NULL);
	assert_false(rules.unread);
	assert_int_equal(rules.count, 0);
	/* It cannot be opened: there may be one, unless the module that makes it is not loaded. */
	char path[256];
	snprintf(path, sizeof(path), "%s/net/ip_tables_names", directory.path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("ip_tables_names", path), 0);
	nat_legacy_read(&proc, &rules, NULL);
	assert_true(rules.unread);
	rules.unread = false;
	directory_text(&directory, "modules", "ip_tables 36864 0 - Live 0x0\n");
	nat_legacy_read(&proc, &rules, NULL);
	assert_false(rules.unread);
	directory_remove(&directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_of_v4),
	    cmocka_unit_test(every_protocol_but_one),
	    cmocka_unit_test(rules_of_v6),
	    cmocka_unit_test(what_no_kernel_gives),
	    cmocka_unit_test(where_there_is_no_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

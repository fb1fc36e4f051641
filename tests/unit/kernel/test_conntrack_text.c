/* SPDX-License-Identifier: ISC */
#include "kernel/conntrack_text.h"
#include "kernel/modules.h"
#include "support.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>

/* What the kernel wrote. */
static const char recorded[] =
    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.7.0.2 dst=192.0.2.100 sport=40000 dport=9000 "
    "src=192.0.2.100 dst=192.0.2.1 sport=9000 dport=20007 [ASSURED] mark=0 zone=0 use=2\n"
    "ipv4     2 tcp      6 117 TIME_WAIT src=10.7.0.2 dst=192.0.2.200 sport=40001 dport=9000 "
    "zone-orig=3 packets=5 bytes=268 src=192.0.2.100 dst=192.0.2.1 sport=9000 dport=40001 "
    "zone-reply=4 packets=3 bytes=164 [ASSURED] mark=7 delta-time=3 use=1\n"
    "ipv4     2 udp      17 29 src=192.0.2.1 dst=192.0.2.100 sport=41000 dport=53 [UNREPLIED] "
    "src=192.0.2.100 dst=192.0.2.1 sport=53 dport=41000 mark=0 "
    "secctx=system_u:object_r:unlabeled_t:s0 zone=5 use=2\n"
    "ipv4     2 icmp     1 12 src=10.7.0.2 dst=192.0.2.100 type=8 code=0 id=7 src=192.0.2.100 "
    "dst=192.0.2.1 type=0 code=0 id=8 mark=0 use=1\n"
    "ipv4     2 icmp     1 12 src=10.7.0.2 dst=192.0.2.100 type=13 code=0 id=7 src=192.0.2.100 "
    "dst=192.0.2.1 type=14 code=0 id=8 mark=0 use=1\n"
    "ipv4     2 sctp     132 3 COOKIE_WAIT src=10.7.0.2 dst=192.0.2.100 sport=40002 dport=9000 "
    "[UNREPLIED] src=192.0.2.100 dst=192.0.2.1 sport=9000 dport=20008 mark=0 use=1\n"
    "ipv4     2 unknown  47 600 src=10.7.0.2 dst=192.0.2.100 [UNREPLIED] src=192.0.2.100 "
    "dst=10.7.0.2 mark=0 use=1\n"
    "ipv6     10 tcp      6 src=fd00:0007:0000:0000:0000:0000:0000:0002 "
    "dst=2001:0db8:0000:0000:0000:0000:0000:0100 sport=40003 dport=443 "
    "src=2001:0db8:0000:0000:0000:0000:0000:0100 dst=2001:0db8:0000:0000:0000:0000:0000:0001 "
    "sport=443 dport=40003 [OFFLOAD] mark=0 use=2\n"
    "ipv6     10 icmpv6   58 29 src=fd00:0007:0000:0000:0000:0000:0000:0002 "
    "dst=2001:0db8:0000:0000:0000:0000:0000:0100 type=128 code=0 id=300 "
    "src=2001:0db8:0000:0000:0000:0000:0000:0100 dst=2001:0db8:0000:0000:0000:0000:0000:0001 "
    "type=129 code=0 id=300 mark=0 use=1\n";

struct kept {
	unsigned count;
	enum conntrack_dump dump;
	struct conntrack_entry entry[16];
	bool refuse;
};

static bool
keep(void *arg, enum conntrack_dump dump, const struct conntrack_entry *entry)
{
	struct kept *kept = arg;
	assert_true(kept->count < COUNT_OF(kept->entry));
	kept->dump = dump;
	kept->entry[kept->count++] = *entry;
	return !kept->refuse;
}

static const char *
read_text(const char *text, struct kept *kept)
{
	struct directory directory;
	directory_make(&directory);
	if (text != NULL)
		directory_text(&directory, "net/nf_conntrack", text);
	const struct procfile_source proc = {.root = directory.path};
	const char *error = conntrack_text_read(&proc, CONNTRACK_HOLDERS, keep, kept);
	directory_remove(&directory);
	return error;
}

static void
assert_tuple(const struct conntrack_tuple *tuple, const char *source, uint16_t source_port,
	     const char *destination, uint16_t destination_port, uint16_t zone)
{
	struct addr from = address(source), to = address(destination);
	assert_true(addr_equal(&tuple->source, &from));
	assert_true(addr_equal(&tuple->destination, &to));
	assert_int_equal(tuple->source_port, source_port);
	assert_int_equal(tuple->destination_port, destination_port);
	assert_int_equal(tuple->zone, zone);
}

static void
what_the_kernel_wrote(void **state)
{
	static const struct {
		uint8_t protocol, state;
		uint32_t left_s;
		bool translated;
	} expected[] = {
	    {IPPROTO_TCP, CONNTRACK_ESTABLISHED, 431999, true},
	    {IPPROTO_TCP, CONNTRACK_TIME_WAIT, 117, true},
	    {IPPROTO_UDP, 0, 0, false},
	    {IPPROTO_ICMP, 0, 0, true},
	    {IPPROTO_SCTP, 0, 0, true},
	    {IPPROTO_TCP, 0, 0, true},
	    {IPPROTO_ICMPV6, 0, 0, true},
	};
	struct kept kept = {.count = 0};
	(void)state;
	assert_null(read_text(recorded, &kept));
	assert_int_equal(kept.count, COUNT_OF(expected));
	assert_int_equal(kept.dump, CONNTRACK_HOLDERS);
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		const struct conntrack_entry *e = &kept.entry[i];
		assert_int_equal(e->protocol, expected[i].protocol);
		assert_int_equal(e->state, expected[i].state);
		assert_int_equal(e->left_s, expected[i].left_s);
		assert_int_equal(conntrack_is_translated(e), expected[i].translated);
		assert_int_equal(conntrack_is_evictable(e), i == 1);
		assert_int_equal((e->status & IPS_SEEN_REPLY) != 0, i != 2 && i != 4);
	}
	const struct conntrack_entry *e = kept.entry;
	assert_tuple(&e[0].original, "10.7.0.2", 40000, "192.0.2.100", 9000, 0);
	assert_tuple(&e[0].reply, "192.0.2.100", 9000, "192.0.2.1", 20007, 0);
	assert_tuple(&e[1].original, "10.7.0.2", 40001, "192.0.2.200", 9000, 3);
	assert_tuple(&e[1].reply, "192.0.2.100", 9000, "192.0.2.1", 40001, 4);
	assert_tuple(&e[2].reply, "192.0.2.100", 53, "192.0.2.1", 41000, 5);
	assert_tuple(&e[3].original, "10.7.0.2", 7, "192.0.2.100", 0, 0);
	assert_tuple(&e[3].reply, "192.0.2.100", 0, "192.0.2.1", 8, 0);
	assert_tuple(&e[4].reply, "192.0.2.100", 9000, "192.0.2.1", 20008, 0);
	assert_tuple(&e[5].reply, "2001:db8::100", 443, "2001:db8::1", 40003, 0);
	assert_tuple(&e[6].original, "fd00:7::2", 300, "2001:db8::100", 0, 0);
}

/* As many rows of nothing would be believed. */
static void
what_no_kernel_writes(void **state)
{
	static const char *const lines[] = {
	    "",
	    "ipv4 2 tcp",
	    "ipv4 2 tcp six 1 NONE src=10.0.0.1",
	    "ipv4 2 tcp 6 1 NONE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2",
	    "ipv4 2 tcp 6 1 NONE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 "
	    "dst=10.0.0.1 sport=2",
	    "ipv4 2 tcp 6 1 NONE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 "
	    "dst=10.0.0.1 sport=2 dport=65536",
	    "ipv4 2 tcp 6 1 NONE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=::1 "
	    "sport=2 dport=1",
	    "ipv6 10 tcp 6 1 NONE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 "
	    "dst=10.0.0.1 sport=2 dport=1",
	    "ipv4 2 tcp 6 1 NONE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 "
	    "dst=10.0.0.1 sport=2 dport=1 src=10.0.0.1 dst=10.0.0.2",
	    "ipv4 2 icmp 1 1 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 "
	    "dst=10.0.0.1 sport=2 dport=1",
	};
	struct kept kept = {.count = 0};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		char text[512];
		snprintf(text, sizeof(text), "%s\n", lines[i]);
		assert_string_equal(read_text(text, &kept),
				    "net/nf_conntrack has a line that is not understood");
	}
	/* Cut short, or without an end. */
	assert_non_null(read_text("ipv4 2 unknown 47 600 src=10.7.0.2", &kept));
	assert_int_equal(kept.count, 0);
}

/* A context that lists many categories stands before the zone. */
static void
a_long_line(void **state)
{
	static char text[6000];
	struct kept kept = {.count = 0};
	int at = snprintf(text, sizeof(text),
			  "ipv4 2 udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 "
			  "dst=10.0.0.1 sport=2 dport=1 mark=0 secctx=u:r:t:s0:c0");
	(void)state;
	while (at < 5000)
		at += snprintf(text + at, sizeof(text) - (size_t)at, ",c%d", at);
	snprintf(text + at, sizeof(text) - (size_t)at, " zone=6 use=1\n");
	assert_null(read_text(text, &kept));
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.entry[0].reply.zone, 6);
}

static void
what_cannot_be_read(void **state)
{
	struct kept kept = {.refuse = true};
	(void)state;
	assert_string_equal(read_text(NULL, &kept), CONNTRACK_TEXT_DENIED);
	assert_null(read_text("", &kept));
	assert_int_equal(kept.count, 0);
	assert_string_equal(read_text(recorded, &kept), "out of memory");
}

static void
modules_that_are_loaded(void **state)
{
	struct directory directory;
	(void)state;
	directory_make(&directory);
	const struct procfile_source proc = {.root = directory.path};
	const struct procfile_source replay = {.replay = true};
	assert_false(modules_lack(&proc, "nf_conntrack", "nf_conntrack_netlink"));
	directory_text(
	    &directory, "modules",
	    "nf_nat 61440 1 nft_chain_nat, Live 0x0\nnf_conntrack 204800 2 - Live 0x0\n");
	assert_true(modules_lack(&proc, "nf_conntrack", "nf_conntrack_netlink"));
	assert_false(modules_lack(&proc, "ip_tables", "iptable_nat"));
	assert_false(modules_lack(&proc, "nf_conntrack", "nf_nat"));
	assert_false(modules_lack(&replay, "nf_conntrack", "nf_conntrack_netlink"));
	directory_text(&directory, "modules",
		       "nf_conntrack_netlink 57344 0 - Live 0x0\nnf_conntrack 204800 1 "
		       "nf_conntrack_netlink, Live 0x0\n");
	assert_false(modules_lack(&proc, "nf_conntrack", "nf_conntrack_netlink"));
	directory_remove(&directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_kernel_wrote),
	    cmocka_unit_test(what_no_kernel_writes),
	    cmocka_unit_test(a_long_line),
	    cmocka_unit_test(what_cannot_be_read),
	    cmocka_unit_test(modules_that_are_loaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "kernel/conntrack.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#define NEW (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW)

/* What an entry of the kernel has. */
struct flow {
	int family;
	uint8_t protocol;
	const char *from, *to, *back_from, *back_to;
	uint16_t from_port, to_port, back_from_port, back_to_port;
	uint32_t status;
	int zone, reply_zone; /* -1 = none */
	uint8_t state;
	uint8_t type; /* of ICMP; the identifier is from_port */
};

static const struct flow usual = {.family = AF_INET,
				  .protocol = IPPROTO_TCP,
				  .from = "10.0.0.2",
				  .to = "198.51.100.1",
				  .back_from = "198.51.100.1",
				  .back_to = "192.0.2.1",
				  .from_port = 40000,
				  .to_port = 443,
				  .back_from_port = 443,
				  .back_to_port = 20007,
				  .status = 0x19e,
				  .zone = -1,
				  .reply_zone = -1,
				  .state = 3};

struct answer {
	_Alignas(8) uint8_t octet[512];
	struct nlmsghdr *message;
};

static void
put_address(struct nlmsghdr *message, uint16_t v4, uint16_t v6, const char *text)
{
	struct addr a = address(text);
	uint8_t octets[20];
	size_t size = addr_octets(&a, octets);
	mnl_attr_put(message, size == 4 ? v4 : v6, size, octets);
}

static void
put_echo(struct nlmsghdr *m, const struct flow *f, bool reply)
{
	bool v4 = f->protocol == IPPROTO_ICMP;
	uint16_t id = reply ? f->back_to_port : f->from_port;
	uint8_t answer = v4 ? 0 : 129;
	mnl_attr_put_u16(m, v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, htons(id));
	mnl_attr_put_u8(m, v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE,
			reply ? answer : f->type);
	mnl_attr_put_u8(m, v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, 0);
}

static void
put_tuple(struct nlmsghdr *m, const struct flow *f, bool reply)
{
	struct nlattr *tuple = mnl_attr_nest_start(m, reply ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	struct nlattr *part = mnl_attr_nest_start(m, CTA_TUPLE_IP);
	put_address(m, CTA_IP_V4_SRC, CTA_IP_V6_SRC, reply ? f->back_from : f->from);
	put_address(m, CTA_IP_V4_DST, CTA_IP_V6_DST, reply ? f->back_to : f->to);
	mnl_attr_nest_end(m, part);
	part = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, f->protocol);
	if (f->type != 0) {
		put_echo(m, f, reply);
	} else if (f->protocol != IPPROTO_ICMP && f->protocol != IPPROTO_GRE) {
		mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT,
				 htons(reply ? f->back_from_port : f->from_port));
		mnl_attr_put_u16(m, CTA_PROTO_DST_PORT,
				 htons(reply ? f->back_to_port : f->to_port));
	}
	mnl_attr_nest_end(m, part);
	if (reply && f->reply_zone >= 0)
		mnl_attr_put_u16(m, CTA_TUPLE_ZONE, htons((uint16_t)f->reply_zone));
	mnl_attr_nest_end(m, tuple);
}

static void
make(struct answer *a, const struct flow *f)
{
	memset(a, 0, sizeof(*a));
	a->message = mnl_nlmsg_put_header(a->octet);
	a->message->nlmsg_type = NEW;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(a->message, sizeof(*head));
	head->nfgen_family = (uint8_t)f->family;
	put_tuple(a->message, f, false);
	put_tuple(a->message, f, true);
	mnl_attr_put_u32(a->message, CTA_STATUS, htonl(f->status));
	mnl_attr_put_u32(a->message, CTA_TIMEOUT, htonl(431999));
	if (f->zone >= 0)
		mnl_attr_put_u16(a->message, CTA_ZONE, htons((uint16_t)f->zone));
	if (f->state == 0)
		return;
	struct nlattr *info = mnl_attr_nest_start(a->message, CTA_PROTOINFO);
	struct nlattr *tcp = mnl_attr_nest_start(a->message, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(a->message, CTA_PROTOINFO_TCP_STATE, f->state);
	mnl_attr_nest_end(a->message, tcp);
	mnl_attr_nest_end(a->message, info);
}

struct kept {
	unsigned count;
	bool refuse;
	enum conntrack_dump dump;
	struct conntrack_entry entry;
};

static bool
keep(void *arg, enum conntrack_dump dump, const struct conntrack_entry *entry)
{
	struct kept *kept = arg;
	kept->count++;
	kept->dump = dump;
	kept->entry = *entry;
	return !kept->refuse;
}

static int
take(const struct nlmsghdr *message, struct kept *kept)
{
	struct conntrack_taker taker = {keep, kept, CONNTRACK_HOLDERS};
	return conntrack_take_message(&taker, message);
}

static int
take_flow(const struct flow *flow, struct kept *kept)
{
	struct answer a;
	make(&a, flow);
	*kept = (struct kept){.count = 0};
	return take(a.message, kept);
}

static void
a_translated_connection(void **state)
{
	struct kept kept;
	struct addr inside = address("10.0.0.2"), outside = address("192.0.2.1"),
		    peer = address("198.51.100.1");
	(void)state;
	assert_int_equal(take_flow(&usual, &kept), 0);
	const struct conntrack_entry *e = &kept.entry;
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.dump, CONNTRACK_HOLDERS);
	assert_true(addr_equal(&e->original.source, &inside));
	assert_true(addr_equal(&e->original.destination, &peer));
	assert_true(addr_equal(&e->reply.source, &peer));
	assert_true(addr_equal(&e->reply.destination, &outside));
	assert_int_equal(e->original.source_port, 40000);
	assert_int_equal(e->original.destination_port, 443);
	assert_int_equal(e->reply.source_port, 443);
	assert_int_equal(e->reply.destination_port, 20007);
	assert_int_equal(e->protocol, IPPROTO_TCP);
	assert_int_equal(e->state, CONNTRACK_ESTABLISHED);
	assert_int_equal(e->left_s, 431999);
	assert_int_equal(e->status, 0x19e);
	assert_int_equal(e->reply.zone, 0);
	assert_true(conntrack_is_translated(e));
	assert_false(conntrack_is_evictable(e));
}

static void
udp_over_ipv6(void **state)
{
	struct kept kept;
	struct flow flow = usual;
	struct addr outside = address("2001:db8::1");
	(void)state;
	flow.family = AF_INET6;
	flow.protocol = IPPROTO_UDP;
	flow.from = "fd00::2";
	flow.to = flow.back_from = "2001:db8:1::1";
	flow.back_to = "2001:db8::1";
	flow.state = 0;
	flow.status = 0x18e;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_true(addr_equal(&kept.entry.reply.destination, &outside));
	assert_int_equal(kept.entry.protocol, IPPROTO_UDP);
	assert_int_equal(kept.entry.state, 0);
	assert_false(conntrack_is_translated(&kept.entry));
}

static void
zones(void **state)
{
	struct kept kept;
	struct flow flow = usual;
	(void)state;
	flow.zone = 5;
	take_flow(&flow, &kept);
	assert_int_equal(kept.entry.original.zone, 5);
	assert_int_equal(kept.entry.reply.zone, 5);
	flow.zone = -1;
	flow.reply_zone = 7;
	take_flow(&flow, &kept);
	assert_int_equal(kept.entry.original.zone, 0);
	assert_int_equal(kept.entry.reply.zone, 7);
}

static void
what_the_kernel_may_give_up(void **state)
{
	static const struct {
		uint8_t protocol, state;
		uint32_t status;
		bool evictable;
	} cases[] = {
	    {IPPROTO_TCP, 7, 0x19e, true},  {IPPROTO_TCP, 8, 0x19e, true},
	    {IPPROTO_TCP, 9, 0x19e, true},  {IPPROTO_TCP, 1, 0x19e, false},
	    {IPPROTO_TCP, 3, 0x19e, false}, {IPPROTO_TCP, 6, 0x19e, false},
	    {IPPROTO_UDP, 0, 0x19e, false}, {IPPROTO_UDP, 7, 0x19e, false},
	    {IPPROTO_TCP, 7, 0x18e, false}, /* the host's own */
	    {IPPROTO_TCP, 7, 0x39e, false}, /* dying */
	    {IPPROTO_TCP, 7, 0x59e, false}, /* of a fixed timeout */
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct kept kept;
		struct flow flow = usual;
		flow.protocol = cases[i].protocol;
		flow.state = cases[i].state;
		flow.status = cases[i].status;
		assert_int_equal(take_flow(&flow, &kept), 0);
		kept.entry.state = cases[i].state;
		assert_int_equal(conntrack_is_evictable(&kept.entry), cases[i].evictable);
	}
}

static void
echoes_and_sctp(void **state)
{
	struct kept kept;
	struct flow flow = usual;
	(void)state;
	flow.protocol = IPPROTO_SCTP;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.entry.protocol, IPPROTO_SCTP);
	assert_int_equal(kept.entry.reply.destination_port, 20007);
	assert_int_equal(kept.entry.state, 0);
	flow.protocol = IPPROTO_ICMP;
	flow.type = 8;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.entry.original.source_port, 40000);
	assert_int_equal(kept.entry.original.destination_port, 0);
	assert_int_equal(kept.entry.reply.source_port, 0);
	assert_int_equal(kept.entry.reply.destination_port, 20007);
	flow.protocol = IPPROTO_ICMPV6;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.count, 0);
	flow.type = 128;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.entry.reply.destination_port, 20007);
	/* A timestamp. */
	flow.protocol = IPPROTO_ICMP;
	flow.type = 13;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.count, 0);
}

static void
what_is_passed_over(void **state)
{
	struct kept kept;
	struct flow flow = usual;
	(void)state;
	/* Without an identifier it is none of the kernel's. */
	flow.protocol = IPPROTO_ICMP;
	assert_int_equal(take_flow(&flow, &kept), EBADMSG);
	flow.protocol = IPPROTO_GRE;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.count, 0);
	flow = usual;
	flow.family = AF_BRIDGE;
	assert_int_equal(take_flow(&flow, &kept), 0);
	assert_int_equal(kept.count, 0);
}

static void
what_no_kernel_sends(void **state)
{
	struct kept kept = {.count = 0};
	struct answer a;
	struct flow flow = usual;
	(void)state;
	make(&a, &usual);
	a.message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	assert_int_equal(take(a.message, &kept), EBADMSG);
	make(&a, &usual);
	a.message->nlmsg_len = NLMSG_HDRLEN;
	assert_int_equal(take(a.message, &kept), EBADMSG);
	/* Cut anywhere, it lacks a tuple or the status, but for the last two attributes. */
	make(&a, &usual);
	uint32_t whole = a.message->nlmsg_len;
	for (uint32_t length = NLMSG_HDRLEN; length < whole - 24; length += 4) {
		a.message->nlmsg_len = length;
		assert_int_equal(take(a.message, &kept), EBADMSG);
	}
	/* Addresses of the other family. */
	flow.family = AF_INET6;
	assert_int_equal(take_flow(&flow, &kept), EBADMSG);
	assert_int_equal(kept.count, 0);
}

static void
no_memory(void **state)
{
	struct kept kept = {.refuse = true};
	struct answer a;
	(void)state;
	make(&a, &usual);
	assert_int_equal(take(a.message, &kept), ENOMEM);
}

/* One request as the kernel reads it. */
struct read_request {
	uint8_t family;
	bool of[64];
};

static int
read_attribute(const struct nlattr *attr, void *arg)
{
	((struct read_request *)arg)->of[mnl_attr_get_type(attr) & 63] = true;
	return MNL_CB_OK;
}

static struct read_request
read_request_of(const struct conntrack_question *question, enum dump_form form)
{
	_Alignas(8) char buf[DUMP_REQUEST_MAX];
	struct read_request read = {.family = 0};
	const struct nlmsghdr *m = conntrack_request(buf, question, form, 9);
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(m);
	assert_int_equal(m->nlmsg_seq, 9);
	assert_int_equal(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(m->nlmsg_type, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET);
	mnl_attr_parse(m, sizeof(*head), read_attribute, &read);
	read.family = head->nfgen_family;
	return read;
}

static void
requests(void **state)
{
	struct addr v4 = address("192.0.2.1"), v6 = address("2001:db8::1");
	struct conntrack_question q = {.dump = CONNTRACK_TRANSLATED};
	(void)state;
	struct read_request r = read_request_of(&q, DUMP_ALL);
	assert_int_equal(r.family, AF_UNSPEC);
	assert_true(r.of[CTA_STATUS] && r.of[26] && !r.of[25]);
	q = (struct conntrack_question){.dump = CONNTRACK_HOLDERS};
	r = read_request_of(&q, DUMP_ALL);
	assert_true(!r.of[CTA_STATUS] && !r.of[25]);
	q.outside = &v4;
	r = read_request_of(&q, DUMP_V4);
	assert_int_equal(r.family, AF_INET);
	assert_true(r.of[CTA_TUPLE_REPLY] && r.of[25] && !r.of[CTA_TUPLE_ORIG]);
	q.outside = &v6;
	q.original = true;
	r = read_request_of(&q, DUMP_V6);
	assert_int_equal(r.family, AF_INET6);
	assert_true(r.of[CTA_TUPLE_ORIG] && r.of[25] && !r.of[CTA_TUPLE_REPLY]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_translated_connection),
	    cmocka_unit_test(udp_over_ipv6),
	    cmocka_unit_test(zones),
	    cmocka_unit_test(what_the_kernel_may_give_up),
	    cmocka_unit_test(echoes_and_sctp),
	    cmocka_unit_test(what_is_passed_over),
	    cmocka_unit_test(what_no_kernel_sends),
	    cmocka_unit_test(no_memory),
	    cmocka_unit_test(requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

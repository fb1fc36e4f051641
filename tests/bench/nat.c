/* SPDX-License-Identifier: ISC */
/*
 * nat: what a look at the kernel's table of connections costs, beside bare dumps of it.
 *
 *     nat fill ENTRIES POOLS   makes so many connections whose source is translated, by ctnetlink
 *     nat empty                forgets all connections of the network namespace
 *     nat look                 CPU and wall microseconds of a look of srcportd, pools and entries
 *     nat same                 the same requests, received and looked at for their end only
 *     nat plain                one dump of the whole table, received and looked at for its end only
 */
#include "base/clock.h"
#include "daemon/nat_look.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define OUTSIDE "192.0.2.1"
#define BATCH   100
#define TIMEOUT 100000

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
put_tuple(struct nlmsghdr *m, uint16_t type, uint32_t from, uint32_t to, uint16_t from_port,
	  uint16_t to_port)
{
	struct nlattr *tuple = mnl_attr_nest_start(m, type);
	struct nlattr *part = mnl_attr_nest_start(m, CTA_TUPLE_IP);
	mnl_attr_put_u32(m, CTA_IP_V4_SRC, htonl(from));
	mnl_attr_put_u32(m, CTA_IP_V4_DST, htonl(to));
	mnl_attr_nest_end(m, part);
	part = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT, htons(from_port));
	mnl_attr_put_u16(m, CTA_PROTO_DST_PORT, htons(to_port));
	mnl_attr_nest_end(m, part);
	mnl_attr_nest_end(m, tuple);
}

/* The entry of number i: its pool has another peer than the next one's, and so a port of its own.
 */
static void
put_entry(struct mnl_nlmsg_batch *batch, uint32_t i, uint32_t pools)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
	uint32_t inside = 0x0a000002, peer = 0xc6120000 + i % pools;
	uint16_t port = (uint16_t)(1024 + i / pools);
	m->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = AF_INET;
	put_tuple(m, CTA_TUPLE_ORIG, inside, peer, port, 443);
	put_tuple(m, CTA_TUPLE_REPLY, peer, inside, 443, port);
	mnl_attr_put_u32(m, CTA_TIMEOUT, htonl(TIMEOUT));
	mnl_attr_put_u32(m, CTA_STATUS, htonl(IPS_CONFIRMED));
	struct nlattr *nat = mnl_attr_nest_start(m, CTA_NAT_SRC);
	mnl_attr_put_u32(m, CTA_NAT_V4_MINIP, inet_addr(OUTSIDE));
	mnl_attr_put_u32(m, CTA_NAT_V4_MAXIP, inet_addr(OUTSIDE));
	mnl_attr_nest_end(m, nat);
	mnl_nlmsg_batch_next(batch);
}

static struct mnl_socket *
open_netfilter(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	if (nl == NULL || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) != 0)
		fail("netlink");
	return nl;
}

/* What is refused is missed by whoever counts the entries. */
static void
fill(uint32_t entries, uint32_t pools)
{
	static char octets[65536] __attribute__((aligned(8)));
	struct mnl_socket *nl = open_netfilter();
	for (uint32_t i = 0; i < entries;) {
		struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(octets, sizeof(octets) / 2);
		for (uint32_t n = 0; n < BATCH && i < entries; n++)
			put_entry(batch, i++, pools);
		if (mnl_socket_sendto(nl, mnl_nlmsg_batch_head(batch),
				      mnl_nlmsg_batch_size(batch)) < 0)
			fail("send");
		mnl_nlmsg_batch_stop(batch);
	}
	mnl_socket_close(nl);
}

static void
empty(void)
{
	char request[DUMP_REQUEST_MAX] __attribute__((aligned(8)));
	struct mnl_socket *nl = open_netfilter();
	struct nlmsghdr *m = mnl_nlmsg_put_header(request);
	m->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	m->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg));
	if (mnl_socket_sendto(nl, m, m->nlmsg_len) < 0)
		fail("send");
	mnl_socket_close(nl);
}

static void
discard(struct mnl_socket *nl, const struct conntrack_question *question, enum dump_form form)
{
	static char buffer[65536] __attribute__((aligned(8)));
	static uint32_t seq;
	char request[DUMP_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *message = conntrack_request(request, question, form, ++seq);
	if (mnl_socket_sendto(nl, message, message->nlmsg_len) < 0)
		fail("send");
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (got <= 0)
			fail("receive");
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)buffer;
		int left = (int)got;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			if (h->nlmsg_type == NLMSG_DONE)
				return;
	}
}

static void
discard_same(struct mnl_socket *nl)
{
	struct addr outside;
	if (!addr_parse(OUTSIDE, &outside))
		fail(OUTSIDE);
	struct conntrack_question question = {.dump = CONNTRACK_TRANSLATED};
	discard(nl, &question, DUMP_ALL);
	question = (struct conntrack_question){.dump = CONNTRACK_HOLDERS, .outside = &outside};
	discard(nl, &question, DUMP_V4);
	question.original = true;
	discard(nl, &question, DUMP_V4);
}

static uint32_t entries, pools;

static void
look(struct mnl_socket *nl)
{
	static const struct procfile_source proc = {.root = "/proc"};
	static char why[NAT_LOOK_WHY_MAX];
	struct nat_census census;
	(void)nl;
	nat_census_init(&census, true);
	const char *error = nat_look(&census, &proc, NULL, why);
	if (error != NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	pools = census.count;
	entries = 0;
	for (uint32_t i = 0; i < census.count; i++)
		entries += census.pools[i].entries;
	nat_census_free(&census);
}

static void
discard_plain(struct mnl_socket *nl)
{
	const struct conntrack_question all = {.dump = CONNTRACK_HOLDERS};
	discard(nl, &all, DUMP_ALL);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (argc == 4 && strcmp(what, "fill") == 0) {
		fill((uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]));
		return 0;
	}
	if (strcmp(what, "empty") == 0) {
		empty();
		return 0;
	}
	void (*action)(struct mnl_socket *) = strcmp(what, "look") == 0    ? look
					      : strcmp(what, "same") == 0  ? discard_same
					      : strcmp(what, "plain") == 0 ? discard_plain
									   : NULL;
	if (action == NULL)
		return 2;
	struct mnl_socket *nl = open_netfilter();
	uint64_t cpu = clock_cpu_us(), wall = clock_us();
	action(nl);
	printf("%llu %llu %u %u\n", (unsigned long long)(clock_cpu_us() - cpu),
	       (unsigned long long)(clock_us() - wall), pools, entries);
	mnl_socket_close(nl);
	return 0;
}

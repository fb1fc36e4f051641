/* SPDX-License-Identifier: ISC */
#include "kernel/conntrack.h"

#include "kernel/attributes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/socket.h>

_Static_assert(CONNTRACK_ESTABLISHED == TCP_CONNTRACK_ESTABLISHED &&
		   CONNTRACK_TIME_WAIT == TCP_CONNTRACK_TIME_WAIT &&
		   CONNTRACK_CLOSE == TCP_CONNTRACK_CLOSE &&
		   CONNTRACK_SYN_SENT2 == TCP_CONNTRACK_SYN_SENT2,
	       "the states of conntrack.h are the kernel's");

/* Newer than the headers of some systems. */
#define FILTER             25 /* CTA_FILTER (5.8), in it: */
#define FILTER_ORIG_FLAGS  1
#define FILTER_REPLY_FLAGS 2
#define FILTER_IP_DST      (1U << 1)
#define STATUS_MASK        26    /* CTA_STATUS_MASK (5.15) */
#define STATUS_FIXED       0x400 /* IPS_FIXED_TIMEOUT */

/* What one read may wait for. */
#define WAIT_S 5

bool
conntrack_has_ids(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

bool
conntrack_is_translated(const struct conntrack_entry *entry)
{
	return (entry->status & IPS_SRC_NAT) != 0;
}

bool
conntrack_is_evictable(const struct conntrack_entry *entry)
{
	return entry->protocol == IPPROTO_TCP && conntrack_is_translated(entry) &&
	       (entry->status & (IPS_DYING | STATUS_FIXED)) == 0 &&
	       (entry->state == CONNTRACK_TIME_WAIT || entry->state == CONNTRACK_CLOSE ||
		entry->state == CONNTRACK_SYN_SENT2);
}

/* False if there is none, or it has another size. */
static bool
get_octets(const struct attributes *found, unsigned type, void *out, size_t size)
{
	const struct nlattr *attr = found->of[type];
	if (attr == NULL || mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), size);
	return true;
}

static bool
get_port(const struct attributes *found, unsigned type, uint16_t *out)
{
	uint16_t port;
	if (!get_octets(found, type, &port, sizeof(port)))
		return false;
	*out = ntohs(port);
	return true;
}

static bool
get_addresses(const struct attributes *ip, bool v4, struct conntrack_tuple *out)
{
	uint8_t source[16], destination[16];
	size_t size = v4 ? 4 : 16;
	if (!get_octets(ip, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, source, size) ||
	    !get_octets(ip, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, destination, size))
		return false;
	out->source = v4 ? addr_from_v4(source) : addr_from_v6(source);
	out->destination = v4 ? addr_from_v4(destination) : addr_from_v6(destination);
	return true;
}

/* nf_ct_invert_tuple(): the answer has the same. */
static bool
get_id(const struct attributes *proto, uint8_t protocol, bool reply, struct conntrack_tuple *out)
{
	return get_port(proto, protocol == IPPROTO_ICMP ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID,
			reply ? &out->destination_port : &out->source_port);
}

/* Ports of protocols without them stay as they are. */
static bool
get_tuple(const struct nlattr *attr, bool v4, bool reply, uint8_t *protocol,
	  struct conntrack_tuple *out)
{
	struct attributes tuple, ip, proto;
	attributes_within(attr, &tuple);
	attributes_within(tuple.of[CTA_TUPLE_IP], &ip);
	attributes_within(tuple.of[CTA_TUPLE_PROTO], &proto);
	if (!get_addresses(&ip, v4, out) || !get_octets(&proto, CTA_PROTO_NUM, protocol, 1))
		return false;
	/* A zone of both directions stands in the entry. */
	get_port(&tuple, CTA_TUPLE_ZONE, &out->zone);
	if (conntrack_has_ids(*protocol))
		return get_id(&proto, *protocol, reply, out);
	if (!has_ports(*protocol))
		return true;
	return get_port(&proto, CTA_PROTO_SRC_PORT, &out->source_port) &&
	       get_port(&proto, CTA_PROTO_DST_PORT, &out->destination_port);
}

static uint8_t
tcp_state(const struct attributes *entry)
{
	struct attributes info, tcp;
	uint8_t state = 0;
	attributes_within(entry->of[CTA_PROTOINFO], &info);
	attributes_within(info.of[CTA_PROTOINFO_TCP], &tcp);
	get_octets(&tcp, CTA_PROTOINFO_TCP_STATE, &state, sizeof(state));
	return state;
}

static bool
decode(const struct attributes *found, bool v4, struct conntrack_entry *out)
{
	uint32_t status, left;
	uint16_t zone = 0;
	uint8_t back;
	memset(out, 0, sizeof(*out));
	get_port(found, CTA_ZONE, &zone);
	out->original.zone = out->reply.zone = zone;
	if (!get_tuple(found->of[CTA_TUPLE_ORIG], v4, false, &out->protocol, &out->original) ||
	    !get_tuple(found->of[CTA_TUPLE_REPLY], v4, true, &back, &out->reply) ||
	    back != out->protocol || !get_octets(found, CTA_STATUS, &status, sizeof(status)))
		return false;
	out->status = ntohl(status);
	if (out->protocol != IPPROTO_TCP)
		return true;
	out->state = tcp_state(found);
	if (get_octets(found, CTA_TIMEOUT, &left, sizeof(left)))
		out->left_s = ntohl(left);
	return true;
}

/* Of ICMP no other query is sent any more, and each kind has its own identifiers. */
static bool
is_echo(const struct attributes *found, uint8_t protocol)
{
	bool v4 = protocol == IPPROTO_ICMP;
	struct attributes tuple, proto;
	uint8_t type = 0;
	attributes_within(found->of[CTA_TUPLE_ORIG], &tuple);
	attributes_within(tuple.of[CTA_TUPLE_PROTO], &proto);
	return get_octets(&proto, v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE, &type,
			  sizeof(type)) &&
	       type == (v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
}

int
conntrack_take_message(void *arg, const struct nlmsghdr *message)
{
	const struct conntrack_taker *taker = arg;
	struct attributes found;
	struct conntrack_entry entry;
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	if (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return EBADMSG;
	if (head->nfgen_family != AF_INET && head->nfgen_family != AF_INET6)
		return 0;
	attributes_of(message, sizeof(*head), &found);
	if (!decode(&found, head->nfgen_family == AF_INET, &entry))
		return EBADMSG;
	if (!has_ports(entry.protocol) &&
	    !(conntrack_has_ids(entry.protocol) && is_echo(&found, entry.protocol)))
		return 0;
	return taker->take(taker->arg, taker->dump, &entry) ? 0 : ENOMEM;
}

static void
put_address(struct nlmsghdr *message, const struct addr *address, bool original)
{
	uint8_t octets[20];
	size_t size = addr_octets(address, octets);
	struct nlattr *tuple =
	    mnl_attr_nest_start(message, original ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY);
	struct nlattr *ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	mnl_attr_put(message, size == 4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, size, octets);
	mnl_attr_nest_end(message, ip);
	mnl_attr_nest_end(message, tuple);
	struct nlattr *filter = mnl_attr_nest_start(message, FILTER);
	mnl_attr_put_u32(message, original ? FILTER_ORIG_FLAGS : FILTER_REPLY_FLAGS, FILTER_IP_DST);
	mnl_attr_nest_end(message, filter);
}

struct nlmsghdr *
conntrack_request(void *buf, const struct conntrack_question *question, enum dump_form form,
		  uint32_t seq)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = seq;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->nfgen_family = form == DUMP_ALL ? AF_UNSPEC : form == DUMP_V4 ? AF_INET : AF_INET6;
	head->version = NFNETLINK_V0;
	bool translated = question->dump == CONNTRACK_TRANSLATED;
	if (translated || (question->outside != NULL && !question->original)) {
		mnl_attr_put_u32(message, CTA_STATUS, htonl(translated ? IPS_SRC_NAT : 0));
		mnl_attr_put_u32(message, STATUS_MASK, htonl(IPS_SRC_NAT));
	}
	if (!translated && question->outside != NULL)
		put_address(message, question->outside, question->original);
	return message;
}

struct conntrack {
	struct dump *dump;
	char error[160];
};

struct conntrack *
conntrack_open(void)
{
	struct conntrack *conntrack = calloc(1, sizeof(*conntrack));
	if (conntrack == NULL)
		return NULL;
	conntrack->dump = dump_open(NETLINK_NETFILTER, WAIT_S);
	if (conntrack->dump != NULL)
		return conntrack;
	int error = errno;
	free(conntrack);
	errno = error;
	return NULL;
}

void
conntrack_close(struct conntrack *conntrack)
{
	if (conntrack == NULL)
		return;
	dump_close(conntrack->dump);
	free(conntrack);
}

static struct nlmsghdr *
request(void *what, void *buf, enum dump_form form, uint32_t seq)
{
	return conntrack_request(buf, what, form, seq);
}

/* An address has a family, and the filter wants to know it. */
static unsigned
form_of(const struct conntrack_question *question)
{
	if (question->outside == NULL)
		return DUMP_IN(DUMP_ALL);
	return addr_is_v4(question->outside) ? DUMP_IN(DUMP_V4) : DUMP_IN(DUMP_V6);
}

const char *
conntrack_read(struct conntrack *conntrack, const struct conntrack_question *question,
	       conntrack_take *take, void *arg, FILE *record)
{
	struct conntrack_question asked = *question;
	struct conntrack_taker taker = {take, arg, question->dump};
	const struct dump_question q = {.forms = form_of(question),
					.request = request,
					.what = &asked,
					.take = conntrack_take_message,
					.arg = &taker,
					.record = record,
					.number = question->dump};
	enum dump_result result = dump_whole(conntrack->dump, &q);
	if (result == DUMP_DONE)
		return NULL;
	int error;
	const char *failure = dump_failure(conntrack->dump, &error);
	if (result == DUMP_REFUSED && error == EPERM)
		return CONNTRACK_NO_PRIVILEGE;
	snprintf(conntrack->error, sizeof(conntrack->error), "dump of connections: %s: %s", failure,
		 strerror(error));
	return conntrack->error;
}

/* SPDX-License-Identifier: ISC */
#include "kernel/diag.h"

#include "kernel/feature.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define BIT(state) (UINT32_C(1) << (state))

/* TCP_BOUND_INACTIVE, a pseudo state of the request only (91051f003948, Linux 6.8). */
#define STATE_BOUND_INACTIVE 13

#define STATES_SOCKETS                                                                             \
	(BIT(STATE_ESTABLISHED) | BIT(STATE_SYN_SENT) | BIT(STATE_SYN_RECV) |                      \
	 BIT(STATE_FIN_WAIT1) | BIT(STATE_FIN_WAIT2) | BIT(STATE_TIME_WAIT) |                      \
	 BIT(STATE_CLOSE_WAIT) | BIT(STATE_LAST_ACK) | BIT(STATE_CLOSING))

/* idiag_timer of a time-wait mini socket (inet_twsk_diag_fill). */
#define TIMER_TIME_WAIT 3

/* The filters: each operation says how many octets on the next one is, if its condition holds and
 * if it does not. An operation has four, and a comparison with a port four more for the port, in
 * host byte order. A jump of length + 4 means "reject" (inet_diag_bc_audit). */

/* "source port in range and not AUTO". A chain of "yes" jumps must end exactly at the length, hence
 * the closing JMP instead of an inverted AUTO. */
static void
put_explicit_filter(struct nlmsghdr *message, const struct port_range *range)
{
	const struct inet_diag_bc_op code[] = {
	    {INET_DIAG_BC_S_GE, 8, 28}, {0, 0, range->low},        {INET_DIAG_BC_S_LE, 8, 20},
	    {0, 0, range->high},        {INET_DIAG_BC_AUTO, 4, 8}, {INET_DIAG_BC_JMP, 4, 8},
	};
	mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, sizeof(code), code);
}

/* "source port is none of these". What is above them all is accepted at once: that is nearly every
 * connection that is answered. Then for each: if it is at least the port and at most the port,
 * reject; else on to the next. Each jump of a "no" must hit an operation that the chain of "yes"
 * passes, or the end. */
static void
put_without_filter(struct nlmsghdr *message, const uint16_t *ports, unsigned count)
{
	struct inet_diag_bc_op code[2 + 5 * DIAG_SKIP_MAX];
	const size_t length = (2 + count * 5) * sizeof(code[0]);
	uint16_t highest = 0;
	for (unsigned i = 0; i < count; i++)
		highest = ports[i] > highest ? ports[i] : highest;
	code[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 8, (unsigned short)length};
	code[1] = (struct inet_diag_bc_op){0, 0, highest};
	for (unsigned i = 0; i < count; i++) {
		size_t left = (count - i) * 5 * sizeof(code[0]);
		struct inet_diag_bc_op *op = &code[2 + 5 * i];
		op[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_GE, 8, 20};
		op[1] = (struct inet_diag_bc_op){0, 0, ports[i]};
		op[2] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 8, 12};
		op[3] = (struct inet_diag_bc_op){0, 0, ports[i]};
		op[4] =
		    (struct inet_diag_bc_op){INET_DIAG_BC_JMP, 4, (unsigned short)(left - 16 + 4)};
	}
	mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, length, code);
}

/* "source port is one of these". Each block goes on to the next if it is not its port, and else to
 * the end; behind the last one nothing is accepted. */
static void
put_asked_filter(struct nlmsghdr *message, const uint16_t *ports, unsigned count)
{
	struct inet_diag_bc_op code[5 * DIAG_ASKED_MAX + 1];
	const size_t length = (5 * count + 1) * sizeof(code[0]);
	for (unsigned i = 0; i < count; i++) {
		size_t left = length - 5 * i * sizeof(code[0]);
		struct inet_diag_bc_op *op = &code[5 * i];
		op[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_GE, 8, 20};
		op[1] = (struct inet_diag_bc_op){0, 0, ports[i]};
		op[2] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 8, 12};
		op[3] = (struct inet_diag_bc_op){0, 0, ports[i]};
		op[4] = (struct inet_diag_bc_op){INET_DIAG_BC_JMP, 4, (unsigned short)(left - 16)};
	}
	code[5 * count] = (struct inet_diag_bc_op){INET_DIAG_BC_JMP, 4, 8};
	mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, length, code);
}

static struct nlmsghdr *
put_request(void *buf, enum diag_dump dump, enum dump_form form, uint32_t seq, uint32_t states)
{
	uint8_t attributes = dump == DIAG_STAMPS ? 1 << (INET_DIAG_INFO - 1) : 0;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = seq;
	if (form == DUMP_ALL) {
		message->nlmsg_type = TCPDIAG_GETSOCK;
		struct inet_diag_req *req = mnl_nlmsg_put_extra_header(message, sizeof(*req));
		req->idiag_family = AF_INET;
		req->idiag_states = states;
		req->idiag_ext = attributes;
	} else {
		message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(message, sizeof(*req));
		req->sdiag_family = form == DUMP_V4 ? AF_INET : AF_INET6;
		req->sdiag_protocol = dump >= DIAG_UDP ? IPPROTO_UDP : IPPROTO_TCP;
		req->idiag_states = states;
		req->idiag_ext = attributes;
	}
	return message;
}

struct nlmsghdr *
diag_request(void *buf, const struct diag_plan *plan, enum diag_dump dump, enum dump_form form,
	     uint32_t seq)
{
	uint32_t states = dump == DIAG_SOCKETS ? STATES_SOCKETS : BIT(STATE_LISTEN);
	/* Listeners alone cost no walk over connections. */
	if (dump == DIAG_EXPLICIT && !plan->light && !plan->alone)
		states |= STATES_SOCKETS;
	if (dump == DIAG_SOCKETS && !plan->light)
		states |= BIT(STATE_BOUND_INACTIVE);
	if (dump == DIAG_SOCKETS && plan->over)
		states = BIT(STATE_CLOSE_WAIT) | BIT(STATE_FIN_WAIT2);
	if (dump == DIAG_STAMPS)
		states = BIT(STATE_ESTABLISHED);
	if (dump == DIAG_UDP)
		states = BIT(STATE_CLOSE) | BIT(STATE_ESTABLISHED);
	if (dump == DIAG_UDP_GIVEN)
		states = BIT(STATE_CLOSE);
	struct nlmsghdr *message = put_request(buf, dump, form, seq, states);
	if (dump == DIAG_EXPLICIT || dump == DIAG_UDP_GIVEN)
		put_explicit_filter(message, &plan->range);
	else if (dump == DIAG_STAMPS)
		put_asked_filter(message, plan->asked, plan->asked_count);
	else if (dump == DIAG_SOCKETS && plan->without_count > 0)
		put_without_filter(message, plan->without, plan->without_count);
	return message;
}

/* The attribute of that type with at least `size` octets of payload, or NULL. */
static const void *
attribute(const struct diag_socket *socket, unsigned type, size_t size)
{
	const struct nlattr *attr = socket->attrs;
	size_t left = socket->attrs_length;
	while (left >= sizeof(*attr) && mnl_attr_ok(attr, (int)left)) {
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_payload_len(attr) >= size ? mnl_attr_get_payload(attr)
								      : NULL;
		size_t step = NLMSG_ALIGN((size_t)attr->nla_len);
		if (step > left)
			break;
		left -= step;
		attr = mnl_attr_next(attr);
	}
	return NULL;
}

bool
diag_decode(const struct nlmsghdr *message, struct diag_socket *out)
{
	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY && message->nlmsg_type != TCPDIAG_GETSOCK)
		return false;
	size_t length = mnl_nlmsg_get_payload_len(message);
	if (message->nlmsg_len < sizeof(*message) || length < sizeof(struct inet_diag_msg))
		return false;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(message);
	if (m->idiag_state < 1 || m->idiag_state >= STATE_MAX)
		return false;
	if (m->idiag_family == AF_INET) {
		out->local = addr_from_v4(m->id.idiag_src);
		out->peer = addr_from_v4(m->id.idiag_dst);
	} else if (m->idiag_family == AF_INET6) {
		out->local = addr_from_v6(m->id.idiag_src);
		out->peer = addr_from_v6(m->id.idiag_dst);
	} else {
		return false;
	}
	out->interface = m->id.idiag_if;
	out->local.zone = out->interface;
	out->peer.zone = addr_is_link_local(&out->peer) ? out->interface : 0;
	out->local_port = ntohs(m->id.idiag_sport);
	out->peer_port = ntohs(m->id.idiag_dport);
	out->state = m->idiag_state;
	out->family = m->idiag_family;
	out->mini = m->idiag_timer == TIMER_TIME_WAIT;
	out->expires = m->idiag_expires;
	out->from_ms = out->to_ms = 0;
	out->uid = m->idiag_uid;
	out->inode = m->idiag_inode;
	out->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
	size_t header = NLMSG_ALIGN(sizeof(*m));
	out->attrs = (const struct nlattr *)(const void *)((const char *)m + header);
	out->attrs_length = length > header ? length - header : 0;
	/* Every full socket has INET_DIAG_SHUTDOWN, also one of TCP Fast Open in SYN_RECV. A
	 * request sock has at most the mark, which only CAP_NET_ADMIN sees. */
	out->request = m->idiag_state == STATE_SYN_RECV &&
		       attribute(out, INET_DIAG_SHUTDOWN, sizeof(uint8_t)) == NULL;
	return true;
}

int
diag_take_message(void *arg, const struct nlmsghdr *message)
{
	struct diag_taker *taker = arg;
	struct diag_socket socket;
	enum diag_dump dump = taker->dump;
	if (!diag_decode(message, &socket))
		return EBADMSG;
	socket.from_ms = taker->from_ms;
	socket.to_ms = taker->to_ms;
	if (dump == DIAG_SOCKETS && socket.state != STATE_CLOSE)
		taker->beyond = true;
	else if (dump == DIAG_SOCKETS && !taker->beyond)
		dump = DIAG_HOLDERS;
	return taker->take(taker->arg, dump, &socket) ? 0 : ENOMEM;
}

/* INET_DIAG_SOCKOPT (5.10); false where it is not given. */
static bool
options_of(const struct diag_socket *socket, struct inet_diag_sockopt *out)
{
	const void *payload = attribute(socket, INET_DIAG_SOCKOPT, sizeof(*out));
	if (payload != NULL)
		memcpy(out, payload, sizeof(*out));
	return payload != NULL;
}

enum diag_no_port
diag_no_port(const struct diag_socket *socket)
{
	struct inet_diag_sockopt options;
	if (!options_of(socket, &options))
		return NO_PORT_UNKNOWN;
	return options.bind_address_no_port ? NO_PORT_ON : NO_PORT_OFF;
}

enum stamps
diag_stamps(const struct diag_socket *socket)
{
	const size_t at = offsetof(struct tcp_info, tcpi_options);
	const uint8_t *payload = attribute(socket, INET_DIAG_INFO, at + 1);
	if (payload == NULL)
		return STAMPS_UNKNOWN;
	return payload[at] & TCPI_OPT_TIMESTAMPS ? STAMPS_USED : STAMPS_UNUSED;
}

bool
diag_transparent(const struct diag_socket *socket)
{
	struct inet_diag_sockopt options;
	return options_of(socket, &options) && options.transparent;
}

bool
diag_v6only(const struct diag_socket *socket)
{
	const uint8_t *payload = attribute(socket, INET_DIAG_SKV6ONLY, sizeof(*payload));
	return payload != NULL && *payload != 0;
}

uint64_t
diag_cgroup(const struct diag_socket *socket)
{
	uint64_t cgroup = 0;
	const void *payload = attribute(socket, INET_DIAG_CGROUP_ID, sizeof(cgroup));
	if (payload != NULL)
		memcpy(&cgroup, payload, sizeof(cgroup));
	return cgroup;
}

uint32_t
diag_features(const struct diag_socket *socket)
{
	uint32_t features = 0;
	if (socket->mini)
		return 0;
	if (diag_no_port(socket) != NO_PORT_UNKNOWN)
		features |= UINT32_C(1) << FEATURE_NO_PORT;
	if (diag_cgroup(socket) != 0)
		features |= UINT32_C(1) << FEATURE_CGROUP;
	return features;
}

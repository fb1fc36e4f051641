/* SPDX-License-Identifier: ISC */
#include "owners/owner_ask.h"

#include "kernel/dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* As large as what the kernel sends at most (32 KiB); a smaller one would lose sockets. */
#define BUFFER_OCTETS 65536

/* One condition on an address, with its operation before it: 12 octets and the address. */
#define CONDITION_OCTETS(address_octets)                                                           \
	(sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond) + (address_octets))

struct owner_ask {
	struct mnl_socket *socket;
	const struct owner_pool *pools;
	uint32_t pool_count;
	enum diag_form form;
	uint32_t seq;
	bool heard; /* part of the answer is in the book */
	_Alignas(struct nlmsghdr) char buffer[BUFFER_OCTETS];
};

static size_t
pool_octets(const struct owner_pool *pool)
{
	size_t address = addr_is_v4(&pool->peer) ? 4 : 16;
	return 2 * CONDITION_OCTETS(address) + sizeof(struct inet_diag_bc_op);
}

/* Writes "the address (and the port, if it is not -1) match, else jump `no` octets"; returns its
 * length. */
static size_t
put_condition(char *out, unsigned char code, const struct addr *address, int port, size_t no)
{
	bool v4 = addr_is_v4(address);
	size_t octets = v4 ? 4 : 16, length = CONDITION_OCTETS(octets);
	struct inet_diag_bc_op op = {code, (unsigned char)length, (unsigned short)no};
	struct inet_diag_hostcond condition = {
	    .family = v4 ? AF_INET : AF_INET6, .prefix_len = (uint8_t)(octets * 8), .port = port};
	memcpy(out, &op, sizeof(op));
	memcpy(out + sizeof(op), &condition, sizeof(condition));
	memcpy(out + sizeof(op) + sizeof(condition), address->octet + (16 - octets), octets);
	return length;
}

/* For each pool: peer and port match, or on to the next pool; the local address too; then accept.
 * The last pool's "or" is a jump behind the end, which rejects. An AF_INET condition matches
 * IPv4-mapped addresses of AF_INET6 sockets too (inet_diag_bc_run). */
static size_t
put_filter(char *out, const struct owner_pool *pools, uint32_t count)
{
	size_t left = 0, at = 0;
	for (uint32_t i = 0; i < count; i++)
		left += pool_octets(&pools[i]);
	for (uint32_t i = 0; i < count; i++) {
		const struct owner_pool *pool = &pools[i];
		size_t own = pool_octets(pool), next = i + 1 < count ? own : own + 4;
		size_t first =
		    put_condition(out + at, INET_DIAG_BC_D_COND, &pool->peer, pool->port, next);
		put_condition(out + at + first, INET_DIAG_BC_S_COND, &pool->local, -1,
			      next - first);
		struct inet_diag_bc_op accept = {INET_DIAG_BC_JMP, 4,
						 (unsigned short)(left - own + sizeof(accept))};
		memcpy(out + at + own - sizeof(accept), &accept, sizeof(accept));
		at += own;
		left -= own;
	}
	return at;
}

struct nlmsghdr *
owner_ask_request(void *buf, enum diag_form form, uint32_t seq, const struct owner_pool *pools,
		  uint32_t count)
{
	char filter[OWNER_ASK_REQUEST_MAX - 256];
	static const struct port_range any = {1, UINT16_MAX};
	struct nlmsghdr *message = diag_request(buf, DIAG_SOCKETS, form, seq, &any);
	mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, put_filter(filter, pools, count), filter);
	return message;
}

static bool
send_request(struct owner_ask *ask, enum diag_form form)
{
	char buf[OWNER_ASK_REQUEST_MAX] __attribute__((aligned(8)));
	ask->form = form;
	ask->heard = false;
	struct nlmsghdr *request =
	    owner_ask_request(buf, form, ++ask->seq, ask->pools, ask->pool_count);
	return mnl_socket_sendto(ask->socket, request, request->nlmsg_len) >= 0;
}

struct owner_ask *
owner_ask_open(const struct owner_pool *pools, uint32_t count)
{
	struct owner_ask *ask = calloc(1, sizeof(*ask));
	if (ask == NULL)
		return NULL;
	ask->pools = pools;
	ask->pool_count = count;
	ask->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (ask->socket != NULL && mnl_socket_bind(ask->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    send_request(ask, DIAG_BOTH))
		return ask;
	int error = errno;
	owner_ask_close(ask);
	errno = error;
	return NULL;
}

void
owner_ask_close(struct owner_ask *ask)
{
	if (ask == NULL)
		return;
	if (ask->socket != NULL)
		mnl_socket_close(ask->socket);
	free(ask);
}

int
owner_ask_fd(const struct owner_ask *ask)
{
	return mnl_socket_get_fd(ask->socket);
}

static enum owner_ask_step
fail(int error)
{
	errno = error;
	return OWNER_ASK_FAILED;
}

/* One dump is over, well or with an error that an older kernel gives for the first form. What was
 * answered in part would be counted twice. */
static enum owner_ask_step
end_of_dump(struct owner_ask *ask, int error)
{
	if (ask->form == DIAG_BOTH && !ask->heard && dump_is_unknown(error))
		return send_request(ask, DIAG_V4) ? OWNER_ASK_MORE : OWNER_ASK_FAILED;
	if (error != 0 && !(ask->form == DIAG_V6 && error == ENOENT))
		return fail(error);
	if (ask->form == DIAG_V4)
		return send_request(ask, DIAG_V6) ? OWNER_ASK_MORE : OWNER_ASK_FAILED;
	return OWNER_ASK_DONE;
}

enum owner_ask_step
owner_ask_read(struct owner_ask *ask, struct owner_book *book)
{
	ssize_t got = mnl_socket_recvfrom(ask->socket, ask->buffer, BUFFER_OCTETS);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return OWNER_ASK_MORE;
	if (got <= 0)
		return fail(got < 0 ? errno : EBADMSG);
	const struct nlmsghdr *message = (const struct nlmsghdr *)(void *)ask->buffer;
	int left = (int)got;
	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		struct diag_socket socket;
		if (message->nlmsg_seq != ask->seq ||
		    message->nlmsg_pid != mnl_socket_get_portid(ask->socket))
			return fail(EBADMSG);
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return end_of_dump(ask, dump_error(message));
		if (diag_decode(message, &socket) && !owner_book_socket(book, &socket))
			return fail(ENOMEM);
		ask->heard = true;
	}
	return OWNER_ASK_MORE;
}

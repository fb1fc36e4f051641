/* SPDX-License-Identifier: ISC */
#include "owners/owner_ask.h"

#include "kernel/diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* One condition on an address, with its operation before it: 12 octets and the address. */
#define CONDITION_OCTETS(address_octets)                                                           \
	(sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond) + (address_octets))

struct owner_ask {
	struct dump *dump;
	const struct owner_pool *pools;
	uint32_t pool_count;
	uint16_t server;
	struct owner_book *book; /* of the datagram that is being read */
	struct diag_taker taker;
};

static size_t
pool_octets(const struct owner_pool *pool)
{
	size_t address = addr_is_v4(&pool->peer) ? 4 : 16;
	return 2 * CONDITION_OCTETS(address) + sizeof(struct inet_diag_bc_op);
}

/* Writes "the address, if it is not NULL, and the port, if it is not -1, match, else jump `no`
 * octets"; returns its length. Without an address it holds for both families. */
static size_t
put_condition(char *out, unsigned char code, const struct addr *address, int port, size_t no)
{
	bool v4 = address != NULL && addr_is_v4(address);
	size_t octets = address == NULL ? 0 : v4 ? 4 : 16, length = CONDITION_OCTETS(octets);
	struct inet_diag_bc_op op = {code, (unsigned char)length, (unsigned short)no};
	struct inet_diag_hostcond condition = {.family = (uint8_t)(address == NULL ? AF_UNSPEC
								   : v4            ? AF_INET
										   : AF_INET6),
					       .prefix_len = (uint8_t)(octets * 8),
					       .port = port};
	memcpy(out, &op, sizeof(op));
	memcpy(out + sizeof(op), &condition, sizeof(condition));
	if (address != NULL)
		memcpy(out + sizeof(op) + sizeof(condition), address->octet + (16 - octets),
		       octets);
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
owner_ask_request(void *buf, enum dump_form form, uint32_t seq, const struct owner_pool *pools,
		  uint32_t count)
{
	static const struct diag_plan connections = {.light = true};
	char filter[DUMP_REQUEST_MAX - 256] = {0}; /* what no field fills goes to the kernel too */
	struct nlmsghdr *message = diag_request(buf, &connections, DIAG_SOCKETS, form, seq);
	mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, put_filter(filter, pools, count), filter);
	return message;
}

struct nlmsghdr *
owner_ask_server(void *buf, enum dump_form form, uint32_t seq, uint16_t port)
{
	static const struct diag_plan over = {.light = true, .over = true};
	struct nlmsghdr *message = diag_request(buf, &over, DIAG_SOCKETS, form, seq);
	char filter[CONDITION_OCTETS(0)];
	put_condition(filter, INET_DIAG_BC_S_COND, NULL, port, sizeof(filter) + 4);
	mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, sizeof(filter), filter);
	return message;
}

static struct nlmsghdr *
request(void *arg, void *buf, enum dump_form form, uint32_t seq)
{
	struct owner_ask *ask = arg;
	ask->taker.beyond = false;
	if (ask->taker.dump == DIAG_UDP)
		return diag_request(buf, &(struct diag_plan){.light = true}, DIAG_UDP, form, seq);
	if (ask->pool_count == 0)
		return owner_ask_server(buf, form, seq, ask->server);
	return owner_ask_request(buf, form, seq, ask->pools, ask->pool_count);
}

static bool
take(void *arg, enum diag_dump dump, const struct diag_socket *socket)
{
	const struct owner_ask *ask = arg;
	return dump == DIAG_UDP ? owner_book_udp_socket(ask->book, socket)
				: owner_book_socket(ask->book, socket);
}

/* The errno of what failed. */
static int
failure(const struct owner_ask *ask)
{
	int error;
	dump_failure(ask->dump, &error);
	return error;
}

/* Takes the dump, also where it fails. */
static struct owner_ask *
open_with(struct dump *dump, const struct owner_pool *pools, uint32_t count, uint16_t server)
{
	int error = errno;
	struct owner_ask *ask = calloc(1, sizeof(*ask));
	if (ask == NULL) {
		dump_close(dump);
		errno = ENOMEM;
		return NULL;
	}
	ask->pools = pools;
	ask->pool_count = count;
	ask->server = server;
	bool udp = count == 0 && server == 0;
	ask->taker =
	    (struct diag_taker){.take = take, .arg = ask, .dump = udp ? DIAG_UDP : DIAG_SOCKETS};
	ask->dump = dump;
	if (ask->dump != NULL) {
		const unsigned families = DUMP_IN(DUMP_V4) | DUMP_IN(DUMP_V6);
		const struct dump_question question = {.forms = udp ? families
								    : families | DUMP_IN(DUMP_ALL),
						       .request = request,
						       .what = ask,
						       .take = diag_take_message,
						       .arg = &ask->taker};
		if (dump_begin(ask->dump, &question) == DUMP_MORE)
			return ask;
		error = failure(ask);
	}
	owner_ask_close(ask);
	errno = error;
	return NULL;
}

struct owner_ask *
owner_ask_open(const struct owner_pool *pools, uint32_t count, uint16_t server)
{
	return open_with(dump_open(NETLINK_SOCK_DIAG, 0), pools, count, server);
}

struct owner_ask *
owner_ask_adopt(const int *sockets, unsigned socket_count, const struct owner_pool *pools,
		uint32_t count, uint16_t server)
{
	return open_with(dump_adopt(sockets, socket_count, 0), pools, count, server);
}

void
owner_ask_close(struct owner_ask *ask)
{
	if (ask == NULL)
		return;
	dump_close(ask->dump);
	free(ask);
}

int
owner_ask_fd(const struct owner_ask *ask)
{
	return dump_fd(ask->dump);
}

enum owner_ask_step
owner_ask_read(struct owner_ask *ask, struct owner_book *book)
{
	ask->book = book;
	switch (dump_read(ask->dump)) {
	case DUMP_MORE: return OWNER_ASK_MORE;
	case DUMP_DONE: return OWNER_ASK_DONE;
	case DUMP_REFUSED:
	case DUMP_BROKEN: break;
	}
	errno = failure(ask);
	return OWNER_ASK_FAILED;
}

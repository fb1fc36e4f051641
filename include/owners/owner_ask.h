/* SPDX-License-Identifier: ISC */
/*
 * owner_ask: asks the kernel for the sockets of some pools and nothing else, or for the connections
 * of a server port that are over, or for UDP sockets: a sock_diag dump of its own, filtered in the
 * kernel, one datagram at a time.
 */
#ifndef SRCPORTD_OWNER_ASK_H
#define SRCPORTD_OWNER_ASK_H

#include "owners/owner_book.h"

/* Writes the request to buf (DUMP_REQUEST_MAX octets, enough for OWNER_POOLS_MAX pools): sockets of
 * DIAG_SOCKETS whose local address, peer address and peer port are those of one of the pools; zones
 * are not looked at. */
struct nlmsghdr *owner_ask_request(void *buf, enum dump_form form, uint32_t seq,
				   const struct owner_pool *pools, uint32_t count);

/* The same for connections in CLOSE_WAIT and FIN_WAIT2 from that local port. */
struct nlmsghdr *owner_ask_server(void *buf, enum dump_form form, uint32_t seq, uint16_t port);

enum owner_ask_step {
	OWNER_ASK_MORE, /* when owner_ask_fd() is readable, owner_ask_read() */
	OWNER_ASK_DONE,
	OWNER_ASK_FAILED /* errno says why; the book has a part */
};

struct owner_ask;

/* Opens a socket and sends the request: owner_ask_request(), or owner_ask_server() if count is 0,
 * or, if server is 0 too, for all UDP sockets. pools must live as long as the dump. NULL with
 * errno. */
struct owner_ask *owner_ask_open(const struct owner_pool *pools, uint32_t count, uint16_t server);
/* The same by sockets that were opened elsewhere, as dump_adopt() takes them. */
struct owner_ask *owner_ask_adopt(const int *sockets, unsigned socket_count,
				  const struct owner_pool *pools, uint32_t count, uint16_t server);
void owner_ask_close(struct owner_ask *ask); /* NULL is allowed */

/* Readable when there is a datagram. */
int owner_ask_fd(const struct owner_ask *ask);

/* Takes one datagram into the book. Never waits. */
enum owner_ask_step owner_ask_read(struct owner_ask *ask, struct owner_book *book);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * memory: what earlier polls learned of a socket, by its cookie, and of ports whose listener has
 * gone. The kernel keeps a socket's cookie into its TIME_WAIT, where nothing else tells any more
 * how the port was chosen. Pure, and bounded: at most MEMORY_MAX cookies; what does not fit is
 * unknown.
 */
#ifndef SRCPORTD_MEMORY_H
#define SRCPORTD_MEMORY_H

#include "base/portset.h"

#include <stdint.h>

#define MEMORY_MAX 65536

/* How a socket came by its port. */
enum origin {
	ORIGIN_UNKNOWN = 0,
	/* bind(): blocks the port while the socket lives, TIME_WAIT included. */
	ORIGIN_EXPLICIT = 1,
	/* A listener's child: blocks it too, also after the listener has gone. */
	ORIGIN_ACCEPTED = 2,
	/* connect() chose it. */
	ORIGIN_CONNECT = 3,
	/* First seen just after a listener came to its port or left it: a child, or a connect()
	 * before or since. It may block the port. */
	ORIGIN_UNSURE = 4
};

struct memory;

/* NULL with errno ENOMEM. */
struct memory *memory_new(void);
void memory_free(struct memory *memory); /* NULL is allowed */

/* Starts a poll. A poll that fails is simply begun again: nothing is forgotten in between. */
void memory_begin(struct memory *memory);

/* Remembers a socket of the range. Out of room or memory, it is not remembered. */
void memory_note(struct memory *memory, uint64_t cookie, enum origin origin);

/* What is known of the socket; keeps it for the next poll. */
enum origin memory_recall(struct memory *memory, uint64_t cookie);

/* True if the port had a listener in the last poll, or, for a port outside the range, has not been
 * without a socket since it had one. */
bool memory_listened(const struct memory *memory, const struct port_range *range, uint16_t port);

/* True if the port had sockets and no listener in the last poll: of those that are seen now, on a
 * listener's port, some may be older than the listener. */
bool memory_held(const struct memory *memory, uint16_t port);

/* Ends a good poll: forgets every socket that was neither noted nor recalled in it, unless it did
 * not look at all sockets of the range (`whole` is false). `listening` and `any` are the census's
 * sets. */
void memory_commit(struct memory *memory, const struct portset *listening,
		   const struct portset *any, bool whole);

/* Sockets remembered. */
uint32_t memory_count(const struct memory *memory);

#endif

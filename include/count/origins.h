/* SPDX-License-Identifier: ISC */
/*
 * origins: what earlier polls learned of a socket, by its cookie, and of ports whose listener has
 * gone. The kernel keeps a socket's cookie into its TIME_WAIT, where nothing else tells any more
 * how the port was chosen. Pure, and bounded: at most ORIGINS_MAX cookies; what does not fit is
 * unknown.
 */
#ifndef SRCPORTD_ORIGINS_H
#define SRCPORTD_ORIGINS_H

#include "base/portset.h"
#include "kernel/diag.h"

#include <stdint.h>

#define ORIGINS_MAX 65536

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
	ORIGIN_UNSURE = 4,
	/* Its port was blocked by others while it was there; a kernel that keeps ports blocked
	 * (feature_letting_go()) does so for as long as this socket lives, TIME_WAIT included. */
	ORIGIN_KEPT = 5,
	/* At an odd offset, first seen in the last poll, and it does not tell why: connect()'s, if
	 * its pool is explained (evidence.h); else it stays */
	ORIGIN_ODD = 6,
	/* in doubt. */
	ORIGIN_DOUBT = 7
};

struct origins;

/* NULL with errno ENOMEM. */
struct origins *origins_new(void);
void origins_free(struct origins *origins); /* NULL is allowed */

/* Starts a poll. A poll that fails is simply begun again: nothing is forgotten in between. */
void origins_begin(struct origins *origins);

/* Remembers a socket of the range. Out of room or memory, it is not remembered. */
void origins_note(struct origins *origins, uint64_t cookie, enum origin origin);

/* What is known of the socket; keeps it for the next poll. */
enum origin origins_recall(struct origins *origins, uint64_t cookie);

/* True if the port had a listener in the last poll, or, for a port outside the range, has not been
 * without a socket since it had one. */
bool origins_listened(const struct origins *origins, const struct port_range *range, uint16_t port);

/* True if the port had sockets and no listener in the last poll: of those that are seen now, on a
 * listener's port, some may be older than the listener. */
bool origins_held(const struct origins *origins, uint16_t port);

/* True if the port was blocked in the last poll. */
bool origins_blocked(const struct origins *origins, uint16_t port);

/* Ends a good poll: forgets every socket that was neither noted nor recalled in it, unless it did
 * not look at all sockets of the range (`whole` is false). `listening`, `bound` and `any` are the
 * census's sets. */
void origins_commit(struct origins *origins, const struct portset *listening,
		    const struct portset *bound, const struct portset *any, bool whole);

/* The pool, by the hash of its key, has no even offset left that it could take: its sockets of
 * ORIGIN_ODD are explained. Asked of the last good poll. Out of memory, they are not. */
void origins_explain(struct origins *origins, uint32_t hash);
bool origins_explained(const struct origins *origins, uint32_t hash);

/* Somebody was seen to bind first at a local address (binders.h), by the address's hash: known
 * until another address takes its place. */
#define ORIGINS_BINDERS 1024
void origins_note_binder(struct origins *origins, uint32_t hash);
bool origins_binder(const struct origins *origins, uint32_t hash);

/* Whether a peer uses TCP timestamps (stamps.h), by the hash of its address: known until another
 * peer takes its place. */
#define ORIGINS_PEERS 4096
void origins_note_stamps(struct origins *origins, uint32_t hash, enum stamps stamps);
enum stamps origins_stamps(const struct origins *origins, uint32_t hash);

/* Sockets remembered. */
uint32_t origins_count(const struct origins *origins);

#endif

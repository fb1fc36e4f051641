/* SPDX-License-Identifier: ISC */
/*
 * carry: what a full poll found and the light polls after it need not ask for again. Pure.
 *
 * On a host with very many sockets most of a poll goes into walks that rarely find anything new:
 * bound idle sockets, explicit binds, and the inbound connections of server ports outside the
 * range, of which only the number matters. A light poll leaves these out and takes over the last
 * full poll's answer, for CARRY_POLLS polls at most, and never while a pool is near its level: then
 * every poll is full.
 */
#ifndef SRCPORTD_CARRY_H
#define SRCPORTD_CARRY_H

#include "base/addr.h"
#include "base/tcp_state.h"
#include "kernel/diag.h"
#include "kernel/settings.h"

/* Light polls after a full one. */
#define CARRY_POLLS 5

/* Sockets from which light polls are made at all: below, a full poll costs some milliseconds. */
#define CARRY_FROM 50000

/* Inbound connections from which a server port is left out of light polls. */
#define CARRY_PORT_FROM 5000

/* A bound idle socket at one local address. */
struct carry_hold {
	struct addr local;
	uint16_t port;
};

/* Inbound connections of one server port outside the range. */
struct carry_port {
	uint16_t port;
	struct state_counts states;
};

struct carry {
	bool valid;              /* a full poll was kept */
	bool light;              /* the poll under way is a light one */
	unsigned age;            /* light polls since the last full one */
	struct port_range range; /* of the full poll */
	struct portset bound;    /* blocked by bound idle sockets and explicit binds */
	struct portset wild4, wild6;
	struct carry_hold *holds;
	uint32_t hold_count, hold_room;
	struct carry_port ports[DIAG_SKIP_MAX]; /* left out of light polls */
	unsigned port_count;
	uint32_t idle; /* bound idle sockets, on any port; light polls ask for none */
};

struct census;

/* Decides whether the next poll is light: only after a full one of at least CARRY_FROM sockets with
 * the same range, at most CARRY_POLLS times in a row, and not when `urgent`. Sets light and age. */
void carry_plan(struct carry *carry, const struct settings *settings, uint64_t sockets,
		bool urgent);

/* Light poll: enters what is carried into a fresh census. False with errno ENOMEM. */
bool carry_apply(const struct carry *carry, struct census *census);

/* Full poll: remembers a bound idle socket at one local address, on a port of the range. False with
 * errno ENOMEM: what is carried then lacks it, and the poll must be dropped. */
bool carry_hold(struct carry *carry, const struct addr *local, uint16_t port);

/* Full poll: remembers which ports are blocked everywhere. To be called when the holders and the
 * explicit binds are in the census and no connection is yet: connections come in light polls too.
 */
void carry_keep_blocked(struct carry *carry, const struct census *census);

/* At the end of a good full poll: remembers the server ports outside the range with at least
 * CARRY_PORT_FROM inbound connections, how many these are, and how many sockets are bound and idle.
 * What is carried is valid from then on. */
void carry_keep_inbound(struct carry *carry, const struct census *census);

/* Sockets that the poll under way took over unseen. */
uint32_t carry_sockets(const struct carry *carry);

void carry_free(struct carry *carry); /* frees what it owns; it is then as at the start */

#endif

/* SPDX-License-Identifier: ISC */
/*
 * inbound: the connections that this host accepted: how many, which of them are over and kept open,
 * and on which server ports. They take nothing from any pool. Pure; bounded.
 */
#ifndef SRCPORTD_INBOUND_H
#define SRCPORTD_INBOUND_H

#include "kernel/diag.h"

/* Accepted connections that a program on this host keeps open although they are over: the peer has
 * closed them (CLOSE_WAIT), or it has itself, but for receiving (FIN_WAIT2 of a full socket; a mini
 * sock ends on its own). */
struct leaked {
	uint32_t close_wait, fin_wait2;
};

/* Inbound connections of one server port outside the range. */
struct inbound_server {
	uint16_t port;
	struct state_counts states;
	struct leaked leaked;
};

/* Of one server port, wherever it is. */
struct inbound_leak {
	uint16_t port;
	struct leaked leaked;
};
#define INBOUND_LEAKS_MAX 32

/* Zero at the start. */
struct inbound {
	uint32_t count;
	struct leaked leaked; /* of these */
	/* The same by port, of the first ports that have any. */
	struct inbound_leak leaks[INBOUND_LEAKS_MAX];
	unsigned leak_count;
	/* What later polls may take over (light.h), of the first ports outside the range. */
	struct inbound_server servers[DIAG_SKIP_MAX];
	unsigned server_count;
};

/* Counts a connection. served: its port is outside the range, and has a listener. */
void inbound_add(struct inbound *inbound, const struct diag_socket *socket, bool served);

/* Counts what another poll saw of a server port. */
void inbound_take(struct inbound *inbound, const struct inbound_server *server);

/* The port with the most connections that are over, of equals the lowest; all 0 = none. */
struct inbound_leak inbound_worst(const struct inbound *inbound);

#endif

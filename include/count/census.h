/* SPDX-License-Identifier: ISC */
/*
 * census: port sets, pools, local addresses and totals of the sockets of one poll, which
 * census_take enters. Pure: no I/O, no clock, no globals. Memory follows the number of pools and
 * local addresses, not of sockets.
 */
#ifndef SRCPORTD_CENSUS_H
#define SRCPORTD_CENSUS_H

#include "base/addr.h"
#include "base/lookup.h"
#include "base/portbag.h"
#include "base/tcp_state.h"
#include "count/inbound.h"
#include "count/low_ports.h"
#include "count/origins.h"
#include "count/udp.h"
#include "kernel/diag.h"
#include "kernel/feature.h"
#include "kernel/settings.h"
#include "kernel/unseen.h"

/* The sockets that share (local address, peer address, peer port): the kernel's unit of exhaustion.
 * A socket bound to a device is in a pool of its own, with the interface as zone. */
struct pool {
	struct addr local;
	struct addr peer;
	uint16_t port;
	uint32_t local_index;   /* of census.locals */
	uint32_t next_at_local; /* the next pool with this local address, or LOOKUP_NONE */
	/* Ports of the range, but for request socks and recyclable TIME_WAIT. */
	struct portbag held;
	/* Ports of the range held by request socks: for this pool only. */
	struct portbag asked;
	uint32_t recyclable;      /* TIME_WAIT that connect() would take over, or may */
	uint32_t recyclable_even; /* of these, at an even offset from the low end */
	/* Ports of the range that remain for this pool or do not: of those that it may. */
	struct portbag unsure;
	struct state_counts states;
	/* Sockets of which only the offset of their port from the low end of the range tells how it
	 * was chosen (binders.h). */
	uint32_t odd, even;
	/* Ports of TIME_WAIT that connect() takes over if their connections had timestamps
	 * (stamps.h), and the sockets on them; the local port of an established connection, or 0.
	 */
	struct portbag stamped;
	uint32_t stamped_sockets;
	uint16_t established;
	struct portbag doubted; /* the ports of the odd ones (evidence.h) */
};

struct local {
	struct addr address;
	uint32_t connections; /* of the pools with this local address */
	uint32_t first_pool;  /* of these, the newest; or LOOKUP_NONE */
	/* Ports of the range held here by sockets that are in no pool's `held`. */
	struct portbag extra;
	struct portbag listening; /* of these, with a listener at this very address */
	bool idle;                /* a bound idle socket is here */
	bool doubtful;            /* sockets are here whose ports are in doubt (evidence.h) */
};

/* A bound idle socket at one local address, on a port of the range. */
struct census_hold {
	struct addr local;
	uint16_t port;
};

/* What a peer has shown in this poll (stamps.h). */
struct census_stamps {
	struct addr peer;
	enum stamps stamps;
};
#define CENSUS_STAMPED_MAX (2 * DIAG_ASKED_MAX)

struct census {
	struct settings settings;
	uint32_t features;          /* bit mask of 1 << enum kernel_feature */
	struct portset udp;         /* ports of UDP services, DIAG_UDP or as seen before */
	struct portset udp_given;   /* of these, of the range, whose port bind() was given */
	struct udp_census udp_held; /* all UDP sockets; it is for who asked to say `available` */
	bool node_ports;            /* this is a node of Kubernetes; for who knows to say */
	enum letting_go letting_go; /* of this kernel; for who knows to say */
	bool carried; /* what blocks ports is in part that of an earlier poll (light_patch()) */

	/* Ports that have a listener. */
	struct portset listening;
	/* Of these, and of the range, the ones that bind() was given: a service is at home there.
	 * Others took what they got. */
	struct portset listening_given;
	/* Ports blocked otherwise: bound idle sockets, explicit binds, and what memory knows. */
	struct portset bound;
	/* Of these, what bound idle sockets and explicit binds alone came to. */
	struct portset given;
	/* Ports of any socket in a bind bucket. */
	struct portset any;
	/* Ports that may be blocked without sock_diag showing it; those of `listening` and `bound`
	 * among them are settled. Complete after evidence_weigh(). */
	struct portset ambiguous;
	struct low_ports low;
	struct low_ports low_idle; /* of these, by bound idle sockets: light polls take them over */
	/* Ports held for every IPv4 address (0.0.0.0 or a dual-stack ::), and for every IPv6
	 * address (::). */
	struct portset wild4, wild6;
	/* Of these, by a listener. */
	struct portset listening4, listening6;

	struct pool *pools;
	uint32_t pool_count, pool_room;
	struct lookup pool_lookup;
	struct local *locals;
	uint32_t local_count, local_room;
	struct lookup local_lookup;
	/* The local address of the last socket: most hosts have one or two. */
	uint32_t local_last;

	struct census_stamps stamped[CENSUS_STAMPED_MAX];
	unsigned stamped_count;
	bool transparent; /* a listener is, and may accept connections to any port (TPROXY) */
	bool weighed;     /* by evidence_weigh() */
	bool late;        /* a listener has come after the connections that it may have accepted */
	bool full; /* a connection of the range was seen whose port bind() may have been given */

	struct state_counts totals;
	/* A connection on a port outside the range is neither, unless a listener is there, or was.
	 */
	struct inbound inbound;
	uint32_t outbound;
	uint64_t sockets; /* answers taken in, listeners and idle binds included */
	/* What later polls may take over from this one (light.h): bound idle sockets at one local
	 * address. */
	struct census_hold *holds;
	uint32_t hold_count, hold_room;
	/* Where the kernel does not list bound idle sockets: how many there may be at most, and of
	 * how many sockets it cannot be told whether they are of this network namespace; for who
	 * has counted them (unseen.h) to say. Probes take those off `idle` that they find. */
	bool idle_counted;
	uint32_t idle, elsewhere;
	/* Of earlier polls; may be NULL; not owned. */
	struct origins *origins;
	/* By port - range.low: of the sockets on it, by their cookies, in any order; NULL = not
	 * kept. */
	uint64_t *keys;
};

/* Starts a census; settings are copied. origins (may be NULL) is read and updated. */
void census_init(struct census *census, const struct settings *settings, struct origins *origins);

/* Enters a port of the range that a bound idle socket holds at one local address. False with errno
 * ENOMEM. */
bool census_hold(struct census *census, const struct addr *local, uint16_t port);

/* From now on keeps the keys. False with errno ENOMEM. */
bool census_watch(struct census *census);

/* Enters how many bound idle sockets there may be that the kernel did not list, in a complete
 * census; where it lists them there are none. */
void census_unseen(struct census *census, const struct unseen_count *count);

/* Settles a port of the range that was probed. */
void census_settle(struct census *census, uint16_t port, bool blocked);

/* Index of the local address in census->locals, entered if it is new; LOOKUP_NONE with errno
 * ENOMEM. It stays when others are entered; what is at it moves. */
uint32_t census_enter_local(struct census *census, const struct addr *address);

/* The pool of a connection, entered if it is new, with its local address; NULL with errno ENOMEM.
 * Valid until another is entered. */
struct pool *census_enter_pool(struct census *census, const struct diag_socket *socket);

/* Enters a port that is held at a local address, by index, outside any pool's `held`. False with
 * errno ENOMEM. */
bool census_hold_at(struct census *census, uint32_t local, uint16_t port);

/* True if a listener is there that may have accepted a connection with that local end: on its port,
 * and, as far as that is kept, at its address or a wildcard of its family. One at another address
 * took the port when it was in use already. A child in a VRF is on a device where its listener is
 * not. */
bool census_listens(const struct census *census, const struct addr *local, uint16_t port);

/* What one poll has seen of the kernel's features, it can do also where another sees no socket to
 * tell: adds what is known to those of a complete census, and keeps in *known what that has shown.
 */
void census_learn(struct census *census, uint32_t *known);

/* The pool with this key, or NULL. */
const struct pool *census_pool(const struct census *census, const struct addr *local,
			       const struct addr *peer, uint16_t port);

/* Index of the local address among census->locals, or LOOKUP_NONE. */
uint32_t census_local(const struct census *census, const struct addr *address);

/* Frees all that the census owns. */
void census_free(struct census *census);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * udp: from a stream of UDP sockets to what autobind can still get of UDP ports. Pure.
 *
 * There is no peer in it: one pool for each local address and one for callers without one, in each
 * family. The rules are those of udp_lib_get_port() and udp_lib_lport_inuse() (net/ipv4/udp.c) and
 * inet_rcv_saddr_equal() (net/ipv4/inet_connection_sock.c), for a caller without a device and
 * without SO_REUSEADDR and SO_REUSEPORT. It tries each port of the range that is not reserved, and
 * shares none: ports count, not sockets.
 */
#ifndef SRCPORTD_UDP_H
#define SRCPORTD_UDP_H

#include "base/addr.h"
#include "base/lookup.h"
#include "kernel/diag.h"
#include "kernel/settings.h"
#include "kernel/sources.h"

/* Local addresses that are kept, the first that are seen; of these, as anybody may bind to any of
 * 127.0.0.0/8, and with IP_FREEBIND to any at all, those that are no source of this host. */
#define UDP_LOCALS_MAX 64
#define UDP_GUESTS_MAX 32
/* Addresses beyond these that are told apart. */
#define UDP_BEYOND_MAX 1000

struct udp_held {
	uint32_t sockets; /* on these ports, which some share */
	struct portset ports;
};

struct udp_local {
	struct addr address;
	struct udp_held held;
};

/* The sockets in doubt on one port. */
struct udp_doubt {
	uint64_t key; /* which they are; 0 = there are none */
	uint32_t sockets;
};

/* Of ports that autobind would choose from. */
struct udp_census {
	bool available;
	char reason[128];     /* why it is not */
	uint32_t sockets;     /* whatever their port */
	struct udp_held wild; /* what every IPv4 caller meets: 0.0.0.0, and :: for both families */
	struct udp_held v4;   /* at one IPv4 address, IPv4-mapped ones too */
	struct udp_held wild6, device6; /* at ::, without a device and with one */
	struct udp_held all;
	/* Connected, at an IPv6 address: whether they are IPv6 only is not shown. If they are not,
	 * they are in the way of an IPv4 caller without an address. */
	struct udp_held doubtful;
	/* Of their ports, those that are known to be in the way, and those that are not. */
	struct portset blocked, harmless;
	struct udp_doubt *doubts;  /* by port; NULL = nobody watches */
	const struct sources *own; /* of this host; NULL = not known */
	struct udp_local *locals;
	uint32_t local_count, local_room, guest_count;
	uint32_t omitted; /* sockets at addresses beyond these */
	struct lookup lookup;
	struct addr *beyond; /* these, the first that are seen */
	uint32_t beyond_count, beyond_room;
	struct lookup beyond_lookup;
};

/* Whether it may be in the way of a caller of IPv4, or not: it is connected, at an IPv6 address,
 * and does not say whether it is one of IPv6 alone (inet_diag_msg_attrs_fill()). */
bool udp_is_doubtful(const struct diag_socket *socket);

/* From now on keeps who the sockets in doubt are. Before the first socket. False with errno ENOMEM.
 */
bool udp_watch(struct udp_census *census);

/* Takes in one socket of DIAG_UDP. False with errno ENOMEM. */
bool udp_add(struct udp_census *census, const struct settings *settings,
	     const struct diag_socket *socket);

/* Whether it is, or may be, in the way of an IPv4 caller; each is in that of one of IPv6. */
bool udp_meets_v4(const struct diag_socket *socket);

/* The ports in doubt: where only a socket stands that udp_is_doubtful() and that was not settled.
 */
void udp_doubts(const struct udp_census *census, struct portset *out);

/* Settles one: whether it is in the way of an IPv4 caller without an address. What is said last
 * counts. */
void udp_settle(struct udp_census *census, uint16_t port, bool blocked);

/* Makes it empty: not available, for that reason. */
void udp_none(struct udp_census *census, const char *reason);

struct udp_row {
	struct addr address; /* 0.0.0.0 and :: are callers without one, :: for both families */
	uint32_t sockets;    /* that hold ports of it, or may */
	uint32_t used, remaining, uncertain, capacity;
	unsigned percent;
};

struct udp_tally {
	bool available;
	char reason[128];       /* why it is not */
	uint32_t size;          /* of the range, reserved ports too */
	uint32_t sockets;       /* whatever their port */
	struct portset offered; /* what autobind chooses from */
	/* 0.0.0.0 and ::, then the local addresses with a socket, the fewest remaining first; none
	 * if it is not available. */
	struct udp_row *rows;
	uint32_t count;
	uint32_t omitted;        /* sockets at local addresses that have no row */
	uint32_t omitted_locals; /* these addresses; UDP_BEYOND_MAX = or more */
};
#define UDP_WILDCARDS 2

/* What they held in the last poll. Zero at the start. */
struct udp_before {
	bool known;
	uint32_t used[UDP_WILDCARDS];
};

/* The most that one of both wildcards has grown since the poll before, in percent of its capacity;
 * 0 in the first one, and where either is not available. */
unsigned udp_growth(struct udp_before *before, const struct udp_tally *now);

/* Works it out; rows are to be freed. False with errno ENOMEM. */
bool udp_count(const struct udp_census *census, const struct settings *settings,
	       struct udp_tally *out);

#endif

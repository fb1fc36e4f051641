/* SPDX-License-Identifier: ISC */
/*
 * port_watch: who holds some local ports, and whether connect() or bind() can take them now. Pure.
 *
 * It watches the sockets of one poll beside the census, whose conclusions it then takes over: what
 * the report says of the range and what is said of a port are one.
 */
#ifndef SRCPORTD_PORT_WATCH_H
#define SRCPORTD_PORT_WATCH_H

#include "count/census.h"

/* Sockets of each protocol that are kept; what is more is counted. */
#define PORT_WATCH_MAX 20000

enum holder_kind {
	HOLDER_LISTENER,
	HOLDER_BOUND,      /* bound, neither listening nor connected */
	HOLDER_EXPLICIT,   /* a connection whose port was given to bind() */
	HOLDER_INBOUND,    /* a connection whose port has a listener */
	HOLDER_OUTGOING,   /* a connection of the range without one */
	HOLDER_CONNECTION, /* one outside the range without one: it cannot be told which */
	HOLDER_UDP,        /* connected to nobody: takes datagrams from whoever sends them */
	HOLDER_UDP_PEER,   /* a UDP socket that is connected */
	HOLDER_KINDS
};

/* One socket. */
struct port_holder {
	uint16_t port;
	enum holder_kind kind;
	uint8_t state; /* enum tcp_state; STATE_CLOSE of a bound one */
	bool udp;
	bool request;  /* not in a bind bucket: hinders no bind() */
	bool v6only;   /* in nobody's way for IPv4; what has no peer tells */
	bool doubtful; /* it may be that: a connected UDP socket at an IPv6 address */
	bool reusable; /* a TIME_WAIT that connect() takes over */
	struct addr local, peer;
	uint16_t peer_port; /* 0 = it has no peer */
	uint32_t uid, inode;
	uint64_t cookie, cgroup; /* cgroup 0 = not known */
};

/* What connect() can do with a port, where it chooses itself. */
enum port_connect {
	PORT_CONNECT_YES,
	PORT_CONNECT_OTHERS, /* toward any other (address, port) than those it has a connection to
			      */
	PORT_CONNECT_UNKNOWN,
	PORT_CONNECT_NO
};

/* What bind() can do with it at every address (0.0.0.0 or ::), for a socket without options. */
enum port_bind {
	PORT_BIND_YES,
	PORT_BIND_PRIVILEGED, /* with CAP_NET_BIND_SERVICE: it is below ip_unprivileged_port_start
			       */
	PORT_BIND_REUSE, /* with SO_REUSEADDR, where the sockets on it have that too: no listener */
	PORT_BIND_UNKNOWN,
	PORT_BIND_NO
};

/* Why connect() cannot take it, or may not. */
enum port_reason {
	PORT_REASON_NONE,
	PORT_REASON_OUTSIDE,   /* of ip_local_port_range */
	PORT_REASON_RESERVED,  /* in ip_local_reserved_ports */
	PORT_REASON_SKIPPED,   /* the end of a range of three ports */
	PORT_REASON_LISTENER,  /* it has one */
	PORT_REASON_BOUND,     /* bind() took it */
	PORT_REASON_AMBIGUOUS, /* a socket on it may have come by it through bind() */
	PORT_REASON_UNSEEN, /* this kernel does not list bound idle sockets, and there are some */
	PORT_REASON_UDP,    /* a UDP socket has it */
	PORT_REASON_NO_UDP, /* UDP sockets are not known here */
	PORT_REASON_OMITTED /* its sockets were not kept */
};

struct port_state {
	uint16_t port;
	bool udp;
	bool more; /* it has sockets that are not kept */
	enum port_connect connect;
	enum port_connect connect4; /* UDP: for a socket of IPv4 */
	enum port_reason reason;
	enum port_bind bind, bind4; /* of bind4: for 0.0.0.0 alone */
	bool specific;              /* each socket that hinders bind() is at one address only */
	uint32_t first, count;      /* its sockets in port_watch.holders */
};

struct port_watch {
	struct portset asked; /* set by the caller; not 0 */
	/* Of the poll; set before the first socket. */
	const struct settings *settings;
	struct port_holder *holders;
	uint32_t holder_count, holder_room;
	/* Of TCP and of UDP: sockets that are kept, sockets that are not, and their ports. */
	uint32_t kept[2], omitted[2];
	struct portset omitted_ports[2];
	uint64_t *explicit_cookies;
	uint32_t explicit_count, explicit_room;
	/* After port_watch_end(): a row for each port asked about, in their order, for TCP, and
	 * then as many for UDP. */
	struct port_state *states;
	uint32_t state_count;
	struct port_range range; /* of the census */
	struct portset reserved;
	char no_udp[128]; /* why UDP sockets are not known; "" = they are */
};

/* The lowest and the highest port asked about, and the range: where explicit binds matter. */
struct port_range port_watch_span(const struct port_watch *watch, const struct port_range *range);

/* Takes in one socket of a dump, in the order of enum diag_dump. False with errno ENOMEM. */
bool port_watch_add(struct port_watch *watch, enum diag_dump dump,
		    const struct diag_socket *socket);

/* The poll begins anew: forgets the sockets. */
void port_watch_again(struct port_watch *watch);

/* After the last one: sorts the sockets, by port and then listeners first, and works out the
 * states, as the complete census has it. False with errno ENOMEM. */
bool port_watch_end(struct port_watch *watch, const struct census *census);

void port_watch_free(struct port_watch *watch);

#endif

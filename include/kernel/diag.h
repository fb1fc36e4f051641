/* SPDX-License-Identifier: ISC */
/*
 * diag: sock_diag requests and answers as plain structs. Pure: it neither sends nor receives.
 *
 * Sources: net/ipv4/inet_diag.c, include/uapi/linux/inet_diag.h.
 */
#ifndef SRCPORTD_DIAG_H
#define SRCPORTD_DIAG_H

#include "base/addr.h"
#include "base/portset.h"
#include "base/tcp_state.h"

#include <linux/netlink.h>

/* The dumps of one poll, in the order in which they are made. */
enum diag_dump {
	DIAG_HOLDERS,  /* listeners and bound idle sockets: ports that are blocked */
	DIAG_EXPLICIT, /* sockets of the range whose port was given by bind(): blocked too */
	DIAG_SOCKETS,  /* every connection in every state, TIME_WAIT included */
	DIAG_DUMPS
};

/* How a dump is asked for. */
enum diag_form {
	DIAG_BOTH, /* TCPDIAG_GETSOCK: both families in one walk of the kernel's tables */
	DIAG_V4,   /* SOCK_DIAG_BY_FAMILY, AF_INET */
	DIAG_V6    /* SOCK_DIAG_BY_FAMILY, AF_INET6 */
};

/* Local ports that diag_request_without() can leave out. */
#define DIAG_SKIP_MAX 16

/* Room that any request needs. */
#define DIAG_REQUEST_MAX 512

/* What a socket says of IP_BIND_ADDRESS_NO_PORT: not at all, not set, set. */
enum diag_no_port { NO_PORT_UNKNOWN, NO_PORT_OFF, NO_PORT_ON };

/* One answered socket. */
struct diag_socket {
	struct addr local;   /* zone: the interface the socket is bound to, or 0 */
	struct addr peer;    /* zone: as local if link-local, else 0 */
	uint16_t local_port; /* both in host byte order */
	uint16_t peer_port;
	uint8_t state;      /* enum tcp_state as the kernel reports it */
	uint8_t family;     /* AF_INET or AF_INET6, as the socket was created */
	bool mini;          /* a time-wait mini socket: TIME_WAIT, or an orphaned FIN_WAIT2 */
	bool request;       /* a request sock: in ehash only, not in a bind bucket */
	uint32_t interface; /* SO_BINDTODEVICE or scope, 0 = none */
	uint32_t expires;   /* ms until the timer fires */
	uint32_t uid;
	uint32_t inode;             /* 0 if no file refers to it */
	uint64_t cookie;            /* kept from a socket into its TIME_WAIT */
	const struct nlattr *attrs; /* attributes, within the message */
	size_t attrs_length;
};

/* Writes the request for a dump to buf (DIAG_REQUEST_MAX octets, aligned for nlmsghdr).
 * DIAG_EXPLICIT is filtered in the kernel to sockets of `range` that are not INET_DIAG_BC_AUTO.
 * Returns the message, ready to send. */
struct nlmsghdr *diag_request(void *buf, enum diag_dump dump, enum diag_form form, uint32_t seq,
			      const struct port_range *range);

/* DIAG_HOLDERS for listeners alone: much cheaper, as it does not walk the table of bound sockets.
 */
struct nlmsghdr *diag_request_listeners(void *buf, enum diag_form form, uint32_t seq);

/* DIAG_SOCKETS without the sockets of at most DIAG_SKIP_MAX local ports, which the kernel then does
 * not copy. */
struct nlmsghdr *diag_request_without(void *buf, enum diag_form form, uint32_t seq,
				      const uint16_t *ports, unsigned count);

/* Request for bound idle sockets on exactly this IPv4 port (feature test of state bit 13). */
struct nlmsghdr *diag_request_bound(void *buf, uint32_t seq, uint16_t port);

/* Decodes one message of a dump. False if it is too short, of another type, or has an impossible
 * family or state. The result refers into the message. */
bool diag_decode(const struct nlmsghdr *message, struct diag_socket *out);

/* IP_BIND_ADDRESS_NO_PORT from INET_DIAG_SOCKOPT (5.10); NO_PORT_UNKNOWN where it is not given. */
enum diag_no_port diag_no_port(const struct diag_socket *socket);

/* INET_DIAG_SKV6ONLY; false where it is not given. */
bool diag_v6only(const struct diag_socket *socket);

/* INET_DIAG_CGROUP_ID (5.8), or 0 where it is not given. */
uint64_t diag_cgroup(const struct diag_socket *socket);

#endif

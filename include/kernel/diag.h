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
#include "kernel/dump.h"

/* The dumps of one poll, in the order in which they are made. */
enum diag_dump {
	DIAG_HOLDERS, /* listeners: ports that are blocked */
	/* Sockets of the range whose port bind() was given: blocked too. Listeners are among them:
	 * those that are at home there. */
	DIAG_EXPLICIT,
	/* Bound idle sockets, which block their ports too, and then every connection in every
	 * state, TIME_WAIT included. Listeners with bound idle ones would cost a walk over all
	 * connections more (inet_diag_dump_icsk()). */
	DIAG_SOCKETS,
	/* Listeners once more: one that has come since the first dump may have accepted what the
	 * third has shown. */
	DIAG_LATE,
	/* Established connections of the ports in `asked`, with what shows their timestamps; only
	 * where it is wanted, after the others. */
	DIAG_STAMPS,
	/* UDP sockets, those connected to nobody (STATE_CLOSE: services) and those that are. In one
	 * request for each family, after the others. */
	DIAG_UDP,
	/* Of those of the range that are connected to nobody, the ones whose port bind() was given.
	 */
	DIAG_UDP_GIVEN,
	DIAG_DUMPS
};

/* Local ports that a plan can leave out. */
#define DIAG_SKIP_MAX 16

/* Local ports of which DIAG_STAMPS can ask. */
#define DIAG_ASKED_MAX 16

/* What one poll asks for; it does not change while the poll is under way. */
struct diag_plan {
	struct port_range range; /* of which explicit binds are asked for */
	bool over;               /* connections: those in CLOSE_WAIT and FIN_WAIT2 alone */
	bool light;              /* no bound idle sockets, and of explicit binds listeners alone */
	bool alone; /* of explicit binds listeners alone: no connection of the range is expected */
	/* Connections: not those of these local ports, which the kernel then does not copy. */
	uint16_t without[DIAG_SKIP_MAX];
	unsigned without_count;
	uint16_t asked[DIAG_ASKED_MAX]; /* by DIAG_STAMPS */
	unsigned asked_count;
};

/* Room that any request of a plan needs. */
#define DIAG_REQUEST_MAX 512

/* Whether a connection uses TCP timestamps: not shown, no, yes. */
enum stamps { STAMPS_UNKNOWN, STAMPS_UNUSED, STAMPS_USED };

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
	uint32_t inode; /* 0 if no file refers to it */
	/* CLOCK_MONOTONIC between which the kernel looked at it; both 0 = not known. */
	uint64_t from_ms, to_ms;
	uint64_t cookie;            /* kept from a socket into its TIME_WAIT */
	const struct nlattr *attrs; /* attributes, within the message */
	size_t attrs_length;
};

/* Writes the request for a dump of the plan to buf (DIAG_REQUEST_MAX octets, aligned for nlmsghdr):
 * TCPDIAG_GETSOCK for both families in one walk of the kernel's tables (DUMP_ALL), else
 * SOCK_DIAG_BY_FAMILY, which alone has UDP (DIAG_UDP and DIAG_UDP_GIVEN are never asked as
 * DUMP_ALL). DIAG_EXPLICIT and DIAG_UDP_GIVEN are filtered in the kernel to sockets of the range
 * that are not INET_DIAG_BC_AUTO. Returns the message, ready to send. */
struct nlmsghdr *diag_request(void *buf, const struct diag_plan *plan, enum diag_dump dump,
			      enum dump_form form, uint32_t seq);

/* Decodes one message of a dump. False if it is too short, of another type, or has an impossible
 * family or state. The result refers into the message. */
bool diag_decode(const struct nlmsghdr *message, struct diag_socket *out);

/* Takes one socket of a dump, which it must not keep. False if there is no memory for it. */
typedef bool diag_take(void *arg, enum diag_dump dump, const struct diag_socket *socket);

/* Who takes the sockets of a dump, and of which one. */
struct diag_taker {
	diag_take *take;
	void *arg;
	enum diag_dump dump;
	bool beyond; /* a connection has been answered; false at the start of each answer */
	uint64_t from_ms, to_ms; /* when the kernel looked at those of this datagram */
};

/* A dump_take (dump.h) that decodes a message and hands its socket over; taker is a struct
 * diag_taker. The bound idle sockets with which an answer to DIAG_SOCKETS begins are handed over as
 * holders, DIAG_HOLDERS; what is closed behind them is a connection that ended while it was being
 * answered. Returns 0, EBADMSG or ENOMEM. */
int diag_take_message(void *taker, const struct nlmsghdr *message);

/* IP_BIND_ADDRESS_NO_PORT from INET_DIAG_SOCKOPT (5.10); NO_PORT_UNKNOWN where it is not given. */
enum diag_no_port diag_no_port(const struct diag_socket *socket);

/* TCPI_OPT_TIMESTAMPS from INET_DIAG_INFO, which answers to DIAG_STAMPS have. */
enum stamps diag_stamps(const struct diag_socket *socket);

/* IP_TRANSPARENT from INET_DIAG_SOCKOPT, which a listener's children inherit; false where it is not
 * given. */
bool diag_transparent(const struct diag_socket *socket);

/* INET_DIAG_SKV6ONLY; false where it is not given. */
bool diag_v6only(const struct diag_socket *socket);

/* What the answer for this socket shows of the kernel: a mask of FEATURES_OF_SOCKETS. Any socket
 * but a mini one tells. */
uint32_t diag_features(const struct diag_socket *socket);

/* INET_DIAG_CGROUP_ID (5.8), or 0 where it is not given. */
uint64_t diag_cgroup(const struct diag_socket *socket);

#endif

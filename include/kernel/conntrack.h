/* SPDX-License-Identifier: ISC */
/*
 * conntrack: the kernel's table of connections over ctnetlink, as plain structs. Reading it needs
 * CAP_NET_ADMIN in the user namespace that owns the network namespace.
 *
 * Sources: net/netfilter/nf_conntrack_netlink.c,
 * include/uapi/linux/netfilter/nfnetlink_conntrack.h.
 */
#ifndef SRCPORTD_CONNTRACK_H
#define SRCPORTD_CONNTRACK_H

#include "base/addr.h"
#include "kernel/dump.h"

/* The dumps of one look at it; the numbers are those of recordings, behind enum diag_dump. */
enum conntrack_dump {
	CONNTRACK_TRANSLATED = 16, /* entries whose source is translated */
	CONNTRACK_HOLDERS = 17 /* what else has an outside address of theirs in either direction */
};

/* One direction of a connection. */
struct conntrack_tuple {
	struct addr source, destination; /* without a zone */
	/* In host byte order. Of ICMP the identifier of the echo is the port of the one who asks,
	 * and that of the other is 0. */
	uint16_t source_port, destination_port;
	uint16_t zone; /* that in which this direction is unique */
};

/* TCP_CONNTRACK_* of nf_conntrack_tcp.h; what is not TCP has none. */
#define CONNTRACK_ESTABLISHED 3
#define CONNTRACK_TIME_WAIT   7
#define CONNTRACK_CLOSE       8
#define CONNTRACK_SYN_SENT2   9

/* One entry of TCP, UDP or SCTP, or of an echo of ICMP. */
struct conntrack_entry {
	struct conntrack_tuple original, reply;
	uint32_t status;  /* IPS_* of nf_conntrack_common.h */
	uint8_t protocol; /* IPPROTO_TCP, _UDP, _SCTP, _ICMP or _ICMPV6 */
	uint8_t state;    /* of TCP; 0 = not shown */
	uint32_t left_s;  /* of TCP: until it goes if there is no packet; 0 = not shown */
};

/* Identifiers take the place of ports: ICMP, of IPv6 too. */
bool conntrack_has_ids(uint8_t protocol);

/* The source is translated. */
bool conntrack_is_translated(const struct conntrack_entry *entry);

/* The kernel may give the entry up for a new connection whose port it has, from Linux 6.5 on
 * (nf_nat_used_tuple_harder()). */
bool conntrack_is_evictable(const struct conntrack_entry *entry);

/* Takes one entry. False with errno ENOMEM. */
typedef bool conntrack_take(void *arg, enum conntrack_dump dump,
			    const struct conntrack_entry *entry);

/* Where the entries of a dump go. */
struct conntrack_taker {
	conntrack_take *take;
	void *arg;
	enum conntrack_dump dump;
};

/* One message, as a dump_take of dump.h; arg is the struct conntrack_taker. What is none of the
 * protocols of an entry is passed over. EBADMSG for what the kernel could not have sent, ENOMEM. */
int conntrack_take_message(void *arg, const struct nlmsghdr *message);

/* What is asked for. */
struct conntrack_question {
	enum conntrack_dump dump;
	/* Of CONNTRACK_HOLDERS: whose entries; NULL = all entries. */
	const struct addr *outside;
	bool original; /* the address in the direction of the first packet, not in the reply */
};

/* Writes a request to buf (DUMP_REQUEST_MAX octets). The kernel filters: translated ones since
 * 5.15, addresses since 5.8. An older one answers with all that there is: whoever takes them must
 * look at each. Returns the message. */
struct nlmsghdr *conntrack_request(void *buf, const struct conntrack_question *question,
				   enum dump_form form, uint32_t seq);

struct conntrack;

/* A socket in the calling thread's network namespace. NULL with errno. */
struct conntrack *conntrack_open(void);
void conntrack_close(struct conntrack *conntrack); /* NULL is allowed */

/* Asks, waits for the answer, and hands over its entries; those of one that failed must be dropped.
 * An entry may come twice while the table changes. Datagrams go to `record`, if there is one. NULL
 * on success, else why not: one line (static, or until the next call). */
#define CONNTRACK_NO_PRIVILEGE "needs CAP_NET_ADMIN"
const char *conntrack_read(struct conntrack *conntrack, const struct conntrack_question *question,
			   conntrack_take *take, void *arg, FILE *record);

#endif

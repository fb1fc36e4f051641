/* SPDX-License-Identifier: ISC */
/*
 * nat_census: entries of the kernel's table of connections, gathered into pools of source address
 * translation, and what is left of each. Pure.
 *
 * A pool is there if an entry whose source is translated names it; then every entry counts that has
 * one of its ports, in whichever direction (nf_conntrack_tuple_taken()): connections of the host's
 * own too, and packets that came in from the peer's very port.
 *
 * Identifiers of ICMP's echo are given out like ports (nf_nat_l4proto_unique_tuple()); the port of
 * the peer is then 0.
 */
#ifndef SRCPORTD_NAT_CENSUS_H
#define SRCPORTD_NAT_CENSUS_H

#include "base/lookup.h"
#include "base/portbag.h"
#include "count/nat_range.h"
#include "kernel/conntrack.h"

/* Whoever makes connections through this host may make many. */
#define NAT_POOLS_MAX    65536
#define NAT_OUTSIDES_MAX 1024
#define NAT_INSIDES_MAX  262144

/* Protocols whose ports the same rules give out, mostly. */
enum nat_kin { NAT_TCP_AND_UDP, NAT_SCTP, NAT_ICMP, NAT_KINS };

/* Translated connections to one outside address. */
struct nat_outside {
	struct addr address;
	struct portbag moved[NAT_KINS]; /* ports that connections have instead of their own */
	struct nat_seen seen[NAT_KINS];
};

/* Who is behind a pool. */
struct nat_inside {
	struct addr address; /* of a host inside */
	uint32_t pool;       /* its position */
	uint32_t entries;    /* of both */
};

/* Who has been silent for so long is idle. An entry that is nearly over is none of them: one whose
 * packets are not acknowledged has that little left, too. */
#define NAT_IDLE_S   3600
#define NAT_ENDING_S 300

struct nat_pool {
	struct addr outside, peer; /* after the destination has been translated */
	uint16_t port;             /* of the peer */
	uint16_t zone;
	uint8_t protocol; /* of struct conntrack_entry */
	/* Ports that an entry has; in `evictable` those of which it may be given up. */
	struct portbag held, evictable;
	uint32_t idle;              /* established connections that saw no packet for NAT_IDLE_S */
	struct nat_seen seen;       /* of translated connections that may show the range */
	uint32_t moved, translated; /* of translated connections: whose port was changed; all */

	/* From nat_census_end() on. */
	uint32_t entries; /* ports that an entry has, be they of the range or not */
	struct nat_usage usage;
	struct port_range range;
	enum nat_range_source from; /* how the range is known */
	uint32_t lost_ppm;          /* nat_lost_ppm() */
	/* The host inside with the most translated connections, of equals the first in the order of
	 * addresses; 0 entries = it is not known. */
	struct addr holder;
	uint32_t holder_entries;
	const char *behind; /* the network namespace that has this address, for who knows to say;
			     * NULL = not told; of the census */
};

/* Of a name, with its NUL. */
#define NAT_BEHIND_MAX 33

struct nat_census {
	bool evicts;  /* the kernel gives entries up (6.5) */
	bool as_text; /* its entries are those of conntrack_text.h */
	/* So long an established connection keeps its entry without a packet; 0 = it is not known.
	 */
	uint32_t established_s;
	struct nat_rules rules; /* set by whoever knows them, until nat_census_end() */
	struct nat_pool *pools;
	uint32_t count, room, omitted; /* omitted: entries of pools that found no room */
	struct nat_outside *outsides;
	uint32_t outside_count, outside_room;
	struct nat_inside *insides;
	uint32_t inside_count, inside_room;
	char (*behind)[NAT_BEHIND_MAX]; /* names that pools refer to; NULL = none */
	struct lookup pool_index, outside_index, inside_index;
};

void nat_census_init(struct nat_census *census, bool evicts);
void nat_census_free(struct nat_census *census); /* is then empty */

/* A conntrack_take; arg is the struct nat_census. All of CONNTRACK_TRANSLATED come first, then
 * those of CONNTRACK_HOLDERS, for each outside address that is there by then: of that dump,
 * translated ones count only for what they came in to. */
bool nat_census_take(void *arg, enum conntrack_dump dump, const struct conntrack_entry *entry);

/* "tcp", "udp", "sctp", "icmp" or "icmpv6". */
const char *nat_protocol_name(uint8_t protocol);

/* What the pool gives out, "port" or "identifier", and to whom: "connection" or "ping". */
const char *nat_pool_unit(const struct nat_pool *pool);
const char *nat_pool_flow(const struct nat_pool *pool);

/* "tcp", of a zone "tcp/5". Returns out. */
#define NAT_PROTOCOL_MAX 16
const char *nat_pool_protocol(const struct nat_pool *pool, char out[static NAT_PROTOCOL_MAX]);

/* Its peer: "192.0.2.10:443", of pings "192.0.2.10". Returns out. */
const char *nat_pool_peer(const struct nat_pool *pool, char out[static ADDR_PORT_TEXT_MAX]);

/* Its holder, which is known: "10.7.0.2", or "10.7.0.2 in web-1". Returns out. */
#define NAT_HOLDER_TEXT_MAX (ADDR_TEXT_MAX + NAT_BEHIND_MAX + 4)
const char *nat_pool_holder(const struct nat_pool *pool, char out[static NAT_HOLDER_TEXT_MAX]);

/* "tcp 192.0.2.1 -> 192.0.2.10:443". Returns out. */
#define NAT_POOL_TEXT_MAX (NAT_PROTOCOL_MAX + 2 * ADDR_PORT_TEXT_MAX)
const char *nat_pool_text(const struct nat_pool *pool, char out[static NAT_POOL_TEXT_MAX]);

/* Order of the MIB: protocol, peer, its port, outside address, zone. <0, 0, >0. */
int nat_pool_compare(const struct nat_pool *a, const struct nat_pool *b);

/* Works out what is left, and sorts the pools: those that lose most first, then those with least
 * remaining. What else was gathered is freed: a pool then owns no memory. */
void nat_census_end(struct nat_census *census);

#endif

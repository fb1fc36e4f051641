/* SPDX-License-Identifier: ISC */
/*
 * nat_pool: what a pool of source address translation (SNAT, MASQUERADE) has left. Pure.
 *
 * A pool is (zone, protocol, outside address, peer, peer port): nf_conntrack_tuple_taken() lets no
 * two connections of a network namespace and zone have the same tuple from the peer back to a port
 * of the outside address. Of the ports of the range R that a rule offers (1024-65535 where it names
 * none)
 *
 *     taken     = those that an entry of the connection table has, be it a translated connection or
 *                 one of the host's own
 *     evictable = those of them whose entry the kernel may give up for a new connection
 *     used      = |taken - evictable|
 *     remaining = |R| - used
 */
#ifndef SRCPORTD_NAT_POOL_H
#define SRCPORTD_NAT_POOL_H

#include "base/portset.h"
#include "count/severity.h"

/* What a rule offers that names no ports; from 512 and 1 on for source ports below 1024 and 512. */
#define NAT_LOWEST  1024
#define NAT_HIGHEST 65535

/* That of a protocol; of ICMP all identifiers, which take the place of ports in all that follows
 * (nf_nat_l4proto_unique_tuple()). */
struct port_range nat_usual_range(uint8_t protocol);

#define NAT_PPM 1000000

struct nat_usage {
	uint32_t capacity, used, remaining;
	uint32_t evictable; /* how many of `remaining` are had only if an old entry is given up */
	uint32_t percent;   /* severity_percent(remaining, capacity) */
	/* How probable it is that the next connection whose port has to change finds none, and its
	 * packet is dropped: in parts per million, rounded. */
	uint32_t loss_ppm;
};

/* evictable: of `taken`; an empty set where nothing is given up: for UDP, before Linux 6.5. */
void nat_usage(const struct portset *taken, const struct portset *evictable,
	       const struct port_range *range, struct nat_usage *out);

/* Whether so few ports are taken that a search always finds one: no loss. */
bool nat_is_easy(uint32_t taken, const struct port_range *range);

/* The same where it is so, by numbers: how many ports of the range are taken, and how many of them
 * are evictable. */
void nat_usage_easy(uint32_t taken, uint32_t evictable, const struct port_range *range,
		    struct nat_usage *out);

/* What connections show of the range of a rule: those that are translated to one outside address,
 * of source ports from 1024 on. */
struct nat_seen {
	/* Whose port was changed, by chance to any of the range; each port once: what one socket
	 * sends to many peers keeps the port that it was given first. */
	uint32_t moved;
	uint32_t seen;   /* all of them; of those that kept theirs it lay in the range, too */
	uint16_t lowest; /* the outside ports; if any were seen */
	uint16_t highest;
};

void nat_seen_add(struct nat_seen *seen, uint16_t outside_port, bool moved);

/* The range that they show. False if they show none other than the usual one, which is then in
 * *out: fewer than 32 were moved, or they reach over four fifths of it. By chance alone connections
 * of the usual range look so once in 1200 times. Each end may be short by |R| / (moved + 1). */
bool nat_seen_range(const struct nat_seen *seen, const struct port_range *usual,
		    struct port_range *out);

/* The loss of the next connection of which it is not known whether its port has to change: `moved`
 * of `seen` did; in parts per million. All of them where nothing is left. */
uint32_t nat_lost_ppm(const struct nat_usage *usage, uint32_t moved, uint32_t seen);

/* By the levels of loss. */
enum severity nat_severity(const struct levels *levels, uint32_t lost_ppm);

#endif

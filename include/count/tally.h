/* SPDX-License-Identifier: ISC */
/*
 * tally: from a census to what remains, by the formula (formula.h): per pool, peer, local address,
 * target and for the host. Pure, and only numbers: what is made of them is said elsewhere
 * (verdict/findings.h). A tally does not change once it is made.
 */
#ifndef SRCPORTD_TALLY_H
#define SRCPORTD_TALLY_H

#include "count/bind_pool.h"
#include "count/formula.h"
#include "count/hygiene.h"
#include "count/target.h"
#include "count/udp.h"

struct pool_tally {
	struct addr local, peer;
	uint16_t port;
	uint32_t target;        /* 1 + position of the first target that it belongs to; 0 = none */
	uint32_t peer_position; /* in tally.peers */
	bool binders;           /* somebody there was seen to bind first (binders.h) */
	struct usage usage;
};

struct peer_tally {
	struct addr peer;
	uint32_t pools;
	uint32_t targeted;  /* of these, pools that belong to a target */
	struct usage usage; /* used: distinct local ports toward the address */
};

#define TALLY_SPACE_MAX 33 /* octets of the name of a namespace, with the NUL */

struct target_tally {
	const struct target *target; /* not owned */
	uint32_t pools;
	/* The tightest pool, its position in tally.pools; all four unspecified if pools is 0. */
	uint32_t tightest_position;
	struct addr tightest_local, tightest_peer;
	uint16_t tightest_port;
	bool binders; /* of any of its pools */
	struct usage usage;
	/* With what other network namespaces have (verdict/target_spaces.h): how many of them have
	 * any, and which one the tightest pool is in; "" = our own. */
	uint32_t spaces;
	char space[TALLY_SPACE_MAX];
};

struct totals {
	struct state_counts states; /* all sockets of both families */
	uint32_t inbound, outbound;
	struct leaked leaked;           /* of `inbound` */
	struct inbound_leak worst_leak; /* the server port with most of them; all 0 = none */
	uint64_t sockets;
};

struct tally {
	struct range_tally range;
	char *reserve; /* formula_reserve(), where range.wider needs it; or NULL */
	struct hygiene hygiene;
	struct totals totals;
	struct low_ports low;     /* the census's */
	uint32_t features;        /* the census's */
	struct pool_tally *pools; /* in the census's order */
	uint32_t pool_count;
	struct peer_tally *peers;
	uint32_t peer_count;
	struct local_tally *locals;
	uint32_t local_count;
	struct target_tally *targets; /* in the order given */
	uint32_t target_count;
	struct udp_tally udp;
};

/* The usage of a target's tightest pool; its own if it has none. */
const struct usage *tally_tightest(const struct tally *tally, const struct target_tally *target);

/* Works everything out, in time that follows the number of pools, and of pools that belong to a
 * target. targets
 * must live as long as the tally. NULL with errno ENOMEM. */
struct tally *tally_make(const struct census *census, const struct target *targets,
			 uint32_t target_count);

void tally_free(struct tally *tally); /* NULL is allowed */

#endif

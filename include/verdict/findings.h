/* SPDX-License-Identifier: ISC */
/*
 * findings: what is concluded from one poll: severity and cause of every row of its tally, from the
 * numbers, the failures, the levels and the hysteresis. Worked out once (conclude.h), in rows of
 * their own; they do not change after that. Pure.
 */
#ifndef SRCPORTD_FINDINGS_H
#define SRCPORTD_FINDINGS_H

#include "config/config.h"
#include "count/nat_state.h"
#include "count/source_left.h"
#include "count/tally.h"
#include "count/trend.h"
#include "failures/failures.h"
#include "verdict/hysteresis.h"
#include "verdict/target_spaces.h"

/* What is there to conclude from; the findings copy what they keep, but for the tally, the log
 * and the census. */
struct evidence {
	const struct tally *tally;
	const struct outlooks *outlooks;
	const struct failure_marks *marks;     /* NULL = no failure is known */
	const struct failure_state *failures;  /* NULL = they are not counted */
	const struct failure_log *failure_log; /* NULL = none */
	const struct host_state *host;
	const struct nat_state *nat;      /* NULL = not looked at */
	const struct space_pools *spaces; /* NULL = none */
};

/* Of a pool, a peer or a target. */
struct finding {
	struct verdict verdict;
	struct outlook outlook;
	struct failure_mark failed;
	/* Of a pool or a target: by its raise and by its clear levels in this poll. */
	struct verdict raise, hold;
};

/* By the raise and by the clear levels in this poll. */
struct readings {
	struct verdict raise, hold;
};

/* Pools of other network namespaces, as the last look at each found them there. */
struct space_pool {
	const char *space; /* the name of the namespace */
	const struct pool_tally *tally;
	const struct finding *finding;
	const char *message;
	uint32_t target; /* 1 + position of the first target that it belongs to; 0 = none */
};

/* What is left there of the ports of a local address: to UDP, or to bind() with port 0. */
struct space_ports {
	const char *space;
	bool udp;
	struct addr address;
	uint32_t remaining, capacity;
	struct verdict raise, hold;
	const char *message;
};

struct space_pools {
	struct space_pool *of;
	uint32_t count;
	struct space_ports *ports;
	uint32_t port_count;
	struct space_target *targets; /* what they have toward targets */
	uint32_t target_count;
	bool looked;        /* it was looked for */
	uint32_t uncounted; /* namespaces of which it is not known, or not wholly */
};

struct limit_findings {
	enum severity severity; /* of the most severe rule */
	enum limit_rule worst;  /* that rule; of equals, the one that is fullest */
	enum severity of_rule[LIMIT_RULES];
};

struct findings {
	const struct tally *tally;             /* not owned */
	const struct failure_log *failure_log; /* the same */
	struct failure_state failures;
	struct host_state host;
	struct limit_findings limits;
	enum severity inbound; /* of accepted connections that are not closed */
	/* Recent connect() calls that found no port and make nothing critical: here, where ports
	 * are left; and in other network namespaces. */
	uint32_t stray, elsewhere;
	bool may_be_elsewhere;      /* of some of `stray` it is not known where they were */
	struct source_left sources; /* of host.sources */
	uint32_t features;          /* the tally's, FEATURE_FAILURES and FEATURE_UDP */
	/* severity_nearness() of the subject that is the nearest to its level; and the most that
	 * one has grown since the last poll, in percent of its capacity. */
	unsigned nearness, growth;

	/* In the order of the tally's rows. */
	struct finding *pools;
	struct finding *peers; /* the worst of the peer's pools, or its own CLOSE_WAIT */
	struct finding *targets;
	/* Of targets, where other namespaces have connections toward any, else NULL: the rows with
	 * what these have, and the one that decides; NULL = our own. Not for what our own has. */
	struct target_tally *target_sums;
	const struct space_target **deciders;
	enum severity *locals;
	struct readings *local_read; /* of each of these, and of the tally's UDP pools */
	struct readings *udp_read;
	struct verdict *udp;         /* of the tally's UDP pools */
	uint32_t low_warning;        /* low_ports_severity() */
	struct nat_state nat;        /* its census is not owned */
	struct verdict *nat_pools;   /* of the census */
	struct space_pools spaces;   /* not owned */
	struct verdict *space_found; /* of each pool of them, */
	struct verdict *ports_found; /* and of each of their ports */

	struct standing *standings; /* of everything that may have an alarm */
	uint32_t standing_count;
	uint32_t omitted; /* subjects above normal that found no room */
};

/* Rows with everything but verdicts: each is normal. NULL where memory is lacking. */
struct findings *findings_new(const struct evidence *evidence);
void findings_free(struct findings *findings); /* NULL is allowed */

/* The rows of targets as they are told: with what other network namespaces have. */
const struct target_tally *findings_targets(const struct findings *findings);

/* Which of these decides over a target; NULL = our own namespace does. */
const struct space_target *findings_decider(const struct findings *findings, uint32_t target);

/* The position of the UDP pool of callers without an address that is the more severe, IPv4's where
 * both are; LOOKUP_NONE if UDP is not available, or the range offers nothing, which is the host's
 * matter. */
uint32_t findings_worst_udp(const struct findings *findings);

/* A pool of address translation is above normal. */
bool findings_nat_alarmed(const struct findings *findings);

#endif

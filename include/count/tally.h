/* SPDX-License-Identifier: ISC */
/*
 * tally: from a census to what remains, by the formula (formula.h): per pool, peer, local address,
 * target and for the host. Pure.
 */
#ifndef SRCPORTD_TALLY_H
#define SRCPORTD_TALLY_H

#include "alarm/alarm.h"
#include "count/census.h"
#include "count/severity.h"
#include "count/target.h"
#include "count/widen.h"
#include "failures/failure_state.h"
#include "kernel/hostlimits.h"

struct range_tally {
	struct port_range range;
	uint32_t size;
	uint32_t reserved;  /* reserved ports in the range */
	uint32_t listening; /* of the rest: ports that have a listener */
	uint32_t bound;     /* of the rest: ports blocked otherwise */
	uint32_t capacity;
	uint32_t uncertain; /* how many of capacity may be blocked unseen */
	uint32_t in_use;    /* ports of the range, not reserved, that any socket holds */
	uint32_t free;      /* ports of the range, not reserved, that no socket holds */
	struct widening wider;
};

/* No growth, or none that is known: the largest number, so that a manager may compare. */
#define TIME_LEFT_NONE UINT32_MAX

/* Numbers that pools, peers and targets share; all about one snapshot, but for high_water and
 * time_left_s, which one poll alone leaves at what is used and TIME_LEFT_NONE (trend.h), and for
 * failures and failing (failure_log.h). */
struct usage {
	struct state_counts states;
	uint32_t connections; /* sum of states */
	uint32_t used;
	uint32_t remaining;
	uint32_t uncertain; /* how many of tightest may be blocked unseen */
	uint32_t capacity;
	/* The least remaining of the pools taken together; == remaining for a pool. */
	uint32_t tightest;
	uint32_t recyclable; /* TIME_WAIT not counted as used */
	uint32_t percent;    /* severity_percent(tightest, capacity) */
	enum severity severity;
	enum cause cause;
	uint32_t high_water; /* the most that capacity - tightest was, since it is followed */
	/* Until tightest is 0 at the present rate of growth, or TIME_LEFT_NONE. */
	uint32_t time_left_s;
	uint32_t failures; /* connect() calls that found no port, as far as they are known */
	bool failing;      /* one of them in the last minute */
};

struct pool_tally {
	struct addr local, peer;
	uint16_t port;
	uint16_t target;        /* 1 + position of the first target that it belongs to; 0 = none */
	uint32_t peer_position; /* in tally.peers, until tally_sort() */
	struct usage usage;     /* severity by the levels of that target, or the general ones */
};

struct peer_tally {
	struct addr peer;
	uint32_t pools;
	uint32_t targeted; /* of these, pools that belong to a target */
	/* In tally.pools, until tally_sort(): the pool whose severity and cause it has, or
	 * LOOKUP_NONE. */
	uint32_t decider;
	/* used: distinct local ports toward the address; severity: the worst of its pools, or its
	 * own CLOSE_WAIT. */
	struct usage usage;
};

struct local_tally {
	struct addr address;
	uint32_t connections;
	uint32_t used; /* ports that bind(address, 0) cannot get */
	uint32_t remaining;
	/* Of its alarm (alarm_watch.h); tally_make() knows of none: normal. */
	enum severity severity;
};

struct target_tally {
	const struct target *target; /* not owned */
	uint32_t pools;
	/* The tightest pool, its position in tally.pools until tally_sort(); all four unspecified
	 * if pools is 0. */
	uint32_t tightest_position;
	struct addr tightest_local, tightest_peer;
	uint16_t tightest_port;
	struct usage usage;
};

struct totals {
	struct state_counts states; /* all sockets of both families */
	uint32_t inbound, outbound;
	uint64_t sockets;
};

struct tally {
	struct range_tally range;
	struct totals totals;
	/* tally_make() knows nothing of it: all absent, normal. */
	struct host_state host;
	/* tally_make() leaves it and usage.failures zeroed (failures.h). */
	struct failure_state failures;
	/* What is known of failures and of owners (failures.h, owners.h); not owned; tally_make()
	 * leaves both NULL. */
	const struct failure_log *failure_log;
	const struct owner_list *owners;
	struct alarm *alarms; /* active ones; tally_make() knows of none */
	uint32_t alarm_count;
	struct alarm_summary alarm_summary;
	uint32_t features;
	unsigned nearness; /* severity_nearness() of the subject that is the nearest to its level */
	/* The most that one has grown since the last poll, in percent of its capacity; one poll
	 * alone knows of none (trend.h). */
	unsigned growth;
	struct pool_tally *pools; /* in the census's order */
	uint32_t pool_count;
	struct peer_tally *peers;
	uint32_t peer_count;
	struct local_tally *locals;
	uint32_t local_count;
	struct target_tally *targets; /* in the order given */
	uint32_t target_count;
};

/* What explains a severity of this usage: severity_cause(), where TIME_WAIT that connect() takes
 * over counts for nothing. The ports of a target run short where those of its tightest pool do:
 * what explains that is in the usage of tally_tightest(). */
enum cause usage_cause(const struct usage *usage, enum severity severity,
		       const struct levels *levels, const struct range_tally *range);

/* The usage of a target's tightest pool, before tally_sort(); its own if it has none. */
const struct usage *tally_tightest(const struct tally *tally, const struct target_tally *target);

/* Gives a peer the severity and cause of one of its pools, before tally_sort(), if the pool is more
 * severe; of pools that are equally severe the tightest decides. */
void tally_pass_on(struct tally *tally, uint32_t pool_position);

/* Works everything out, in time that follows the number of pools. levels judge pools and peers; a
 * target and its pools are judged by its own. targets must live as long as the tally. NULL with
 * errno ENOMEM. */
struct tally *tally_make(const struct census *census, const struct levels *levels,
			 const struct target *targets, uint32_t target_count);

/* Sorts pools, peers and local addresses for a reader: the fewest remaining first, then by address.
 */
void tally_sort(struct tally *tally);

void tally_free(struct tally *tally); /* NULL is allowed */

#endif

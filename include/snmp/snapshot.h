/* SPDX-License-Identifier: ISC */
/*
 * snapshot: one poll, ready to be served: immutable, reference-counted, sorted in MIB order.
 *
 * The collector builds a snapshot whole and publishes it; readers take it once per use and see one
 * moment in every row. A poll that failed yields a snapshot with new poll figures that shares the
 * rows of the last good one.
 */
#ifndef SRCPORTD_SNAPSHOT_H
#define SRCPORTD_SNAPSHOT_H

#include "alarm/alarm_run.h"
#include "snmp/mib_index.h"
#include "snmp/netns_rows.h"
#include "snmp/row_kind.h"

#include <stdatomic.h>

/* The poller's own figures (srcPortPoll). */
struct poll_stats {
	uint32_t interval_s;  /* seconds between polls at present */
	uint64_t made_ms;     /* CLOCK_MONOTONIC when the last good poll ended; 0 = none yet */
	uint32_t duration_us; /* of the last good poll */
	uint32_t cpu_us;  /* CPU time since the poll before it, good or not: of it and all around */
	uint32_t sockets; /* in it */
	uint32_t carried; /* of these, taken over from the last full poll */
	uint32_t beside_us; /* of cpu_us, for the table of connections and other namespaces */
	uint32_t light;     /* light polls since the last full one; 0 = it was full */
	uint32_t polls;     /* good polls since start (Counter32: wraps) */
	uint32_t errors;    /* failed polls since start */
	uint32_t features;  /* bit mask of 1 << enum kernel_feature */
	char error[128];    /* what the last poll failed on; empty if it did not fail */
};

/* What the limit of a table leaves out. */
struct rest {
	uint32_t rows;
	uint32_t connections; /* theirs: with those of the table's rows, all outgoing ones */
};

struct omitted {
	struct rest pools, peers, locals;
};

/* What the pools come to, all of them: those without a row too. Without a pool, what an empty one
 * offers. */
struct extremes {
	/* Most severe, of those the fewest remaining; zero = no pool. */
	struct pool_tally worst;
	uint32_t least_remaining;
	uint32_t highest_percent;
	unsigned nearness, growth; /* as in struct findings */
};

/* UDP pools of callers without an address, 0.0.0.0 and ::. */
struct udp_state {
	bool available;
	char reason[128]; /* why it is not */
	uint32_t sockets;
	uint32_t omitted_locals; /* local addresses without a row */
	struct udp_wildcard {
		struct udp_row t;
		struct verdict verdict;
		char message[ADVICE_MAX];
	} of[UDP_WILDCARDS];
};

/* srcPortNat. */
struct nat_figures {
	bool available;
	char reason[NAT_REASON_MAX]; /* why not */
	uint64_t read_ms;
	uint32_t entries, pools, omitted; /* omitted: pools without a row */
	struct nat_drops drops;
	bool knows_idle;        /* which connections are */
	enum severity severity; /* of the worst pool */
	char message[ADVICE_MAX];
};

struct snapshot {
	atomic_uint references;
	/* The snapshot that owns the rows, but for those of alarms, or NULL if this one does. */
	struct snapshot *rows_from;

	struct poll_stats poll;
	struct omitted omitted;
	struct extremes extremes;
	struct range_tally range;
	struct totals totals;
	uint32_t hygiene; /* mask of 1 << enum hygiene_finding, and in words */
	char hygiene_message[ADVICE_MAX];
	enum severity inbound; /* of accepted connections that are not closed, and in words */
	char inbound_message[ADVICE_MAX];
	struct failure_state failures;
	struct host_state host;
	enum severity limits;   /* of the limits of the host */
	enum severity severity; /* worst of all; unknown where snapshot_repeat() says so */
	/* advice_system(); before the first good poll, why there is none. */
	char message[ADVICE_MAX];

	struct pool_row *pools;
	uint32_t pool_count;
	struct peer_row *peers;
	uint32_t peer_count;
	struct local_row *locals;
	uint32_t local_count;
	struct target_row *targets; /* all of them */
	uint32_t target_count;
	struct udp_state udp;
	struct udp_local_row *udp_locals;
	uint32_t udp_local_count;
	struct low_row *lows; /* all that the tally has */
	uint32_t low_count, low_omitted;
	struct alarm_row *alarms; /* all of them; in a repeat, its own, */
	bool alarms_own;
	uint32_t figures_index[MIB_INDEX_ALARM_MAX]; /* with that of figures that are too old */
	uint32_t alarm_count;
	struct alarm_summary alarm_summary;
	bool surveyed;            /* owners are asked for */
	struct owner_row *owners; /* of the last survey: bounded by it */
	uint32_t owner_count;
	struct nat_figures nat;
	struct nat_row *nat_rows;
	uint32_t nat_count;
	struct netns_rows netns;
	uint32_t *index_store[ROWS_OF_NETNS]; /* of the tables before those */
};

/* Builds a snapshot with one reference from a poll, what is concluded from it and the alarms that
 * are active. At most `limits` rows a table are taken: the
 * worst pool, what is in alarm, what belongs to a target, then the rest, of each the fewest
 * remaining first (rows.h); the others are counted in omitted. Of what was in `last` (which may be
 * NULL) rows are kept where that makes little difference. NULL with errno ENOMEM. */
struct snapshot *snapshot_build(const struct scene *scene, const struct alarm_list *alarms,
				const struct poll_stats *poll, const struct row_limits *limits,
				const struct snapshot *last);

/* How long after a good poll its figures are too old to judge: so many intervals, at least so long.
 */
#define SNAPSHOT_PATIENCE    3
#define SNAPSHOT_PATIENCE_MS 15000

uint64_t snapshot_patience_ms(const struct poll_stats *poll);

/* A snapshot with new poll figures, of a poll that has failed or before the first one, and the rows
 * of `last` (which may be NULL: then none). The severity stays that of the last good poll, or is
 * unknown if that is too long ago, or there was none; the message then says so, and why, and the
 * alarm of it is in the table. Takes a reference to last. NULL with errno ENOMEM. */
struct snapshot *snapshot_repeat(struct snapshot *last, const struct poll_stats *poll,
				 const struct alarm_figures *figures);

struct snapshot *snapshot_hold(struct snapshot *snapshot); /* one reference more; returns it */
void snapshot_release(struct snapshot *snapshot);          /* one less; NULL is allowed */

#endif

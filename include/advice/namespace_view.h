/* SPDX-License-Identifier: ISC */
/*
 * namespace_view: what is known of another network namespace: a bound, or what a poll in it has
 * found, and why it is no more. Numbers and words of its own, so that the poll may go. Pure.
 */
#ifndef SRCPORTD_NAMESPACE_VIEW_H
#define SRCPORTD_NAMESPACE_VIEW_H

#include "advice/advice.h"
#include "owners/namespaces.h"

/* Pools that a view has at most, and targets. */
#define NAMESPACE_POOLS_MAX 100

/* Addresses of which it is known that somebody binds there first. */
#define NAMESPACE_BINDERS_MAX 16

enum namespace_knowledge {
	NAMESPACE_BOUND,  /* how many sockets it has at most */
	NAMESPACE_NORMAL, /* they are too few for any level */
	NAMESPACE_EXACT   /* they were counted */
};

struct namespace_pool {
	struct pool_tally tally;
	struct finding finding;
	char message[ADVICE_MAX];
};

struct namespace_udp {
	struct udp_row row;
	struct verdict verdict;
	struct readings read;
	bool alarmed; /* it may have an alarm: of callers without an address */
	char message[ADVICE_MAX];
};

/* What bind() with port 0 can still get at an address. */
struct namespace_local {
	struct local_tally row;
	enum severity severity;
	struct readings read;
	char message[ADVICE_MAX];
};

/* What it has toward a target: without the pointers of the tally. */
struct namespace_target {
	struct target target;
	uint32_t position; /* in the configuration at the time */
	struct target_tally tally;
	struct verdict raise, hold;
	char message[ADVICE_MAX];
};

#define NAMESPACE_POOL_TEXT (2 * ADDR_PORT_TEXT_MAX + 8)

struct namespace_view {
	const struct namespace_row *row; /* not owned */
	enum namespace_knowledge knowledge;
	enum severity severity; /* unknown of a bound */
	enum cause cause;       /* of what is worst in it; none if that is normal */
	char message[ADVICE_MAX];
	char why[192];    /* of a bound: why it is no more */
	uint64_t made_ms; /* CLOCK_MONOTONIC when it was looked at; 0 = never */
	bool named;       /* its words may name owners */
	/* Unless it is a bound: */
	struct port_range range;
	uint32_t offered;  /* of the range and not reserved */
	unsigned nearness; /* severity_nearness(): of what was counted, or could be at most */
	/* If it was counted: */
	bool unlisted; /* sockets that the kernel does not list may be bound in there, unknown how
			  many: not exact */
	uint32_t reserved, capacity, least_remaining, uncertain; /* uncertain: of least_remaining */
	unsigned percent;                                        /* the highest */
	uint32_t most_used, all_pools;
	char worst[NAMESPACE_POOL_TEXT]; /* the most severe pool, of equals the tightest; or "" */
	/* Above normal, not below a clear level if these are asked for, or a target's; the most
	 * severe first, then the tightest. */
	struct namespace_pool *pools;
	uint32_t pool_count, pools_omitted;
	bool udp_available;
	struct namespace_udp *udp; /* as of pools, but for those of targets */
	uint32_t udp_count;
	struct namespace_local *locals; /* the same, at most NAMESPACE_POOLS_MAX */
	uint32_t local_count;
	/* Where somebody was seen to bind first, now or before: the first of them. */
	struct addr binders[NAMESPACE_BINDERS_MAX];
	uint32_t binder_count;
	struct namespace_target *targets; /* those that it has connections toward */
	uint32_t target_count, targets_omitted;
};

/* Each fills in a view that is all zero. A bound, and why (""= nobody asked for more). */
void namespace_view_bound(struct namespace_view *view, const struct namespace_row *row,
			  const char *why);
/* One whose sockets are at most so many, too few for any level. */
void namespace_view_normal(struct namespace_view *view, const struct namespace_row *row,
			   const struct settings *settings, uint32_t offered, int64_t sockets,
			   const struct levels *levels);
/* One that was counted; owners: who holds sockets of it, NULL = nobody was looked for; held: with
 * pools that are normal, but not below their clear level. False with errno ENOMEM. */
bool namespace_view_exact(struct namespace_view *view, const struct namespace_row *row,
			  const struct findings *findings, const struct owner_list *owners,
			  bool held);

/* What an earlier view of the same namespace knew of who binds first: an address that has nothing
 * left is at its level by that, too. local: its levels. */
void namespace_view_remember(struct namespace_view *view, const struct namespace_view *before,
			     const struct level_band *local);

/* Puts other words in the place of those that may name owners. */
void namespace_view_hide(struct namespace_view *view);

/* For qsort(): the most severe first, unknown before normal, then the nearest to a level, then the
 * order of rows. */
int namespace_view_compare(const void *left, const void *right);

void namespace_view_free(struct namespace_view *view);

/* All that there are, for who shows them. */
struct namespace_list {
	const struct namespace_view *views; /* NULL = they are not looked for: */
	uint32_t count;
	/* Why they are not looked for, or cannot be counted; "" if nothing is missing. */
	const char *reason;
};

#endif

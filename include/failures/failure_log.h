/* SPDX-License-Identifier: ISC */
/*
 * failure_log: which pools saw connect() fail for want of a port, when, and in which process. Pure
 * and bounded: where room runs out, the pool that has been quiet longest makes place.
 */
#ifndef SRCPORTD_FAILURE_LOG_H
#define SRCPORTD_FAILURE_LOG_H

#include "count/tally.h"
#include "failures/failure_ring.h"
#include "owners/namespace_name.h"

#define FAILURE_LOG_POOLS   128
#define FAILURE_PROCESS_MAX 64

/* Where a failed connect() was, seen from our own network namespace. */
enum failure_place {
	FAILED_UNKNOWN, /* its process had ended, or may not be looked at */
	FAILED_HERE,
	FAILED_ELSEWHERE
};
#define FAILURE_PLACES (FAILED_ELSEWHERE + 1)

/* From this percentage on, what is uncertain counted as used, a pool with the same addresses is
 * taken for the one whose failure is of FAILED_UNKNOWN. */
#define FAILURE_LIKELY_PERCENT 90

/* For how long a failure is recent. */
#define FAILURE_RECENT_MS 60000

struct failed_pool {
	struct addr local, peer; /* zone 0: the kernel's record has none */
	uint16_t port;
	uint32_t
	    peer_zone; /* of the peer in whose row it counts: 0 until its pool was found once */
	enum failure_place place;
	uint32_t count;   /* since the pool was entered */
	uint32_t recent;  /* of them, without FAILURE_RECENT_MS of quiet between two */
	uint64_t last_ms; /* CLOCK_MONOTONIC; the process is that of this failure */
	uint32_t pid;     /* 0 = not visible to us */
	char process[FAILURE_PROCESS_MAX]; /* empty if unknown */
	char space[NAMESPACE_NAME_MAX];    /* of FAILED_ELSEWHERE, as namespace_name() has it */
};

/* Another network namespace, and how many failed in it. */
struct failed_space {
	char name[NAMESPACE_NAME_MAX];
	uint32_t count;
	uint64_t last_ms;
};

#define FAILURE_LOG_SPACES 256

/* Zeroed is empty. */
struct failure_log {
	struct failed_space spaces[FAILURE_LOG_SPACES];
	uint32_t space_count, last_space; /* the latest, likewise */
	struct failed_pool pools[FAILURE_LOG_POOLS];
	uint32_t pool_count;
	uint32_t last;      /* position of the latest failure, if there is a pool at all */
	uint64_t forgot_ms; /* when a pool or a namespace last had to make place: its count is lost;
			       0 = never */
};

/* Who failed, as far as it can be told. */
struct failure_process {
	enum failure_place place;
	const char *name;  /* clean text, "" if unknown */
	const char *space; /* of FAILED_ELSEWHERE, else "" */
};

/* Enters one failure. True if it is news: the first of its pool for FAILURE_RECENT_MS, and not of a
 * pool that had to take the place of one that failed in that time. */
bool failure_log_add(struct failure_log *log, const struct failure_sample *sample,
		     const struct failure_process *process);

/* The pool of the latest failure, or NULL. */
const struct failed_pool *failure_log_last(const struct failure_log *log);

/* The pool of the latest failure in another network namespace, or NULL. */
const struct failed_pool *failure_log_elsewhere(const struct failure_log *log);

/* How many failed in the namespace of that name, as far as it is known where they were. */
uint32_t failure_log_space(const struct failure_log *log, const char *name);

/* What failed of one pool, peer or target. */
struct failure_mark {
	uint32_t count; /* connect() calls that found no port, as far as they are known */
	/* Of them, if the last is of the last FAILURE_RECENT_MS: those without as much quiet
	 * between two; else 0. */
	uint32_t recent;
};

/* Of every row of a tally, in its order. */
struct failure_marks {
	struct failure_mark *pools, *peers, *targets;
	uint32_t recent[FAILURE_PLACES]; /* the recent ones of all pools, by place */
};

/* Nothing has failed. NULL with errno ENOMEM. */
struct failure_marks *failure_marks_new(const struct tally *tally);
void failure_marks_free(struct failure_marks *marks); /* NULL is allowed */

/* Sets the marks of the pools, peers and targets of a tally, by addresses: of several pools that
 * differ only in their device, the one bound to none, or else the tightest, is taken. What failed
 * in another namespace is passed over; what failed nobody knows where is FAILED_HERE from the time
 * on when a pool is found that is nearly full. now_ms is of CLOCK_MONOTONIC; marks are fresh. */
void failure_log_mark(struct failure_log *log, const struct tally *tally, uint64_t now_ms,
		      struct failure_marks *marks);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * failure_log: which pools saw connect() fail for want of a port, when, and in which process. Pure
 * and bounded: where room runs out, the pool that has been quiet longest makes place.
 */
#ifndef SRCPORTD_FAILURE_LOG_H
#define SRCPORTD_FAILURE_LOG_H

#include "failure_ring.h"
#include "tally.h"

#define FAILURE_LOG_POOLS 128

/* A failure makes a pool critical for this long. */
#define FAILURE_RECENT_MS 60000

struct failed_pool {
	struct addr local, peer; /* zone 0: the kernel's record has none */
	uint16_t port;
	bool elsewhere;   /* of another network namespace */
	uint32_t count;   /* since the pool was entered */
	uint64_t last_ms; /* CLOCK_MONOTONIC; the process is that of this failure */
	uint32_t pid;     /* 0 = not visible to us */
	char process[FAILURE_PROCESS_MAX]; /* empty if unknown */
};

/* Zeroed is empty. */
struct failure_log {
	struct failed_pool pools[FAILURE_LOG_POOLS];
	uint32_t pool_count;
	uint32_t last; /* position of the latest failure, if there is a pool at all */
};

/* Who failed, as far as it can be told. */
struct failure_process {
	bool elsewhere;
	const char *name; /* clean text, "" if unknown */
};

/* Enters one failure. */
void failure_log_add(struct failure_log *log, const struct failure_sample *sample,
		     const struct failure_process *process);

/* The pool of the latest failure, or NULL. */
const struct failed_pool *failure_log_last(const struct failure_log *log);

/* Sets usage.failures of the pools, peers and targets of a tally, by addresses: of several pools
 * that differ only in their device, the one bound to none, or else the tightest, is taken. One that
 * failed within FAILURE_RECENT_MS before now_ms becomes critical with CAUSE_FAILURES. Failures of
 * another namespace are passed over. */
void failure_log_apply(const struct failure_log *log, struct tally *tally, uint64_t now_ms);

#endif

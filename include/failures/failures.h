/* SPDX-License-Identifier: ISC */
/*
 * failures: every connect() of this host that failed for want of a port, counted by the kernel.
 *
 * The tracepoint sock:inet_sock_set_state is counted through perf_event_open(2), one counter for
 * each processor. The count is exact, over all network namespaces, from the moment it starts;
 * samples in small rings name the pool and the process, and where they come faster than they are
 * read, some are lost and counted as lost.
 *
 * Not counted: a connect() with a port of its own (bound, its failure is a conflict and not want of
 * a port), a connect() on a socket that held a port before (the kernel's record still shows that
 * one), and one to port 0. A processor that comes online is counted from the next failures_poll()
 * on.
 *
 * It needs a readable tracefs and CAP_PERFMON (or root). Nothing is ever mounted or changed.
 */
#ifndef SRCPORTD_FAILURES_H
#define SRCPORTD_FAILURES_H

#include "failures/failure_log.h"

#define FAILURE_POOL_MAX (ADDR_TEXT_MAX + ADDR_PORT_TEXT_MAX + 40 + NAMESPACE_NAME_MAX)

/* How many have failed, as a snapshot and a report carry it. */
struct failure_state {
	bool available;
	char reason[160]; /* why not; or, if available, why pools and processes are not named; or ""
			   */
	uint64_t total;   /* since start, over every network namespace of the host: exact */
	uint64_t lost;    /* of them: those of which neither pool nor process is known */
	uint64_t last_ms; /* CLOCK_MONOTONIC of the last one that is known; 0 = none */
	uint64_t forgot_ms; /* when the failures of a pool were last forgotten; 0 = never */
	char pool[FAILURE_POOL_MAX];       /* its pool in words; "" = none */
	uint32_t pid;                      /* its process; 0 = not known */
	char process[FAILURE_PROCESS_MAX]; /* the process's name, clean text; "" = not known */
};

struct failures;

/* Counts nothing yet. proc_root and sys_root ("/proc", "/sys") must outlive it. NULL with errno
 * ENOMEM. */
struct failures *failures_new(const char *proc_root, const char *sys_root);
void failures_free(struct failures *failures); /* NULL is allowed */

/* By what other network namespaces are called from now on: these, which may change in place, or by
 * their pod, container, unit or command (NULL). */
struct namespaces;
void failures_name(struct failures *failures, const struct namespaces *spaces);

/* A descriptor that is readable when samples wait (at most every 100 ms), or -1 while nothing is
 * counted. It may change with every call. */
int failures_fd(const struct failures *failures);

/* Takes the waiting samples into the log. Never waits. */
void failures_ready(struct failures *failures);

/* Whether a pool of this network namespace has begun to fail since the last call, by samples that
 * either of failures_ready() and failures_poll() took: worth a poll ahead of time. */
bool failures_begun(struct failures *failures);

/* Once a poll: starts counting if it is not started and can be, follows processors that come and
 * go, and reads the counters. If it is not wanted, it stops counting. */
void failures_poll(struct failures *failures, bool wanted);

/* What is known, as of the last failures_poll(); which pools failed, and in which process. Both
 * live as long as the failures, and change with them. */
const struct failure_state *failures_state(const struct failures *failures);
struct failure_log *failures_log(struct failures *failures);

#endif

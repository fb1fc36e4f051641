/* SPDX-License-Identifier: ISC */
/*
 * failure_state: how many connect() calls of this host failed for want of a port, as a snapshot and
 * a report carry it.
 */
#ifndef SRCPORTD_FAILURE_STATE_H
#define SRCPORTD_FAILURE_STATE_H

#include "base/addr.h"

#define FAILURE_PROCESS_MAX 64
#define FAILURE_POOL_MAX    (ADDR_TEXT_MAX + ADDR_PORT_TEXT_MAX + 40)

struct failure_state {
	bool available;
	char reason[160]; /* why not; or, if available, why pools and processes are not named; or ""
			   */
	uint64_t total;   /* since start, over every network namespace of the host: exact */
	uint64_t lost;    /* of them: those of which neither pool nor process is known */
	uint64_t last_ms; /* CLOCK_MONOTONIC of the last one that is known; 0 = none */
	char pool[FAILURE_POOL_MAX];       /* its pool in words; "" = none */
	uint32_t pid;                      /* its process; 0 = not known */
	char process[FAILURE_PROCESS_MAX]; /* the process's name, clean text; "" = not known */
};

#endif

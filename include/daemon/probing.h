/* SPDX-License-Identifier: ISC */
/*
 * probing: settles ports in doubt of a census by asking the kernel (probe.h), and remembers what it
 * said (probe_cache.h).
 */
#ifndef SRCPORTD_PROBING_H
#define SRCPORTD_PROBING_H

#include "count/census.h"

/* How long one poll may go on asking, in microseconds: the daemon, which asks again after the next
 * poll; and a report, which is all there is. */
#define PROBING_POLL_US UINT64_C(1000000)
#define PROBING_ONCE_US UINT64_C(5000000)

struct probing;

/* For the calling thread's network namespace. NULL with errno ENOMEM. */
struct probing *probing_new(void);
void probing_free(struct probing *probing); /* NULL is allowed */

/* Settles ports of the census: by earlier answers, and by asking for at most `most` more, for
 * budget_us at most. The census is complete and was to keep its keys (census_watch). Sets
 * FEATURE_PROBE in it if the kernel can be asked. NULL, or why not every port could be: one line,
 * as long as `probing` lives; what is not settled then stays uncertain. */
const char *probing_run(struct probing *probing, struct census *census, uint32_t most,
			uint64_t budget_us);

/* The same for UDP ports (probe_udp.h, udp_answers.h), of a census that udp_watch() was called for.
 */
const char *probing_run_udp(struct probing *probing, struct udp_census *census, uint32_t most,
			    uint64_t budget_us);

#endif

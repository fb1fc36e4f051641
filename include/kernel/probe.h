/* SPDX-License-Identifier: ISC */
/*
 * probe: asks the kernel itself which ports in use are blocked, without a packet: a connect() of a
 * socket in repair mode (TCP_REPAIR) between two loopback addresses that nobody uses, with just
 * that port to choose from (IP_LOCAL_PORT_RANGE). It fails with EADDRNOTAVAIL if and only if the
 * port is blocked for every pool. It creates no TIME_WAIT and takes none over; only the counter
 * TcpEstabResets grows by one for each port that is not blocked.
 *
 * Needs CAP_NET_ADMIN over the network namespace, Linux 6.3, and a loopback device that is up.
 */
#ifndef SRCPORTD_PROBE_H
#define SRCPORTD_PROBE_H

#include "count/census.h"

struct probe;

/* A prober for the calling thread's network namespace. NULL with errno ENOMEM. */
struct probe *probe_new(void);
void probe_free(struct probe *probe); /* NULL is allowed */

/* How long one poll may go on asking, in microseconds: the daemon, which asks again after the next
 * poll; and a report, which is all there is. A question takes some ten microseconds. */
#define PROBE_POLL_US UINT64_C(1000000)
#define PROBE_ONCE_US UINT64_C(5000000)

/* Settles ports of the census: by earlier answers, and by asking for at most `most` more, for
 * `budget_us` at most. The census is complete and has kept its keys (census_watch). Sets
 * FEATURE_PROBE in it if the kernel can be asked. NULL, or why not every port could be: one line,
 * as long as the prober lives; what is not settled then stays uncertain. */
const char *probe_run(struct probe *probe, struct census *census, uint32_t most,
		      uint64_t budget_us);

#endif

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

#include "census.h"

struct probe;

/* A prober for the calling thread's network namespace. NULL with errno ENOMEM. */
struct probe *probe_new(void);
void probe_free(struct probe *probe); /* NULL is allowed */

/* Settles ports of the census: by earlier answers, and by asking for at most `most` more. The
 * census is complete and has kept its keys (census_watch). Sets FEATURE_PROBE in it. NULL, or why
 * it cannot be done: one line, as long as the prober lives; what is not settled then stays
 * uncertain. */
const char *probe_run(struct probe *probe, struct census *census, uint32_t most);

#endif

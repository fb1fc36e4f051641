/* SPDX-License-Identifier: ISC */
/*
 * nat_state: what is known of address translation on this host at a poll: the pools, as they were
 * last read, and what the counters of connection tracking tell. Pure.
 */
#ifndef SRCPORTD_NAT_STATE_H
#define SRCPORTD_NAT_STATE_H

#include "count/nat_census.h"
#include "kernel/hostlimits.h"

/* Packets of new connections that were dropped as translation found no port for them. */
struct nat_drops {
	bool counted;    /* the kernel shows the counters */
	uint32_t total;  /* since the first poll; wraps */
	uint32_t recent; /* since the poll before, if nothing else can have been the reason */
};

/* Takes one poll. drop and insert_failed of /proc/net/stat/nf_conntrack rise together where no port
 * was found (nf_nat_packet(), __nf_conntrack_confirm()), drop alone where the table is full. */
void nat_drops_take(struct nat_drops *drops, const struct host_state *host);

#define NAT_REASON_MAX 192

struct nat_state {
	const struct nat_census *census; /* not owned; NULL = not available: */
	const char *reason;              /* why: one line of less than NAT_REASON_MAX octets */
	bool lost;                       /* there is a table, but it cannot be read */
	uint64_t read_ms;                /* CLOCK_MONOTONIC when the table was read */
	struct nat_drops drops;
};

#endif

/* SPDX-License-Identifier: ISC */
/*
 * sockstat: how many TCP sockets there are, by /proc/net/sockstat and sockstat6: some ten
 * microseconds, whatever their number, and no privilege.
 *
 * The kernel counts (sockstat_seq_show(), net/ipv4/proc.c): `in_use`, the sockets of this network
 * namespace that are in a table of it - listeners, connections in every state but TIME_WAIT and
 * SYN_RECV - and `time_wait`, which are its own too; `allocated`, every TCP socket there is, of
 * both families and of all namespaces; `orphans` and `memory`, those of all namespaces.
 *
 * What is allocated and in no table is bound and idle, was never bound, or was refused and is still
 * open.
 */
#ifndef SRCPORTD_SOCKSTAT_H
#define SRCPORTD_SOCKSTAT_H

#include "kernel/procfile.h"

#define SOCKSTAT_ABSENT (-1) /* the file is not there, or not of its form */

/* Each SOCKSTAT_ABSENT or >= 0. */
struct sockstat {
	int64_t in_use; /* of both families; of IPv4 alone where there is no IPv6 */
	int64_t time_wait;
	int64_t orphans;
	int64_t allocated;
	int64_t memory; /* pages */
	int64_t udp;    /* UDP sockets of this namespace that have a port, of both families */
};

/* From the texts of sockstat and sockstat6; either may be NULL: not there. */
void sockstat_parse(const char *sockstat, const char *sockstat6, struct sockstat *out);

/* Reads them: those of the network namespace of the caller, or, if `process` is not 0, of that
 * process. */
void sockstat_read(const struct procfile_source *source, uint32_t process, struct sockstat *out);

/* TCP sockets of all namespaces that are in no table of this one: allocated - in_use, or 0 where
 * they were counted at different moments; SOCKSTAT_ABSENT where either is. */
int64_t sockstat_elsewhere(const struct sockstat *stat);

#endif

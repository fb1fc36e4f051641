/* SPDX-License-Identifier: ISC */
/*
 * nat_legacy: the rules of iptables-legacy and ip6tables-legacy that translate source addresses.
 * Reading them needs CAP_NET_ADMIN, as conntrack.h does.
 *
 * A question for a table that is not there would make one, with its hooks
 * (xt_request_find_table_lock()): so it is only asked for where net/ip_tables_names lists it, which
 * root alone may read.
 *
 * Sources: net/ipv4/netfilter/ip_tables.c and net/ipv6/netfilter/ip6_tables.c, get_info() and
 * get_entries(); include/uapi/linux/netfilter_ipv4/ip_tables.h.
 */
#ifndef SRCPORTD_NAT_LEGACY_H
#define SRCPORTD_NAT_LEGACY_H

#include "kernel/nat_rules.h"

/* In a recording, behind NAT_RULES_DUMP: rules as the kernel gives them, or nothing, which says
 * that there may be some. */
#define NAT_LEGACY_V4 19
#define NAT_LEGACY_V6 20

/* The rules of one table, or some of them, of AF_INET or AF_INET6. EBADMSG for what the kernel
 * could not have given. */
int nat_legacy_take(struct nat_rules *rules, uint8_t family, const void *octets, size_t size);

/* Reads them in the calling thread's network namespace, and adds them. Loads no module and makes no
 * table, by `proc`. They go to `record`, if there is one. */
void nat_legacy_read(const struct procfile_source *proc, struct nat_rules *rules, FILE *record);

#endif

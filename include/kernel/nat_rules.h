/* SPDX-License-Identifier: ISC */
/*
 * nat_rules: the rules of this network namespace that translate source addresses, as far as it
 * takes to know which ports they give out: those of nftables, and of iptables where it makes rules
 * of nftables; nat_legacy.h has the others. Reading them needs CAP_NET_ADMIN, as conntrack.h does.
 *
 * Sources: net/netfilter/nf_tables_api.c, nft_nat.c, nft_masq.c, nft_compat.c,
 * include/uapi/linux/netfilter/nf_tables.h and nf_nat.h.
 */
#ifndef SRCPORTD_NAT_RULES_H
#define SRCPORTD_NAT_RULES_H

#include "base/addr.h"
#include "base/portset.h"
#include "kernel/dump.h"
#include "kernel/procfile.h"

/* Number of the dump in a recording, behind those of enum conntrack_dump. */
#define NAT_RULES_DUMP 18

/* What a rule does. Its conditions are not looked at, but for the protocol. */
struct nat_rule {
	struct addr first, last; /* outside addresses that it gives out */
	struct port_range ports; /* if it names any */
	bool addressed;          /* first and last are known; else it may give out any */
	bool named;              /* it names ports */
	bool clear;              /* what it says of ports was understood */
	uint8_t family;          /* AF_INET, AF_INET6; AF_UNSPEC = of both */
	uint8_t protocol;        /* IPPROTO_*; 0 = any */
};

/* Each that differs is there once. */
#define NAT_RULES_MAX 64
struct nat_rules {
	bool known;   /* they were read, and this is all of them, but for: */
	bool omitted; /* there are more that differ */
	bool unread;  /* there may be some of iptables-legacy (nat_legacy.h) */
	uint32_t count;
	struct nat_rule of[NAT_RULES_MAX];
};

/* A target of iptables. */
struct nat_target {
	const char *name;
	uint32_t revision;
	const void *info; /* what is behind its head */
	size_t size;
	uint8_t family, protocol; /* as in struct nat_rule */
};

/* Adds its rule, if it translates sources. */
void nat_rules_target(struct nat_rules *rules, const struct nat_target *target);

/* One message, as a dump_take of dump.h; arg is the struct nat_rules. Rules that translate no
 * source are passed over. EBADMSG for what the kernel could not have sent. */
int nat_rules_take(void *arg, const struct nlmsghdr *message);

/* A dump_request. */
struct nlmsghdr *nat_rules_request(void *what, void *buf, enum dump_form form, uint32_t seq);

/* Reads them in the calling thread's network namespace; loads no module, by `proc`. Datagrams go to
 * `record`, if there is one. 0, or an errno: what is there then is not known; EINTR if they changed
 * meanwhile. Where the kernel has no nftables it has no rules of it. */
int nat_rules_read(const struct procfile_source *proc, struct nat_rules *out, FILE *record);

#endif

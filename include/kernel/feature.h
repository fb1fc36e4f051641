/* SPDX-License-Identifier: ISC */
/*
 * feature: what this kernel was seen to show; the bits are SrcPortKernelFeatures of the MIB.
 */
#ifndef SRCPORTD_FEATURE_H
#define SRCPORTD_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

enum kernel_feature {
	FEATURE_BOTH_FAMILIES = 0, /* one dump covers IPv4 and IPv6 */
	FEATURE_BOUND_IDLE = 1,    /* bound idle sockets are listed (6.8) */
	FEATURE_EXPLICIT = 2,      /* the AUTO filter tells explicit binds apart */
	FEATURE_NO_PORT = 3,       /* IP_BIND_ADDRESS_NO_PORT is reported (5.10) */
	FEATURE_CGROUP = 4,        /* the cgroup of a socket is reported (5.8) */
	FEATURE_TW_DELAY = 5,      /* tcp_tw_reuse_delay exists (6.14) */
	FEATURE_PROBE = 6,    /* ambiguous ports can be probed (6.3 or 6.1.32, CAP_NET_ADMIN) */
	FEATURE_FAILURES = 7, /* failed connect() calls are counted */
	FEATURE_UDP = 8,      /* UDP sockets are listed (udp_diag) */
	FEATURE_LETS_GO = 11  /* a port is let go (enum letting_go) */
};

/* Those that the answer for one socket shows, if there is one to show them (diag_features()). */
#define FEATURES_OF_SOCKETS (UINT32_C(1) << FEATURE_NO_PORT | UINT32_C(1) << FEATURE_CGROUP)

/* And those that any socket may show. */
#define FEATURES_SEEN (FEATURES_OF_SOCKETS | UINT32_C(1) << FEATURE_BOUND_IDLE)

/* Whether a port that bind(), listen() or a listener's child has blocked is connect()'s again as
 * soon as those have gone, while other sockets are left on it: since 6.18, and 6.17.8, the bucket
 * goes back to what it was (d57f4b874946). Before, it stays blocked until its last socket has gone.
 * Nothing but the version tells that would not take a port itself. */
enum letting_go {
	LETS_GO,
	MAY_LET_GO, /* a version that does not tell */
	KEEPS
};

/* What only the version of a kernel tells. */
struct kernel_habits {
	enum letting_go letting_go;
	/* connect() takes over no orphaned FIN_WAIT2 (0d9e5df4a257, 6.12 and the stable versions of
	 * that autumn); false = it may. */
	bool fin_wait2_kept;
	/* A translated connection may take the port of an old one (4589725502871, 6.5). */
	bool nat_evicts;
};

/* By what /proc/sys/kernel/osrelease and version hold: "6.1.0-56-amd64" and, of Debian, which
 * stable version that is: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-11-02)". Either may be
 * empty: not known. */
struct kernel_habits feature_habits(const char *release, const char *version);

#endif

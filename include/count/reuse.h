/* SPDX-License-Identifier: ISC */
/*
 * reuse: whether connect() takes a TIME_WAIT over: tcp_twsk_unique() (net/ipv4/tcp_ipv4.c). Pure.
 */
#ifndef SRCPORTD_REUSE_H
#define SRCPORTD_REUSE_H

#include "kernel/diag.h"
#include "kernel/settings.h"

/* From no to yes. */
enum reuse {
	REUSE_NO,
	REUSE_MAYBE, /* the kernel does not show what decides */
	REUSE_YES
};

/* True if the other end of this connection is not known to be on this host: then its TIME_WAIT can
 * be taken over only if that peer uses timestamps too (stamps.h). */
bool reuse_needs_peer(const struct diag_socket *socket);

/* Of a connection as it was when the kernel answered for it. Whether it used timestamps is not
 * visible; it is assumed from the sysctl.
 *
 * Without tcp_tw_reuse_delay (before 6.14) the kernel compares whole seconds: a TIME_WAIT is taken
 * over from the first tick of CLOCK_MONOTONIC's second on that follows its entry. Where that second
 * began about when it was looked at or when it was entered, by the granularity of the kernel's
 * timers, it may be either. And of these kernels some take over an orphaned FIN_WAIT2 by the same
 * rule, and of some it cannot be told (feature_habits()). */
enum reuse reuse_of(const struct settings *settings, const struct diag_socket *socket);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * probe_udp: asks the kernel which UDP ports an IPv4 socket without an address cannot have, without
 * a packet: bind() of that port fails with EADDRINUSE if and only if another socket is in its way
 * (udp_lib_get_port()). The port is let go at once; for these microseconds nobody else gets it.
 *
 * Needs no privilege for ports from net.ipv4.ip_unprivileged_port_start on, and changes no counter.
 */
#ifndef SRCPORTD_PROBE_UDP_H
#define SRCPORTD_PROBE_UDP_H

#include "kernel/probe.h"

/* Asks the questions in their order, in the calling thread's network namespace, until budget_us
 * have passed, which is looked at before each, or a socket cannot be made. A port that needs a
 * privilege stays PROBE_UNKNOWN. Returns how many it has asked. *step is NULL, or the step that
 * failed (static), with errno. A question takes some five microseconds. */
uint32_t probe_udp_ask(struct probe_question *questions, uint32_t count, uint64_t budget_us,
		       const char **step);

#endif

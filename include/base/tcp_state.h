/* SPDX-License-Identifier: ISC */
/*
 * tcp_state: the eleven TCP states with the kernel's numbers (include/net/tcp_states.h), and a
 * count for each.
 */
#ifndef SRCPORTD_TCP_STATE_H
#define SRCPORTD_TCP_STATE_H

#include <stdint.h>

enum tcp_state {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	STATE_FIN_WAIT1 = 4,
	STATE_FIN_WAIT2 = 5,
	STATE_TIME_WAIT = 6,
	STATE_CLOSE = 7, /* sock_diag: bound to a port, not connected and not listening */
	STATE_CLOSE_WAIT = 8,
	STATE_LAST_ACK = 9,
	STATE_LISTEN = 10,
	STATE_CLOSING = 11
};
#define STATE_MAX 12 /* arrays are indexed by state; [0] is not used */

struct state_counts {
	uint32_t of[STATE_MAX];
};

/* "ESTABLISHED", "TIME_WAIT" ... as netstat prints them; "?" for a number that is no state. */
const char *tcp_state_name(unsigned state);

/* Sum over all states. */
uint32_t tcp_state_sum(const struct state_counts *counts);

#endif

/* SPDX-License-Identifier: ISC */
#include "base/tcp_state.h"

const char *
tcp_state_name(unsigned state)
{
	static const char *const name[STATE_MAX] = {
	    [STATE_ESTABLISHED] = "ESTABLISHED",
	    [STATE_SYN_SENT] = "SYN_SENT",
	    [STATE_SYN_RECV] = "SYN_RECV",
	    [STATE_FIN_WAIT1] = "FIN_WAIT1",
	    [STATE_FIN_WAIT2] = "FIN_WAIT2",
	    [STATE_TIME_WAIT] = "TIME_WAIT",
	    [STATE_CLOSE] = "CLOSE",
	    [STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	    [STATE_LAST_ACK] = "LAST_ACK",
	    [STATE_LISTEN] = "LISTEN",
	    [STATE_CLOSING] = "CLOSING",
	};
	return state >= 1 && state < STATE_MAX ? name[state] : "?";
}

uint32_t
tcp_state_sum(const struct state_counts *counts)
{
	uint32_t sum = 0;
	for (unsigned state = 1; state < STATE_MAX; state++)
		sum += counts->of[state];
	return sum;
}

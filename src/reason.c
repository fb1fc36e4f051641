/* SPDX-License-Identifier: ISC */
#include "reason.h"

#include <stdio.h>
#include <string.h>

/* What to do about a cause. */
static const char *
remedy(enum cause cause)
{
	switch (cause) {
	case CAUSE_ESTABLISHED:
		return "open fewer connections (keep-alive, pooling), or give the peer more addresses or "
		       "ports";
	case CAUSE_TIME_WAIT:
		return "connections are opened and closed too often: keep them alive, or set "
		       "net.ipv4.tcp_tw_reuse=1";
	case CAUSE_CLOSE_WAIT:
		return "the peer has closed, the local process has not: restart that process";
	case CAUSE_SYN_SENT:
		return "the peer does not answer: check the path and its firewall";
	case CAUSE_SMALL_RANGE:
		return "widen net.ipv4.ip_local_port_range";
	case CAUSE_BLOCKED:
		return "move listeners and bound sockets out of net.ipv4.ip_local_port_range, or shorten "
		       "ip_local_reserved_ports";
	case CAUSE_FAILURES:
	case CAUSE_LIMIT:
	case CAUSE_NONE:
		break;
	}
	return "nothing needs to be done";
}

const char *
reason_text(const struct usage *u, const struct range_tally *range, char buf[static REASON_MAX])
{
	if (u->capacity == 0) {
		snprintf(buf, REASON_MAX,
		         "no port of the range %u-%u can be used: reserved %u, listening %u, bound %u; %s",
		         range->range.low, range->range.high, range->reserved, range->listening,
		         range->bound, remedy(CAUSE_BLOCKED));
		return buf;
	}
	if (u->severity == SEVERITY_NORMAL) {
		snprintf(buf, REASON_MAX, "%u of %u ports in use, at least %u more connections will succeed",
		         u->capacity - u->tightest, u->capacity,
		         u->tightest - (u->uncertain < u->tightest ? u->uncertain : u->tightest));
		return buf;
	}
	if (u->cause == CAUSE_CLOSE_WAIT) {
		snprintf(buf, REASON_MAX, "CLOSE_WAIT leak: %u of %u connections are in CLOSE_WAIT; %s",
		         u->states.of[STATE_CLOSE_WAIT], u->connections, remedy(u->cause));
		return buf;
	}
	snprintf(buf, REASON_MAX, "%s: %u of %u ports in use, %u left; %s", cause_words(u->cause),
	         u->capacity - u->tightest, u->capacity, u->tightest, remedy(u->cause));
	return buf;
}

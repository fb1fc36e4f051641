/* SPDX-License-Identifier: ISC */
/*
 * severity: from numbers to a severity and a cause. Pure.
 */
#ifndef SRCPORTD_SEVERITY_H
#define SRCPORTD_SEVERITY_H

#include "base/tcp_state.h"

#include <stdbool.h>

/* Worse is larger, up to critical; unknown is not worse than that, it is outside of the order. The
 * numbers are SrcPortSeverity of the MIB. */
enum severity {
	SEVERITY_NORMAL = 1,
	SEVERITY_WARNING = 2,
	SEVERITY_CRITICAL = 3,
	SEVERITY_UNKNOWN = 4
};

/* What holds the ports; the numbers are SrcPortCause of the MIB. */
enum cause {
	CAUSE_NONE = 1,            /* severity is normal */
	CAUSE_ESTABLISHED = 2,     /* established load */
	CAUSE_TIME_WAIT = 3,       /* TIME_WAIT churn */
	CAUSE_CLOSE_WAIT = 4,      /* CLOSE_WAIT leak */
	CAUSE_SYN_SENT = 5,        /* SYN_SENT pile-up */
	CAUSE_SMALL_RANGE = 6,     /* the range itself is small */
	CAUSE_BLOCKED = 7,         /* listeners and bind() take most of the range */
	CAUSE_FAILURES = 8,        /* connect() was seen to fail for want of a port */
	CAUSE_LIMIT = 9,           /* a host limit other than ports */
	CAUSE_HALF_CLOSED = 10,    /* FIN_WAIT2: the peer has not closed */
	CAUSE_UNACKNOWLEDGED = 11, /* FIN_WAIT1, LAST_ACK, CLOSING: it has not acknowledged ours */
	CAUSE_IN_DOUBT = 12,       /* what may be blocked unseen takes the rest */
	CAUSE_RESERVED = 13,       /* reserved ports take most of the range */
	CAUSE_INBOUND_LEAK = 14,   /* accepted connections that are not closed */
	CAUSE_NAT_LOSS = 15,       /* address translation drops new connections */
	CAUSE_STALE = 16           /* figures are too old to judge */
};

/* A percentage that is never reached: that level is off. */
#define LEVEL_PERCENT_OFF 101

/* Levels of one kind of subject. LEVEL_PERCENT_OFF or a count of 0 is "off" for that level. */
struct levels {
	uint32_t critical_percent;   /* critical when percent >= this */
	uint32_t warning_percent;    /* warning when percent >= this */
	uint32_t critical_remaining; /* critical when remaining < this */
	uint32_t warning_remaining;  /* warning when remaining < this */
	uint32_t close_wait;         /* warning when more than this many are in CLOSE_WAIT */
	/* Of address translation, in parts per million of new connections: */
	uint32_t critical_loss; /* critical when lost >= this */
	uint32_t warning_loss;  /* warning when lost >= this */
};

/* Hysteresis: a severity is raised at the levels of `raise`, and once raised it holds for as long
 * as those of `clear` still say so. No level of clear is stricter than the same one of raise. */
struct level_band {
	struct levels raise, clear;
};

/* The defaults: critical at 95 % or when nothing remains, warning at 80 % or under 100 remaining,
 * CLOSE_WAIT over 1000. */
extern const struct levels levels_default;

/* The same with their clear levels: 90 %, 2 remaining; 75 %, 120 remaining; CLOSE_WAIT 900. */
extern const struct level_band level_band_default;

/* The default of the rules for limits of the host: warning from 90 % (clear below 85 %), critical
 * when nothing is left (clear below 98 %). Of a band only the percentages count there. */
extern const struct level_band limit_band_default;

/* The default of UDP pools of callers without an address: level_band_default, without CLOSE_WAIT.
 */
extern const struct level_band udp_band_default;

/* The default of pools of address translation: warning from 1,000 of a million new connections that
 * are lost (clear below 900), critical from 10,000 (clear below 9,000). */
extern const struct level_band level_band_nat;

/* Everything off. */
extern const struct level_band level_band_off;

/* Whole percent of capacity in use, rounded down; 100 only when nothing remains (also when capacity
 * is 0). */
unsigned severity_percent(uint32_t remaining, uint32_t capacity);

/* Severity of a pool (or of a peer by its tightest pool). */
enum severity severity_of(const struct levels *levels, uint32_t remaining, uint32_t capacity,
			  uint32_t close_wait);

/* How much of the way to its nearest level a subject has gone: 0 = nothing is in use, 100 = a level
 * is reached, or else at most 99; whole percent, rounded down. 0 if all levels are off. */
unsigned severity_nearness(const struct levels *levels, uint32_t remaining, uint32_t capacity,
			   uint32_t close_wait);

/* The worse of two that are not unknown. */
static inline enum severity
severity_worse(enum severity a, enum severity b)
{
	return a > b ? a : b;
}

const char *severity_name(enum severity severity); /* "normal" "warning" "critical" "unknown" */
const char *cause_name(enum cause cause);  /* "none" "established" "timeWait" ... as the MIB */
const char *cause_words(enum cause cause); /* "established load", "TIME_WAIT churn" ... */

#endif

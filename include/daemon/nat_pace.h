/* SPDX-License-Identifier: ISC */
/*
 * nat_pace: when the kernel's table of connections is read again: at a pace of its own, for that
 * costs a microsecond an entry, and behind the polls of sockets, which come first. Pure.
 */
#ifndef SRCPORTD_NAT_PACE_H
#define SRCPORTD_NAT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Of one CPU, in parts of a thousand, what it may take; and where a pool is in alarm or packets
 * were dropped. */
#define NAT_PACE_SHARE      2
#define NAT_PACE_SHARE_MOST 10

/* Never sooner after the last time; and while a pool is in alarm. */
#define NAT_PACE_LEAST_MS 2000
#define NAT_PACE_ALARM_MS 1000

/* Not later than that, whatever the CPU is used for, where the table has fewer entries. */
#define NAT_PACE_LATEST_MS 60000
#define NAT_PACE_FEW       100000

/* And never later than that. */
#define NAT_PACE_END_MS 600000

struct nat_moment {
	uint64_t since_ms;    /* since the last time */
	uint64_t cost_us;     /* CPU time that it took */
	uint64_t polls_us;    /* CPU time that polls have taken since */
	uint64_t entries;     /* in the table */
	unsigned cpu_percent; /* of one CPU, for polls and this together; 0 = no bound */
	bool alarm;           /* a pool is, or packets were dropped since the last time */
};

bool nat_pace_due(const struct nat_moment *moment);

/* The same after it could not be read: that will be so again. */
bool nat_pace_again(const struct nat_moment *moment);

#endif

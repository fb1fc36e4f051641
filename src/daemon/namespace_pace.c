/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_pace.h"

/* CPU time in microseconds that the share has in so many milliseconds. */
static int64_t
share_us(const struct namespace_pace *p, uint64_t ms)
{
	return (int64_t)(ms * p->cpu_percent * 10);
}

void
namespace_pace_begin(struct namespace_pace *p, uint64_t now_ms, unsigned cpu_percent,
		     uint64_t polls_us)
{
	uint64_t since_ms = p->at_ms != 0 ? now_ms - p->at_ms : NAMESPACE_PACE_SAVED_MS;
	p->cpu_percent = cpu_percent;
	p->at_ms = now_ms;
	p->credit_us += share_us(p, since_ms) - (int64_t)polls_us;
	int64_t most = share_us(p, NAMESPACE_PACE_SAVED_MS);
	int64_t least = -share_us(p, NAMESPACE_PACE_LATEST_MS);
	if (p->credit_us > most)
		p->credit_us = most;
	if (p->credit_us < least)
		p->credit_us = least;
}

bool
namespace_pace_scan(const struct namespace_pace *p, uint64_t now_ms, bool lost)
{
	uint64_t since_ms = now_ms - p->scanned_ms;
	if (p->scanned_ms == 0 || since_ms >= NAMESPACE_PACE_SCAN_MS)
		return true;
	/* A part of a thousand of a CPU is 1 us in a millisecond. */
	return since_ms >= NAMESPACE_PACE_LEAST_MS && since_ms >= p->scan_us / (lost ? 2 : 1);
}

bool
namespace_pace_count(const struct namespace_pace *p, uint64_t now_ms)
{
	return now_ms - p->counted_ms >= p->count_us / 2;
}

bool
namespace_pace_turn(const struct namespace_pace *p, uint64_t now_ms)
{
	uint64_t since_ms = now_ms - p->turned_ms;
	return p->turned_ms == 0 || (since_ms >= NAMESPACE_PACE_TURN_MS && since_ms >= p->turn_us);
}

bool
namespace_pace_pays(const struct namespace_pace *p, uint64_t now_ms)
{
	return p->cpu_percent == 0 || p->credit_us > 0 ||
	       now_ms - p->looked_ms >= NAMESPACE_PACE_LATEST_MS;
}

void
namespace_pace_charge(struct namespace_pace *p, uint64_t now_ms, uint64_t cost_us)
{
	p->credit_us -= (int64_t)cost_us;
	p->looked_ms = now_ms;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/nat_pace.h"

/* What polls leave of the share pays for it. */
static bool
is_paid(const struct nat_moment *m)
{
	/* A percent of a millisecond is 10 us. */
	return m->cpu_percent == 0 || m->since_ms * m->cpu_percent * 10 >= m->polls_us + m->cost_us;
}

bool
nat_pace_due(const struct nat_moment *m)
{
	/* A part of a thousand of a millisecond is 1 us. */
	uint64_t wait_ms = m->cost_us / (m->alarm ? NAT_PACE_SHARE_MOST : NAT_PACE_SHARE);
	uint64_t least_ms = m->alarm ? NAT_PACE_ALARM_MS : NAT_PACE_LEAST_MS;
	uint64_t latest_ms = m->entries < NAT_PACE_FEW ? NAT_PACE_LATEST_MS : NAT_PACE_END_MS;
	if (m->since_ms >= latest_ms)
		return true;
	return m->since_ms >= least_ms && m->since_ms >= wait_ms && is_paid(m);
}

bool
nat_pace_again(const struct nat_moment *m)
{
	uint64_t wait_ms = m->cost_us / NAT_PACE_SHARE;
	if (wait_ms < NAT_PACE_LATEST_MS)
		wait_ms = NAT_PACE_LATEST_MS;
	return m->since_ms >= (wait_ms < NAT_PACE_END_MS ? wait_ms : NAT_PACE_END_MS);
}

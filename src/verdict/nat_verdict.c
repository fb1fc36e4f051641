/* SPDX-License-Identifier: ISC */
#include "verdict/nat_verdict.h"

#include <stdio.h>

uint32_t
nat_verdict_culprit(const struct nat_state *nat)
{
	const struct nat_census *census = nat->census;
	uint32_t found = LOOKUP_NONE;
	if (census == NULL || nat->drops.recent == 0)
		return LOOKUP_NONE;
	for (uint32_t i = 0; i < census->count; i++) {
		const struct nat_usage *u = &census->pools[i].usage;
		if (u->remaining > 0 && u->loss_ppm < NAT_SUSPECT_PPM)
			continue;
		if (found != LOOKUP_NONE)
			return LOOKUP_NONE;
		found = i;
	}
	return found;
}

static struct verdict
compare(const struct levels *levels, uint32_t lost_ppm)
{
	enum severity severity = nat_severity(levels, lost_ppm);
	return (struct verdict){severity,
				severity == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_NAT_LOSS};
}

void
nat_verdict_read(const struct nat_pool *pool, const struct level_band *band, bool culprit,
		 struct hysteresis_reading *out)
{
	uint32_t lost_ppm = culprit ? NAT_PPM : pool->lost_ppm;
	out->subject = (struct alarm_subject){
	    .kind = ALARM_NAT, .local = pool->outside, .peer = pool->peer, .port = pool->port};
	_Static_assert(NAT_PROTOCOL_MAX <= sizeof(out->subject.name), "a protocol is a name");
	nat_pool_protocol(pool, out->subject.name);
	out->raise = compare(&band->raise, lost_ppm);
	out->hold = compare(&band->clear, lost_ppm);
}

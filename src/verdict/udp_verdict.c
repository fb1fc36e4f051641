/* SPDX-License-Identifier: ISC */
#include "verdict/udp_verdict.h"

#include "count/severity.h"

/* What fills the pool comes first. */
static enum cause
cause_of_row(const struct udp_tally *tally, const struct udp_row *row)
{
	if (row->used > 0 && row->used >= row->capacity / 2)
		return CAUSE_BLOCKED;
	bool reserved = tally->size > row->capacity && tally->size >= levels_udp.warning_remaining;
	return reserved ? CAUSE_RESERVED : CAUSE_SMALL_RANGE;
}

struct verdict
udp_verdict(const struct udp_tally *tally, uint32_t position)
{
	const struct udp_row *row = &tally->rows[position];
	struct levels levels = levels_udp;
	if (position >= UDP_WILDCARDS) {
		levels.critical_remaining = 0;
		levels.warning_remaining = 1;
	}
	enum severity severity = severity_of(&levels, row->remaining, row->capacity, 0);
	enum severity floor =
	    severity_of(&levels, row->remaining - row->uncertain, row->capacity, 0);
	if (severity == SEVERITY_NORMAL && floor == SEVERITY_NORMAL)
		return (struct verdict){SEVERITY_NORMAL, CAUSE_NONE};
	if (severity < SEVERITY_CRITICAL && floor > severity)
		return (struct verdict){SEVERITY_WARNING, CAUSE_IN_DOUBT};
	return (struct verdict){severity, cause_of_row(tally, row)};
}

/* SPDX-License-Identifier: ISC */
#include "verdict/udp_verdict.h"

#include "count/severity.h"

/* What fills the pool comes first. */
static enum cause
cause_of_row(const struct udp_tally *tally, const struct udp_row *row, const struct levels *levels)
{
	if (row->used > 0 && row->used >= row->capacity / 2)
		return CAUSE_BLOCKED;
	bool reserved = tally->size > row->capacity && tally->size >= levels->warning_remaining;
	return reserved ? CAUSE_RESERVED : CAUSE_SMALL_RANGE;
}

struct verdict
udp_verdict(const struct udp_tally *tally, uint32_t position, const struct levels *wildcard)
{
	static const struct levels local = {.critical_percent = LEVEL_PERCENT_OFF,
					    .warning_percent = LEVEL_PERCENT_OFF,
					    .warning_remaining = 1};
	const struct udp_row *row = &tally->rows[position];
	const struct levels *levels = position < UDP_WILDCARDS ? wildcard : &local;
	enum severity severity = severity_of(levels, row->remaining, row->capacity, 0);
	enum severity floor =
	    severity_of(levels, row->remaining - row->uncertain, row->capacity, 0);
	bool idle = row->capacity > 0 && row->used + row->uncertain == 0;
	if (idle || (severity == SEVERITY_NORMAL && floor == SEVERITY_NORMAL))
		return (struct verdict){SEVERITY_NORMAL, CAUSE_NONE};
	if (severity < SEVERITY_CRITICAL && floor > severity)
		return (struct verdict){SEVERITY_WARNING, CAUSE_IN_DOUBT};
	return (struct verdict){severity, cause_of_row(tally, row, levels)};
}

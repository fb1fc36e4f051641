/* SPDX-License-Identifier: ISC */
#include "verdict/doubt.h"

uint32_t
doubt_floor(const struct range_tally *range)
{
	uint32_t skipped = range->size >= 5 && range->size % 2 == 1;
	uint32_t less = range->idle + skipped;
	return range->free > less ? range->free - less : 0;
}

static bool
is_critical(const struct levels *levels, uint32_t remaining, uint32_t capacity)
{
	return severity_of(levels, remaining, capacity, 0) == SEVERITY_CRITICAL;
}

bool
doubt_is(const struct doubt *d, const struct levels *levels)
{
	const struct usage *u = d->usage;
	uint32_t sure = u->tightest > u->uncertain ? u->tightest - u->uncertain : 0;
	return u->uncertain > 0 && is_critical(levels, sure, u->capacity) &&
	       !is_critical(levels, u->tightest, u->capacity);
}

bool
doubt_failed(const struct doubt *d, const struct levels *levels)
{
	uint32_t floor = doubt_floor(d->range);
	if (d->failed == 0)
		return false;
	return floor == 0 || is_critical(levels, floor, d->usage->capacity) ||
	       (d->failed >= DOUBT_FAILURES && doubt_is(d, levels));
}

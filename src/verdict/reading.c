/* SPDX-License-Identifier: ISC */
#include "verdict/reading.h"

#include "verdict/cause.h"
#include "verdict/doubt.h"

/* What is in doubt is a warning where somebody was seen to bind first, or connect() to fail. */
static bool
doubted(const struct doubt *doubt, const struct levels *levels)
{
	return (doubt->binders || doubt->failed > 0) && doubt_is(doubt, levels);
}

struct verdict
reading_verdict(const struct subject *s, bool clear)
{
	const struct level_band *band = s->band;
	const struct levels *levels = clear ? &band->clear : &band->raise;
	const struct usage *u = s->usage, *tightest = s->tightest;
	unsigned measures = s->measures;
	const struct doubt doubt = {u, s->range, s->failed, s->binders};
	struct verdict v = {SEVERITY_NORMAL, CAUSE_NONE};
	if ((measures & MEASURE_PORTS) != 0 && doubt_failed(&doubt, levels))
		return (struct verdict){SEVERITY_CRITICAL, CAUSE_FAILURES};
	if ((measures & MEASURE_PORTS) != 0 && doubted(&doubt, levels))
		return (struct verdict){SEVERITY_WARNING, CAUSE_IN_DOUBT};
	if ((measures & MEASURE_PORTS) != 0)
		v.severity = severity_of(levels, u->tightest, u->capacity, 0);
	/* A clear level of 0 is one: none may be left. */
	bool leaks =
	    band->raise.close_wait != 0 && u->states.of[STATE_CLOSE_WAIT] > levels->close_wait;
	if (v.severity == SEVERITY_NORMAL && (measures & MEASURE_LEAK) != 0 && leaks)
		return (struct verdict){SEVERITY_WARNING, CAUSE_CLOSE_WAIT};
	v.cause = cause_of(tightest, v.severity, levels, s->range);
	return v;
}

void
reading_of_usage(struct hysteresis_reading *r, const struct subject *s)
{
	r->raise = reading_verdict(s, false);
	r->hold = reading_verdict(s, true);
	r->at_once = r->raise.cause == CAUSE_FAILURES;
}

void
reading_of_remaining(struct hysteresis_reading *r, const struct level_band *band,
		     uint32_t remaining, uint32_t capacity)
{
	r->raise.severity = severity_of(&band->raise, remaining, capacity, 0);
	r->hold.severity = severity_of(&band->clear, remaining, capacity, 0);
	r->raise.cause = r->raise.severity == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_SMALL_RANGE;
	r->hold.cause = r->hold.severity == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_SMALL_RANGE;
}

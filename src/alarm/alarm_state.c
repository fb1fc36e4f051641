/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_state.h"

static uint16_t
count(uint16_t so_far, bool again)
{
	if (!again)
		return 0;
	return so_far < UINT16_MAX ? (uint16_t)(so_far + 1) : so_far;
}

static enum severity
next(const struct alarm_state *s, enum severity hold, uint32_t raise_polls, uint32_t clear_polls)
{
	if (s->above[1] >= raise_polls)
		return SEVERITY_CRITICAL;
	if (s->severity == SEVERITY_NORMAL)
		return s->above[0] >= raise_polls ? SEVERITY_WARNING : SEVERITY_NORMAL;
	if (s->below[0] >= clear_polls)
		return SEVERITY_NORMAL;
	if (s->severity == SEVERITY_CRITICAL && s->below[1] >= clear_polls &&
	    hold >= SEVERITY_WARNING)
		return SEVERITY_WARNING;
	return s->severity;
}

bool
alarm_state_step(struct alarm_state *s, enum severity raise, enum severity hold,
		 uint32_t raise_polls, uint32_t clear_polls)
{
	static const enum severity severity[2] = {SEVERITY_WARNING, SEVERITY_CRITICAL};
	if (hold < raise)
		hold = raise;
	for (unsigned i = 0; i < 2; i++) {
		s->above[i] = count(s->above[i], raise >= severity[i]);
		s->below[i] = count(s->below[i], hold < severity[i]);
	}
	enum severity before = s->severity;
	s->severity = next(s, hold, raise_polls, clear_polls);
	return s->severity != before;
}

bool
alarm_state_idle(const struct alarm_state *s)
{
	return s->severity == SEVERITY_NORMAL && s->above[0] == 0;
}

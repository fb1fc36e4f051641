/* SPDX-License-Identifier: ISC */
#include "daemon/pace.h"

static uint32_t
wanted(const struct pace *pace, const struct pace_state *state)
{
	if (state->severity != SEVERITY_NORMAL || state->nearness >= PACE_NEAR ||
	    state->growth >= PACE_FAST)
		return pace->least_s;
	return state->nearness < PACE_FAR ? pace->most_s : pace->usual_s;
}

uint32_t
pace_next(const struct pace *pace, const struct pace_state *state)
{
	uint32_t seconds = wanted(pace, state);
	if (pace->cpu_percent == 0)
		return seconds;
	uint64_t share_us = (uint64_t)pace->cpu_percent * 10000; /* a second's worth */
	uint64_t affordable = (state->owed_us + share_us - 1) / share_us;
	return affordable > seconds ? (uint32_t)affordable : seconds;
}

uint64_t
pace_owed(const struct pace_debt *debt, const struct pace *pace, uint64_t now_ms)
{
	/* A percent of a millisecond is 10 us. */
	uint64_t paid_us = (now_ms - debt->at_ms) * pace->cpu_percent * 10;
	return pace->cpu_percent == 0 || paid_us >= debt->owed_us ? 0 : debt->owed_us - paid_us;
}

void
pace_charge(struct pace_debt *debt, const struct pace *pace, uint64_t now_ms, uint64_t cost_us)
{
	debt->owed_us = pace_owed(debt, pace, now_ms) + cost_us;
	debt->at_ms = now_ms;
}

uint64_t
pace_wait_ms(const struct pace_debt *debt, const struct pace *pace, uint64_t now_ms,
	     uint64_t cost_us)
{
	uint64_t owed_us = pace_owed(debt, pace, now_ms);
	if (owed_us <= cost_us)
		return 0;
	uint64_t rate = (uint64_t)pace->cpu_percent * 10;
	return (owed_us - cost_us + rate - 1) / rate;
}

/* SPDX-License-Identifier: ISC */
#include "pace.h"

static uint32_t
wanted(const struct pace *pace, const struct pace_state *state)
{
	bool grows_fast = state->percent >= state->percent_before + PACE_FAST_PERCENT;
	if (state->severity != SEVERITY_NORMAL || grows_fast)
		return pace->least_s;
	if (state->percent < PACE_REST_PERCENT)
		return pace->most_s;
	return pace->usual_s;
}

uint32_t
pace_next(const struct pace *pace, const struct pace_state *state)
{
	uint32_t seconds = wanted(pace, state);
	if (pace->cpu_percent == 0)
		return seconds;
	uint64_t share_us = (uint64_t)pace->cpu_percent * 10000; /* a second's worth */
	uint64_t affordable = (state->cpu_us + share_us - 1) / share_us;
	return affordable > seconds ? (uint32_t)affordable : seconds;
}

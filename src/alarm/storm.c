/* SPDX-License-Identifier: ISC */
#include "alarm/storm.h"

void
storm_tick(struct storm *storm, uint64_t now_ms)
{
	if (storm->window_ms != 0 && now_ms - storm->window_ms < STORM_WINDOW_MS)
		return;
	storm->window_ms = now_ms;
	storm->sent = 0;
	storm->summarised = false;
}

bool
storm_admit(struct storm *storm, uint32_t per_minute)
{
	if (per_minute != 0 && storm->sent >= per_minute)
		return false;
	storm->sent++;
	return true;
}

void
storm_suppress(struct storm *storm)
{
	storm->untold++;
	storm->total++;
}

uint32_t
storm_summary(struct storm *storm)
{
	uint32_t untold = storm->untold;
	if (untold == 0 || storm->summarised)
		return 0;
	storm->summarised = true;
	storm->untold = 0;
	return untold;
}

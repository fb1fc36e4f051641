/* SPDX-License-Identifier: ISC */
#include "daemon/poll_past.h"

#include "base/log.h"

bool
poll_past_open(struct poll_past *past)
{
	return (past->origins = origins_new()) != NULL && (past->trend = trend_new()) != NULL;
}

void
poll_past_free(struct poll_past *past)
{
	origins_free(past->origins);
	trend_free(past->trend);
	light_free(&past->light);
}

void
poll_past_take(struct poll_past *past, struct census *census, const struct tally *tally, bool light,
	       uint64_t now_ms, struct outlooks *outlooks)
{
	past->sockets = (uint32_t)tally->totals.sockets;
	if (!light) {
		past->taken = census->any;
		past->complete = true;
	}
	if (past->origins == NULL)
		return;
	origins_commit(past->origins, &census->listening, &census->bound, &census->any, !light);
	if (light)
		light_check(&past->light, census);
	else
		light_keep(&past->light, census);
	bool kept = trend_take(past->trend, tally, now_ms, outlooks);
	log_condition(&past->trend_starved, !kept, "memory",
		      "out of memory: polls are missing from the trends",
		      "enough again: trends are kept again");
}

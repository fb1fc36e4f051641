/* SPDX-License-Identifier: ISC */
/*
 * budget: how many notifications may still leave within a minute: any minute, not only one by the
 * clock. Pure.
 *
 * Half of the limit, at least one, is for targets, the host and its limits alone: of everything
 * else a host may have any number, and any user can make them. With a limit of one, the others only
 * come behind them.
 */
#ifndef SRCPORTD_BUDGET_H
#define SRCPORTD_BUDGET_H

#include "verdict/alarm_key.h"

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_SECONDS 61 /* a whole minute lies within so many, wherever it begins */

/* All zero is the start, without a limit. What leaves is counted without one, too. */
struct budget {
	uint32_t per_minute; /* 0 = no limit */
	uint64_t second;     /* the last one of those below */
	struct budget_second {
		uint32_t named, many; /* that left in it */
	} left[BUDGET_SECONDS];       /* by second % BUDGET_SECONDS */
};

/* True for targets, the host, its limits and its accepted connections. */
bool budget_is_named(enum alarm_kind kind);

/* How many more of the one sort or the other may leave at now_ms (CLOCK_MONOTONIC; never before an
 * earlier now_ms). UINT32_MAX without a limit. */
uint32_t budget_rest(const struct budget *budget, uint64_t now_ms, bool named);

/* One leaves. */
void budget_spend(struct budget *budget, uint64_t now_ms, bool named);

/* When there may be room for more than at now_ms, in ms of that clock; now_ms if nothing has left
 * within the minute. */
uint64_t budget_next_ms(const struct budget *budget, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * owed: alarms of which managers were told something else than what is, or nothing yet: in which
 * order they are told, and which of them now. Pure.
 */
#ifndef SRCPORTD_OWED_H
#define SRCPORTD_OWED_H

#include "alarm/budget.h"
#include "alarm/notification.h"

struct owed {
	const struct alarm *alarm;
	uint32_t row; /* the caller's */
	bool again;   /* a repetition after a restart of the master agent: behind all news */
	bool leaves;  /* set by owed_choose() */
};

/* Worst first: news before repetitions, the most severe first, of equals targets, the host and its
 * limits, then the fewest ports remaining, then the oldest. */
void owed_sort(struct owed *owed, uint32_t count);

/* Says of each, in their order, whether it leaves at now_ms: as far as the budget goes, and the
 * room of a queue, which becomes less by those that do. Returns how many do not for want of budget.
 */
uint32_t owed_choose(struct owed *owed, uint32_t count, uint32_t *room, const struct budget *budget,
		     uint64_t now_ms);

#endif

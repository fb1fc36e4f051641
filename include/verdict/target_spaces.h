/* SPDX-License-Identifier: ISC */
/*
 * target_spaces: a target toward which other network namespaces have connections, too: its row has
 * the connections of all that were counted, and what remains and its verdict are those of the one
 * that is the worst off. Pure.
 */
#ifndef SRCPORTD_TARGET_SPACES_H
#define SRCPORTD_TARGET_SPACES_H

#include "count/tally.h"
#include "verdict/hysteresis.h"

/* What another namespace has toward a target, as the last look at it found it there. */
struct space_target {
	const char *space; /* the name of the namespace */
	uint32_t target;   /* its position among the configured ones */
	const struct target_tally *tally;
	struct verdict raise, hold;
	const char *message;
};

/* Adds the connections of each to the row of its target, and finds for each row the worst of them;
 * worst[] is NULL where there is none. */
void target_spaces_sum(const struct space_target *of, uint32_t count, struct target_tally *rows,
		       const struct space_target **worst);

/* Whether it decides, and not the own namespace with what it has and its verdicts. */
bool target_spaces_decides(const struct space_target *other, const struct target_tally *own,
			   const struct hysteresis_reading *reading);

/* It decides: the row's ports are those of its namespace, and are said to be. */
void target_spaces_turn(struct target_tally *row, const struct space_target *by);

#endif

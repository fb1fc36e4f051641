/* SPDX-License-Identifier: ISC */
/*
 * doubt: what is concluded where what remains is not known exactly, and where connect() was seen to
 * fail. Pure.
 */
#ifndef SRCPORTD_DOUBT_H
#define SRCPORTD_DOUBT_H

#include "count/formula.h"
#include "count/severity.h"

#include <stdbool.h>

/* So many failed connect() calls make what is in doubt critical. */
#define DOUBT_FAILURES 3

/* What is known of a pool, or of the tightest of several. */
struct doubt {
	const struct usage *usage;
	const struct range_tally *range;
	uint32_t failed; /* recent connect() calls that found no port */
	bool binders;    /* somebody there was seen to bind first */
};

/* The ports that any connect() surely gets, whatever the pool: those that no socket holds, less
 * those that a socket may hold unseen, less the one that a single call skips in an odd range. */
uint32_t doubt_floor(const struct range_tally *range);

/* True if what remains is not critical by these levels, and what surely remains is. */
bool doubt_is(const struct doubt *doubt, const struct levels *levels);

/* True if the failed calls tell that the pool is critical: as the floor is, or as many in doubt.
 * Others were made with a range of their own, or find ports again by now. */
bool doubt_failed(const struct doubt *doubt, const struct levels *levels);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * cause: what explains a severity above normal. Pure.
 *
 * What fills the pool comes first: a leak over its level, then the states that hold most of the
 * used ports. That the range is small, or reserved, or blocked, explains a want of ports where
 * nothing fills what there is, or where what fills it is no more than what was taken away.
 */
#ifndef SRCPORTD_CAUSE_H
#define SRCPORTD_CAUSE_H

#include "count/formula.h"
#include "count/severity.h"

/* A range, or what is left of one, with fewer ports is small in itself: the kernel's default range
 * has 28,232. */
#define CAUSE_SMALL 8192

/* CAUSE_NONE for a normal severity. TIME_WAIT that connect() takes over counts for nothing. levels
 * are those that the severity is by. */
enum cause cause_of(const struct usage *usage, enum severity severity, const struct levels *levels,
		    const struct range_tally *range);

#endif

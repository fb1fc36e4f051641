/* SPDX-License-Identifier: ISC */
/*
 * remedy: what to do about a cause, as far as it has an effect here. Pure.
 */
#ifndef SRCPORTD_REMEDY_H
#define SRCPORTD_REMEDY_H

#include "advice/advice.h"
#include "base/sentence.h"

/* Adds what helps against the cause of advice->usage, the most useful first, as choices. */
void remedy_put(struct sentence *sentence, const struct advice *advice);

/* The one that helps wherever ports are short: a wider range, if there is anything to gain. */
void remedy_put_range(struct sentence *sentence, const struct range_tally *range);

#endif

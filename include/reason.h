/* SPDX-License-Identifier: ISC */
/*
 * reason: why a pool, peer or target has the severity it has, and what to do, in one sentence. Pure.
 */
#ifndef SRCPORTD_REASON_H
#define SRCPORTD_REASON_H

#include "tally.h"

#define REASON_MAX 256

/* Writes a sentence such as "97 of 100 ports in use, 3 left; mostly TIME_WAIT churn: ...". Returns
 * buf. */
const char *reason_text(const struct usage *usage, const struct range_tally *range,
                        char buf[static REASON_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * finding_rows: the rows of the findings before anything is concluded: one for each of the tally,
 * of the pools of address translation and of those of other network namespaces. Pure.
 */
#ifndef SRCPORTD_FINDING_ROWS_H
#define SRCPORTD_FINDING_ROWS_H

#include "verdict/findings.h"

/* Rows with everything but verdicts: each is normal. Freed with findings_free(); NULL where memory
 * is lacking. */
struct findings *finding_rows_new(const struct evidence *evidence);

#endif

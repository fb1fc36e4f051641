/* SPDX-License-Identifier: ISC */
/*
 * advice_nat: how a pool of address translation stands, and what to do, as a sentence. Pure.
 */
#ifndef SRCPORTD_ADVICE_NAT_H
#define SRCPORTD_ADVICE_NAT_H

#include "advice/remedy.h"

/* Of the pool at that position of the findings' census. Returns out. */
const char *advice_nat(const struct findings *findings, uint32_t position,
		       char out[static ADVICE_MAX]);

/* Of all of them: the most severe, of equals the tightest, with its name before it. The census must
 * be there. */
const char *advice_nat_all(const struct findings *findings, char out[static ADVICE_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * advice_udp: how a UDP pool stands, and what to do, as a sentence. Pure.
 */
#ifndef SRCPORTD_ADVICE_UDP_H
#define SRCPORTD_ADVICE_UDP_H

#include "advice/remedy.h"

/* Of the row at that position of the findings' tally. Returns out. */
const char *advice_udp(const struct findings *findings, uint32_t position,
		       char out[static ADVICE_MAX]);

#endif

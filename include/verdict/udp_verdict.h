/* SPDX-License-Identifier: ISC */
/*
 * udp_verdict: severity and cause of a UDP pool, from its numbers. Pure.
 */
#ifndef SRCPORTD_UDP_VERDICT_H
#define SRCPORTD_UDP_VERDICT_H

#include "count/udp.h"
#include "verdict/hysteresis.h"

/* Of the row at that position, by those levels. The two of callers without an address
 * are in doubt if what is uncertain decides, and normal while nobody holds a port of theirs: where
 * the range is small, there is nothing to tell of yet. Where the levels are not to count, as in the
 * rows of local addresses, a warning is where nothing may be left, and all else normal. */
struct verdict udp_verdict(const struct udp_tally *tally, uint32_t position,
			   const struct levels *levels);

#endif

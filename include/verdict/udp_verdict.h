/* SPDX-License-Identifier: ISC */
/*
 * udp_verdict: severity and cause of a UDP pool, from its numbers. Pure.
 */
#ifndef SRCPORTD_UDP_VERDICT_H
#define SRCPORTD_UDP_VERDICT_H

#include "count/udp.h"
#include "verdict/hysteresis.h"

/* Of the row at that position. The two of callers without an address go by levels_udp, and are in
 * doubt if what is uncertain decides. One of a local address is for information: a warning where
 * nothing may be left, and else normal. */
struct verdict udp_verdict(const struct udp_tally *tally, uint32_t position);

#endif

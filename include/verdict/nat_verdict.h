/* SPDX-License-Identifier: ISC */
/*
 * nat_verdict: severity and cause of the pools of address translation. Pure.
 */
#ifndef SRCPORTD_NAT_VERDICT_H
#define SRCPORTD_NAT_VERDICT_H

#include "count/nat_state.h"
#include "verdict/hysteresis.h"

/* Loss of connections whose port has to change, in parts per million, from which a pool may be why
 * packets were dropped. */
#define NAT_SUSPECT_PPM 1000

/* The position of the one pool that explains packets that were dropped since the poll before; no
 * counter names a pool. LOOKUP_NONE if none were, or another pool may be the one. */
uint32_t nat_verdict_culprit(const struct nat_state *nat);

/* Of a pool by itself, as hysteresis_take() wants it: subject, raise and hold. The culprit is
 * critical, unless that level is off. */
void nat_verdict_read(const struct nat_pool *pool, const struct level_band *band, bool culprit,
		      struct hysteresis_reading *out);

#endif

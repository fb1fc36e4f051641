/* SPDX-License-Identifier: ISC */
/*
 * report_order: the order in which a reader meets the rows of a tally: the fewest remaining first,
 * then by address. Pure.
 */
#ifndef SRCPORTD_REPORT_ORDER_H
#define SRCPORTD_REPORT_ORDER_H

#include "count/tally.h"

/* Positions in the tally's arrays. */
struct report_order {
	uint32_t *pools, *peers, *locals;
};

/* False with errno ENOMEM; *out is then empty. */
bool report_order_make(const struct tally *tally, struct report_order *out);
void report_order_free(struct report_order *order); /* it is then empty */

#endif

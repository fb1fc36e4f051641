/* SPDX-License-Identifier: ISC */
/*
 * formula: how many ports a set of held ones leaves. Pure.
 *
 *     R         = the range, without the port that an odd-sized range of three never offers
 *     capacity  = |R - reserved - blocked|
 *     used      = distinct ports of that set that are held
 *     remaining = capacity - used
 */
#ifndef SRCPORTD_FORMULA_H
#define SRCPORTD_FORMULA_H

#include "count/tally.h"

/* What it works with, for one census. */
struct formula {
	const struct port_range *range; /* the census's */
	struct portset usable;          /* R - reserved - blocked: what an empty pool offers */
	struct portset unusable;        /* everything else */
	struct portset ambiguous;       /* usable ports that may be blocked unseen */
	struct portset settled;         /* everything else */
	uint32_t capacity;
	uint32_t ambiguous_count;
};

/* R - reserved: the ports that the kernel would offer on an idle host. */
void formula_offered(const struct settings *settings, struct portset *out);

/* Works out the sets for a census, which must live as long, and what they come to. */
void formula_begin(struct formula *formula, const struct census *census, struct range_tally *out);

/* Sets used, remaining, uncertain and capacity for the ports of a set. */
void formula_set(const struct formula *formula, const struct portset *held, struct usage *out);

/* The same for those of a bag, without building a set where they are few. */
void formula_bag(const struct formula *formula, const struct portbag *held, struct usage *out);

#endif

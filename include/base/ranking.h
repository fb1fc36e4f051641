/* SPDX-License-Identifier: ISC */
/*
 * ranking: which rows a bounded table shows. Pure.
 */
#ifndef SRCPORTD_RANKING_H
#define SRCPORTD_RANKING_H

#include <stdint.h>

/* One candidate: the smaller its rank, the sooner it is taken. */
struct candidate {
	uint64_t rank;
	uint32_t position; /* in the caller's array */
};

/* Puts the `wanted` candidates of the smallest ranks first, in any order, in time that follows
 * their number. Returns how many are there: the smaller of wanted and count. */
uint32_t ranking_first(struct candidate *candidates, uint32_t count, uint32_t wanted);

#endif

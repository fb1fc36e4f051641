/* SPDX-License-Identifier: ISC */
#include "base/ranking.h"

static void
swap(struct candidate *a, struct candidate *b)
{
	struct candidate c = *a;
	*a = *b;
	*b = c;
}

/* The median of three spares the worst case on sorted input. */
static uint64_t
pivot_rank(const struct candidate *c, uint32_t low, uint32_t high)
{
	uint64_t a = c[low].rank, b = c[low + (high - low) / 2].rank, d = c[high - 1].rank;
	if (a > b) {
		uint64_t t = a;
		a = b;
		b = t;
	}
	return d < a ? a : d > b ? b : d;
}

uint32_t
ranking_first(struct candidate *candidates, uint32_t count, uint32_t wanted)
{
	if (wanted >= count)
		return count;
	uint32_t low = 0, high = count;
	while (high - low > 1) {
		/* Three parts: below, equal to and above the pivot. */
		uint64_t pivot = pivot_rank(candidates, low, high);
		uint32_t below = low, at = low, above = high;
		while (at < above) {
			if (candidates[at].rank < pivot)
				swap(&candidates[below++], &candidates[at++]);
			else if (candidates[at].rank > pivot)
				swap(&candidates[at], &candidates[--above]);
			else
				at++;
		}
		if (wanted <= below)
			high = below;
		else if (wanted >= above)
			low = above;
		else
			break;
		if (low >= wanted || high <= wanted)
			break;
	}
	return wanted;
}

/* SPDX-License-Identifier: ISC */
#include "count/widen.h"

#define LOWEST  1024
#define HIGHEST 65535

/* Takes other out of set; returns how many ports that were. */
static uint32_t
take_out(struct portset *set, const struct portset *other)
{
	uint32_t before = portset_count(set);
	portset_andnot(set, other);
	return before - portset_count(set);
}

struct widening
widen_range(const struct port_range *range, const struct portset *reserved,
	    const struct portset *listening, const struct portset *bound)
{
	struct widening w = {.range = {range->low < LOWEST ? range->low : LOWEST, HIGHEST}};
	struct portset present, added;
	portset_clear(&present);
	portset_clear(&added);
	portset_add_range(&present, range->low, range->high);
	portset_add_range(&added, w.range.low, w.range.high);
	portset_andnot(&added, &present);
	w.reserved = take_out(&added, reserved);
	struct portset heard = added;
	portset_and(&heard, listening);
	w.listening = take_out(&added, listening);
	w.bound = take_out(&added, bound);
	w.gain = portset_count(&added);
	for (int port = portset_next(&heard, 0); port >= 0 && w.named_count < WIDEN_NAMED;
	     port = portset_next(&heard, (uint32_t)port + 1))
		w.named[w.named_count++] = (uint16_t)port;
	if (w.gain == 0)
		w.range = *range;
	return w;
}

/* SPDX-License-Identifier: ISC */
#include "count/formula.h"

/* What a range may be widened to. */
#define LOWEST  1024
#define HIGHEST 65535

/* __inet_hash_connect() and inet_csk_find_open_port() both clear the low bit of the size and start
 * at offset 0. */
void
formula_offered(const struct settings *settings, struct portset *out)
{
	portset_clear(out);
	portset_add_range(out, settings->range.low, settings->range.high);
	if (range_size(&settings->range) == 3)
		portset_del(out, settings->range.high);
	portset_andnot(out, &settings->reserved);
}

/* Any one call in an odd-sized range of five or more skips the first or the last port, so the last
 * connect() of all may fail while one of them is free. */
static uint32_t
odd_loss(const struct port_range *range, bool low_is_free, bool high_is_free)
{
	uint32_t size = range_size(range);
	return size >= 5 && size % 2 == 1 && (low_is_free || high_is_free);
}

/* Takes other out of set; returns how many ports that were. */
static uint32_t
take_out(struct portset *set, const struct portset *other)
{
	uint32_t before = portset_count(set);
	portset_andnot(set, other);
	return before - portset_count(set);
}

struct widening
formula_widen(const struct port_range *range, const struct portset *reserved,
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

void
formula_begin(struct formula *f, const struct census *census, struct range_tally *out)
{
	struct portset set;
	f->range = &census->settings.range;
	out->range = *f->range;
	out->size = range_size(f->range);
	portset_clear(&set);
	portset_add_range(&set, f->range->low, f->range->high);
	portset_and(&set, &census->settings.reserved);
	out->reserved = portset_count(&set);

	formula_offered(&census->settings, &f->usable);
	out->free = portset_count_andnot(&f->usable, &census->any);
	out->in_use = portset_count(&f->usable) - out->free;
	out->listening = portset_count(&f->usable);
	portset_andnot(&f->usable, &census->listening);
	out->bound = portset_count(&f->usable);
	out->listening -= out->bound;
	portset_andnot(&f->usable, &census->bound);
	out->capacity = portset_count(&f->usable);
	out->bound -= out->capacity;

	out->wider =
	    formula_widen(f->range, &census->settings.reserved, &census->listening, &census->bound);
	f->capacity = out->capacity;
	portset_complement(&f->usable, &f->unusable);
	f->ambiguous = census->ambiguous;
	portset_and(&f->ambiguous, &f->usable);
	f->ambiguous_count = portset_count(&f->ambiguous);
	portset_complement(&f->ambiguous, &f->settled);
	out->uncertain =
	    f->ambiguous_count + odd_loss(f->range, portset_has(&f->usable, f->range->low),
					  portset_has(&f->usable, f->range->high));
}

void
formula_set(const struct formula *f, const struct portset *held, struct usage *out)
{
	struct portset left = f->usable;
	portset_andnot(&left, held);
	out->remaining = portset_count(&left);
	out->used = f->capacity - out->remaining;
	bool low = portset_has(&left, f->range->low), high = portset_has(&left, f->range->high);
	portset_and(&left, &f->ambiguous);
	out->uncertain = portset_count(&left) + odd_loss(f->range, low, high);
	if (out->uncertain > out->remaining)
		out->uncertain = out->remaining;
	out->capacity = f->capacity;
}

void
formula_bag(const struct formula *f, const struct portbag *held, struct usage *out)
{
	uint16_t low = f->range->low, high = f->range->high;
	out->used = portbag_count_without(held, f->range, &f->unusable);
	out->remaining = f->capacity - out->used;
	out->capacity = f->capacity;
	out->uncertain = 0;
	if (f->ambiguous_count != 0) {
		out->uncertain =
		    f->ambiguous_count - portbag_count_without(held, f->range, &f->settled);
	}
	out->uncertain +=
	    odd_loss(f->range, portset_has(&f->usable, low) && !portbag_has(held, f->range, low),
		     portset_has(&f->usable, high) && !portbag_has(held, f->range, high));
	if (out->uncertain > out->remaining)
		out->uncertain = out->remaining;
}

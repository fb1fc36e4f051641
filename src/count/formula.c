/* SPDX-License-Identifier: ISC */
#include "count/formula.h"

/* Where a wider range may begin, and where it ends. */
static const uint16_t stages[] = {16384, 8192, 1024};
#define LOWEST  1024
#define HIGHEST 65535

#define NODE_PORTS_FIRST 30000
#define NODE_PORTS_LAST  32767

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

/* The ports of a range that the present one does not have. */
static void
added_by(const struct port_range *range, const struct port_range *present, struct portset *out)
{
	struct portset now;
	portset_clear(&now);
	portset_clear(out);
	portset_add_range(&now, present->low, present->high);
	portset_add_range(out, range->low, range->high);
	portset_andnot(out, &now);
}

static void
node_port_set(struct portset *out)
{
	portset_clear(out);
	portset_add_range(out, NODE_PORTS_FIRST, NODE_PORTS_LAST);
}

static struct widening
widen_to(const struct settings *settings, const struct port_range *range,
	 const struct portset *listening, const struct portset *bound, const struct portset *udp,
	 bool node_ports)
{
	struct widening w = {.range = *range};
	struct portset added, nodes;
	added_by(range, &settings->range, &added);
	node_port_set(&nodes);
	w.reserved = take_out(&added, &settings->reserved);
	w.listening = take_out(&added, listening);
	w.bound = take_out(&added, bound);
	w.udp = take_out(&added, udp);
	if (node_ports)
		w.node_ports = take_out(&added, &nodes);
	w.gain = portset_count(&added);
	if (w.gain == 0)
		w = (struct widening){.range = settings->range};
	return w;
}

/* The range from `low` on, or from the even port below it; where that is out of bounds, it ends one
 * port earlier. */
static struct port_range
range_from(uint32_t low, uint32_t least)
{
	if (low % 2 == 0)
		return (struct port_range){(uint16_t)low, HIGHEST};
	if (low > least)
		return (struct port_range){(uint16_t)(low - 1), HIGHEST};
	return (struct port_range){(uint16_t)low, low < HIGHEST ? HIGHEST - 1 : HIGHEST};
}

struct widening
formula_widen(const struct settings *settings, const struct portset *listening,
	      const struct portset *bound, const struct portset *udp, bool node_ports)
{
	uint32_t present = settings->range.low, least = LOWEST;
	struct portset usable;
	if (settings->unprivileged_start > LOWEST)
		least = (uint32_t)settings->unprivileged_start;
	if (present < least)
		least = present;
	formula_offered(settings, &usable);
	portset_andnot(&usable, listening);
	portset_andnot(&usable, bound);
	uint32_t enough = (portset_count(&usable) + 1) / 2;

	struct port_range range = range_from(present, least);
	struct widening w = widen_to(settings, &range, listening, bound, udp, node_ports);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && w.gain < enough; i++) {
		range = range_from(stages[i] > least ? stages[i] : least, least);
		if (range.low >= settings->range.low)
			continue;
		struct widening more =
		    widen_to(settings, &range, listening, bound, udp, node_ports);
		if (more.gain > w.gain)
			w = more;
	}
	return w;
}

char *
formula_reserve(const struct settings *settings, const struct portset *listening,
		const struct portset *udp, const struct widening *w)
{
	struct portset set, added, nodes, services = *listening;
	added_by(&w->range, &settings->range, &added);
	node_port_set(&nodes);
	portset_and(&nodes, &added);
	portset_or(&services, udp);
	portset_and(&added, &services);
	set = settings->reserved;
	portset_or(&set, &added);
	if (w->node_ports > 0)
		portset_or(&set, &nodes);
	return portset_text(&set);
}

/* With the sockets that are not shown at all, each on a port of its own, but not more than there
 * are. */
static uint32_t
within(const struct formula *f, uint32_t remaining, uint32_t uncertain)
{
	if (uncertain >= remaining || f->idle >= remaining - uncertain)
		return remaining;
	return uncertain + f->idle;
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
	out->skipped = out->size - out->reserved - portset_count(&f->usable);
	out->free = portset_count_andnot(&f->usable, &census->any);
	out->in_use = portset_count(&f->usable) - out->free;
	out->listening = portset_count(&f->usable);
	portset_andnot(&f->usable, &census->listening);
	out->bound = portset_count(&f->usable);
	out->listening -= out->bound;
	portset_andnot(&f->usable, &census->bound);
	out->capacity = portset_count(&f->usable);
	out->bound -= out->capacity;

	out->wider = formula_widen(&census->settings, &census->listening, &census->bound,
				   &census->udp, census->node_ports);
	f->capacity = out->capacity;
	portset_complement(&f->usable, &f->unusable);
	f->ambiguous = census->ambiguous;
	portset_and(&f->ambiguous, &f->usable);
	f->ambiguous_count = portset_count(&f->ambiguous);
	portset_complement(&f->ambiguous, &f->settled);
	f->idle = census->idle;
	out->idle_counted = census->idle_counted;
	out->idle = census->idle;
	out->elsewhere = census->elsewhere;
	out->uncertain =
	    within(f, out->capacity,
		   f->ambiguous_count + odd_loss(f->range, portset_has(&f->usable, f->range->low),
						 portset_has(&f->usable, f->range->high)));
}

void
formula_set(const struct formula *f, const struct portset *held, const struct portset *unsure,
	    struct usage *out)
{
	struct portset left = f->usable, doubt = f->ambiguous;
	portset_andnot(&left, held);
	out->remaining = portset_count(&left);
	out->used = f->capacity - out->remaining;
	bool low = portset_has(&left, f->range->low), high = portset_has(&left, f->range->high);
	if (unsure != NULL)
		portset_or(&doubt, unsure);
	portset_and(&left, &doubt);
	out->uncertain =
	    within(f, out->remaining, portset_count(&left) + odd_loss(f->range, low, high));
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
	out->uncertain = within(f, out->remaining, out->uncertain);
}

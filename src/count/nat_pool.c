/* SPDX-License-Identifier: ISC */
#include "count/nat_pool.h"

#include "kernel/conntrack.h"

/* nf_nat_l4proto_unique_tuple(): so many ports are looked at from a random one on, then half as
 * many from another, and so on; where the range has no more, all of it once. */
#define LOOKS_FIRST 128
#define LOOKS_LAST  8

/* NF_NAT_HARDER_THRESH: only the last of them may be taken from an entry that is given up. */
#define LOOKS_HARDER 32

struct port_range
nat_usual_range(uint8_t protocol)
{
	bool ids = conntrack_has_ids(protocol);
	return (struct port_range){ids ? 0 : NAT_LOWEST, NAT_HIGHEST};
}

/* A range whose end is followed by its start. */
struct ring {
	const struct portset *taken, *evictable;
	const struct port_range *range;
	uint32_t size;
};

static uint16_t
port_at(const struct ring *ring, uint32_t offset)
{
	return (uint16_t)(ring->range->low + (offset < ring->size ? offset : offset - ring->size));
}

static uint32_t
is_taken(const struct ring *ring, uint32_t offset)
{
	return portset_has(ring->taken, port_at(ring, offset));
}

static uint32_t
is_evictable(const struct ring *ring, uint32_t offset)
{
	return portset_has(ring->evictable, port_at(ring, offset));
}

/* How probable it is that none of `looks` ports from a random one on can be had: that all are
 * taken, and none of the last is given up. It is whether the new sequence number is ahead of the
 * old one's: a toss for each (nf_nat_used_tuple_harder()). */
static double
run_loss(const struct ring *ring, uint32_t looks)
{
	uint32_t harder = looks < LOOKS_HARDER ? looks : LOOKS_HARDER;
	uint32_t taken = 0, evictable = 0;
	double sum = 0;
	for (uint32_t i = 0; i < looks; i++)
		taken += is_taken(ring, i);
	for (uint32_t i = looks - harder; i < looks; i++)
		evictable += is_evictable(ring, i);
	for (uint32_t start = 0; start < ring->size; start++) {
		uint32_t end = start + looks;
		if (taken == looks)
			sum += 1.0 / (double)(UINT64_C(1) << evictable);
		taken = taken + is_taken(ring, end) - is_taken(ring, start);
		evictable = evictable + is_evictable(ring, end) - is_evictable(ring, end - harder);
	}
	return sum / ring->size;
}

/* No run of n taken ports, nor several, has more than n - looks + 1 places to start at. Most pools
 * need no more than this. */
static double
run_loss_at_most(uint32_t taken, uint32_t size, uint32_t looks)
{
	if (taken >= size)
		return 1;
	return taken < looks ? 0 : (double)(taken - looks + 1) / size;
}

static double
loss(const struct ring *ring, uint32_t taken)
{
	double most = 1, product = 1;
	if (ring->size <= LOOKS_FIRST)
		return taken < ring->size ? 0 : run_loss(ring, ring->size);
	for (uint32_t looks = LOOKS_FIRST; looks >= LOOKS_LAST; looks /= 2)
		most *= run_loss_at_most(taken, ring->size, looks);
	if (most * NAT_PPM < 0.5)
		return 0;
	for (uint32_t looks = LOOKS_FIRST; looks >= LOOKS_LAST; looks /= 2)
		product *= run_loss(ring, looks);
	return product;
}

bool
nat_is_easy(uint32_t taken, const struct port_range *range)
{
	return taken < LOOKS_FIRST && range_size(range) > LOOKS_FIRST;
}

void
nat_usage_easy(uint32_t taken, uint32_t evictable, const struct port_range *range,
	       struct nat_usage *out)
{
	out->capacity = range_size(range);
	out->used = taken - evictable;
	out->remaining = out->capacity - out->used;
	out->evictable = evictable;
	out->percent = severity_percent(out->remaining, out->capacity);
	out->loss_ppm = 0;
}

void
nat_usage(const struct portset *taken, const struct portset *evictable,
	  const struct port_range *range, struct nat_usage *out)
{
	struct portset inside, none;
	portset_clear(&inside);
	portset_add_range(&inside, range->low, range->high);
	portset_and(&inside, taken);
	/* A single port is taken without a look at it: nothing is given up for it. */
	if (range->low == range->high) {
		portset_clear(&none);
		evictable = &none;
	}
	const struct ring ring = {&inside, evictable, range, range_size(range)};
	uint32_t count = portset_count(&inside);
	out->capacity = ring.size;
	out->used = portset_count_andnot(&inside, evictable);
	out->remaining = out->capacity - out->used;
	out->evictable = count - out->used;
	out->percent = severity_percent(out->remaining, out->capacity);
	out->loss_ppm = (uint32_t)(loss(&ring, count) * NAT_PPM + 0.5);
}

#define SEEN_ENOUGH 32

void
nat_seen_add(struct nat_seen *seen, uint16_t outside_port, bool moved)
{
	if (seen->seen == 0 || outside_port < seen->lowest)
		seen->lowest = outside_port;
	if (seen->seen == 0 || outside_port > seen->highest)
		seen->highest = outside_port;
	seen->seen++;
	seen->moved += moved;
}

bool
nat_seen_range(const struct nat_seen *seen, const struct port_range *usual, struct port_range *out)
{
	const struct port_range shown = {seen->lowest, seen->highest};
	*out = *usual;
	if (seen->moved < SEEN_ENOUGH || range_size(&shown) * 5 >= range_size(usual) * 4)
		return false;
	*out = shown;
	return true;
}

uint32_t
nat_lost_ppm(const struct nat_usage *usage, uint32_t moved, uint32_t seen)
{
	if (usage->remaining == 0)
		return NAT_PPM;
	return seen == 0 ? 0 : (uint32_t)((uint64_t)usage->loss_ppm * moved / seen);
}

enum severity
nat_severity(const struct levels *levels, uint32_t lost_ppm)
{
	if (levels->critical_loss != 0 && lost_ppm >= levels->critical_loss)
		return SEVERITY_CRITICAL;
	bool warning = levels->warning_loss != 0 && lost_ppm >= levels->warning_loss;
	return warning ? SEVERITY_WARNING : SEVERITY_NORMAL;
}

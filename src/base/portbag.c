/* SPDX-License-Identifier: ISC */
#include "base/portbag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
portbag_init(struct portbag *bag)
{
	memset(bag, 0, sizeof(*bag));
	bag->capacity = PORTBAG_FEW;
}

void
portbag_free(struct portbag *bag)
{
	if (bag->capacity != PORTBAG_FEW)
		free(bag->capacity == 0 ? (void *)bag->u.bits : (void *)bag->u.list);
	portbag_init(bag);
}

static bool
is_bitmap(const struct portbag *bag)
{
	return bag->capacity == 0;
}

/* The ports while they are a list, in whichever of the two places. */
static uint16_t *
list_of(struct portbag *bag)
{
	return bag->capacity == PORTBAG_FEW ? bag->u.few : bag->u.list;
}

static const uint16_t *
list_of_const(const struct portbag *bag)
{
	return bag->capacity == PORTBAG_FEW ? bag->u.few : bag->u.list;
}

/* Position of the first entry that is not below port. */
static uint32_t
lower_bound(const uint16_t *list, uint32_t count, uint16_t port)
{
	uint32_t low = 0;
	while (count > 0) {
		uint32_t half = count / 2;
		if (list[low + half] < port) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

/* Doubles a full list, or turns it into a bitmap when it has reached its limit. */
static bool
grow(struct portbag *bag, const struct port_range *range)
{
	uint16_t *old = list_of(bag);
	if (bag->capacity >= PORTBAG_LIST_MAX) {
		uint64_t *bits = calloc((range_size(range) + 63) / 64, sizeof(*bits));
		if (bits == NULL)
			return false;
		for (uint32_t i = 0; i < bag->count; i++) {
			uint32_t at = (uint32_t)(old[i] - range->low);
			bits[at / 64] |= UINT64_C(1) << (at % 64);
		}
		free(old);
		bag->u.bits = bits;
		bag->capacity = 0;
		return true;
	}
	uint16_t room = (uint16_t)(bag->capacity * 2);
	uint16_t *list = malloc(room * sizeof(*list));
	if (list == NULL)
		return false;
	memcpy(list, old, bag->count * sizeof(*list));
	if (bag->capacity != PORTBAG_FEW)
		free(old);
	bag->u.list = list;
	bag->capacity = room;
	return true;
}

static int
add_bit(struct portbag *bag, const struct port_range *range, uint16_t port)
{
	uint32_t at = (uint32_t)(port - range->low);
	uint64_t bit = UINT64_C(1) << (at % 64);
	if (bag->u.bits[at / 64] & bit)
		return 0;
	bag->u.bits[at / 64] |= bit;
	bag->count++;
	return 1;
}

int
portbag_add(struct portbag *bag, const struct port_range *range, uint16_t port)
{
	if (is_bitmap(bag))
		return add_bit(bag, range, port);
	uint16_t *list = list_of(bag);
	uint32_t at = lower_bound(list, bag->count, port);
	if (at < bag->count && list[at] == port)
		return 0;
	if (bag->count == bag->capacity) {
		if (!grow(bag, range)) {
			errno = ENOMEM;
			return -1;
		}
		return portbag_add(bag, range, port);
	}
	memmove(list + at + 1, list + at, (bag->count - at) * sizeof(*list));
	list[at] = port;
	bag->count++;
	return 1;
}

/* What a bitmap has in the i-th word of a set that begins at the range's first word. */
static uint64_t
word_of(const struct portbag *bag, const struct port_range *range, uint32_t i)
{
	uint32_t words = (range_size(range) + 63) / 64, shift = range->low % 64;
	uint64_t word = i < words ? bag->u.bits[i] << shift : 0;
	if (shift != 0 && i > 0)
		word |= bag->u.bits[i - 1] >> (64 - shift);
	return word;
}

/* Words of a set that the range lies in. */
static uint32_t
words_of(const struct port_range *range)
{
	return range->high / 64U - range->low / 64U + 1U;
}

uint32_t
portbag_count_without(const struct portbag *bag, const struct port_range *range,
		      const struct portset *without)
{
	uint32_t count = 0;
	if (is_bitmap(bag)) {
		const uint64_t *out = &without->word[range->low / 64];
		for (uint32_t i = 0; i < words_of(range); i++)
			count += portset_ones(word_of(bag, range, i) & ~out[i]);
		return count;
	}
	const uint16_t *list = list_of_const(bag);
	for (uint32_t i = 0; i < bag->count; i++)
		count += !portset_has(without, list[i]);
	return count;
}

bool
portbag_has(const struct portbag *bag, const struct port_range *range, uint16_t port)
{
	if (is_bitmap(bag)) {
		uint32_t at = (uint32_t)(port - range->low);
		return (bag->u.bits[at / 64] >> (at % 64)) & 1;
	}
	const uint16_t *list = list_of_const(bag);
	uint32_t at = lower_bound(list, bag->count, port);
	return at < bag->count && list[at] == port;
}

uint32_t
portbag_add_new(const struct portbag *bag, const struct port_range *range,
		const struct portset *within, struct portset *s)
{
	uint32_t count = 0;
	if (!is_bitmap(bag)) {
		const uint16_t *list = list_of_const(bag);
		for (uint32_t i = 0; i < bag->count; i++) {
			if (!portset_has(within, list[i]) || portset_has(s, list[i]))
				continue;
			portset_add(s, list[i]);
			count++;
		}
		return count;
	}
	const uint64_t *in = &within->word[range->low / 64];
	uint64_t *out = &s->word[range->low / 64];
	for (uint32_t i = 0; i < words_of(range); i++) {
		uint64_t fresh = word_of(bag, range, i) & in[i] & ~out[i];
		count += portset_ones(fresh);
		out[i] |= fresh;
	}
	return count;
}

void
portbag_add_to(const struct portbag *bag, const struct port_range *range, struct portset *s)
{
	if (!is_bitmap(bag)) {
		const uint16_t *list = list_of_const(bag);
		for (uint32_t i = 0; i < bag->count; i++)
			portset_add(s, list[i]);
		return;
	}
	uint64_t *out = &s->word[range->low / 64];
	for (uint32_t i = 0; i < words_of(range); i++)
		out[i] |= word_of(bag, range, i);
}

void
portbag_take_from(const struct portbag *bag, const struct port_range *range, struct portset *s)
{
	if (!is_bitmap(bag)) {
		const uint16_t *list = list_of_const(bag);
		for (uint32_t i = 0; i < bag->count; i++)
			portset_del(s, list[i]);
		return;
	}
	uint64_t *out = &s->word[range->low / 64];
	for (uint32_t i = 0; i < words_of(range); i++)
		out[i] &= ~word_of(bag, range, i);
}

bool
portbag_merge(struct portbag *bag, const struct port_range *range, const struct portbag *from)
{
	if (!is_bitmap(from)) {
		const uint16_t *list = list_of_const(from);
		for (uint32_t i = 0; i < from->count; i++)
			if (portbag_add(bag, range, list[i]) < 0)
				return false;
		return true;
	}
	for (uint32_t port = range->low; port <= range->high; port++)
		if (portbag_has(from, range, (uint16_t)port) &&
		    portbag_add(bag, range, (uint16_t)port) < 0)
			return false;
	return true;
}

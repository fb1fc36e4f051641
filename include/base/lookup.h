/* SPDX-License-Identifier: ISC */
/*
 * lookup: a hash index over an array that its owner keeps: it maps a hash to positions, the owner
 * compares. Open addressing, no deletion, never more than half full.
 */
#ifndef SRCPORTD_LOOKUP_H
#define SRCPORTD_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOKUP_NONE UINT32_MAX

struct lookup_slot {
	uint32_t hash;
	uint32_t position; /* + 1; 0 = empty */
};

struct lookup {
	struct lookup_slot *slots;
	uint32_t size; /* a power of two, or 0 */
	uint32_t used;
};

/* A hash over `words` 32-bit words. */
static inline uint32_t
lookup_hash(const uint32_t *word, size_t words)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < words; i++) {
		h = (h ^ word[i]) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	return (uint32_t)(h ^ (h >> 29));
}

/* The next position entered under `hash`, or LOOKUP_NONE. Start with *cursor = hash. */
static inline uint32_t
lookup_next(const struct lookup *l, uint32_t hash, uint32_t *cursor)
{
	if (l->size == 0)
		return LOOKUP_NONE;
	for (;; (*cursor)++) {
		const struct lookup_slot *slot = &l->slots[*cursor & (l->size - 1)];
		if (slot->position == 0)
			return LOOKUP_NONE;
		if (slot->hash == hash) {
			(*cursor)++;
			return slot->position - 1;
		}
	}
}

/* Enters a position under `hash`. False with errno ENOMEM; the index is then unchanged. */
bool lookup_enter(struct lookup *l, uint32_t hash, uint32_t position);

/* Frees the slots; it is then empty. */
void lookup_free(struct lookup *l);

#endif

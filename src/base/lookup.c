/* SPDX-License-Identifier: ISC */
#include "base/lookup.h"

#include <stdlib.h>

static void
put(struct lookup_slot *slots, uint32_t size, struct lookup_slot entry)
{
	uint32_t at = entry.hash & (size - 1);
	while (slots[at].position != 0)
		at = (at + 1) & (size - 1);
	slots[at] = entry;
}

static bool
double_size(struct lookup *l)
{
	uint32_t size = l->size == 0 ? 64 : l->size * 2;
	struct lookup_slot *slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < l->size; i++)
		if (l->slots[i].position != 0)
			put(slots, size, l->slots[i]);
	free(l->slots);
	l->slots = slots;
	l->size = size;
	return true;
}

bool
lookup_enter(struct lookup *l, uint32_t hash, uint32_t position)
{
	if (l->used >= l->size / 2 && !double_size(l))
		return false;
	put(l->slots, l->size, (struct lookup_slot){hash, position + 1});
	l->used++;
	return true;
}

void
lookup_free(struct lookup *l)
{
	free(l->slots);
	*l = (struct lookup){0};
}

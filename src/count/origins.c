/* SPDX-License-Identifier: ISC */
#include "count/memory.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST 256

struct entry {
	uint64_t cookie; /* 0 = empty: the kernel counts cookies from 1 */
	uint32_t poll;   /* when it was last seen */
	uint32_t origin;
};

struct memory {
	struct entry *entries;
	uint32_t size; /* a power of two, or 0 */
	uint32_t used;
	uint32_t poll;
	struct portset listening; /* of the last good poll */
	struct portset held;      /* of the last good poll: ports with sockets and no listener */
	struct portset former;    /* listened on once, and never without a socket since */
};

struct memory *
memory_new(void)
{
	return calloc(1, sizeof(struct memory));
}

void
memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	free(memory->entries);
	free(memory);
}

void
memory_begin(struct memory *memory)
{
	memory->poll++;
}

/* The cookie's entry, or the empty one where it would go. The table is never full. */
static struct entry *
find(struct entry *entries, uint32_t size, uint64_t cookie)
{
	uint32_t at = (uint32_t)((cookie * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (size - 1);
	while (entries[at].cookie != 0 && entries[at].cookie != cookie)
		at = (at + 1) & (size - 1);
	return &entries[at];
}

/* Moves the entries that `keep` (seen in this poll, or all) selects into a table of that size. */
static bool
rebuild(struct memory *memory, uint32_t size, bool all)
{
	struct entry *entries = calloc(size, sizeof(*entries));
	if (entries == NULL)
		return false;
	uint32_t used = 0;
	for (uint32_t i = 0; i < memory->size; i++) {
		const struct entry *e = &memory->entries[i];
		if (e->cookie == 0 || (!all && e->poll != memory->poll))
			continue;
		*find(entries, size, e->cookie) = *e;
		used++;
	}
	free(memory->entries);
	memory->entries = entries;
	memory->size = size;
	memory->used = used;
	return true;
}

/* Makes room for one cookie more; false if that may not or cannot be. */
static bool
make_room(struct memory *memory)
{
	if (memory->used < memory->size / 2)
		return true;
	return memory->used < MEMORY_MAX &&
	       rebuild(memory, memory->size == 0 ? SMALLEST : memory->size * 2, true);
}

void
memory_note(struct memory *memory, uint64_t cookie, enum origin origin)
{
	if (cookie == 0)
		return;
	/* A full table still takes what is new about a cookie that it has. */
	struct entry *e = NULL;
	if (memory->size > 0)
		e = find(memory->entries, memory->size, cookie);
	if (e == NULL || e->cookie == 0) {
		if (!make_room(memory))
			return;
		e = find(memory->entries, memory->size, cookie);
		memory->used++;
	}
	*e = (struct entry){cookie, memory->poll, origin};
}

enum origin
memory_recall(struct memory *memory, uint64_t cookie)
{
	if (memory->used == 0 || cookie == 0)
		return ORIGIN_UNKNOWN;
	struct entry *e = find(memory->entries, memory->size, cookie);
	if (e->cookie == 0)
		return ORIGIN_UNKNOWN;
	e->poll = memory->poll;
	return e->origin;
}

bool
memory_listened(const struct memory *memory, const struct port_range *range, uint16_t port)
{
	return portset_has(range_has(range, port) ? &memory->listening : &memory->former, port);
}

bool
memory_held(const struct memory *memory, uint16_t port)
{
	return portset_has(&memory->held, port);
}

void
memory_commit(struct memory *memory, const struct portset *listening, const struct portset *any,
	      bool whole)
{
	memory->listening = *listening;
	memory->held = *any;
	portset_andnot(&memory->held, listening);
	portset_or(&memory->former, listening);
	if (!whole)
		return;
	portset_and(&memory->former, any);

	uint32_t seen = 0;
	for (uint32_t i = 0; i < memory->size; i++)
		seen += memory->entries[i].cookie != 0 && memory->entries[i].poll == memory->poll;
	if (seen == memory->used)
		return;
	uint32_t size = SMALLEST;
	while (size / 4 < seen)
		size *= 2;
	/* Out of memory, the old entries stay until a later poll: more is remembered, not less. */
	rebuild(memory, size, false);
}

uint32_t
memory_count(const struct memory *memory)
{
	return memory->used;
}

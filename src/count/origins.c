/* SPDX-License-Identifier: ISC */
#include "count/origins.h"

#include "base/lookup.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST 256

struct entry {
	uint64_t cookie; /* 0 = empty: the kernel counts cookies from 1 */
	uint32_t poll;   /* when it was last seen */
	uint32_t origin;
};

struct origins {
	struct entry *entries;
	uint32_t size; /* a power of two, or 0 */
	uint32_t used;
	uint32_t poll;
	struct portset listening;   /* of the last good poll */
	struct portset held;        /* of the last good poll: ports with sockets and no listener */
	struct portset blocked;     /* of the last good poll */
	struct portset former;      /* listened on once, and never without a socket since */
	struct lookup explained[2]; /* pools, of the last good poll and of the one under way, */
	unsigned now;               /* which is this one */
	struct {
		uint32_t hash;
		enum stamps stamps;
	} peers[ORIGINS_PEERS];            /* each at its place */
	uint32_t binders[ORIGINS_BINDERS]; /* hashes of addresses, each at its place; 0 = none */
};

struct origins *
origins_new(void)
{
	return calloc(1, sizeof(struct origins));
}

void
origins_free(struct origins *origins)
{
	if (origins == NULL)
		return;
	free(origins->entries);
	lookup_free(&origins->explained[0]);
	lookup_free(&origins->explained[1]);
	free(origins);
}

void
origins_begin(struct origins *origins)
{
	origins->poll++;
	lookup_free(&origins->explained[origins->now]);
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
rebuild(struct origins *origins, uint32_t size, bool all)
{
	struct entry *entries = calloc(size, sizeof(*entries));
	if (entries == NULL)
		return false;
	uint32_t used = 0;
	for (uint32_t i = 0; i < origins->size; i++) {
		const struct entry *e = &origins->entries[i];
		if (e->cookie == 0 || (!all && e->poll != origins->poll))
			continue;
		*find(entries, size, e->cookie) = *e;
		used++;
	}
	free(origins->entries);
	origins->entries = entries;
	origins->size = size;
	origins->used = used;
	return true;
}

/* Makes room for one cookie more; false if that may not or cannot be. */
static bool
make_room(struct origins *origins)
{
	if (origins->used < origins->size / 2)
		return true;
	return origins->used < ORIGINS_MAX &&
	       rebuild(origins, origins->size == 0 ? SMALLEST : origins->size * 2, true);
}

void
origins_note(struct origins *origins, uint64_t cookie, enum origin origin)
{
	if (cookie == 0)
		return;
	/* A full table still takes what is new about a cookie that it has. */
	struct entry *e = NULL;
	if (origins->size > 0)
		e = find(origins->entries, origins->size, cookie);
	if (e == NULL || e->cookie == 0) {
		if (!make_room(origins))
			return;
		e = find(origins->entries, origins->size, cookie);
		origins->used++;
	}
	*e = (struct entry){cookie, origins->poll, origin};
}

enum origin
origins_recall(struct origins *origins, uint64_t cookie)
{
	if (origins->used == 0 || cookie == 0)
		return ORIGIN_UNKNOWN;
	struct entry *e = find(origins->entries, origins->size, cookie);
	if (e->cookie == 0)
		return ORIGIN_UNKNOWN;
	e->poll = origins->poll;
	return e->origin;
}

bool
origins_listened(const struct origins *origins, const struct port_range *range, uint16_t port)
{
	return portset_has(range_has(range, port) ? &origins->listening : &origins->former, port);
}

bool
origins_held(const struct origins *origins, uint16_t port)
{
	return portset_has(&origins->held, port);
}

bool
origins_blocked(const struct origins *origins, uint16_t port)
{
	return portset_has(&origins->blocked, port);
}

void
origins_commit(struct origins *origins, const struct portset *listening,
	       const struct portset *bound, const struct portset *any, bool whole)
{
	origins->now = !origins->now;
	origins->blocked = *listening;
	portset_or(&origins->blocked, bound);
	origins->listening = *listening;
	origins->held = *any;
	portset_andnot(&origins->held, listening);
	portset_or(&origins->former, listening);
	if (!whole)
		return;
	portset_and(&origins->former, any);

	uint32_t seen = 0;
	for (uint32_t i = 0; i < origins->size; i++)
		seen +=
		    origins->entries[i].cookie != 0 && origins->entries[i].poll == origins->poll;
	if (seen == origins->used)
		return;
	uint32_t size = SMALLEST;
	while (size / 4 < seen)
		size *= 2;
	/* Out of memory, the old entries stay until a later poll: more is remembered, not less. */
	rebuild(origins, size, false);
}

uint32_t
origins_count(const struct origins *origins)
{
	return origins->used;
}

void
origins_explain(struct origins *origins, uint32_t hash)
{
	lookup_enter(&origins->explained[origins->now], hash, 0);
}

bool
origins_explained(const struct origins *origins, uint32_t hash)
{
	uint32_t cursor = hash;
	return lookup_next(&origins->explained[!origins->now], hash, &cursor) != LOOKUP_NONE;
}

void
origins_note_stamps(struct origins *origins, uint32_t hash, enum stamps stamps)
{
	origins->peers[hash % ORIGINS_PEERS].hash = hash;
	origins->peers[hash % ORIGINS_PEERS].stamps = stamps;
}

enum stamps
origins_stamps(const struct origins *origins, uint32_t hash)
{
	uint32_t at = hash % ORIGINS_PEERS;
	return origins->peers[at].hash == hash ? origins->peers[at].stamps : STAMPS_UNKNOWN;
}

void
origins_note_binder(struct origins *origins, uint32_t hash)
{
	origins->binders[hash % ORIGINS_BINDERS] = hash;
}

bool
origins_binder(const struct origins *origins, uint32_t hash)
{
	return hash != 0 && origins->binders[hash % ORIGINS_BINDERS] == hash;
}

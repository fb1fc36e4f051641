/* SPDX-License-Identifier: ISC */
#include "snapshot.h"

#include "lookup.h"
#include "mib_index.h"
#include "select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rank of a row: the worse and the tighter, the sooner; a hash of its key breaks ties, so that the
 * choice among equals stays the same from poll to poll. */
static uint64_t
rank(enum severity severity, uint32_t remaining, uint32_t key_hash)
{
	uint64_t worse_first = severity >= SEVERITY_CRITICAL ? 0 : severity == SEVERITY_WARNING ? 1 : 2;
	return worse_first << 60 | (uint64_t)remaining << 32 | key_hash;
}

static uint32_t
hash_of(const struct addr *a, const struct addr *b, uint16_t port)
{
	uint32_t word[11] = {0};
	memcpy(word, a, sizeof(*a));
	if (b != NULL)
		memcpy(word + 5, b, sizeof(*b));
	word[10] = port;
	return lookup_hash(word, 11);
}

static int
compare_pools(const void *left, const void *right)
{
	const struct pool_tally *a = &((const struct pool_row *)left)->t;
	const struct pool_tally *b = &((const struct pool_row *)right)->t;
	int by_peer = addr_compare(&a->peer, &b->peer);
	if (by_peer != 0)
		return by_peer;
	if (a->port != b->port)
		return (int)a->port - (int)b->port;
	return addr_compare(&a->local, &b->local);
}

static int
compare_peers(const void *left, const void *right)
{
	return addr_compare(&((const struct peer_row *)left)->t.peer,
	                    &((const struct peer_row *)right)->t.peer);
}

static int
compare_locals(const void *left, const void *right)
{
	return addr_compare(&((const struct local_row *)left)->t.address,
	                    &((const struct local_row *)right)->t.address);
}

/* calloc() that gives a pointer for no elements too. */
static void *
array(uint32_t count, size_t size)
{
	return calloc(count == 0 ? 1 : count, size);
}

static bool
take_pools(struct snapshot *s, const struct tally *tally, uint32_t limit)
{
	struct candidate *c = array(tally->pool_count, sizeof(*c));
	if (c == NULL)
		return false;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct pool_tally *p = &tally->pools[i];
		c[i] = (struct candidate){
		    rank(p->usage.severity, p->usage.remaining, hash_of(&p->local, &p->peer, p->port)),
		    i};
	}
	s->pool_count = select_first(c, tally->pool_count, limit);
	s->poll.omitted_pools = tally->pool_count - s->pool_count;
	s->pools = array(s->pool_count, sizeof(*s->pools));
	for (uint32_t i = 0; s->pools != NULL && i < s->pool_count; i++)
		s->pools[i].t = tally->pools[c[i].position];
	free(c);
	if (s->pools == NULL)
		return false;
	qsort(s->pools, s->pool_count, sizeof(*s->pools), compare_pools);
	return true;
}

static bool
take_peers(struct snapshot *s, const struct tally *tally, uint32_t limit)
{
	struct candidate *c = array(tally->peer_count, sizeof(*c));
	if (c == NULL)
		return false;
	for (uint32_t i = 0; i < tally->peer_count; i++) {
		const struct peer_tally *p = &tally->peers[i];
		c[i] = (struct candidate){
		    rank(p->usage.severity, p->usage.tightest, hash_of(&p->peer, NULL, 0)), i};
	}
	s->peer_count = select_first(c, tally->peer_count, limit);
	s->poll.omitted_peers = tally->peer_count - s->peer_count;
	s->peers = array(s->peer_count, sizeof(*s->peers));
	for (uint32_t i = 0; s->peers != NULL && i < s->peer_count; i++)
		s->peers[i].t = tally->peers[c[i].position];
	free(c);
	if (s->peers == NULL)
		return false;
	qsort(s->peers, s->peer_count, sizeof(*s->peers), compare_peers);
	return true;
}

static bool
take_locals(struct snapshot *s, const struct tally *tally, uint32_t limit)
{
	struct candidate *c = array(tally->local_count, sizeof(*c));
	if (c == NULL)
		return false;
	for (uint32_t i = 0; i < tally->local_count; i++) {
		const struct local_tally *l = &tally->locals[i];
		c[i] = (struct candidate){
		    rank(SEVERITY_NORMAL, l->remaining, hash_of(&l->address, NULL, 0)), i};
	}
	s->local_count = select_first(c, tally->local_count, limit);
	s->poll.omitted_locals = tally->local_count - s->local_count;
	s->locals = array(s->local_count, sizeof(*s->locals));
	for (uint32_t i = 0; s->locals != NULL && i < s->local_count; i++)
		s->locals[i].t = tally->locals[c[i].position];
	free(c);
	if (s->locals == NULL)
		return false;
	qsort(s->locals, s->local_count, sizeof(*s->locals), compare_locals);
	return true;
}

/* Encodes every row's OID suffix once, into one store. */
static bool
encode_indexes(struct snapshot *s)
{
	size_t room = (size_t)s->pool_count * MIB_INDEX_POOL_MAX +
	              (size_t)s->peer_count * MIB_INDEX_PEER_MAX +
	              (size_t)s->local_count * MIB_INDEX_LOCAL_MAX;
	uint32_t *store = malloc((room + 1) * sizeof(*store));
	if (store == NULL)
		return false;
	uint32_t *at = store;
	size_t used[3] = {0};
	for (uint32_t i = 0; i < s->pool_count; i++) {
		s->pools[i].index.length = (uint32_t)mib_index_pool(&s->pools[i].t, at);
		at += s->pools[i].index.length;
	}
	used[0] = (size_t)(at - store);
	for (uint32_t i = 0; i < s->peer_count; i++) {
		s->peers[i].index.length = (uint32_t)mib_index_peer(&s->peers[i].t, at);
		at += s->peers[i].index.length;
	}
	used[1] = (size_t)(at - store);
	for (uint32_t i = 0; i < s->local_count; i++) {
		s->locals[i].index.length = (uint32_t)mib_index_local(&s->locals[i].t, at);
		at += s->locals[i].index.length;
	}
	used[2] = (size_t)(at - store);

	/* Give back what short (IPv4) suffixes did not need, then point the rows at it. */
	uint32_t *fitted = realloc(store, (used[2] + 1) * sizeof(*store));
	s->index_store = fitted != NULL ? fitted : store;
	const uint32_t *sub = s->index_store;
	for (uint32_t i = 0; i < s->pool_count; sub += s->pools[i++].index.length)
		s->pools[i].index.sub = sub;
	for (uint32_t i = 0; i < s->peer_count; sub += s->peers[i++].index.length)
		s->peers[i].index.sub = sub;
	for (uint32_t i = 0; i < s->local_count; sub += s->locals[i++].index.length)
		s->locals[i].index.sub = sub;
	return true;
}

static enum severity
worst(const struct tally *tally)
{
	enum severity severity = SEVERITY_NORMAL;
	for (uint32_t i = 0; i < tally->peer_count; i++)
		if (tally->peers[i].usage.severity > severity)
			severity = tally->peers[i].usage.severity;
	for (uint32_t i = 0; i < tally->target_count; i++)
		if (tally->targets[i].usage.severity > severity)
			severity = tally->targets[i].usage.severity;
	return severity;
}

struct snapshot *
snapshot_build(const struct tally *tally, const struct poll_stats *poll,
               const struct row_limits *limits)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	atomic_init(&s->references, 1);
	s->poll = *poll;
	s->poll.features |= tally->features;
	s->range = tally->range;
	s->totals = tally->totals;
	s->severity = worst(tally);
	if (take_pools(s, tally, limits->pools) && take_peers(s, tally, limits->peers) &&
	    take_locals(s, tally, limits->locals) && encode_indexes(s))
		return s;
	snapshot_release(s);
	errno = ENOMEM;
	return NULL;
}

struct snapshot *
snapshot_repeat(struct snapshot *last, const struct poll_stats *poll)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	if (last != NULL) {
		/* Hold the owner of the rows, not a chain of repeats. */
		*s = *last;
		s->rows_from = snapshot_hold(last->rows_from != NULL ? last->rows_from : last);
	} else {
		s->severity = SEVERITY_UNKNOWN;
	}
	uint32_t omitted[3] = {s->poll.omitted_pools, s->poll.omitted_peers, s->poll.omitted_locals};
	s->poll = *poll;
	s->poll.omitted_pools = omitted[0];
	s->poll.omitted_peers = omitted[1];
	s->poll.omitted_locals = omitted[2];
	atomic_init(&s->references, 1);
	return s;
}

struct snapshot *
snapshot_hold(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

void
snapshot_release(struct snapshot *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
		return;
	if (s->rows_from != NULL) {
		snapshot_release(s->rows_from);
	} else {
		free(s->pools);
		free(s->peers);
		free(s->locals);
		free(s->index_store);
	}
	free(s);
}

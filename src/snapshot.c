/* SPDX-License-Identifier: ISC */
#include "snapshot.h"

#include "lookup.h"
#include "mib_index.h"
#include "select.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rank of a row: the worse and the tighter, the sooner; a hash of its key breaks ties, so that the
 * choice among equals stays the same from poll to poll. */
static uint64_t
rank(enum severity severity, uint32_t remaining, uint32_t key_hash)
{
	uint64_t worse_first = severity >= SEVERITY_CRITICAL  ? 0
			       : severity == SEVERITY_WARNING ? 1
							      : 2;
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
compare_owners(const void *left, const void *right)
{
	const struct owner *a = &((const struct owner_row *)left)->t;
	const struct owner *b = &((const struct owner_row *)right)->t;
	int by_peer = addr_compare(&a->peer, &b->peer);
	if (by_peer != 0)
		return by_peer;
	if (a->port != b->port)
		return (int)a->port - (int)b->port;
	int by_local = addr_compare(&a->local, &b->local);
	return by_local != 0 ? by_local : (int)a->number - (int)b->number;
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

/* By length, then by octets: the order of the encoded names. */
static int
compare_targets(const void *left, const void *right)
{
	const char *a = ((const struct target_row *)left)->t.target->name;
	const char *b = ((const struct target_row *)right)->t.target->name;
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

static int
compare_alarms(const void *left, const void *right)
{
	uint32_t a = ((const struct alarm_row *)left)->t.id;
	uint32_t b = ((const struct alarm_row *)right)->t.id;
	return (a > b) - (a < b);
}

static uint64_t
rank_pool(const void *tally)
{
	const struct pool_tally *p = tally;
	return rank(p->usage.severity, p->usage.remaining, hash_of(&p->local, &p->peer, p->port));
}

static uint64_t
rank_peer(const void *tally)
{
	const struct peer_tally *p = tally;
	return rank(p->usage.severity, p->usage.tightest, hash_of(&p->peer, NULL, 0));
}

static uint64_t
rank_local(const void *tally)
{
	const struct local_tally *l = tally;
	return rank(SEVERITY_NORMAL, l->remaining, hash_of(&l->address, NULL, 0));
}

/* Of targets, alarms and owners none is left out. */
static uint64_t
rank_equal(const void *tally)
{
	(void)tally;
	return 0;
}

static size_t
encode_pool(const void *row, uint32_t *out)
{
	return mib_index_pool(&((const struct pool_row *)row)->t, out);
}

static size_t
encode_peer(const void *row, uint32_t *out)
{
	return mib_index_peer(&((const struct peer_row *)row)->t, out);
}

static size_t
encode_local(const void *row, uint32_t *out)
{
	return mib_index_local(&((const struct local_row *)row)->t, out);
}

static size_t
encode_target(const void *row, uint32_t *out)
{
	return mib_index_target(((const struct target_row *)row)->t.target->name, out);
}

static size_t
encode_alarm(const void *row, uint32_t *out)
{
	return mib_index_alarm(&((const struct alarm_row *)row)->t, out);
}

static size_t
encode_owner(const void *row, uint32_t *out)
{
	return mib_index_owner(&((const struct owner_row *)row)->t, out);
}

/* A table of rows: a row is a struct row_index and, at tally_offset, a copy of a tally. */
struct row_kind {
	size_t row_size, tally_offset, tally_size, index_max;
	uint64_t (*rank)(const void *tally);
	int (*compare)(const void *row, const void *other); /* MIB order */
	size_t (*encode)(const void *row, uint32_t *out);
};

#define ROW_KIND(row, index_max, rank, compare, encode)                                            \
	{                                                                                          \
		sizeof(struct row), offsetof(struct row, t), sizeof(((struct row *)0)->t),         \
		    index_max, rank, compare, encode                                               \
	}

static const struct row_kind kinds[SNAPSHOT_TABLES] = {
    [SNAPSHOT_POOLS] =
	ROW_KIND(pool_row, MIB_INDEX_POOL_MAX, rank_pool, compare_pools, encode_pool),
    [SNAPSHOT_PEERS] =
	ROW_KIND(peer_row, MIB_INDEX_PEER_MAX, rank_peer, compare_peers, encode_peer),
    [SNAPSHOT_LOCALS] =
	ROW_KIND(local_row, MIB_INDEX_LOCAL_MAX, rank_local, compare_locals, encode_local),
    [SNAPSHOT_TARGETS] =
	ROW_KIND(target_row, MIB_INDEX_TARGET_MAX, rank_equal, compare_targets, encode_target),
    [SNAPSHOT_ALARMS] =
	ROW_KIND(alarm_row, MIB_INDEX_ALARM_MAX, rank_equal, compare_alarms, encode_alarm),
    [SNAPSHOT_OWNERS] =
	ROW_KIND(owner_row, MIB_INDEX_OWNER_MAX, rank_equal, compare_owners, encode_owner),
};

/* calloc() that gives a pointer for no elements too. */
static void *
array(uint32_t count, size_t size)
{
	return calloc(count == 0 ? 1 : count, size);
}

/* The `limit` foremost of the tallies as rows in MIB order; NULL with errno ENOMEM. */
static void *
take_rows(const struct row_kind *kind, const void *tallies, uint32_t count, uint32_t limit,
	  uint32_t *taken)
{
	struct candidate *c = array(count, sizeof(*c));
	if (c == NULL)
		return NULL;
	const char *tally = tallies;
	for (uint32_t i = 0; i < count; i++)
		c[i] = (struct candidate){kind->rank(tally + i * kind->tally_size), i};
	*taken = select_first(c, count, limit);
	char *rows = array(*taken, kind->row_size);
	for (uint32_t i = 0; rows != NULL && i < *taken; i++)
		memcpy(rows + i * kind->row_size + kind->tally_offset,
		       tally + c[i].position * kind->tally_size, kind->tally_size);
	free(c);
	if (rows != NULL)
		qsort(rows, *taken, kind->row_size, kind->compare);
	return rows;
}

/* Encodes every row's OID suffix into one store, which is returned; NULL with errno ENOMEM. */
static uint32_t *
encode_rows(const struct row_kind *kind, void *rows, uint32_t count)
{
	uint32_t *store = array(count, kind->index_max * sizeof(*store));
	if (store == NULL)
		return NULL;
	size_t used = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct row_index *index = (void *)((char *)rows + i * kind->row_size);
		index->length = (uint32_t)kind->encode(index, store + used);
		used += index->length;
	}
	/* Give back what short (IPv4) suffixes did not need, then point the rows at it. */
	uint32_t *fitted = realloc(store, (used + 1) * sizeof(*store));
	const uint32_t *sub = store = fitted != NULL ? fitted : store;
	for (uint32_t i = 0; i < count; i++) {
		struct row_index *index = (void *)((char *)rows + i * kind->row_size);
		index->sub = sub;
		sub += index->length;
	}
	return store;
}

static bool
take_table(struct snapshot *s, enum snapshot_table table, const void *tallies, uint32_t count,
	   uint32_t limit, void **rows, uint32_t *taken)
{
	*rows = take_rows(&kinds[table], tallies, count, limit, taken);
	if (*rows == NULL)
		return false;
	s->index_store[table] = encode_rows(&kinds[table], *rows, *taken);
	return s->index_store[table] != NULL;
}

static bool
take_tables(struct snapshot *s, const struct tally *tally, const struct row_limits *limits)
{
	void *pools = NULL, *peers = NULL, *locals = NULL, *targets = NULL, *alarms = NULL,
	     *owners = NULL;
	static const struct owner nobody;
	const struct owner_list *list = tally->owners;
	bool good =
	    take_table(s, SNAPSHOT_POOLS, tally->pools, tally->pool_count, limits->pools, &pools,
		       &s->pool_count) &&
	    take_table(s, SNAPSHOT_PEERS, tally->peers, tally->peer_count, limits->peers, &peers,
		       &s->peer_count) &&
	    take_table(s, SNAPSHOT_LOCALS, tally->locals, tally->local_count, limits->locals,
		       &locals, &s->local_count) &&
	    take_table(s, SNAPSHOT_TARGETS, tally->targets, tally->target_count, UINT32_MAX,
		       &targets, &s->target_count) &&
	    take_table(s, SNAPSHOT_ALARMS, tally->alarms, tally->alarm_count, UINT32_MAX, &alarms,
		       &s->alarm_count) &&
	    take_table(s, SNAPSHOT_OWNERS, list != NULL ? list->owners : &nobody,
		       list != NULL ? list->owner_count : 0, UINT32_MAX, &owners, &s->owner_count);
	s->pools = pools;
	s->peers = peers;
	s->locals = locals;
	s->targets = targets;
	s->alarms = alarms;
	s->owners = owners;
	/* The configuration may change, the snapshot stays. */
	for (uint32_t i = 0; targets != NULL && i < s->target_count; i++) {
		s->targets[i].spec = *s->targets[i].t.target;
		s->targets[i].t.target = &s->targets[i].spec;
	}
	s->omitted.pools = tally->pool_count - s->pool_count;
	s->omitted.peers = tally->peer_count - s->peer_count;
	s->omitted.locals = tally->local_count - s->local_count;
	s->omitted.connections = tally->totals.outbound;
	for (uint32_t i = 0; good && i < s->pool_count; i++)
		s->omitted.connections -= s->pools[i].t.usage.connections;
	return good;
}

static enum severity
worst(const struct tally *tally)
{
	enum severity severity = tally->host.severity;
	for (uint32_t i = 0; i < tally->peer_count; i++)
		if (tally->peers[i].usage.severity > severity)
			severity = tally->peers[i].usage.severity;
	for (uint32_t i = 0; i < tally->target_count; i++)
		if (tally->targets[i].usage.severity > severity)
			severity = tally->targets[i].usage.severity;
	return severity;
}

static struct extremes
find_extremes(const struct tally *tally)
{
	uint32_t capacity = tally->range.capacity;
	struct extremes e = {.nearness = tally->nearness,
			     .growth = tally->growth,
			     .least_remaining = capacity,
			     .highest_percent = level_percent(capacity, capacity)};
	const struct pool_tally *worst = NULL;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct usage *u = &tally->pools[i].usage;
		if (u->remaining < e.least_remaining)
			e.least_remaining = u->remaining;
		if (u->percent > e.highest_percent)
			e.highest_percent = u->percent;
		if (worst == NULL || u->severity > worst->usage.severity ||
		    (u->severity == worst->usage.severity && u->remaining < worst->usage.remaining))
			worst = &tally->pools[i];
	}
	if (worst != NULL)
		e.worst = *worst;
	return e;
}

/* An alarm of something that has no row, or none with a severity. */
static void
apply_alarms(struct snapshot *s)
{
	char key[ALARM_KEY_MAX];
	for (uint32_t i = 0; i < s->alarm_count; i++) {
		const struct alarm *a = &s->alarms[i].t;
		if (a->severity <= s->severity)
			continue;
		s->severity = a->severity;
		snprintf(s->message, sizeof(s->message), "%s: %.*s", alarm_key(&a->subject, key),
			 (int)(sizeof(s->message) - strlen(key) - 3), a->message);
	}
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
	s->failures = tally->failures;
	s->host = tally->host;
	s->severity = worst(tally);
	s->extremes = find_extremes(tally);
	s->alarm_summary = tally->alarm_summary;
	advice_system(tally, s->message);
	if (take_tables(s, tally, limits)) {
		apply_alarms(s);
		return s;
	}
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
		/* All but the reference count, which another thread may be changing. */
		const size_t after = offsetof(struct snapshot, rows_from);
		memcpy((char *)s + after, (const char *)last + after, sizeof(*s) - after);
		/* Hold the owner of the rows, not a chain of repeats. */
		s->rows_from = snapshot_hold(last->rows_from != NULL ? last->rows_from : last);
	} else {
		s->severity = SEVERITY_UNKNOWN;
		hostlimits_init(&s->host.limits);
		snprintf(s->message, sizeof(s->message), "no poll has succeeded yet%s%s",
			 poll->error[0] != '\0' ? ": " : "", poll->error);
	}
	s->poll = *poll;
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
		free(s->targets);
		free(s->alarms);
		free(s->owners);
		for (unsigned i = 0; i < SNAPSHOT_TABLES; i++)
			free(s->index_store[i]);
	}
	free(s);
}

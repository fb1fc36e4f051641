/* SPDX-License-Identifier: ISC */
#include "failures/failure_log.h"

#include "base/array.h"
#include "count/severity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
same_addresses(const struct addr *a, const struct addr *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

static bool
matches(const struct failed_pool *pool, const struct failure_sample *sample, bool elsewhere)
{
	return pool->port == sample->port && (pool->place == FAILED_ELSEWHERE) == elsewhere &&
	       same_addresses(&pool->peer, &sample->peer) &&
	       same_addresses(&pool->local, &sample->local);
}

/* Position of the sample's pool, or where it goes: behind the others, or if there is no room to the
 * quietest one's place. */
static uint32_t
position_of(const struct failure_log *log, const struct failure_sample *sample, bool elsewhere)
{
	if (log->pool_count > 0 && matches(&log->pools[log->last], sample, elsewhere))
		return log->last;
	uint32_t quietest = 0;
	for (uint32_t i = 0; i < log->pool_count; i++) {
		if (matches(&log->pools[i], sample, elsewhere))
			return i;
		if (log->pools[i].last_ms < log->pools[quietest].last_ms)
			quietest = i;
	}
	return log->pool_count < FAILURE_LOG_POOLS ? log->pool_count : quietest;
}

/* Where more pools fail at a time than there is room for, each takes the place of one that failed
 * lately, and comes back in its turn: that is no news. */
static bool
is_news(const struct failure_log *log, uint32_t i, uint64_t when_ms)
{
	return i == log->pool_count || log->pools[i].last_ms + FAILURE_RECENT_MS <= when_ms;
}

static bool
is_space(const struct failure_log *log, uint32_t i, const char *name)
{
	return i < log->space_count && strcmp(log->spaces[i].name, name) == 0;
}

/* Where room runs out, the one that has been quiet longest makes place. */
static void
count_space(struct failure_log *log, const char *name, uint64_t when_ms)
{
	uint32_t i = log->last_space, quietest = 0;
	for (uint32_t at = 0; !is_space(log, i, name) && at < log->space_count; at++) {
		if (is_space(log, at, name))
			i = at;
		if (log->spaces[at].last_ms < log->spaces[quietest].last_ms)
			quietest = at;
	}
	if (!is_space(log, i, name)) {
		i = log->space_count < FAILURE_LOG_SPACES ? log->space_count++ : quietest;
		log->forgot_ms = log->spaces[i].count > 0 ? when_ms : log->forgot_ms;
		log->spaces[i] = (struct failed_space){.count = 0};
		snprintf(log->spaces[i].name, sizeof(log->spaces[i].name), "%s", name);
	}
	log->spaces[i].count++;
	if (when_ms > log->spaces[i].last_ms)
		log->spaces[i].last_ms = when_ms;
	log->last_space = i;
}

uint32_t
failure_log_space(const struct failure_log *log, const char *name)
{
	for (uint32_t i = 0; i < log->space_count; i++)
		if (is_space(log, i, name))
			return log->spaces[i].count;
	return 0;
}

bool
failure_log_add(struct failure_log *log, const struct failure_sample *sample,
		const struct failure_process *process)
{
	const struct failed_pool *last = failure_log_last(log);
	uint64_t when_ms = sample->time_ns / 1000000;
	uint64_t latest_ms = last != NULL ? last->last_ms : 0;
	bool elsewhere = process->place == FAILED_ELSEWHERE;
	uint32_t i = position_of(log, sample, elsewhere);
	bool news = is_news(log, i, when_ms);
	if (elsewhere && process->space[0] != '\0')
		count_space(log, process->space, when_ms);
	struct failed_pool *pool = &log->pools[i];
	if (i < log->pool_count && !matches(pool, sample, elsewhere))
		log->forgot_ms = when_ms;
	if (i == log->pool_count || !matches(pool, sample, elsewhere))
		*pool = (struct failed_pool){.local = sample->local,
					     .peer = sample->peer,
					     .port = sample->port,
					     .place = process->place};
	if (i == log->pool_count)
		log->pool_count++;
	if (pool->place == FAILED_UNKNOWN)
		pool->place = process->place;
	pool->recent = news ? 1 : pool->recent + 1;
	pool->count++;
	/* The rings of several processors are read one after another. */
	if (when_ms >= pool->last_ms) {
		pool->last_ms = when_ms;
		pool->pid = sample->pid;
		snprintf(pool->process, sizeof(pool->process), "%s", process->name);
		snprintf(pool->space, sizeof(pool->space), "%s", process->space);
	}
	if (pool->last_ms >= latest_ms)
		log->last = i;
	return news;
}

const struct failed_pool *
failure_log_last(const struct failure_log *log)
{
	return log->pool_count > 0 ? &log->pools[log->last] : NULL;
}

const struct failed_pool *
failure_log_elsewhere(const struct failure_log *log)
{
	const struct failed_pool *last = NULL;
	for (uint32_t i = 0; i < log->pool_count; i++) {
		const struct failed_pool *pool = &log->pools[i];
		if (pool->place == FAILED_ELSEWHERE &&
		    (last == NULL || pool->last_ms > last->last_ms))
			last = pool;
	}
	return last;
}

struct failure_marks *
failure_marks_new(const struct tally *tally)
{
	size_t rows = (size_t)tally->pool_count + tally->peer_count + tally->target_count;
	struct failure_marks *m = calloc(1, sizeof(*m));
	struct failure_mark *store = array_new(rows, sizeof(*store));
	if (m == NULL || store == NULL) {
		free(store);
		free(m);
		return NULL;
	}
	m->pools = store;
	m->peers = m->pools + tally->pool_count;
	m->targets = m->peers + tally->peer_count;
	return m;
}

void
failure_marks_free(struct failure_marks *m)
{
	if (m == NULL)
		return;
	free(m->pools);
	free(m);
}

/* What failure_log_mark() works with: the log's own pools by peer, and for each of them the
 * position of the one of the tally's that it is, or LOOKUP_NONE. */
struct work {
	struct failure_log *log;
	const struct tally *tally;
	struct failure_marks *marks;
	struct lookup by_peer;
	uint32_t owner[FAILURE_LOG_POOLS];
	uint64_t now_ms;
};

/* The kernel tells of failures without the device. */
static uint32_t
hash_peer(const struct addr *peer)
{
	struct addr anywhere = *peer;
	anywhere.zone = 0;
	return addr_hash(&anywhere);
}

static void
mark(const struct work *work, const struct failed_pool *failed, struct failure_mark *row)
{
	row->count += failed->count;
	if (failed->last_ms + FAILURE_RECENT_MS > work->now_ms)
		row->recent += failed->recent;
}

/* Of pools that differ in their device only: the one without, or else the tightest. */
static bool
is_likelier(const struct tally *tally, const struct pool_tally *a, uint32_t than)
{
	if (than == LOOKUP_NONE)
		return true;
	const struct pool_tally *b = &tally->pools[than];
	if ((a->local.zone == 0) != (b->local.zone == 0))
		return a->local.zone == 0;
	return a->usage.remaining < b->usage.remaining;
}

static void
find_owner(struct work *work, uint32_t position)
{
	const struct pool_tally *pool = &work->tally->pools[position];
	uint32_t hash = hash_peer(&pool->peer), cursor = hash, i;
	while ((i = lookup_next(&work->by_peer, hash, &cursor)) != LOOKUP_NONE) {
		const struct failed_pool *failed = &work->log->pools[i];
		if (failed->port == pool->port && same_addresses(&failed->peer, &pool->peer) &&
		    same_addresses(&failed->local, &pool->local) &&
		    is_likelier(work->tally, pool, work->owner[i]))
			work->owner[i] = position;
	}
}

/* A pool that has lost its last socket counts on: its peer's counter must not go back. */
static void
mark_peer(struct work *work, uint32_t position)
{
	const struct addr *peer = &work->tally->peers[position].peer;
	uint32_t hash = hash_peer(peer), cursor = hash, i;
	while ((i = lookup_next(&work->by_peer, hash, &cursor)) != LOOKUP_NONE) {
		const struct failed_pool *failed = &work->log->pools[i];
		if (failed->place == FAILED_HERE && same_addresses(&failed->peer, peer) &&
		    failed->peer_zone == peer->zone)
			mark(work, failed, &work->marks->peers[position]);
	}
}

static void
settle(struct work *work, uint32_t i)
{
	struct failed_pool *failed = &work->log->pools[i];
	if (work->owner[i] == LOOKUP_NONE)
		return;
	const struct pool_tally *owner = &work->tally->pools[work->owner[i]];
	if (failed->peer_zone == 0)
		failed->peer_zone = owner->peer.zone;
	if (failed->place == FAILED_UNKNOWN &&
	    severity_percent(owner->usage.tightest - owner->usage.uncertain,
			     owner->usage.capacity) >= FAILURE_LIKELY_PERCENT)
		failed->place = FAILED_HERE;
	if (failed->place == FAILED_HERE)
		mark(work, failed, &work->marks->pools[work->owner[i]]);
}

/* A target needs no row of its own to fail: also a pool without a socket may have no port left. */
static void
mark_target(struct work *work, uint32_t position)
{
	const struct target *target = work->tally->targets[position].target;
	for (uint32_t i = 0; i < work->log->pool_count; i++) {
		const struct failed_pool *failed = &work->log->pools[i];
		if (failed->place == FAILED_HERE &&
		    target_matches(target, &failed->peer, failed->port))
			mark(work, failed, &work->marks->targets[position]);
	}
}

void
failure_log_mark(struct failure_log *log, const struct tally *tally, uint64_t now_ms,
		 struct failure_marks *marks)
{
	struct work work = {.log = log, .tally = tally, .marks = marks, .now_ms = now_ms};
	if (log->pool_count == 0)
		return;
	for (uint32_t i = 0; i < log->pool_count; i++) {
		work.owner[i] = LOOKUP_NONE;
		if (log->pools[i].place != FAILED_ELSEWHERE)
			lookup_enter(&work.by_peer, hash_peer(&log->pools[i].peer), i);
	}
	for (uint32_t i = 0; i < tally->pool_count; i++)
		find_owner(&work, i);
	for (uint32_t i = 0; i < log->pool_count; i++)
		settle(&work, i);
	for (uint32_t i = 0; i < log->pool_count; i++)
		if (log->pools[i].last_ms + FAILURE_RECENT_MS > now_ms)
			marks->recent[log->pools[i].place] += log->pools[i].recent;
	for (uint32_t i = 0; i < tally->peer_count; i++)
		mark_peer(&work, i);
	for (uint32_t i = 0; i < tally->target_count; i++)
		mark_target(&work, i);
	lookup_free(&work.by_peer);
}

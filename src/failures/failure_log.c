/* SPDX-License-Identifier: ISC */
#include "failures/failure_log.h"

#include <stdio.h>
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
	struct failed_pool *pool = &log->pools[i];
	if (i == log->pool_count || !matches(pool, sample, elsewhere))
		*pool = (struct failed_pool){.local = sample->local,
					     .peer = sample->peer,
					     .port = sample->port,
					     .place = process->place};
	if (i == log->pool_count)
		log->pool_count++;
	if (pool->place == FAILED_UNKNOWN)
		pool->place = process->place;
	pool->count++;
	/* The rings of several processors are read one after another. */
	if (when_ms >= pool->last_ms) {
		pool->last_ms = when_ms;
		pool->pid = sample->pid;
		snprintf(pool->process, sizeof(pool->process), "%s", process->name);
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

/* What failure_log_apply() works with: the log's own pools by peer, and for each of them the one of
 * the tally's that it is. */
struct work {
	struct failure_log *log;
	struct lookup by_peer;
	struct pool_tally *owner[FAILURE_LOG_POOLS];
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

static bool
is_recent(const struct work *work, const struct failed_pool *failed)
{
	return failed->last_ms + FAILURE_RECENT_MS > work->now_ms;
}

static void
mark(const struct work *work, const struct failed_pool *failed, struct usage *usage)
{
	usage->failures += failed->count;
	if (!is_recent(work, failed))
		return;
	usage->failing = true;
	usage->severity = SEVERITY_CRITICAL;
	usage->cause = CAUSE_FAILURES;
}

/* Of pools that differ in their device only: the one without, or else the tightest. */
static bool
is_likelier(const struct pool_tally *a, const struct pool_tally *b)
{
	if (b == NULL)
		return true;
	if ((a->local.zone == 0) != (b->local.zone == 0))
		return a->local.zone == 0;
	return a->usage.remaining < b->usage.remaining;
}

static void
find_owner(struct work *work, struct pool_tally *pool)
{
	uint32_t hash = hash_peer(&pool->peer), cursor = hash, i;
	while ((i = lookup_next(&work->by_peer, hash, &cursor)) != LOOKUP_NONE) {
		const struct failed_pool *failed = &work->log->pools[i];
		if (failed->port == pool->port && same_addresses(&failed->peer, &pool->peer) &&
		    same_addresses(&failed->local, &pool->local) &&
		    is_likelier(pool, work->owner[i]))
			work->owner[i] = pool;
	}
}

/* A pool that has lost its last socket counts on: its peer's counter must not go back. */
static void
mark_peer(struct work *work, struct peer_tally *peer)
{
	uint32_t hash = hash_peer(&peer->peer), cursor = hash, i;
	while ((i = lookup_next(&work->by_peer, hash, &cursor)) != LOOKUP_NONE) {
		const struct failed_pool *failed = &work->log->pools[i];
		if (failed->place == FAILED_HERE && same_addresses(&failed->peer, &peer->peer) &&
		    failed->peer_zone == peer->peer.zone)
			mark(work, failed, &peer->usage);
	}
}

static void
settle(struct work *work, uint32_t i)
{
	struct failed_pool *failed = &work->log->pools[i];
	struct pool_tally *owner = work->owner[i];
	if (owner == NULL)
		return;
	if (failed->peer_zone == 0)
		failed->peer_zone = owner->peer.zone;
	if (failed->place == FAILED_UNKNOWN && owner->usage.percent >= FAILURE_LIKELY_PERCENT)
		failed->place = FAILED_HERE;
	if (failed->place == FAILED_HERE)
		mark(work, failed, &owner->usage);
}

/* A target needs no row of its own to fail: also a pool without a socket may have no port left. */
static void
mark_target(struct work *work, struct target_tally *target)
{
	for (uint32_t i = 0; i < work->log->pool_count; i++) {
		const struct failed_pool *failed = &work->log->pools[i];
		if (failed->place == FAILED_HERE &&
		    target_matches(target->target, &failed->peer, failed->port))
			mark(work, failed, &target->usage);
	}
}

void
failure_log_apply(struct failure_log *log, struct tally *tally, uint64_t now_ms)
{
	struct work work = {.log = log, .now_ms = now_ms};
	if (log->pool_count == 0)
		return;
	for (uint32_t i = 0; i < log->pool_count; i++)
		if (log->pools[i].place != FAILED_ELSEWHERE &&
		    !lookup_enter(&work.by_peer, hash_peer(&log->pools[i].peer), i))
			break;
	for (uint32_t i = 0; i < tally->pool_count; i++)
		find_owner(&work, &tally->pools[i]);
	for (uint32_t i = 0; i < log->pool_count; i++)
		settle(&work, i);
	for (uint32_t i = 0; i < tally->peer_count; i++)
		mark_peer(&work, &tally->peers[i]);
	for (uint32_t i = 0; i < tally->target_count; i++)
		mark_target(&work, &tally->targets[i]);
	lookup_free(&work.by_peer);
}

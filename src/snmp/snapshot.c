/* SPDX-License-Identifier: ISC */
#include "snmp/snapshot.h"

#include "base/clean.h"
#include "base/pool_key.h"
#include "snmp/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tables that may have to leave rows out take those of the last snapshot into account. */
static bool
take_tables(struct snapshot *s, const struct tally *tally, const struct row_limits *limits,
	    const struct snapshot *last, uint32_t worst_pool)
{
	const struct owner_list *list = tally->owners;
	const struct snapshot none = {.pools = NULL};
	const struct snapshot *l = last != NULL ? last : &none;
	const struct {
		struct tallies from;
		struct rows last;
		void *rows; /* where they go */
		uint32_t *count;
	} tables[SNAPSHOT_TABLES] = {
	    [SNAPSHOT_POOLS] = {{tally->pools, tally->pool_count, limits->pools, worst_pool},
				{.rows = l->pools, .count = l->pool_count},
				&s->pools,
				&s->pool_count},
	    [SNAPSHOT_PEERS] = {{tally->peers, tally->peer_count, limits->peers, LOOKUP_NONE},
				{.rows = l->peers, .count = l->peer_count},
				&s->peers,
				&s->peer_count},
	    [SNAPSHOT_LOCALS] = {{tally->locals, tally->local_count, limits->locals, LOOKUP_NONE},
				 {.rows = l->locals, .count = l->local_count},
				 &s->locals,
				 &s->local_count},
	    [SNAPSHOT_TARGETS] = {{.tallies = tally->targets, .count = tally->target_count},
				  {.rows = NULL},
				  &s->targets,
				  &s->target_count},
	    [SNAPSHOT_ALARMS] = {{.tallies = tally->alarms, .count = tally->alarm_count},
				 {.rows = NULL},
				 &s->alarms,
				 &s->alarm_count},
	    [SNAPSHOT_OWNERS] = {{.tallies = list != NULL ? list->owners : NULL,
				  .count = list != NULL ? list->owner_count : 0},
				 {.rows = NULL},
				 &s->owners,
				 &s->owner_count},
	};
	for (unsigned i = 0; i < SNAPSHOT_TABLES; i++) {
		struct rows rows;
		if (!rows_take((enum snapshot_table)i, &tables[i].from, &tables[i].last, &rows))
			return false;
		memcpy(tables[i].rows, &rows.rows, sizeof(rows.rows));
		*tables[i].count = rows.count;
		s->index_store[i] = rows.index_store;
	}
	return true;
}

/* The configuration may change, the snapshot stays. */
static void
keep_specs(struct snapshot *s)
{
	for (uint32_t i = 0; i < s->target_count; i++) {
		s->targets[i].spec = *s->targets[i].t.target;
		s->targets[i].t.target = &s->targets[i].spec;
	}
}

/* Every outgoing connection is in one pool, of one peer and one local address: what the rows do not
 * have, the rest has. */
static void
count_omitted(struct snapshot *s, const struct tally *tally)
{
	uint32_t all = tally->totals.outbound;
	s->omitted.pools = (struct rest){tally->pool_count - s->pool_count, all};
	s->omitted.peers = (struct rest){tally->peer_count - s->peer_count, all};
	s->omitted.locals = (struct rest){tally->local_count - s->local_count, all};
	for (uint32_t i = 0; i < s->pool_count; i++)
		s->omitted.pools.connections -= s->pools[i].t.usage.connections;
	for (uint32_t i = 0; i < s->peer_count; i++)
		s->omitted.peers.connections -= s->peers[i].t.usage.connections;
	for (uint32_t i = 0; i < s->local_count; i++)
		s->omitted.locals.connections -= s->locals[i].t.connections;
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

/* The more severe, then the one with fewer remaining, then always the same of two: the kernel lists
 * them in any order. */
static bool
worse(const struct pool_tally *p, const struct pool_tally *than)
{
	if (p->usage.severity != than->usage.severity)
		return p->usage.severity > than->usage.severity;
	if (p->usage.remaining != than->usage.remaining)
		return p->usage.remaining < than->usage.remaining;
	return pool_key_compare(POOL_KEY(p), POOL_KEY(than)) < 0;
}

/* Returns the position of the worst pool, or LOOKUP_NONE. */
static uint32_t
find_extremes(const struct tally *tally, struct extremes *out)
{
	uint32_t capacity = tally->range.capacity, worst = LOOKUP_NONE;
	*out = (struct extremes){.nearness = tally->nearness,
				 .growth = tally->growth,
				 .least_remaining = capacity,
				 .highest_percent = severity_percent(capacity, capacity)};
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct usage *u = &tally->pools[i].usage;
		if (u->remaining < out->least_remaining)
			out->least_remaining = u->remaining;
		if (u->percent > out->highest_percent)
			out->highest_percent = u->percent;
		if (worst == LOOKUP_NONE || worse(&tally->pools[i], &tally->pools[worst]))
			worst = i;
	}
	if (worst != LOOKUP_NONE)
		out->worst = tally->pools[worst];
	return worst;
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
		int length =
		    snprintf(s->message, sizeof(s->message), "%s: ", alarm_key(&a->subject, key));
		/* Never half a character, should it not fit. */
		clean_text(a->message, strlen(a->message), s->message + length,
			   sizeof(s->message) - (size_t)length);
	}
}

struct snapshot *
snapshot_build(const struct tally *tally, const struct poll_stats *poll,
	       const struct row_limits *limits, const struct snapshot *last)
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
	uint32_t worst_pool = find_extremes(tally, &s->extremes);
	s->alarm_summary = tally->alarm_summary;
	advice_system(tally, s->message);
	if (take_tables(s, tally, limits, last, worst_pool)) {
		keep_specs(s);
		count_omitted(s, tally);
		apply_alarms(s);
		return s;
	}
	snapshot_release(s);
	errno = ENOMEM;
	return NULL;
}

/* True if the last good poll is too long ago to go by. The last of these intervals may have been
 * somewhat shorter than the rest: what counts is the poll that failed at its end. */
static bool
is_stale(const struct poll_stats *poll, uint64_t now_ms)
{
	uint64_t age_ms = now_ms > poll->made_ms ? now_ms - poll->made_ms : 0;
	return 2 * age_ms >= (2 * SNAPSHOT_PATIENCE - 1) * (uint64_t)poll->interval_s * 1000;
}

/* What is known without a good poll. */
static void
doubt(struct snapshot *s, uint64_t now_ms)
{
	const struct poll_stats *poll = &s->poll;
	s->severity = SEVERITY_UNKNOWN;
	if (poll->made_ms == 0)
		snprintf(s->message, sizeof(s->message), "no poll has succeeded yet%s%s",
			 poll->error[0] != '\0' ? ": " : "", poll->error);
	else
		snprintf(s->message, sizeof(s->message),
			 "no poll has succeeded for %" PRIu64 " s, the figures are that old: %s",
			 (now_ms - poll->made_ms + 500) / 1000, poll->error);
}

struct snapshot *
snapshot_repeat(struct snapshot *last, const struct poll_stats *poll, uint64_t now_ms)
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
		hostlimits_init(&s->host.limits);
	}
	s->poll = *poll;
	if (poll->made_ms == 0 || is_stale(poll, now_ms))
		doubt(s, now_ms);
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

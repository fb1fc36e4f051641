/* SPDX-License-Identifier: ISC */
#include "count/tally.h"

#include "base/array.h"
#include "count/formula.h"
#include "count/tally_local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The table on which one census is worked. */
struct bench {
	const struct census *census;
	const struct port_range *range;
	struct formula formula;
	struct portset scratch; /* always empty between two uses */
	uint32_t *next_of_peer; /* pools of one peer as a linked list */
	uint32_t *first_of_peer;
	struct lookup peers;
};

/* Adds every port that connect() cannot take for a pool to b->scratch, and takes them out again. */
static void
hold_pool(struct bench *b, const struct pool *pool)
{
	portbag_add_to(&pool->held, b->range, &b->scratch);
	portbag_add_to(&pool->asked, b->range, &b->scratch);
}

static void
release_pool(struct bench *b, const struct pool *pool)
{
	portbag_take_from(&pool->held, b->range, &b->scratch);
	portbag_take_from(&pool->asked, b->range, &b->scratch);
}

enum cause
usage_cause(const struct usage *u, enum severity severity, const struct levels *levels,
	    const struct range_tally *range)
{
	struct state_counts holding = u->states;
	holding.of[STATE_TIME_WAIT] -= u->recyclable;
	return severity_cause(severity, levels, &holding, u->capacity - u->tightest, u->capacity,
			      range->size);
}

const struct usage *
tally_tightest(const struct tally *tally, const struct target_tally *target)
{
	return target->pools > 0 ? &tally->pools[target->tightest_position].usage : &target->usage;
}

/* Percent, severity and cause from the numbers. A connect() fails when its own pool is empty, so
 * the tightest pool is what is judged, also for a peer with many. */
static void
judge(struct tally *tally, struct usage *u, const struct levels *levels)
{
	uint32_t close_wait = u->states.of[STATE_CLOSE_WAIT];
	unsigned nearness = severity_nearness(levels, u->tightest, u->capacity, close_wait);
	if (nearness > tally->nearness)
		tally->nearness = nearness;
	u->connections = tcp_state_sum(&u->states);
	u->percent = severity_percent(u->tightest, u->capacity);
	u->severity = severity_of(levels, u->tightest, u->capacity, close_wait);
	u->cause = usage_cause(u, u->severity, levels, &tally->range);
	u->high_water = u->capacity - u->tightest;
	u->time_left_s = TIME_LEFT_NONE;
}

/* A socket bound to a device competes with those bound to the same one and with those bound to
 * none; an unbound caller only with the unbound (inet_sk_bound_dev_eq in __inet_check_established).
 */
static void
tally_pool(struct bench *b, const struct pool *pool, struct pool_tally *out)
{
	out->local = pool->local;
	out->peer = pool->peer;
	out->port = pool->port;
	struct usage *u = &out->usage;
	u->states = pool->states;
	u->recyclable = pool->recyclable;
	const struct pool *unbound = NULL;
	if (pool->local.zone != 0 && pool->peer.zone == 0) {
		struct addr local = pool->local;
		local.zone = 0;
		unbound = census_pool(b->census, &local, &pool->peer, pool->port);
	}
	if (unbound == NULL && pool->asked.count == 0) {
		formula_bag(&b->formula, &pool->held, u);
	} else {
		hold_pool(b, pool);
		if (unbound != NULL)
			hold_pool(b, unbound);
		formula_set(&b->formula, &b->scratch, u);
		portset_clear(&b->scratch);
	}
	u->tightest = u->remaining;
}

/* Adds one pool's counts to a peer's or target's. What is certain to remain is the least of all
 * pools: a port that one of them holds may be blocked unseen for another. */
static void
gather(struct usage *sum, const struct usage *pool)
{
	uint32_t certain = sum->tightest - sum->uncertain;
	if (pool->tightest - pool->uncertain < certain)
		certain = pool->tightest - pool->uncertain;
	for (unsigned state = 1; state < STATE_MAX; state++)
		sum->states.of[state] += pool->states.of[state];
	sum->recyclable += pool->recyclable;
	if (pool->tightest < sum->tightest)
		sum->tightest = pool->tightest;
	sum->uncertain = sum->tightest - certain;
}

/* The formula for the ports that the gathered pools hold together, all in b->scratch. */
static void
apply_gathered(const struct bench *b, uint32_t pools, struct usage *sum)
{
	uint32_t uncertain = sum->uncertain;
	formula_set(&b->formula, &b->scratch, sum);
	if (pools > 0)
		sum->uncertain = uncertain;
}

/* Sorts the pools into one linked list per peer and makes the peers. */
static bool
group_peers(struct bench *b, struct tally *tally)
{
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct addr *peer = &tally->pools[i].peer;
		uint32_t hash = addr_hash(peer), cursor = hash, p;
		while ((p = lookup_next(&b->peers, hash, &cursor)) != LOOKUP_NONE)
			if (addr_equal(&tally->peers[p].peer, peer))
				break;
		if (p == LOOKUP_NONE) {
			p = tally->peer_count;
			if (!lookup_enter(&b->peers, hash, p))
				return false;
			tally->peers[p].peer = *peer;
			b->first_of_peer[p] = LOOKUP_NONE;
			tally->peer_count++;
		}
		b->next_of_peer[i] = b->first_of_peer[p];
		b->first_of_peer[p] = i;
		tally->pools[i].peer_position = p;
		tally->peers[p].pools++;
		tally->peers[p].targeted += tally->pools[i].target != 0;
	}
	return true;
}

void
tally_pass_on(struct tally *tally, uint32_t position)
{
	const struct usage *pool = &tally->pools[position].usage;
	struct peer_tally *peer = &tally->peers[tally->pools[position].peer_position];
	bool tighter = peer->decider != LOOKUP_NONE &&
		       pool->tightest < tally->pools[peer->decider].usage.tightest;
	if (pool->severity < peer->usage.severity ||
	    (pool->severity == peer->usage.severity && !tighter))
		return;
	peer->usage.severity = pool->severity;
	peer->usage.cause = pool->cause;
	peer->decider = position;
}

static void
tally_peer(struct bench *b, struct tally *tally, uint32_t p, const struct levels *levels)
{
	struct peer_tally *peer = &tally->peers[p];
	const struct census *census = b->census;
	uint32_t first = b->first_of_peer[p];
	peer->decider = LOOKUP_NONE;
	if (peer->pools == 1) {
		peer->usage = tally->pools[first].usage;
		peer->decider = first;
		return;
	}
	struct usage *u = &peer->usage;
	u->tightest = b->formula.capacity;
	for (uint32_t i = first; i != LOOKUP_NONE; i = b->next_of_peer[i]) {
		gather(u, &tally->pools[i].usage);
		hold_pool(b, &census->pools[i]);
	}
	apply_gathered(b, peer->pools, u);
	for (uint32_t i = first; i != LOOKUP_NONE; i = b->next_of_peer[i])
		release_pool(b, &census->pools[i]);
	/* Each pool has its levels, so the tightest need not be the most severe. */
	const struct levels close_wait = {.critical_percent = LEVEL_PERCENT_OFF,
					  .warning_percent = LEVEL_PERCENT_OFF,
					  .close_wait = levels->close_wait};
	judge(tally, u, &close_wait);
	for (uint32_t i = first; i != LOOKUP_NONE; i = b->next_of_peer[i])
		tally_pass_on(tally, i);
}

static void
tally_target(struct bench *b, struct tally *tally, uint32_t t, const struct target *target)
{
	struct target_tally *out = &tally->targets[t];
	out->target = target;
	struct usage *u = &out->usage;
	u->tightest = b->formula.capacity;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		struct pool_tally *pool = &tally->pools[i];
		if (!target_matches(target, &pool->peer, pool->port))
			continue;
		if (pool->target == 0) {
			pool->target = (uint16_t)(t + 1);
			judge(tally, &pool->usage, &target->levels.raise);
		}
		if (out->pools == 0 || pool->usage.tightest < u->tightest) {
			out->tightest_position = i;
			out->tightest_local = pool->local;
			out->tightest_peer = pool->peer;
			out->tightest_port = pool->port;
		}
		out->pools++;
		gather(u, &pool->usage);
		hold_pool(b, &b->census->pools[i]);
	}
	apply_gathered(b, out->pools, u);
	portset_clear(&b->scratch);
	judge(tally, u, &target->levels.raise);
	/* What its ports alone come to, its tightest pool explains; else it is the leak of all. */
	if (severity_of(&target->levels.raise, u->tightest, u->capacity, 0) == u->severity)
		u->cause = usage_cause(tally_tightest(tally, out), u->severity,
				       &target->levels.raise, &tally->range);
}

static void
bench_free(struct bench *b)
{
	if (b == NULL)
		return;
	free(b->next_of_peer);
	free(b->first_of_peer);
	lookup_free(&b->peers);
	free(b);
}

static struct bench *
bench_new(const struct census *census)
{
	struct bench *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->census = census;
	b->range = &census->settings.range;
	b->next_of_peer = array_new(census->pool_count, sizeof(uint32_t));
	b->first_of_peer = array_new(census->pool_count, sizeof(uint32_t));
	if (b->next_of_peer != NULL && b->first_of_peer != NULL)
		return b;
	bench_free(b);
	return NULL;
}

static struct tally *
tally_new(const struct census *census, uint32_t target_count)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	if (tally == NULL)
		return NULL;
	tally->pools = array_new(census->pool_count, sizeof(*tally->pools));
	tally->peers = array_new(census->pool_count, sizeof(*tally->peers));
	tally->locals = array_new(census->local_count, sizeof(*tally->locals));
	tally->targets = array_new(target_count, sizeof(*tally->targets));
	if (tally->pools == NULL || tally->peers == NULL || tally->locals == NULL ||
	    tally->targets == NULL) {
		tally_free(tally);
		return NULL;
	}
	tally->pool_count = census->pool_count;
	tally->local_count = census->local_count;
	tally->target_count = target_count;
	tally->features = census->features;
	hostlimits_init(&tally->host.limits);
	hostlimits_init(&tally->host.earlier);
	tally->host.severity = SEVERITY_NORMAL;
	tally->totals.states = census->totals;
	tally->totals.inbound = census->inbound;
	tally->totals.outbound = census->outbound;
	tally->totals.sockets = census->sockets;
	return tally;
}

struct tally *
tally_make(const struct census *census, const struct levels *levels, const struct target *targets,
	   uint32_t target_count)
{
	struct bench *b = bench_new(census);
	struct tally *tally = tally_new(census, target_count);
	if (b == NULL || tally == NULL)
		goto out_of_memory;
	formula_begin(&b->formula, census, &tally->range);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		tally_pool(b, &census->pools[i], &tally->pools[i]);
	for (uint32_t t = 0; t < target_count; t++)
		tally_target(b, tally, t, &targets[t]);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		if (tally->pools[i].target == 0)
			judge(tally, &tally->pools[i].usage, levels);
	if (!group_peers(b, tally))
		goto out_of_memory;
	for (uint32_t p = 0; p < tally->peer_count; p++)
		tally_peer(b, tally, p, levels);
	if (!tally_locals(census, tally->locals))
		goto out_of_memory;
	bench_free(b);
	return tally;

out_of_memory:
	bench_free(b);
	tally_free(tally);
	errno = ENOMEM;
	return NULL;
}

void
tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->pools);
	free(tally->peers);
	free(tally->locals);
	free(tally->targets);
	free(tally->alarms);
	free(tally);
}

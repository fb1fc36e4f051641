/* SPDX-License-Identifier: ISC */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the formula works with, for one census. */
struct bench {
	const struct census *census;
	const struct port_range *range;
	struct portset usable;    /* R - reserved - blocked: what an empty pool offers */
	struct portset unusable;  /* everything else */
	struct portset ambiguous; /* usable ports that may be blocked unseen */
	struct portset settled;   /* everything else */
	uint32_t capacity;
	uint32_t ambiguous_count;
	struct portset scratch; /* always empty between two uses */
	uint32_t *next_of_peer; /* pools of one peer / of one local address as linked lists */
	uint32_t *next_of_local;
	uint32_t *first_of_local;
	uint32_t *first_of_peer;
	uint32_t *next_on_device; /* local addresses with a zone, as lists from those without one */
	uint32_t *first_on_device;
	struct lookup peers;
};

/* The ports of the range that the kernel would offer. In a range of three it never reaches the last
 * one: __inet_hash_connect() and inet_csk_find_open_port() both clear the low bit of the size and
 * start at offset 0. */
static void
offered(const struct settings *settings, struct portset *out)
{
	portset_clear(out);
	portset_add_range(out, settings->range.low, settings->range.high);
	if (range_size(&settings->range) == 3)
		portset_del(out, settings->range.high);
	portset_andnot(out, &settings->reserved);
}

/* Any one call in an odd-sized range of five or more skips the first or the last port, so the last
 * connect() of all may fail while one of them is free. */
static uint32_t
odd_loss(const struct port_range *range, bool low_is_free, bool high_is_free)
{
	uint32_t size = range_size(range);
	return size >= 5 && size % 2 == 1 && (low_is_free || high_is_free);
}

static void
tally_range(struct bench *b, struct range_tally *out)
{
	const struct census *census = b->census;
	struct portset set;
	out->range = *b->range;
	out->size = range_size(b->range);
	portset_clear(&set);
	portset_add_range(&set, b->range->low, b->range->high);
	portset_and(&set, &census->settings.reserved);
	out->reserved = portset_count(&set);

	offered(&census->settings, &b->usable);
	out->free = portset_count_andnot(&b->usable, &census->any);
	out->in_use = portset_count(&b->usable) - out->free;
	out->listening = portset_count(&b->usable);
	portset_andnot(&b->usable, &census->listening);
	out->bound = portset_count(&b->usable);
	out->listening -= out->bound;
	portset_andnot(&b->usable, &census->bound);
	out->capacity = portset_count(&b->usable);
	out->bound -= out->capacity;

	out->wider =
	    widen_range(b->range, &census->settings.reserved, &census->listening, &census->bound);
	b->capacity = out->capacity;
	portset_complement(&b->usable, &b->unusable);
	b->ambiguous = census->ambiguous;
	portset_and(&b->ambiguous, &b->usable);
	b->ambiguous_count = portset_count(&b->ambiguous);
	portset_complement(&b->ambiguous, &b->settled);
	out->uncertain =
	    b->ambiguous_count + odd_loss(b->range, portset_has(&b->usable, b->range->low),
					  portset_has(&b->usable, b->range->high));
}

/* The formula for a set of held ports: `held` as a port set. */
static void
apply_set(const struct bench *b, const struct portset *held, struct usage *out)
{
	struct portset left = b->usable;
	portset_andnot(&left, held);
	out->remaining = portset_count(&left);
	out->used = b->capacity - out->remaining;
	bool low = portset_has(&left, b->range->low), high = portset_has(&left, b->range->high);
	portset_and(&left, &b->ambiguous);
	out->uncertain = portset_count(&left) + odd_loss(b->range, low, high);
	if (out->uncertain > out->remaining)
		out->uncertain = out->remaining;
	out->capacity = b->capacity;
}

/* The same for one pool, without building a set where the pool holds few ports. */
static void
apply_bag(const struct bench *b, const struct portbag *held, struct usage *out)
{
	uint16_t low = b->range->low, high = b->range->high;
	out->used = portbag_count_without(held, b->range, &b->unusable);
	out->remaining = b->capacity - out->used;
	out->capacity = b->capacity;
	out->uncertain = 0;
	if (b->ambiguous_count != 0) {
		out->uncertain =
		    b->ambiguous_count - portbag_count_without(held, b->range, &b->settled);
	}
	out->uncertain +=
	    odd_loss(b->range, portset_has(&b->usable, low) && !portbag_has(held, b->range, low),
		     portset_has(&b->usable, high) && !portbag_has(held, b->range, high));
	if (out->uncertain > out->remaining)
		out->uncertain = out->remaining;
}

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
	return level_cause(severity, levels, &holding, u->capacity - u->tightest, u->capacity,
			   range->size);
}

/* Percent, severity and cause from the numbers. A connect() fails when its own pool is empty, so
 * the tightest pool is what is judged, also for a peer with many. */
static void
judge(struct usage *u, const struct levels *levels, const struct range_tally *range)
{
	u->connections = tcp_state_sum(&u->states);
	u->percent = level_percent(u->tightest, u->capacity);
	u->severity = level_of(levels, u->tightest, u->capacity, u->states.of[STATE_CLOSE_WAIT]);
	u->cause = usage_cause(u, u->severity, levels, range);
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
		apply_bag(b, &pool->held, u);
	} else {
		hold_pool(b, pool);
		if (unbound != NULL)
			hold_pool(b, unbound);
		apply_set(b, &b->scratch, u);
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
	apply_set(b, &b->scratch, sum);
	if (pools > 0)
		sum->uncertain = uncertain;
}

static uint32_t
hash_peer(const struct addr *peer)
{
	uint32_t word[5];
	memcpy(word, peer, sizeof(word));
	return lookup_hash(word, 5);
}

/* Sorts the pools into one linked list per peer and makes the peers. */
static bool
group_peers(struct bench *b, struct tally *tally)
{
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct addr *peer = &tally->pools[i].peer;
		uint32_t hash = hash_peer(peer), cursor = hash, p;
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

static void
tally_peer(struct bench *b, const struct tally *tally, uint32_t p, const struct levels *levels)
{
	struct peer_tally *peer = &tally->peers[p];
	const struct census *census = b->census;
	uint32_t first = b->first_of_peer[p];
	if (peer->pools == 1) {
		peer->usage = tally->pools[first].usage;
		return;
	}
	struct usage *u = &peer->usage;
	u->tightest = b->capacity;
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
	judge(u, &close_wait, &tally->range);
	for (uint32_t i = first; i != LOOKUP_NONE; i = b->next_of_peer[i]) {
		const struct usage *pool = &tally->pools[i].usage;
		if (pool->severity > u->severity) {
			u->severity = pool->severity;
			u->cause = pool->cause;
		}
	}
}

/* Adds every port that sockets at a local address hold to b->scratch. */
static void
hold_local(struct bench *b, uint32_t l)
{
	const struct census *census = b->census;
	portbag_add_to(&census->locals[l].extra, b->range, &b->scratch);
	for (uint32_t i = b->first_of_local[l]; i != LOOKUP_NONE; i = b->next_of_local[i])
		portbag_add_to(&census->pools[i].held, b->range, &b->scratch);
}

/* bind(address, 0) cannot get a port that any socket holds at that address or at the wildcard, in
 * any state, recyclable TIME_WAIT included (inet_csk_find_open_port). Of two sockets bound to
 * different devices neither hinders the other; one bound to none hinders, and is hindered by, all
 * (inet_bind_conflict). */
static void
tally_local(struct bench *b, uint32_t l, struct local_tally *out)
{
	const struct census *census = b->census;
	const struct local *local = &census->locals[l];
	struct portset left;
	offered(&census->settings, &left);
	uint32_t all = portset_count(&left);
	portset_andnot(&left, addr_is_v4(&local->address) ? &census->wild4 : &census->wild6);
	hold_local(b, l);
	struct addr unbound = local->address;
	unbound.zone = 0;
	uint32_t other =
	    local->address.zone == 0 ? b->first_on_device[l] : census_local(census, &unbound);
	for (; other != LOOKUP_NONE; other = b->next_on_device[other])
		hold_local(b, other);
	out->address = local->address;
	out->connections = local->connections;
	out->remaining = portset_count_andnot(&left, &b->scratch);
	out->used = all - out->remaining;
	portset_clear(&b->scratch);
}

/* Links the pools of each local address, and to each address those that are it on a device. */
static void
group_locals(struct bench *b)
{
	const struct census *census = b->census;
	for (uint32_t l = 0; l < census->local_count; l++)
		b->first_of_local[l] = b->first_on_device[l] = b->next_on_device[l] = LOOKUP_NONE;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		uint32_t l = census->pools[i].local_index;
		b->next_of_local[i] = b->first_of_local[l];
		b->first_of_local[l] = i;
	}
	for (uint32_t l = 0; l < census->local_count; l++) {
		struct addr address = census->locals[l].address;
		if (address.zone == 0)
			continue;
		address.zone = 0;
		uint32_t unbound = census_local(census, &address);
		if (unbound == LOOKUP_NONE)
			continue;
		b->next_on_device[l] = b->first_on_device[unbound];
		b->first_on_device[unbound] = l;
	}
}

static void
tally_target(struct bench *b, struct tally *tally, uint32_t t, const struct target *target)
{
	struct target_tally *out = &tally->targets[t];
	out->target = target;
	struct usage *u = &out->usage;
	u->tightest = b->capacity;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		struct pool_tally *pool = &tally->pools[i];
		if (!target_matches(target, &pool->peer, pool->port))
			continue;
		if (pool->target == 0) {
			pool->target = (uint16_t)(t + 1);
			judge(&pool->usage, &target->levels.raise, &tally->range);
		}
		if (out->pools == 0 || pool->usage.tightest < u->tightest) {
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
	judge(u, &target->levels.raise, &tally->range);
}

static void
bench_free(struct bench *b)
{
	if (b == NULL)
		return;
	free(b->next_of_peer);
	free(b->next_of_local);
	free(b->first_of_local);
	free(b->first_of_peer);
	free(b->next_on_device);
	free(b->first_on_device);
	lookup_free(&b->peers);
	free(b);
}

/* calloc() that gives a pointer for no elements too. */
static void *
array(uint32_t count, size_t size)
{
	return calloc(count == 0 ? 1 : count, size);
}

static struct bench *
bench_new(const struct census *census)
{
	struct bench *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->census = census;
	b->range = &census->settings.range;
	b->next_of_peer = array(census->pool_count, sizeof(uint32_t));
	b->next_of_local = array(census->pool_count, sizeof(uint32_t));
	b->first_of_peer = array(census->pool_count, sizeof(uint32_t));
	b->first_of_local = array(census->local_count, sizeof(uint32_t));
	b->next_on_device = array(census->local_count, sizeof(uint32_t));
	b->first_on_device = array(census->local_count, sizeof(uint32_t));
	if (b->next_of_peer != NULL && b->next_of_local != NULL && b->first_of_peer != NULL &&
	    b->first_of_local != NULL && b->next_on_device != NULL && b->first_on_device != NULL)
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
	tally->pools = array(census->pool_count, sizeof(*tally->pools));
	tally->peers = array(census->pool_count, sizeof(*tally->peers));
	tally->locals = array(census->local_count, sizeof(*tally->locals));
	tally->targets = array(target_count, sizeof(*tally->targets));
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
	tally_range(b, &tally->range);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		tally_pool(b, &census->pools[i], &tally->pools[i]);
	for (uint32_t t = 0; t < target_count; t++)
		tally_target(b, tally, t, &targets[t]);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		if (tally->pools[i].target == 0)
			judge(&tally->pools[i].usage, levels, &tally->range);
	if (!group_peers(b, tally))
		goto out_of_memory;
	for (uint32_t p = 0; p < tally->peer_count; p++)
		tally_peer(b, tally, p, levels);
	group_locals(b);
	for (uint32_t l = 0; l < tally->local_count; l++)
		tally_local(b, l, &tally->locals[l]);
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

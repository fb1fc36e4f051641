/* SPDX-License-Identifier: ISC */
#include "count/tally.h"

#include "base/array.h"
#include "count/binders.h"
#include "count/severity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What one census is worked out on. */
struct worksheet {
	const struct census *census;
	const struct port_range *range;
	struct formula formula;
	struct portset scratch; /* always empty between two uses */
	uint32_t *next_of_peer; /* pools of one peer as a linked list */
	uint32_t *first_of_peer;
	struct lookup peers;
	struct usage empty;   /* of an empty pool */
	uint32_t *by_address; /* positions of peers, sorted; only where there are targets */
};

/* Adds every port that connect() cannot take for a pool to w->scratch, and those that it may not to
 * `unsure`. */
static void
hold_pool(struct worksheet *w, const struct pool *pool, struct portset *unsure)
{
	portbag_add_to(&pool->held, w->range, &w->scratch);
	portbag_add_to(&pool->asked, w->range, &w->scratch);
	portbag_add_to(&pool->unsure, w->range, unsure);
}

/* The same, of the usable ones only; returns how many were not there. */
static uint32_t
hold_usable(struct worksheet *w, const struct pool *pool)
{
	const struct portset *usable = &w->formula.usable;
	return portbag_add_new(&pool->held, w->range, usable, &w->scratch) +
	       portbag_add_new(&pool->asked, w->range, usable, &w->scratch);
}

static void
release_pool(struct worksheet *w, const struct pool *pool)
{
	portbag_take_from(&pool->held, w->range, &w->scratch);
	portbag_take_from(&pool->asked, w->range, &w->scratch);
}

const struct usage *
tally_tightest(const struct tally *tally, const struct target_tally *target)
{
	return target->pools > 0 ? &tally->pools[target->tightest_position].usage : &target->usage;
}

/* A connect() fails when its own pool is empty, so the tightest pool is what counts, also for a
 * peer with many. */
static void
sum_up(struct usage *u)
{
	u->connections = tcp_state_sum(&u->states);
	u->percent = severity_percent(u->tightest, u->capacity);
}

/* A socket bound to a device competes with those bound to the same one and with those bound to
 * none; an unbound caller only with the unbound (inet_sk_bound_dev_eq in __inet_check_established).
 */
static void
tally_pool(struct worksheet *w, const struct pool *pool, struct pool_tally *out)
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
		unbound = census_pool(w->census, &local, &pool->peer, pool->port);
	}
	if (unbound == NULL && pool->asked.count == 0 && pool->unsure.count == 0) {
		formula_bag(&w->formula, &pool->held, u);
	} else {
		struct portset unsure;
		portset_clear(&unsure);
		hold_pool(w, pool, &unsure);
		if (unbound != NULL)
			hold_pool(w, unbound, &unsure);
		formula_set(&w->formula, &w->scratch, &unsure, u);
		portset_clear(&w->scratch);
	}
	u->tightest = u->remaining;
	sum_up(u);
}

/* A sum of no pools. */
static struct usage
nothing(const struct worksheet *w)
{
	uint32_t capacity = w->formula.capacity;
	return (struct usage){.capacity = capacity, .remaining = capacity, .tightest = capacity};
}

/* Adds one pool to a peer or a target, and its ports to w->scratch. What is certain to remain is
 * the least of all pools: a port that one of them holds may be blocked unseen for another. */
static void
gather(struct worksheet *w, struct usage *sum, const struct usage *pool, const struct pool *ports)
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
	sum->used += hold_usable(w, ports);
	sum->remaining = sum->capacity - sum->used;
}

/* Sorts the pools into one linked list per peer and makes the peers. */
static bool
group_peers(struct worksheet *w, struct tally *tally)
{
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct addr *peer = &tally->pools[i].peer;
		uint32_t hash = addr_hash(peer), cursor = hash, p;
		while ((p = lookup_next(&w->peers, hash, &cursor)) != LOOKUP_NONE)
			if (addr_equal(&tally->peers[p].peer, peer))
				break;
		if (p == LOOKUP_NONE) {
			p = tally->peer_count;
			if (!lookup_enter(&w->peers, hash, p))
				return false;
			tally->peers[p].peer = *peer;
			w->first_of_peer[p] = LOOKUP_NONE;
			tally->peer_count++;
		}
		w->next_of_peer[i] = w->first_of_peer[p];
		w->first_of_peer[p] = i;
		tally->pools[i].peer_position = p;
		tally->peers[p].pools++;
	}
	return true;
}

static void
tally_peer(struct worksheet *w, struct tally *tally, uint32_t p)
{
	struct peer_tally *peer = &tally->peers[p];
	uint32_t first = w->first_of_peer[p];
	if (peer->pools == 1) {
		peer->usage = tally->pools[first].usage;
		return;
	}
	struct usage *u = &peer->usage;
	*u = nothing(w);
	for (uint32_t i = first; i != LOOKUP_NONE; i = w->next_of_peer[i])
		gather(w, u, &tally->pools[i].usage, &w->census->pools[i]);
	for (uint32_t i = first; i != LOOKUP_NONE; i = w->next_of_peer[i])
		release_pool(w, &w->census->pools[i]);
	sum_up(u);
}

/* By family and octets, whatever the zone: so the peers of a prefix follow each other. */
static int
compare_octets(const struct addr *a, const struct addr *b)
{
	if (addr_is_v4(a) != addr_is_v4(b))
		return addr_is_v4(a) ? -1 : 1;
	return memcmp(a->octet, b->octet, sizeof(a->octet));
}

static int
compare_peers(const void *left, const void *right, void *peers)
{
	const struct peer_tally *p = peers;
	return compare_octets(&p[*(const uint32_t *)left].peer, &p[*(const uint32_t *)right].peer);
}

static bool
sort_peers(struct worksheet *w, const struct tally *tally)
{
	w->by_address = array_new(tally->peer_count, sizeof(*w->by_address));
	for (uint32_t i = 0; w->by_address != NULL && i < tally->peer_count; i++)
		w->by_address[i] = i;
	if (w->by_address != NULL)
		qsort_r(w->by_address, tally->peer_count, sizeof(*w->by_address), compare_peers,
			tally->peers);
	return w->by_address != NULL;
}

/* The first address of the target's prefix; its other bits need not be 0. */
static struct addr
beginning(const struct target *target)
{
	struct addr first = target->net;
	unsigned bits = target->bits + (addr_is_v4(&first) ? 96U : 0U);
	for (unsigned i = 0; i < sizeof(first.octet); i++) {
		unsigned keep = bits > 8 * i ? bits - 8 * i : 0;
		if (keep < 8)
			first.octet[i] &= (uint8_t)(0xff00U >> keep);
	}
	return first;
}

/* Position in w->by_address of the first peer from which on they may be in the target's prefix. */
static uint32_t
first_peer(const struct worksheet *w, const struct tally *tally, const struct target *target)
{
	const struct addr first = beginning(target);
	uint32_t low = 0, high = tally->peer_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare_octets(&tally->peers[w->by_address[middle]].peer, &first) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The target without its zone: the peers of its addresses, on whatever interface. */
static struct target
everywhere(const struct target *target)
{
	struct target t = *target;
	t.net.zone = 0;
	return t;
}

static void
take_pool(struct worksheet *w, struct tally *tally, uint32_t t, uint32_t position)
{
	struct target_tally *out = &tally->targets[t];
	struct pool_tally *pool = &tally->pools[position];
	if (!target_matches(out->target, &pool->peer, pool->port))
		return;
	if (pool->target == 0) {
		pool->target = t + 1;
		tally->peers[pool->peer_position].targeted++;
	}
	/* Of equally tight ones the first of the census. */
	if (out->pools == 0 || pool->usage.tightest < out->usage.tightest ||
	    (pool->usage.tightest == out->usage.tightest && position < out->tightest_position)) {
		out->tightest_position = position;
		out->tightest_local = pool->local;
		out->tightest_peer = pool->peer;
		out->tightest_port = pool->port;
	}
	out->pools++;
	out->binders |= pool->binders;
	gather(w, &out->usage, &pool->usage, &w->census->pools[position]);
}

/* Looks at the pools of matching peers only, found in the sorted list. */
static void
tally_target(struct worksheet *w, struct tally *tally, uint32_t t, const struct target *target)
{
	const struct target wider = everywhere(target);
	struct target_tally *out = &tally->targets[t];
	uint32_t first = first_peer(w, tally, target), end = first, p;
	out->target = target;
	out->usage = nothing(w);
	while (end < tally->peer_count &&
	       addr_in_prefix(&tally->peers[w->by_address[end]].peer, &wider.net, wider.bits))
		end++;
	for (p = first; p < end; p++)
		for (uint32_t i = w->first_of_peer[w->by_address[p]]; i != LOOKUP_NONE;
		     i = w->next_of_peer[i])
			take_pool(w, tally, t, i);
	for (p = first; p < end; p++)
		for (uint32_t i = w->first_of_peer[w->by_address[p]]; i != LOOKUP_NONE;
		     i = w->next_of_peer[i])
			release_pool(w, &w->census->pools[i]);
	if (out->pools == 0)
		out->usage.uncertain = w->empty.uncertain;
	sum_up(&out->usage);
}

static void
worksheet_free(struct worksheet *w)
{
	if (w == NULL)
		return;
	free(w->next_of_peer);
	free(w->first_of_peer);
	free(w->by_address);
	lookup_free(&w->peers);
	free(w);
}

static struct worksheet *
worksheet_new(const struct census *census)
{
	struct worksheet *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->census = census;
	w->range = &census->settings.range;
	w->next_of_peer = array_new(census->pool_count, sizeof(uint32_t));
	w->first_of_peer = array_new(census->pool_count, sizeof(uint32_t));
	if (w->next_of_peer != NULL && w->first_of_peer != NULL)
		return w;
	worksheet_free(w);
	return NULL;
}

/* The list that a wider range needs; where it is too long to be set, there is none to recommend.
 * False with errno ENOMEM. */
static bool
list_for_wider(const struct census *census, struct tally *tally)
{
	struct widening *wider = &tally->range.wider;
	if (wider->listening + wider->udp + wider->node_ports == 0)
		return true;
	tally->reserve =
	    formula_reserve(&census->settings, &census->listening, &census->udp, wider);
	if (tally->reserve == NULL)
		return false;
	if (strlen(tally->reserve) <= PORTSET_SETTABLE)
		return true;
	free(tally->reserve);
	tally->reserve = NULL;
	*wider = (struct widening){.range = census->settings.range};
	return true;
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
	tally->low = census->low;
	tally->totals.states = census->totals;
	tally->totals.inbound = census->inbound.count;
	tally->totals.outbound = census->outbound;
	tally->totals.leaked = census->inbound.leaked;
	tally->totals.worst_leak = inbound_worst(&census->inbound);
	tally->totals.sockets = census->sockets;
	return tally;
}

struct tally *
tally_make(const struct census *census, const struct target *targets, uint32_t target_count)
{
	struct worksheet *w = worksheet_new(census);
	struct tally *tally = tally_new(census, target_count);
	if (w == NULL || tally == NULL)
		goto out_of_memory;
	formula_begin(&w->formula, census, &tally->range);
	formula_set(&w->formula, &w->scratch, NULL, &w->empty);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		tally_pool(w, &census->pools[i], &tally->pools[i]);
	if (!bind_pools(census, tally->locals) || !binders_mark(census, tally->locals) ||
	    !group_peers(w, tally))
		goto out_of_memory;
	for (uint32_t i = 0; i < tally->pool_count; i++)
		tally->pools[i].binders = tally->locals[census->pools[i].local_index].binders ||
					  binders_in(&census->pools[i]);
	for (uint32_t p = 0; p < tally->peer_count; p++)
		tally_peer(w, tally, p);
	if (target_count > 0 && !sort_peers(w, tally))
		goto out_of_memory;
	for (uint32_t t = 0; t < target_count; t++)
		tally_target(w, tally, t, &targets[t]);
	if (!list_for_wider(census, tally) || !hygiene_look(census, &tally->hygiene) ||
	    !udp_count(&census->udp_held, &census->settings, &tally->udp))
		goto out_of_memory;
	worksheet_free(w);
	return tally;

out_of_memory:
	worksheet_free(w);
	tally_free(tally);
	errno = ENOMEM;
	return NULL;
}

void
tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->reserve);
	hygiene_free(&tally->hygiene);
	free(tally->pools);
	free(tally->peers);
	free(tally->locals);
	free(tally->targets);
	free(tally->udp.rows);
	free(tally);
}

/* SPDX-License-Identifier: ISC */
#include "verdict/survey.h"

#include "base/ranking.h"
#include "owners/owner_book.h"

#include <stdlib.h>

/* What is bad, by the rows of the tally. */
struct bad {
	enum severity *pools;                          /* normal, warning or critical */
	bool *peers;                                   /* in warning or worse */
	const struct target *targets[OWNER_POOLS_MAX]; /* no more are worth a look */
	uint32_t target_count;
};

static bool
is_bad(enum severity severity)
{
	return severity == SEVERITY_WARNING || severity == SEVERITY_CRITICAL;
}

static enum severity
worse(enum severity a, enum severity b)
{
	return a > b ? a : b;
}

/* A standing tells of a subject as soon as its levels are reached, its verdict only later. */
static void
take_standing(struct bad *bad, const struct findings *f, const struct standing *s)
{
	enum severity severity = worse(s->verdict.severity, s->measured.severity);
	if (s->row == LOOKUP_NONE || !is_bad(severity))
		return;
	if (s->subject.kind == ALARM_POOL)
		bad->pools[s->row] = worse(bad->pools[s->row], severity);
	else if (s->subject.kind == ALARM_PEER)
		bad->peers[s->row] = true;
	else if (s->subject.kind == ALARM_TARGET && bad->target_count < OWNER_POOLS_MAX &&
		 f->tally->targets[s->row].pools > 0)
		bad->targets[bad->target_count++] = f->tally->targets[s->row].target;
}

static void
find_bad(struct bad *bad, const struct findings *f)
{
	const struct tally *tally = f->tally;
	for (uint32_t i = 0; i < tally->pool_count; i++)
		bad->pools[i] = f->pools[i].verdict.severity;
	for (uint32_t i = 0; i < f->standing_count; i++)
		take_standing(bad, f, &f->standings[i]);
	for (uint32_t i = 0; i < tally->peer_count; i++)
		bad->peers[i] = bad->peers[i] || is_bad(f->peers[i].verdict.severity);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		if (is_bad(bad->pools[i]))
			bad->peers[tally->pools[i].peer_position] = true;
}

/* True if the pool belongs to a peer or a target in warning or worse; a peer may be so by the sum
 * of what its pools have in CLOSE_WAIT. */
static bool
belongs_to_bad(const struct bad *bad, const struct pool_tally *pool)
{
	if (bad->peers[pool->peer_position])
		return true;
	for (uint32_t i = 0; i < bad->target_count; i++)
		if (target_matches(bad->targets[i], &pool->peer, pool->port))
			return true;
	return false;
}

static uint32_t
rank_pools(const struct bad *bad, const struct tally *tally, bool asked, struct candidate *out)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		bool targeted = asked && tally->pools[i].target != 0;
		uint64_t class = bad->pools[i] == SEVERITY_CRITICAL  ? 0
				 : bad->pools[i] == SEVERITY_WARNING ? 1
								     : 2;
		if (class == 2 && !targeted && !belongs_to_bad(bad, &tally->pools[i]))
			continue;
		if (asked && !targeted)
			class += 3; /* an answer comes before what was not asked */
		out[count++] = (struct candidate){
		    class << 32 | (UINT32_MAX - tally->pools[i].usage.connections), i};
	}
	return ranking_first(out, count, OWNER_POOLS_MAX);
}

static int
compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static uint32_t
choose(const struct bad *bad, const struct tally *tally, bool asked, struct candidate *candidates,
       struct owner_pool out[static OWNER_POOLS_MAX])
{
	uint32_t count = rank_pools(bad, tally, asked, candidates);
	uint64_t sockets = 0;
	qsort(candidates, count, sizeof(*candidates), compare_candidates);
	for (uint32_t i = 0; i < count; i++) {
		const struct pool_tally *pool = &tally->pools[candidates[i].position];
		sockets += pool->usage.connections;
		if (i > 0 && sockets > OWNER_BOOK_SOCKETS)
			return i;
		out[i] = (struct owner_pool){
		    .local = pool->local, .peer = pool->peer, .port = pool->port};
	}
	return count;
}

/* By what this poll measured, or as the verdict says: as for a pool. */
static bool
is_any_bad(const struct findings *f, enum alarm_kind kind)
{
	for (uint32_t i = 0; i < f->standing_count; i++)
		if (f->standings[i].subject.kind == kind &&
		    is_bad(
			worse(f->standings[i].verdict.severity, f->standings[i].measured.severity)))
			return true;
	return false;
}

void
survey_choose(const struct findings *f, bool asked, struct owner_subjects *out)
{
	const struct tally *tally = f->tally;
	struct candidate *candidates = calloc(tally->pool_count + 1, sizeof(*candidates));
	struct bad bad = {.pools = calloc(tally->pool_count + 1, sizeof(*bad.pools)),
			  .peers = calloc(tally->peer_count + 1, sizeof(*bad.peers))};
	*out = (struct owner_subjects){
	    .server = is_any_bad(f, ALARM_INBOUND) ? tally->totals.worst_leak.port : 0,
	    .udp = tally->udp.available && is_any_bad(f, ALARM_UDP)};
	if (out->udp)
		out->udp_ports = tally->udp.offered;
	if (candidates != NULL && bad.pools != NULL && bad.peers != NULL) {
		find_bad(&bad, f);
		out->count = choose(&bad, tally, asked, candidates, out->pools);
	}
	free(candidates);
	free(bad.pools);
	free(bad.peers);
}

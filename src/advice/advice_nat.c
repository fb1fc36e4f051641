/* SPDX-License-Identifier: ISC */
#include "advice/advice_nat.h"

#include "base/sentence.h"

#include <stdio.h>
#include <string.h>

/* Fewer ports that a rule gives out than there are without one. */
static bool
is_narrow(const struct nat_pool *pool)
{
	const struct port_range usual = nat_usual_range(pool->protocol);
	return pool->usage.capacity < range_size(&usual);
}

/* What is there already keeps the time that it was given. */
static void
put_idle(struct sentence *s, const struct nat_pool *pool)
{
	char text[ADVICE_MAX], count[NUMBER_TEXT_MAX];
	snprintf(text, sizeof(text),
		 "shorten net.netfilter.nf_conntrack_tcp_timeout_established (%s idle for an hour; "
		 "acts at a connection's next packet; above keep-alive)",
		 number_text(pool->idle, count));
	sentence_choice(s, text);
}

static void
put_random(struct sentence *s, const struct nat_pool *pool)
{
	char text[128];
	snprintf(text, sizeof(text),
		 "let the rule choose %ss at random (--random-fully; it helps as old %ss end)",
		 nat_pool_unit(pool), nat_pool_flow(pool));
	sentence_choice(s, text);
}

static void
put_wider(struct sentence *s, const struct nat_pool *pool)
{
	char text[128];
	snprintf(text, sizeof(text), "give the rule a wider range of %ss", nat_pool_unit(pool));
	sentence_choice(s, text);
}

/* A ping is over when its time is, which each packet gives it again: no packet ends it. */
static void
put_timeout(struct sentence *s, const struct nat_pool *pool)
{
	char text[128];
	snprintf(text, sizeof(text), "shorten net.netfilter.nf_conntrack_%s_timeout",
		 nat_protocol_name(pool->protocol));
	sentence_choice(s, text);
}

static void
put_holder(struct sentence *s, const struct nat_pool *pool)
{
	char text[192], holder[NAT_HOLDER_TEXT_MAX], count[NUMBER_TEXT_MAX];
	snprintf(text, sizeof(text), "let %s %s fewer %ss (%s)", nat_pool_holder(pool, holder),
		 conntrack_has_ids(pool->protocol) ? "send" : "keep", nat_pool_flow(pool),
		 number_text(pool->holder_entries, count));
	sentence_choice(s, text);
}

/* A rule that chooses at random finds a port until few are left; where they are, or are chosen so,
 * there must be more of them. */
static void
put_remedies(struct sentence *s, const struct nat_pool *pool)
{
	bool mostly_idle = pool->idle > pool->entries / 2;
	if (mostly_idle)
		put_idle(s, pool);
	if (pool->usage.percent < 95 && pool->moved < pool->translated)
		put_random(s, pool);
	if (is_narrow(pool))
		put_wider(s, pool);
	if (conntrack_has_ids(pool->protocol))
		put_timeout(s, pool);
	sentence_choice(s, "give the rule more outside addresses (a host uses one)");
	if (!mostly_idle && pool->idle > pool->entries / 10)
		put_idle(s, pool);
	if (pool->holder_entries > 1)
		put_holder(s, pool);
}

static void
put_loss(struct sentence *s, const struct nat_pool *pool)
{
	uint32_t loss = pool->usage.loss_ppm;
	const char *flow = nat_pool_flow(pool);
	if (pool->usage.remaining == 0)
		sentence_put(s, ": each new %s is lost without an error", flow);
	else if (loss > 0)
		sentence_put(s, ", %u.%02u%% of new %ss that must change %s are lost", loss / 10000,
			     loss / 100 % 100, flow, nat_pool_unit(pool));
	if (loss > 0 && pool->usage.remaining > 0)
		sentence_put(s, " (%u%% must)", pool->moved * 100 / pool->translated);
}

const char *
advice_nat(const struct findings *findings, uint32_t position, char out[static ADVICE_MAX])
{
	const struct nat_pool *pool = &findings->nat.census->pools[position];
	const struct nat_usage *u = &pool->usage;
	struct sentence s = sentence_in(out, ADVICE_MAX);
	char used[NUMBER_TEXT_MAX], capacity[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX];
	sentence_put(&s, "%s of %s outside %s%s in use, %s left", number_text(u->used, used),
		     number_text(u->capacity, capacity), nat_pool_unit(pool), number_s(u->capacity),
		     number_text(u->remaining, left));
	put_loss(&s, pool);
	if (findings->nat_pools[position].severity == SEVERITY_NORMAL)
		return out;
	if (findings->nat.drops.recent > 0)
		sentence_put(&s, ", %s lost since the last poll",
			     number_text(findings->nat.drops.recent, left));
	put_remedies(&s, pool);
	return out;
}

const char *
advice_nat_all(const struct findings *findings, char out[static ADVICE_MAX])
{
	const struct nat_census *census = findings->nat.census;
	char text[ADVICE_MAX], name[NAT_POOL_TEXT_MAX];
	struct sentence s = sentence_in(out, ADVICE_MAX);
	uint32_t worst = 0;
	for (uint32_t i = 1; i < census->count; i++)
		if (findings->nat_pools[i].severity > findings->nat_pools[worst].severity)
			worst = i;
	if (census->count == 0) {
		sentence_put(&s, "no source address of a connection is translated here");
		return out;
	}
	sentence_put(&s, "%s", nat_pool_text(&census->pools[worst], name));
	/* Of the sentence what fits behind the name. */
	size_t room = ADVICE_MAX - s.at - sizeof(": ");
	advice_nat(findings, worst, text);
	size_t length = sentence_shorten(text, strlen(text), text, room);
	sentence_put(&s, ": %.*s", (int)length, text);
	return out;
}

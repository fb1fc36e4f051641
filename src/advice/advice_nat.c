/* SPDX-License-Identifier: ISC */
#include "advice/advice_nat.h"

#include "base/sentence.h"

#include <stdio.h>
#include <string.h>

/* Fewer ports that a rule gives out than there are without one. */
static bool
is_narrow(const struct nat_pool *pool)
{
	return pool->usage.capacity < NAT_HIGHEST - NAT_LOWEST + 1;
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

/* A rule that chooses at random finds a port until few are left; where they are, or are chosen so,
 * there must be more of them. */
static void
put_remedies(struct sentence *s, const struct nat_pool *pool)
{
	char text[128], address[ADDR_TEXT_MAX], count[NUMBER_TEXT_MAX];
	bool mostly_idle = pool->idle > pool->entries / 2;
	if (mostly_idle)
		put_idle(s, pool);
	if (pool->usage.percent < 95 && pool->moved < pool->translated)
		sentence_choice(s, "let the rule choose ports at random (--random-fully; it "
				   "helps as old connections end)");
	if (is_narrow(pool))
		sentence_choice(s, "give the rule a wider range of ports");
	sentence_choice(s, "give the rule more outside addresses (each host inside uses one)");
	if (!mostly_idle && pool->idle > pool->entries / 10)
		put_idle(s, pool);
	if (pool->holder_entries > 1) {
		snprintf(text, sizeof(text), "let %s keep fewer connections to this peer (%s)",
			 addr_text(&pool->holder, address),
			 number_text(pool->holder_entries, count));
		sentence_choice(s, text);
	}
}

static void
put_loss(struct sentence *s, const struct nat_pool *pool)
{
	uint32_t loss = pool->usage.loss_ppm;
	if (pool->usage.remaining == 0)
		sentence_put(s, ": each new connection is lost without an error");
	else if (loss > 0)
		sentence_put(s, ", %u.%02u%% of new connections that must change port are lost",
			     loss / 10000, loss / 100 % 100);
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
	sentence_put(&s, "%s of %s outside port%s in use, %s left", number_text(u->used, used),
		     number_text(u->capacity, capacity), number_s(u->capacity),
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

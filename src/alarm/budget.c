/* SPDX-License-Identifier: ISC */
#include "alarm/budget.h"

#include <string.h>

bool
budget_is_named(enum alarm_kind kind)
{
	return kind == ALARM_TARGET || kind == ALARM_HOST || kind == ALARM_LIMIT ||
	       kind == ALARM_INBOUND || kind == ALARM_UDP;
}

/* True if what left in that second counts in the minute that ends with `now`. */
static bool
counts(uint64_t second, uint64_t now)
{
	return second <= now && now - second < BUDGET_SECONDS;
}

/* The second whose place is at `place`, of those up to the last one. */
static uint64_t
second_at(const struct budget *b, unsigned place)
{
	uint64_t back = (b->second + BUDGET_SECONDS - place) % BUDGET_SECONDS;
	return b->second - back;
}

/* What has left within the minute. */
static struct budget_second
spent(const struct budget *b, uint64_t now_ms)
{
	struct budget_second sum = {0, 0};
	for (unsigned i = 0; i < BUDGET_SECONDS; i++) {
		if (!counts(second_at(b, i), now_ms / 1000))
			continue;
		sum.named += b->left[i].named;
		sum.many += b->left[i].many;
	}
	return sum;
}

static uint32_t
rest_of(uint32_t limit, uint32_t spent)
{
	return limit > spent ? limit - spent : 0;
}

uint32_t
budget_rest(const struct budget *b, uint64_t now_ms, bool named)
{
	if (b->per_minute == 0)
		return UINT32_MAX;
	const struct budget_second sum = spent(b, now_ms);
	uint32_t all = rest_of(b->per_minute, sum.named + sum.many);
	uint32_t share = b->per_minute - b->per_minute / 2; /* all of a limit of one */
	uint32_t many = rest_of(share, sum.many);
	return named || all < many ? all : many;
}

void
budget_spend(struct budget *b, uint64_t now_ms, bool named)
{
	uint64_t now = now_ms / 1000;
	if (now >= b->second + BUDGET_SECONDS)
		memset(b->left, 0, sizeof(b->left));
	else
		for (uint64_t s = b->second + 1; s <= now; s++)
			b->left[s % BUDGET_SECONDS] = (struct budget_second){0, 0};
	if (now > b->second)
		b->second = now;
	struct budget_second *left = &b->left[b->second % BUDGET_SECONDS];
	if (named)
		left->named++;
	else
		left->many++;
}

uint64_t
budget_next_ms(const struct budget *b, uint64_t now_ms)
{
	uint64_t now = now_ms / 1000, first = UINT64_MAX;
	for (unsigned i = 0; i < BUDGET_SECONDS; i++) {
		uint64_t second = second_at(b, i);
		if (counts(second, now) && b->left[i].named + b->left[i].many > 0 && second < first)
			first = second;
	}
	return first == UINT64_MAX ? now_ms : (first + BUDGET_SECONDS) * 1000;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_choice.h"

#include "base/array.h"
#include "daemon/namespace_look.h"

#include <stdlib.h>

/* The range of a namespace that nobody has changed, where it is not known: ports. */
#define USUAL_RANGE 28232

/* From one attempt to the next at what cannot be entered. */
#define RETRY_MS 30000

struct reach
namespace_choice_reach(const struct namespace_stock *stock, uint32_t i)
{
	const struct namespace_row *row = &stock->found->rows[i];
	return (struct reach){.offered = stock->views[i].offered,
			      .connections = row->connections,
			      .tcp = namespace_most_sockets(stock->found->unplaced, row),
			      .udp = row->udp};
}

bool
namespace_choice_may_reach(const struct namespace_stock *stock, const struct config *config,
			   uint32_t i)
{
	struct config own;
	const struct reach reach = namespace_choice_reach(stock, i);
	return reach_any(config_of_namespace(config, stock->found->rows[i].name, &own), &reach);
}

bool
namespace_choice_held(const struct namespace_view *view)
{
	if (view->knowledge != NAMESPACE_EXACT)
		return false;
	for (uint32_t i = 0; i < view->pool_count; i++)
		if (view->pools[i].finding.hold.severity != SEVERITY_NORMAL)
			return true;
	for (uint32_t i = 0; i < view->udp_count; i++)
		if (view->udp[i].read.hold.severity != SEVERITY_NORMAL)
			return true;
	for (uint32_t i = 0; i < view->local_count; i++)
		if (view->locals[i].read.hold.severity != SEVERITY_NORMAL)
			return true;
	for (uint32_t i = 0; i < view->target_count; i++)
		if (view->targets[i].hold.severity != SEVERITY_NORMAL)
			return true;
	return view->severity != SEVERITY_NORMAL;
}

static bool
is_due(const struct namespace_stock *stock, const struct config *config, uint32_t i,
       uint64_t now_ms)
{
	const struct namespace_view *view = &stock->views[i];
	if (stock->found->rows[i].gone)
		return false;
	if (view->knowledge == NAMESPACE_BOUND)
		return stock->tried_ms[i] == 0 || now_ms - stock->tried_ms[i] >= RETRY_MS;
	return namespace_choice_held(view) || namespace_choice_may_reach(stock, config, i);
}

static int
compare(const void *left, const void *right)
{
	const struct namespace_candidate *a = left, *b = right;
	if (a->nearness != b->nearness)
		return a->nearness < b->nearness ? 1 : -1;
	if (a->tried_ms != b->tried_ms)
		return a->tried_ms < b->tried_ms ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

static unsigned
nearness_of(const struct namespace_stock *stock, const struct config *config, uint32_t i)
{
	const struct reach r = namespace_choice_reach(stock, i);
	uint32_t offered = r.offered != 0 ? r.offered : USUAL_RANGE;
	uint32_t used = r.tcp < 0 || r.tcp > offered ? offered : (uint32_t)r.tcp;
	unsigned nearness = severity_nearness(&config->levels.raise, offered - used, offered, used);
	return nearness < 100 && !namespace_choice_held(&stock->views[i]) ? nearness : 100;
}

uint32_t
namespace_choice_make(const struct namespace_stock *stock, const struct config *config,
		      uint64_t now_ms, struct namespace_candidate **out)
{
	struct namespace_candidate *c = array_new(stock->found->count, sizeof(*c));
	uint32_t chosen = 0;
	for (uint32_t i = 0; c != NULL && i < stock->found->count; i++)
		if (is_due(stock, config, i, now_ms))
			c[chosen++] = (struct namespace_candidate){nearness_of(stock, config, i),
								   stock->tried_ms[i], i};
	if (chosen > 1)
		qsort(c, chosen, sizeof(*c), compare);
	*out = c;
	return chosen;
}

uint32_t
namespace_choice_turn(const struct namespace_stock *stock)
{
	uint32_t turn = LOOKUP_NONE;
	for (uint32_t i = 0; i < stock->found->count; i++)
		if (stock->views[i].knowledge != NAMESPACE_BOUND && !stock->found->rows[i].gone &&
		    (turn == LOOKUP_NONE || stock->tried_ms[i] < stock->tried_ms[turn]))
			turn = i;
	return turn;
}

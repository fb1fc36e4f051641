/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_rows.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* As tally.h has it; the configuration may be another one than that of the look. */
static uint32_t
target_of(const struct pool_tally *pool, const struct config *config)
{
	if (pool->target == 0)
		return 0;
	if (pool->target <= config->target_count &&
	    target_matches(&config->targets[pool->target - 1], &pool->peer, pool->port))
		return pool->target;
	for (uint32_t i = 0; i < config->target_count; i++)
		if (target_matches(&config->targets[i], &pool->peer, pool->port))
			return i + 1;
	return 0;
}

void
namespace_rows_pools(const struct namespace_view *views, uint32_t count,
		     const struct config *config, struct space_pools *out)
{
	uint32_t room = 0;
	for (uint32_t i = 0; i < count; i++)
		room += views[i].pool_count;
	out->of = array_new(room, sizeof(*out->of));
	for (uint32_t i = 0; out->of != NULL && i < count; i++) {
		for (uint32_t p = 0; p < views[i].pool_count; p++) {
			const struct namespace_pool *pool = &views[i].pools[p];
			if (pool->finding.hold.severity == SEVERITY_NORMAL &&
			    pool->finding.raise.severity == SEVERITY_NORMAL)
				continue;
			out->of[out->count++] =
			    (struct space_pool){views[i].row->name, &pool->tally, &pool->finding,
						pool->message, target_of(&pool->tally, config)};
		}
	}
}

static void
list_ports(const struct namespace_view *view, struct space_pools *out)
{
	for (uint32_t i = 0; i < view->udp_count; i++) {
		const struct namespace_udp *udp = &view->udp[i];
		if (udp->alarmed)
			out->ports[out->port_count++] =
			    (struct space_ports){.space = view->row->name,
						 .udp = true,
						 .address = udp->row.address,
						 .remaining = udp->row.remaining,
						 .capacity = udp->row.capacity,
						 .raise = udp->read.raise,
						 .hold = udp->read.hold,
						 .message = udp->message};
	}
	for (uint32_t i = 0; i < view->local_count; i++) {
		const struct namespace_local *local = &view->locals[i];
		out->ports[out->port_count++] =
		    (struct space_ports){.space = view->row->name,
					 .address = local->row.address,
					 .remaining = local->row.remaining,
					 .capacity = local->row.used + local->row.remaining,
					 .raise = local->read.raise,
					 .hold = local->read.hold,
					 .message = local->message};
	}
}

void
namespace_rows_ports(const struct namespace_view *views, uint32_t count, struct space_pools *out)
{
	uint32_t room = 0;
	for (uint32_t i = 0; i < count; i++)
		room += views[i].udp_count + views[i].local_count;
	out->ports = array_new(room, sizeof(*out->ports));
	for (uint32_t i = 0; out->ports != NULL && i < count; i++)
		list_ports(&views[i], out);
}

static bool
is_same(const struct target *a, const struct target *b)
{
	return a->port == b->port && a->bits == b->bits && addr_equal(&a->net, &b->net) &&
	       strcmp(a->name, b->name) == 0;
}

/* The configuration may be another one than that of the look. */
static uint32_t
find_target(const struct config *config, const struct namespace_target *of)
{
	if (of->position < config->target_count &&
	    is_same(&config->targets[of->position], &of->target))
		return of->position;
	for (uint32_t i = 0; i < config->target_count; i++)
		if (is_same(&config->targets[i], &of->target))
			return i;
	return LOOKUP_NONE;
}

static void
list_targets(const struct namespace_view *view, const struct config *config,
	     struct space_pools *out)
{
	for (uint32_t t = 0; t < view->target_count; t++) {
		const struct namespace_target *of = &view->targets[t];
		uint32_t position = find_target(config, of);
		if (position == LOOKUP_NONE)
			continue;
		out->targets[out->target_count++] = (struct space_target){.space = view->row->name,
									  .target = position,
									  .tally = &of->tally,
									  .raise = of->raise,
									  .hold = of->hold,
									  .message = of->message};
	}
}

/* Something of it may be missing in the row of a target. */
static bool
is_partial(const struct namespace_view *view)
{
	if (view->knowledge == NAMESPACE_EXACT)
		return view->targets_omitted > 0;
	return view->row->connections != 0;
}

void
namespace_rows_targets(const struct namespace_view *views, uint32_t count,
		       const struct config *config, struct space_pools *out)
{
	uint32_t room = 0;
	for (uint32_t i = 0; i < count; i++)
		room += views[i].target_count;
	out->looked = true;
	out->targets = array_new(room, sizeof(*out->targets));
	for (uint32_t i = 0; i < count; i++) {
		if (views[i].row->gone)
			continue;
		out->uncounted += is_partial(&views[i]) || out->targets == NULL;
		if (out->targets != NULL)
			list_targets(&views[i], config, out);
	}
}

void
namespace_rows_free(struct space_pools *pools)
{
	free(pools->of);
	free(pools->ports);
	free(pools->targets);
	*pools = (struct space_pools){.of = NULL};
}

/* SPDX-License-Identifier: ISC */
#include "count/stamps.h"

#include "base/lookup.h"

static enum stamps
known(const struct census *census, const struct addr *peer)
{
	for (unsigned i = 0; i < census->stamped_count; i++)
		if (addr_equal(&census->stamped[i].peer, peer))
			return census->stamped[i].stamps;
	return census->origins != NULL ? origins_stamps(census->origins, addr_hash(peer))
				       : STAMPS_UNKNOWN;
}

/* The pools whose peers are not known, by the hash of the peer's address. False if there are none,
 * or without memory for it. */
static bool
list_unknown(const struct census *census, struct lookup *unknown)
{
	bool any = false;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		const struct addr *peer = &census->pools[i].peer;
		if (census->pools[i].stamped.count == 0 || known(census, peer) != STAMPS_UNKNOWN)
			continue;
		if (!lookup_enter(unknown, addr_hash(peer), i))
			return false;
		any = true;
	}
	return any;
}

static bool
is_unknown(const struct census *census, const struct lookup *unknown, const struct addr *peer)
{
	uint32_t hash = addr_hash(peer), cursor = hash, i;
	while ((i = lookup_next(unknown, hash, &cursor)) != LOOKUP_NONE)
		if (addr_equal(&census->pools[i].peer, peer))
			return true;
	return false;
}

unsigned
stamps_ask(const struct census *census, uint16_t ports[static DIAG_ASKED_MAX])
{
	const struct addr *asked[DIAG_ASKED_MAX];
	struct lookup unknown = {0};
	unsigned count = 0;
	bool any = list_unknown(census, &unknown);
	for (uint32_t i = 0; any && i < census->pool_count && count < DIAG_ASKED_MAX; i++) {
		const struct pool *pool = &census->pools[i];
		unsigned same = 0;
		if (pool->established == 0 || !is_unknown(census, &unknown, &pool->peer))
			continue;
		while (same < count && !addr_equal(asked[same], &pool->peer))
			same++;
		if (same < count)
			continue;
		asked[count] = &pool->peer;
		ports[count++] = pool->established;
	}
	lookup_free(&unknown);
	return count;
}

bool
stamps_settle(struct census *census)
{
	const struct port_range *range = &census->settings.range;
	for (uint32_t i = 0; i < census->pool_count; i++) {
		struct pool *pool = &census->pools[i];
		if (pool->stamped.count == 0)
			continue;
		enum stamps stamps = known(census, &pool->peer);
		struct portbag *into = stamps == STAMPS_UNUSED ? &pool->held : &pool->unsure;
		if (stamps != STAMPS_USED && !portbag_merge(into, range, &pool->stamped))
			return false;
		if (stamps == STAMPS_UNUSED)
			pool->recyclable -= pool->stamped_sockets;
		portbag_free(&pool->stamped);
	}
	return true;
}

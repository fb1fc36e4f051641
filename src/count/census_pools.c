/* SPDX-License-Identifier: ISC */
#include "count/census_pools.h"

#include "base/array.h"
#include "base/pool_key.h"

static uint32_t
find_local(const struct census *census, uint32_t hash, const struct addr *address)
{
	uint32_t cursor = hash, i;
	while ((i = lookup_next(&census->local_lookup, hash, &cursor)) != LOOKUP_NONE)
		if (addr_equal(&census->locals[i].address, address))
			return i;
	return LOOKUP_NONE;
}

uint32_t
census_local(const struct census *census, const struct addr *address)
{
	return find_local(census, addr_hash(address), address);
}

uint32_t
census_enter_local(struct census *census, const struct addr *address)
{
	if (census->local_last != LOOKUP_NONE &&
	    addr_equal(&census->locals[census->local_last].address, address))
		return census->local_last;
	uint32_t hash = addr_hash(address);
	uint32_t i = find_local(census, hash, address);
	if (i != LOOKUP_NONE)
		return census->local_last = i;

	struct local *locals =
	    array_grow(census->locals, census->local_count, &census->local_room, sizeof(*locals));
	if (locals == NULL)
		return LOOKUP_NONE;
	census->locals = locals;
	i = census->local_count;
	if (!lookup_enter(&census->local_lookup, hash, i))
		return LOOKUP_NONE;
	locals[i] = (struct local){.address = *address, .first_pool = LOOKUP_NONE};
	portbag_init(&locals[i].extra);
	portbag_init(&locals[i].listening);
	census->local_count++;
	return census->local_last = i;
}

static uint32_t
find_pool(const struct census *census, uint32_t hash, struct pool_key key)
{
	uint32_t cursor = hash, i;
	while ((i = lookup_next(&census->pool_lookup, hash, &cursor)) != LOOKUP_NONE)
		if (pool_key_equal(POOL_KEY(&census->pools[i]), key))
			return i;
	return LOOKUP_NONE;
}

const struct pool *
census_pool(const struct census *census, const struct addr *local, const struct addr *peer,
	    uint16_t port)
{
	const struct pool_key key = {local, peer, port};
	uint32_t i = find_pool(census, pool_key_hash(key), key);
	return i == LOOKUP_NONE ? NULL : &census->pools[i];
}

struct pool *
census_enter_pool(struct census *census, const struct diag_socket *s)
{
	const struct pool_key key = {&s->local, &s->peer, s->peer_port};
	uint32_t hash = pool_key_hash(key), i = find_pool(census, hash, key);
	if (i != LOOKUP_NONE)
		return &census->pools[i];

	uint32_t local = census_enter_local(census, &s->local);
	if (local == LOOKUP_NONE)
		return NULL;
	struct pool *pools =
	    array_grow(census->pools, census->pool_count, &census->pool_room, sizeof(*pools));
	if (pools == NULL)
		return NULL;
	census->pools = pools;
	i = census->pool_count;
	if (!lookup_enter(&census->pool_lookup, hash, i))
		return NULL;
	pools[i] = (struct pool){.local = s->local,
				 .peer = s->peer,
				 .port = s->peer_port,
				 .local_index = local,
				 .next_at_local = census->locals[local].first_pool};
	census->locals[local].first_pool = i;
	portbag_init(&pools[i].held);
	portbag_init(&pools[i].asked);
	portbag_init(&pools[i].unsure);
	portbag_init(&pools[i].doubted);
	portbag_init(&pools[i].stamped);
	census->pool_count++;
	return &pools[i];
}

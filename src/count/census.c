/* SPDX-License-Identifier: ISC */
#include "count/census.h"

#include "base/array.h"
#include "base/pool_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
census_init(struct census *census, const struct settings *settings, struct origins *origins)
{
	memset(census, 0, sizeof(*census));
	census->settings = *settings;
	census->origins = origins;
	census->local_last = LOOKUP_NONE;
	if (settings->tw_reuse_delay_ms != SETTING_ABSENT)
		census->features |= UINT32_C(1) << FEATURE_TW_DELAY;
}

void
census_free(struct census *census)
{
	for (uint32_t i = 0; i < census->pool_count; i++) {
		portbag_free(&census->pools[i].held);
		portbag_free(&census->pools[i].asked);
		portbag_free(&census->pools[i].unsure);
		portbag_free(&census->pools[i].doubted);
		portbag_free(&census->pools[i].stamped);
	}
	for (uint32_t i = 0; i < census->local_count; i++) {
		portbag_free(&census->locals[i].extra);
		portbag_free(&census->locals[i].listening);
	}
	free(census->pools);
	free(census->locals);
	free(census->holds);
	free(census->keys);
	udp_none(&census->udp_held, "");
	lookup_free(&census->pool_lookup);
	lookup_free(&census->local_lookup);
	memset(census, 0, sizeof(*census));
}

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

bool
census_hold_at(struct census *census, uint32_t local, uint16_t port)
{
	return portbag_add(&census->locals[local].extra, &census->settings.range, port) >= 0;
}

static bool
listens_at(const struct census *census, const struct addr *address, uint16_t port)
{
	uint32_t local = census_local(census, address);
	return local != LOOKUP_NONE &&
	       portbag_has(&census->locals[local].listening, &census->settings.range, port);
}

bool
census_listens(const struct census *census, const struct addr *local, uint16_t port)
{
	if (!portset_has(&census->listening, port))
		return false;
	const struct portset *wild = addr_is_v4(local) ? &census->listening4 : &census->listening6;
	if (!range_has(&census->settings.range, port) || portset_has(wild, port) ||
	    listens_at(census, local, port))
		return true;
	struct addr anywhere = *local;
	anywhere.zone = 0;
	return local->zone != 0 && listens_at(census, &anywhere, port);
}

bool
census_hold(struct census *census, const struct addr *address, uint16_t port)
{
	uint32_t local = census_enter_local(census, address);
	if (local == LOOKUP_NONE || !census_hold_at(census, local, port))
		return false;
	census->locals[local].idle = true;
	return true;
}

bool
census_watch(struct census *census)
{
	if (census->keys == NULL)
		census->keys = calloc(range_size(&census->settings.range), sizeof(*census->keys));
	return census->keys != NULL;
}

void
census_unseen(struct census *census, const struct unseen_count *count)
{
	census->idle_counted = count->known;
	census->idle = count->complete ? count->sockets : 0;
	census->elsewhere = count->complete ? 0 : count->sockets;
}

void
census_settle(struct census *census, uint16_t port, bool blocked)
{
	portset_del(&census->ambiguous, port);
	if (blocked)
		portset_add(&census->bound, port);
	else
		portset_del(&census->bound, port);
}

void
census_learn(struct census *census, uint32_t *known)
{
	*known |= census->features & FEATURES_SEEN;
	census->features |= *known;
}

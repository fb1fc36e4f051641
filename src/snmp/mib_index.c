/* SPDX-License-Identifier: ISC */
#include "snmp/mib_index.h"

#include <string.h>

size_t
mib_index_addr(const struct addr *address, uint32_t *out)
{
	uint8_t octets[20];
	size_t count = addr_octets(address, octets);
	size_t n = 0;
	out[n++] = addr_type(address);
	out[n++] = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		out[n++] = octets[i];
	return n;
}

size_t
mib_index_peer(const struct peer_tally *peer, uint32_t *out)
{
	return mib_index_addr(&peer->peer, out);
}

size_t
mib_index_local(const struct local_tally *local, uint32_t *out)
{
	return mib_index_addr(&local->address, out);
}

static size_t
put_pool(const struct addr *peer, uint16_t port, const struct addr *local, uint32_t *out)
{
	size_t n = mib_index_addr(peer, out);
	out[n++] = port;
	return n + mib_index_addr(local, out + n);
}

size_t
mib_index_pool(const struct pool_tally *pool, uint32_t *out)
{
	return put_pool(&pool->peer, pool->port, &pool->local, out);
}

size_t
mib_index_owner(const struct owner *owner, uint32_t *out)
{
	size_t n = put_pool(&owner->peer, owner->port, &owner->local, out);
	out[n++] = owner->number;
	return n;
}

size_t
mib_index_nat(const struct nat_pool *pool, uint32_t *out)
{
	size_t n = 0;
	out[n++] = pool->protocol;
	n += put_pool(&pool->peer, pool->port, &pool->outside, out + n);
	out[n++] = pool->zone;
	return n;
}

size_t
mib_index_target(const char *name, uint32_t *out)
{
	size_t length = strlen(name);
	out[0] = (uint32_t)length;
	for (size_t i = 0; i < length; i++)
		out[1 + i] = (uint8_t)name[i];
	return 1 + length;
}

size_t
mib_index_alarm(const struct alarm *alarm, uint32_t *out)
{
	out[0] = alarm->id;
	return 1;
}

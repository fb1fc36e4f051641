/* SPDX-License-Identifier: ISC */
/*
 * pool_key: what names a pool: the local address, and the peer's address and port. Pure.
 */
#ifndef SRCPORTD_POOL_KEY_H
#define SRCPORTD_POOL_KEY_H

#include "base/addr.h"

/* A view of a key where it is stored: the addresses are not owned. */
struct pool_key {
	const struct addr *local, *peer;
	uint16_t port;
};

/* The key of what has the members local, peer and port. */
#define POOL_KEY(of) ((struct pool_key){&(of)->local, &(of)->peer, (of)->port})

/* A hash of the key for lookup.h, zones included; inline: it is worked out for each socket. */
static inline uint32_t
pool_key_hash(struct pool_key key)
{
	uint32_t word[2 * ADDR_WORDS + 1];
	addr_words(key.local, word);
	addr_words(key.peer, word + ADDR_WORDS);
	word[2 * ADDR_WORDS] = key.port;
	return lookup_hash(word, 2 * ADDR_WORDS + 1);
}

/* The port and the peer differ more often than the local address. */
static inline bool
pool_key_equal(struct pool_key a, struct pool_key b)
{
	return a.port == b.port && addr_equal(a.peer, b.peer) && addr_equal(a.local, b.local);
}

/* Order of the MIB, and of every list of pools: the peer (addr_compare()), its port, the local
 * address. <0, 0, >0. */
int pool_key_compare(struct pool_key a, struct pool_key b);

#endif

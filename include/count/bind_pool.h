/* SPDX-License-Identifier: ISC */
/*
 * bind_pool: what bind() with port 0 can still get at each local address. Pure.
 */
#ifndef SRCPORTD_BIND_POOL_H
#define SRCPORTD_BIND_POOL_H

#include "count/census.h"

struct local_tally {
	struct addr address;
	uint32_t connections;
	uint32_t used; /* ports that bind(address, 0) cannot get */
	uint32_t remaining;
	uint32_t uncertain; /* how many of remaining may be held unseen */
	bool binders;       /* somebody there was seen to bind first (binders.h) */
};

/* Fills in one local_tally for each local address of the census, in its order. False with errno
 * ENOMEM. */
bool bind_pools(const struct census *census, struct local_tally *locals);

#endif

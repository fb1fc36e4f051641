/* SPDX-License-Identifier: ISC */
/*
 * census_pools: the pools and the local addresses of a census, each entered when its first socket
 * comes. Pure. Where one is looked for only, census.h has it.
 */
#ifndef SRCPORTD_CENSUS_POOLS_H
#define SRCPORTD_CENSUS_POOLS_H

#include "count/census.h"

/* Index of the local address in census->locals, entered if it is new; LOOKUP_NONE with errno
 * ENOMEM. It stays when others are entered, what is at it moves. */
uint32_t census_enter_local(struct census *census, const struct addr *address);

/* The pool of a connection, entered if it is new, with its local address; NULL with errno ENOMEM.
 * Valid until another is entered. */
struct pool *census_enter_pool(struct census *census, const struct diag_socket *socket);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * binders: positive evidence that somebody binds before connecting, where what is `uncertain` alone
 * would be no more than a doubt. Pure.
 *
 * connect() fills the even offsets from the low end of the range first (__inet_hash_connect()), so
 * that they are at least as full as the odd ones, also after any churn that closes without regard
 * to the port; bind() with port 0 begins with the odd ones (inet_csk_find_open_port()).
 */
#ifndef SRCPORTD_BINDERS_H
#define SRCPORTD_BINDERS_H

#include "count/bind_pool.h"

/* True if `excess` of `total` sockets, those that odd offsets have more than even ones, are clearly
 * more than chance: a quarter, and three standard deviations of as many coins. */
bool binders_show(uint32_t excess, uint32_t total);

/* True if the pool shows so itself. */
bool binders_in(const struct pool *pool);

/* Sets `binders` of the local addresses, which are in the census's order: a bound idle socket is
 * seen there or on a wildcard of the family, or clearly more sockets at odd offsets, in the pools
 * of the address together; or one of these was so in an earlier poll. False with errno ENOMEM. */
bool binders_mark(const struct census *census, struct local_tally *locals);

#endif

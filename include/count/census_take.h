/* SPDX-License-Identifier: ISC */
/*
 * census_take: what each socket of a stream is to a census. Pure: no I/O, no clock, no globals.
 *
 * The rules are those of __inet_hash_connect() and __inet_check_established()
 * (net/ipv4/inet_hashtables.c).
 */
#ifndef SRCPORTD_CENSUS_TAKE_H
#define SRCPORTD_CENSUS_TAKE_H

#include "count/census.h"

/* Takes in one socket of the given dump, but for what is nobody's business (specimen_is_any()).
 * Listeners and explicit binds must come before connections, bound idle sockets may come at any
 * time, as holders (diag_take_message()). False
 * with errno ENOMEM: the census is then incomplete and must be dropped. */
bool census_add(struct census *census, enum diag_dump dump, const struct diag_socket *socket);

/* The same as a diag_take of kernel/: arg is the census. */
bool census_take(void *census, enum diag_dump dump, const struct diag_socket *socket);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * tally_local: what bind() with port 0 can still get at each local address. Pure.
 */
#ifndef SRCPORTD_TALLY_LOCAL_H
#define SRCPORTD_TALLY_LOCAL_H

#include "count/tally.h"

/* Fills in one local_tally for each local address of the census, in its order. False with errno
 * ENOMEM. */
bool tally_locals(const struct census *census, struct local_tally *locals);

#endif

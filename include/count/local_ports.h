/* SPDX-License-Identifier: ISC */
/*
 * local_ports: the ports that sockets at one local address hold, of whatever pool. Pure. The time
 * follows the sockets there, not the size of the range.
 */
#ifndef SRCPORTD_LOCAL_PORTS_H
#define SRCPORTD_LOCAL_PORTS_H

#include "count/census.h"

/* Adds those that are in `within` to set; `local` is a position in census.locals. Returns how many
 * were not in set. */
uint32_t local_ports_add(const struct census *census, uint32_t local, const struct portset *within,
			 struct portset *set);

/* Takes all of them out of set. */
void local_ports_take(const struct census *census, uint32_t local, struct portset *set);

#endif

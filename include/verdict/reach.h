/* SPDX-License-Identifier: ISC */
/*
 * reach: whether anything in a network namespace can be at a level, by how many sockets it has at
 * most: whether it is worth to count. Pure.
 *
 * Each port that is in use, blocked or in doubt has a socket: no pool has less remaining than what
 * is offered less the sockets, nor more in CLOSE_WAIT than there are.
 */
#ifndef SRCPORTD_REACH_H
#define SRCPORTD_REACH_H

#include "config/config.h"

struct reach {
	uint32_t offered; /* ports of the range that are not reserved */
	/* At most; below 0 = not known: */
	int64_t connections; /* TCP sockets in the tables of the namespace */
	int64_t tcp, udp;    /* sockets that hold a port, those of TCP in no table too */
};

/* False: by the levels of the configuration and of its targets everything is normal. */
bool reach_any(const struct config *config, const struct reach *reach);

#endif

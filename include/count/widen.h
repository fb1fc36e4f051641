/* SPDX-License-Identifier: ISC */
/*
 * widen: what a wider range would bring, and what it would collide with. Pure.
 */
#ifndef SRCPORTD_WIDEN_H
#define SRCPORTD_WIDEN_H

#include "base/portset.h"

/* Listening ports that are named. */
#define WIDEN_NAMED 3

struct widening {
	struct port_range range; /* what to set; the present one if there is nothing to gain */
	uint32_t gain;           /* further ports that connect() could then take */
	uint32_t reserved;       /* of the new part: reserved ports, which bring nothing */
	uint32_t listening; /* of the rest: ports with a listener. It keeps its port; but a service
			       that is restarted may then find it taken by a connection */
	uint32_t bound;     /* of the rest: blocked otherwise */
	uint16_t named[WIDEN_NAMED]; /* the lowest listening ports of the new part */
	unsigned named_count;
};

/* The widest range without ports of the system: 1024..65535, or further down if the present one
 * already does. Its ends are of different parity, as the kernel's documentation wants it. */
struct widening widen_range(const struct port_range *range, const struct portset *reserved,
			    const struct portset *listening, const struct portset *bound);

#endif

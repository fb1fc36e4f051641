/* SPDX-License-Identifier: ISC */
/*
 * source_left: what each address of the host has left toward whatever destination. Pure.
 */
#ifndef SRCPORTD_SOURCE_LEFT_H
#define SRCPORTD_SOURCE_LEFT_H

#include "count/tally.h"
#include "kernel/sources.h"

/* In the order of struct sources. */
struct source_left {
	uint32_t connections[SOURCES_MAX]; /* outgoing */
	/* Connections that can still be made from there to any one destination, at least: as if one
	 * destination had all the ports that are held at the address. */
	uint32_t remaining[SOURCES_MAX];
};

void source_left_count(const struct sources *sources, const struct tally *tally,
		       struct source_left *out);

/* Of the sources on the same device as this local address, and of its family, the one that has most
 * left, its position; -1 if none but itself has at least half of the capacity, or it is not
 * among the sources. */
int source_left_best(const struct sources *sources, const struct source_left *left,
		     const struct addr *local, uint32_t capacity);

#endif

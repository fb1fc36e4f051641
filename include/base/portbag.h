/* SPDX-License-Identifier: ISC */
/*
 * portbag: the ports of the range that one pool holds, in memory that follows their number.
 *
 * A host may have one pool with 28,000 ports or 10,000 pools with three each: up to eight ports lie
 * in the struct itself, up to PORTBAG_LIST_MAX in a sorted list, more in a bitmap of the range.
 */
#ifndef SRCPORTD_PORTBAG_H
#define SRCPORTD_PORTBAG_H

#include "base/portset.h"

#define PORTBAG_FEW      8
#define PORTBAG_LIST_MAX 256

struct portbag {
	union {
		uint16_t few[PORTBAG_FEW]; /* capacity == PORTBAG_FEW */
		uint16_t *list;            /* capacity <= PORTBAG_LIST_MAX: sorted */
		uint64_t *bits;            /* capacity == 0 and count > 0: bit 0 is range.low */
	} u;
	uint32_t count;
	uint16_t capacity;
};

/* An empty bag; owns no memory yet. */
void portbag_init(struct portbag *bag);

/* Frees what the bag holds; the bag is then as after portbag_init. */
void portbag_free(struct portbag *bag);

/* Adds a port of the range (the same range in every call for one bag). Returns 1 if it is new, 0 if
 * it was there, -1 with errno ENOMEM and the bag unchanged. */
int portbag_add(struct portbag *bag, const struct port_range *range, uint16_t port);

/* Adds all ports of another bag of the same range. False with errno ENOMEM. */
bool portbag_merge(struct portbag *bag, const struct port_range *range, const struct portbag *from);

/* Number of ports in the bag that are not in `without`. */
uint32_t portbag_count_without(const struct portbag *bag, const struct port_range *range,
			       const struct portset *without);

/* Whether a port of the range is in the bag. */
bool portbag_has(const struct portbag *bag, const struct port_range *range, uint16_t port);

/* Adds the bag's ports that are in `within` to s; returns how many were not in s. */
uint32_t portbag_add_new(const struct portbag *bag, const struct port_range *range,
			 const struct portset *within, struct portset *s);

/* Adds the bag's ports to s / takes them out of s. */
void portbag_add_to(const struct portbag *bag, const struct port_range *range, struct portset *s);
void portbag_take_from(const struct portbag *bag, const struct port_range *range,
		       struct portset *s);

#endif

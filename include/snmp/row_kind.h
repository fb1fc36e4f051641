/* SPDX-License-Identifier: ISC */
/*
 * row_kind: what the rows of each table are like: how they are ordered and encoded, and what
 * entitles them to be there when not all fit. Pure.
 */
#ifndef SRCPORTD_ROW_KIND_H
#define SRCPORTD_ROW_KIND_H

#include "snmp/snapshot.h"

/* What decides which rows a full table shows. */
struct claim {
	enum severity severity;
	bool targeted; /* the operator named it */
	uint32_t remaining, capacity;
	uint32_t hash; /* of its key */
};

/* A row is a struct row_index and, at tally_offset, a copy of a tally. */
struct row_kind {
	size_t row_size, tally_offset, tally_size, index_max;
	struct claim (*claim)(const void *tally);           /* NULL: none is ever left out */
	int (*compare)(const void *row, const void *other); /* MIB order */
	size_t (*encode)(const void *row, uint32_t *out);   /* the OID suffix; its length */
};

extern const struct row_kind row_kinds[SNAPSHOT_TABLES];

#endif

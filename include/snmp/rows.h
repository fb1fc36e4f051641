/* SPDX-License-Identifier: ISC */
/*
 * rows: the rows of a table, made from tallies: which of them, when not all fit, in which order,
 * and their OIDs. Pure.
 */
#ifndef SRCPORTD_ROWS_H
#define SRCPORTD_ROWS_H

#include "snmp/row_kind.h"

/* A row stays until one that is left out has fewer remaining by more than this much of the
 * capacity. */
#define ROWS_MARGIN_PERCENT 1

/* The rows of one table, and where their indexes are. */
struct rows {
	void *rows; /* of the table's type, in MIB order */
	uint32_t count;
	uint32_t *index_store;
};

/* What they are made from. */
struct tallies {
	const void *tallies; /* of the table's type */
	const void *found;   /* of each of them, if the table's rows have it */
	uint32_t count;
	uint32_t limit; /* rows at the most; targets, alarms and owners have none */
	uint32_t first; /* position of the one that goes before all others, or LOOKUP_NONE */
};

/* Makes the rows of a table. Where not all fit, what is in alarm goes first, then what belongs to a
 * target, then the rest, of each those with the fewest remaining; of the rows of the last snapshot
 * (count 0 if there is none) see ROWS_MARGIN_PERCENT. Takes time that follows the number of
 * tallies. rows and index_store of *out are the caller's to free. False with errno ENOMEM; *out is
 * then as it was. */
bool rows_take(enum row_table table, const struct tallies *all, const struct rows *last,
	       struct rows *out);

#endif

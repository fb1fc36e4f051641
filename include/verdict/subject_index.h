/* SPDX-License-Identifier: ISC */
/*
 * subject_index: finds the row of a subject in an array that its owner keeps, and counts the rows
 * of each kind. Pure.
 *
 * An index that is all zeros is one of no rows. Without memory a search looks at every row.
 */
#ifndef SRCPORTD_SUBJECT_INDEX_H
#define SRCPORTD_SUBJECT_INDEX_H

#include "base/lookup.h"
#include "verdict/alarm_key.h"

struct subject_index {
	struct lookup lookup;
	bool stale; /* rows have moved since it was made, or there was no memory for it */
	uint32_t rows[ALARM_KINDS]; /* of each kind */
};

/* The array: where the subject of its first row is, and how far the next one is from it. */
struct subject_rows {
	const struct alarm_subject *first; /* not used if there is none */
	size_t stride;
	uint32_t count;
};

/* Position of the subject's row, or LOOKUP_NONE. */
uint32_t subject_index_find(const struct subject_index *index, const struct subject_rows *rows,
			    const struct alarm_subject *subject);

/* The subject gets a row at `position`, behind all others. False with errno ENOMEM; the index is
 * then unchanged. */
bool subject_index_enter(struct subject_index *index, const struct alarm_subject *subject,
			 uint32_t position);

/* The subject loses its row, and others may move: until subject_index_renew() a search looks at
 * every row. */
void subject_index_leave(struct subject_index *index, const struct alarm_subject *subject);

/* Makes the index anew if it is stale. Without memory it stays so. */
void subject_index_renew(struct subject_index *index, const struct subject_rows *rows);

/* Frees what it holds; it is then one of no rows. */
void subject_index_free(struct subject_index *index);

#endif

/* SPDX-License-Identifier: ISC */
#include "verdict/subject_index.h"

static const struct alarm_subject *
at(const struct subject_rows *rows, uint32_t position)
{
	return (const void *)((const char *)rows->first + position * rows->stride);
}

uint32_t
subject_index_find(const struct subject_index *index, const struct subject_rows *rows,
		   const struct alarm_subject *subject)
{
	if (index->rows[subject->kind] == 0)
		return LOOKUP_NONE;
	if (index->stale) {
		for (uint32_t i = 0; i < rows->count; i++)
			if (alarm_subject_equal(at(rows, i), subject))
				return i;
		return LOOKUP_NONE;
	}
	uint32_t hash = alarm_subject_hash(subject), cursor = hash, i;
	while ((i = lookup_next(&index->lookup, hash, &cursor)) != LOOKUP_NONE)
		if (alarm_subject_equal(at(rows, i), subject))
			return i;
	return LOOKUP_NONE;
}

bool
subject_index_enter(struct subject_index *index, const struct alarm_subject *subject,
		    uint32_t position)
{
	if (!index->stale && !lookup_enter(&index->lookup, alarm_subject_hash(subject), position))
		return false;
	index->rows[subject->kind]++;
	return true;
}

void
subject_index_leave(struct subject_index *index, const struct alarm_subject *subject)
{
	index->rows[subject->kind]--;
	index->stale = true;
}

void
subject_index_renew(struct subject_index *index, const struct subject_rows *rows)
{
	if (!index->stale)
		return;
	lookup_free(&index->lookup);
	index->stale = false;
	for (uint32_t i = 0; !index->stale && i < rows->count; i++)
		index->stale = !lookup_enter(&index->lookup, alarm_subject_hash(at(rows, i)), i);
}

void
subject_index_free(struct subject_index *index)
{
	lookup_free(&index->lookup);
	*index = (struct subject_index){.stale = false};
}

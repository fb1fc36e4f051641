/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_book.h"

#include "base/array.h"

#include <stdlib.h>

bool
alarm_book_open(struct alarm_book *b)
{
	*b = (struct alarm_book){.ids = calloc(ALARM_ID_MAX / 64 + 1, sizeof(*b->ids))};
	return b->ids != NULL;
}

void
alarm_book_close(struct alarm_book *b)
{
	subject_index_free(&b->index);
	free(b->records);
	free(b->ids);
}

static struct subject_rows
rows_of(const struct alarm_book *b)
{
	return (struct subject_rows){b->count > 0 ? &b->records->alarm.subject : NULL,
				     sizeof(*b->records), b->count};
}

struct alarm_record *
alarm_book_find(const struct alarm_book *b, const struct alarm_subject *subject)
{
	const struct subject_rows rows = rows_of(b);
	uint32_t i = subject_index_find(&b->index, &rows, subject);
	return i == LOOKUP_NONE ? NULL : &b->records[i];
}

struct alarm_record *
alarm_book_add(struct alarm_book *b, const struct alarm_subject *subject)
{
	struct alarm_record *records = array_grow(b->records, b->count, &b->room, sizeof(*records));
	if (records == NULL)
		return NULL;
	b->records = records;
	if (!subject_index_enter(&b->index, subject, b->count))
		return NULL;
	struct alarm_record *r = &b->records[b->count++];
	*r = (struct alarm_record){.alarm = {.subject = *subject,
					     .severity = SEVERITY_NORMAL,
					     .told = SEVERITY_NORMAL,
					     .cause = CAUSE_NONE},
				   .stated = SEVERITY_NORMAL};
	return r;
}

void
alarm_record_depart(struct alarm_record *r, const struct notification *n)
{
	r->given = r->alarm.sequence = n->alarm.sequence;
	r->stated = n->alarm.severity;
}

bool
alarm_record_has_left(const struct alarm_record *r)
{
	return r->given != 0 && r->stated == r->alarm.severity;
}

static uint64_t
bit_of(uint32_t id)
{
	return UINT64_C(1) << id % 64;
}

static bool
is_free(const struct alarm_book *b, uint32_t id)
{
	return id != 0 && (b->ids[id / 64] & bit_of(id)) == 0;
}

/* Number 0, which is none, may be dropped too. */
static void
drop_number(struct alarm_book *b, const struct alarm_record *r)
{
	b->ids[r->alarm.id / 64] &= ~bit_of(r->alarm.id);
}

/* There are fewer alarms than numbers. */
void
alarm_book_number(struct alarm_book *b, struct alarm_record *r, uint32_t id)
{
	drop_number(b, r);
	while (!is_free(b, id))
		id = b->last_id = b->last_id % ALARM_ID_MAX + 1;
	r->alarm.id = id;
	b->ids[id / 64] |= bit_of(id);
}

void
alarm_book_forget(struct alarm_book *b)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < b->count; i++) {
		const struct alarm_record *r = &b->records[i];
		bool idle = r->alarm.severity == SEVERITY_NORMAL &&
			    r->alarm.told == SEVERITY_NORMAL && !r->out;
		if (idle) {
			drop_number(b, r);
			subject_index_leave(&b->index, &r->alarm.subject);
		} else if (kept++ != i) {
			b->records[kept - 1] = *r;
		}
	}
	b->count = kept;
}

void
alarm_book_renew(struct alarm_book *b)
{
	const struct subject_rows rows = rows_of(b);
	subject_index_renew(&b->index, &rows);
}

/* SPDX-License-Identifier: ISC */
/*
 * alarm_book: the records of the alarm engine: one of each subject that is in alarm, or whose end
 * managers have yet to be told; found by subject, each with a number of its own. Pure.
 */
#ifndef SRCPORTD_ALARM_BOOK_H
#define SRCPORTD_ALARM_BOOK_H

#include "alarm/notification.h"
#include "verdict/subject_index.h"

struct alarm_record {
	struct alarm alarm;
	uint32_t given; /* number of the last notification about it that left; 0 = none yet, */
	enum severity stated; /* and what that one said */
	uint64_t patience_ms; /* one was refused: none before that */
	bool taken;           /* in this poll */
	bool changed;         /* in this poll */
	bool fading;          /* this poll found less: only its polls are still counted */
	bool out;             /* a notification is on its way */
	bool again;           /* what was accepted is to be repeated */
	bool held;            /* the limit has held back what it is */
};

struct alarm_book {
	struct alarm_record *records;
	uint32_t count, room;
	struct subject_index index; /* of records */
	uint64_t *ids;              /* a bit for each number that a record has */
	uint32_t last_id;
};

/* An empty book. False with errno ENOMEM. */
bool alarm_book_open(struct alarm_book *book);
void alarm_book_close(struct alarm_book *book);

/* The record of a subject, or NULL. */
struct alarm_record *alarm_book_find(const struct alarm_book *book,
				     const struct alarm_subject *subject);

/* A new record of a subject that has none: normal, without a number. NULL with errno ENOMEM. */
struct alarm_record *alarm_book_add(struct alarm_book *book, const struct alarm_subject *subject);

/* A notification about it has left, with its number; and whether what it is has, but was not
 * accepted, or was by another master agent. */
void alarm_record_depart(struct alarm_record *record, const struct notification *notification);
bool alarm_record_has_left(const struct alarm_record *record);

/* Gives the record the number `id` if no other has it, else the next one, as if `id` is 0. */
void alarm_book_number(struct alarm_book *book, struct alarm_record *record, uint32_t id);

/* Lets go of records that are normal, which managers know. Others move. */
void alarm_book_forget(struct alarm_book *book);

/* Finds subjects fast again after alarm_book_forget(). */
void alarm_book_renew(struct alarm_book *book);

#endif

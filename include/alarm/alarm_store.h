/* SPDX-License-Identifier: ISC */
/*
 * alarm_store: the file in which alarms outlive the program: one program's at a time, replaced as a
 * whole, and never taken for one's own if it is another's.
 */
#ifndef SRCPORTD_ALARM_STORE_H
#define SRCPORTD_ALARM_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct alarm_store {
	int fd; /* of the file, locked; -1 = there is none */
};

/* Opens or makes the file and locks it, as long as it is open. False with errno: EBUSY if another
 * program has it, ENODEV if it is no regular file; it is never waited for, not even if it is a
 * FIFO.
 */
bool alarm_store_open(struct alarm_store *store, const char *path);

/* Puts text in the place of the file, all of it or none, on the disk before it has the name. False
 * with errno: ESTALE if the name is another file's by now; and if it had to be made anew and could
 * not be, it is closed. */
bool alarm_store_replace(struct alarm_store *store, const char *path, const char *text,
			 size_t length);

/* Keeps the file as PATH.bad, where what was there under that name goes, and begins a new one.
 * False with errno. */
bool alarm_store_keep_aside(struct alarm_store *store, const char *path);

void alarm_store_close(struct alarm_store *store);

#endif

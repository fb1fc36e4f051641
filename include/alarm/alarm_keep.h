/* SPDX-License-Identifier: ISC */
/*
 * alarm_keep: keeps alarms in a file over a restart, and says in the log when that does not go
 * well.
 */
#ifndef SRCPORTD_ALARM_KEEP_H
#define SRCPORTD_ALARM_KEEP_H

#include "alarm/alarm_file.h"
#include "alarm/alarm_store.h"
#include "config/config.h"

struct alarm_keep {
	char path[CONFIG_FILE_MAX]; /* empty = none */
	struct alarm_store store;
	char *saved; /* what is in the file; NULL = not known */
	size_t saved_length;
	int error; /* errno of the last attempt to write, 0 = it went well */
};

/* Opens the file and reads it into *out, whose alarms are the caller's to free. What cannot be read
 * is logged and taken for none. An empty path: there is no file. */
void alarm_keep_open(struct alarm_keep *keep, const char *path, struct alarm_file *out);

/* Writes the file if its content has changed; file->alarms NULL = there was no memory for them.
 * That it cannot be written is logged when it is news. */
void alarm_keep_write(struct alarm_keep *keep, const struct alarm_file *file);

void alarm_keep_close(struct alarm_keep *keep);

#endif

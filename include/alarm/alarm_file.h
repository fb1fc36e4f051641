/* SPDX-License-Identifier: ISC */
/*
 * alarm_file: alarms as text, so that they outlive the program.
 *
 *     srcportd alarms 1
 *     last ID SEQUENCE
 *     alarm ID SEQUENCE SEVERITY TOLD SINCE KEY
 *
 * SEVERITY is what the alarm was, TOLD what managers know of it (normal: nothing; unknown: that was
 * still on its way), SINCE seconds since the epoch, KEY that of alarm_key.h. Of figures that are
 * too old, and of nothing else, SEVERITY is unknown; TOLD is then normal, unknown, or "unsure".
 */
#ifndef SRCPORTD_ALARM_FILE_H
#define SRCPORTD_ALARM_FILE_H

#include "alarm/alarm.h"

#include <stdio.h>

struct alarm_file {
	uint32_t last_id, last_sequence;
	struct alarm *alarms; /* id, sequence, severity, told, since and subject are set */
	uint32_t count;
};

/* Writes the text form to a stream, whose errors are the caller's to find. */
void alarm_file_print(const struct alarm_file *file, FILE *out);

/* Reads the text form; file->alarms is then the caller's to free, also after an error. Nothing that
 * is not exactly of that form is taken. NULL, or what was expected (static text). */
const char *alarm_file_parse(FILE *in, struct alarm_file *file);

/* What alarm_file_parse() returns for what does not begin as such a text of this version does. */
extern const char alarm_file_head[];

#endif

/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_file.h"

#include "config/config_words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than there can be: maxAlarms, targets and notifications. */
#define ALARMS_MAX 110000

#define LINE_MAX_OCTETS (ALARM_KEY_MAX + 80)

static const char head[] = "srcportd alarms 1";

static const char unsure[] = "unsure";

/* Only figures can be unknown: of all others that word says that it is not sure. */
static const char *
told_name(const struct alarm *alarm)
{
	if (alarm->told == ALARM_UNSURE)
		return alarm->severity == SEVERITY_UNKNOWN ? unsure
							   : severity_name(SEVERITY_UNKNOWN);
	return severity_name(alarm->told);
}

/* A clock that is far off is no reason for a line that cannot be read. */
static uint32_t
since_of(const struct alarm *alarm)
{
	if (alarm->since < 0)
		return 0;
	return alarm->since < UINT32_MAX ? (uint32_t)alarm->since : UINT32_MAX;
}

void
alarm_file_print(const struct alarm_file *file, FILE *out)
{
	fprintf(out, "%s\nlast %u %u\n", head, file->last_id, file->last_sequence);
	for (uint32_t i = 0; i < file->count; i++) {
		const struct alarm *a = &file->alarms[i];
		char key[ALARM_KEY_MAX];
		fprintf(out, "alarm %u %u %s %s %u %s\n", a->id, a->sequence,
			severity_name(a->severity), told_name(a), since_of(a),
			alarm_key(&a->subject, key));
	}
}

/* Cuts the next word off a line; the empty string at its end. */
static char *
cut(char **line)
{
	char *word = *line;
	char *end = strchr(word, ' ');
	if (end == NULL) {
		*line = word + strlen(word);
	} else {
		*end = '\0';
		*line = end + 1;
	}
	return word;
}

static bool
parse_severity(const char *word, enum severity least, enum severity most, enum severity *out)
{
	for (enum severity s = least; s <= most; s++) {
		if (strcmp(word, severity_name(s)) == 0) {
			*out = s;
			return true;
		}
	}
	return false;
}

/* Those of figures are normal, unknown and "unsure", those of all others up to "unknown". */
static bool
parse_told(const char *word, enum severity severity, enum severity *out)
{
	bool figures = severity == SEVERITY_UNKNOWN;
	if (figures && strcmp(word, unsure) == 0) {
		*out = ALARM_UNSURE;
		return true;
	}
	if (!parse_severity(word, SEVERITY_NORMAL, SEVERITY_UNKNOWN, out))
		return false;
	if (figures)
		return *out == SEVERITY_NORMAL || *out == SEVERITY_UNKNOWN;
	if (*out == SEVERITY_UNKNOWN)
		*out = ALARM_UNSURE;
	return true;
}

static bool
parse_alarm(char *line, struct alarm *out)
{
	uint32_t since;
	memset(out, 0, sizeof(*out));
	if (strcmp(cut(&line), "alarm") != 0 ||
	    !config_number(cut(&line), 1, ALARM_ID_MAX, &out->id) ||
	    !config_number(cut(&line), 0, UINT32_MAX, &out->sequence) ||
	    !parse_severity(cut(&line), SEVERITY_WARNING, SEVERITY_UNKNOWN, &out->severity) ||
	    !parse_told(cut(&line), out->severity, &out->told) ||
	    !config_number(cut(&line), 0, UINT32_MAX, &since))
		return false;
	out->since = since;
	if (!alarm_key_parse(line, &out->subject))
		return false;
	bool figures = alarm_subject_is_figures(&out->subject);
	out->cause = figures ? CAUSE_STALE : CAUSE_NONE;
	return figures == (out->severity == SEVERITY_UNKNOWN);
}

/* A line without its end; false at the end of the file, or if a line is too long or has no end. */
static bool
read_line(FILE *in, char *line, size_t room, bool *good)
{
	*good = true;
	if (fgets(line, (int)room, in) == NULL) {
		*good = ferror(in) == 0;
		return false;
	}
	size_t length = strlen(line);
	*good = length > 0 && line[length - 1] == '\n';
	if (*good)
		line[length - 1] = '\0';
	return *good;
}

static bool
parse_last(char *line, struct alarm_file *file)
{
	return strcmp(cut(&line), "last") == 0 &&
	       config_number(cut(&line), 0, ALARM_ID_MAX, &file->last_id) &&
	       config_number(cut(&line), 0, UINT32_MAX, &file->last_sequence) && *line == '\0';
}

static const char *
add_alarm(struct alarm_file *file, char *line)
{
	struct alarm alarm;
	if (!parse_alarm(line, &alarm))
		return "alarm ID SEQUENCE SEVERITY TOLD SINCE KEY";
	if (file->count == ALARMS_MAX)
		return "fewer alarms";
	struct alarm *more = realloc(file->alarms, (file->count + 1) * sizeof(*more));
	if (more == NULL)
		return "more memory";
	file->alarms = more;
	file->alarms[file->count++] = alarm;
	return NULL;
}

const char alarm_file_head[] = "\"srcportd alarms 1\" in the first line";

const char *
alarm_file_parse(FILE *in, struct alarm_file *file)
{
	char line[LINE_MAX_OCTETS];
	bool good;
	memset(file, 0, sizeof(*file));
	if (!read_line(in, line, sizeof(line), &good) || strcmp(line, head) != 0)
		return alarm_file_head;
	if (!read_line(in, line, sizeof(line), &good) || !parse_last(line, file))
		return "last ID SEQUENCE";
	while (read_line(in, line, sizeof(line), &good)) {
		const char *expected = add_alarm(file, line);
		if (expected != NULL)
			return expected;
	}
	return good ? NULL : "whole lines";
}

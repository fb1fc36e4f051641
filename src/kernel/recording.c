/* SPDX-License-Identifier: ISC */
#include "kernel/recording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Thirty thousand years. */
#define CLOCK_MAX_MS UINT64_C(1000000000000000)

static const char title[] = "srcportd-recording 1";

bool
recording_begin(FILE *file)
{
	return fprintf(file, "%s\n", title) > 0;
}

static bool
put_octets(FILE *file, const void *data, size_t length)
{
	return fwrite(data, 1, length, file) == length && fputc('\n', file) != EOF;
}

bool
recording_file(FILE *file, const char *name, const void *data, size_t length)
{
	return fprintf(file, "file %s %zu\n", name, length) > 0 && put_octets(file, data, length);
}

bool
recording_absent(FILE *file, const char *name)
{
	return fprintf(file, "absent %s\n", name) > 0;
}

bool
recording_features(FILE *file, uint32_t features)
{
	return fprintf(file, "features %u\n", features) > 0;
}

bool
recording_clock(FILE *file, uint64_t from_ms, uint64_t to_ms)
{
	return fprintf(file, "clock %" PRIu64 " %" PRIu64 "\n", from_ms, to_ms) > 0;
}

bool
recording_dump(FILE *file, unsigned dump, const void *data, size_t length)
{
	return fprintf(file, "dump %u %zu\n", dump, length) > 0 && put_octets(file, data, length);
}

bool
recording_end(FILE *file)
{
	return fprintf(file, "end\n") > 0 && fflush(file) == 0;
}

/* One line without its newline; false at the end, on a NUL, or if it does not fit. */
static bool
get_line(FILE *file, char *line, size_t room)
{
	if (fgets(line, (int)room, file) == NULL)
		return false;
	size_t length = strlen(line);
	if (length == 0 || line[length - 1] != '\n')
		return false;
	line[length - 1] = '\0';
	return true;
}

bool
recording_open(FILE *file)
{
	char line[64];
	return get_line(file, line, sizeof(line)) && strcmp(line, title) == 0;
}

static bool
parse_long(const char *text, uint64_t max, uint64_t *out)
{
	if (*text < '0' || *text > '9' || strlen(text) > 18)
		return false;
	char *end;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && *out <= max;
}

static bool
parse_number(const char *text, uint32_t max, uint32_t *out)
{
	uint64_t value;
	if (strlen(text) > 10 || !parse_long(text, max, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

/* Reads record->length octets and the newline behind them. */
static bool
get_octets(FILE *file, struct record *record)
{
	if (record->length + 1 > record->room || record->data == NULL) {
		void *bigger = realloc(record->data, record->length + 1);
		if (bigger == NULL)
			return false;
		record->data = bigger;
		record->room = record->length + 1;
	}
	if (fread(record->data, 1, record->length, file) != record->length)
		return false;
	((char *)record->data)[record->length] = '\0';
	return fgetc(file) == '\n';
}

static enum record_kind
read_record(FILE *file, struct record *record)
{
	char line[RECORDING_NAME_MAX + 32];
	if (!get_line(file, line, sizeof(line)))
		return RECORD_BROKEN;
	char *save = NULL;
	const char *word = strtok_r(line, " ", &save);
	const char *first = strtok_r(NULL, " ", &save);
	const char *second = strtok_r(NULL, " ", &save);
	if (word == NULL || strtok_r(NULL, " ", &save) != NULL)
		return RECORD_BROKEN;
	if (strcmp(word, "end") == 0 && first == NULL)
		return fgetc(file) == EOF ? RECORD_END : RECORD_BROKEN;
	if (first == NULL || strlen(first) >= sizeof(record->name))
		return RECORD_BROKEN;
	if (strcmp(word, "features") == 0 && second == NULL)
		return parse_number(first, UINT32_MAX, &record->number) ? RECORD_FEATURES
									: RECORD_BROKEN;
	if (strcmp(word, "clock") == 0 && second != NULL)
		return parse_long(second, CLOCK_MAX_MS, &record->to_ms) &&
			       parse_long(first, record->to_ms, &record->from_ms)
			   ? RECORD_CLOCK
			   : RECORD_BROKEN;
	strcpy(record->name, first);
	if (strcmp(word, "absent") == 0 && second == NULL)
		return RECORD_ABSENT;

	uint32_t length;
	if (second == NULL || !parse_number(second, RECORDING_DATA_MAX, &length))
		return RECORD_BROKEN;
	record->length = length;
	if (strcmp(word, "file") == 0)
		return get_octets(file, record) ? RECORD_FILE : RECORD_BROKEN;
	if (strcmp(word, "dump") == 0 && parse_number(first, 255, &record->number))
		return get_octets(file, record) ? RECORD_DUMP : RECORD_BROKEN;
	return RECORD_BROKEN;
}

enum record_kind
recording_next(FILE *file, struct record *record)
{
	return record->kind = read_record(file, record);
}

void
recording_free(struct record *record)
{
	free(record->data);
	*record = (struct record){0};
}

/* SPDX-License-Identifier: ISC */
/* The file of alarms: what is taken is written as it was read, and read again. */
#include "fuzz.h"

#include "alarm/alarm_file.h"

/* As alarm_file_print() has it; to be freed. */
static char *
print(const struct alarm_file *file, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	CLAIM(out != NULL);
	alarm_file_print(file, out);
	fclose(out);
	return text;
}

static const char *
parse(const void *data, size_t size, struct alarm_file *file)
{
	FILE *in = fopen(fuzz_file(data, size), "re");
	CLAIM(in != NULL);
	const char *expected = alarm_file_parse(in, file);
	fclose(in);
	return expected;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alarm_file file, again;
	if (parse(data, size, &file) == NULL) {
		size_t length = 0, length_again = 0;
		char *text = print(&file, &length);
		CLAIM(parse(text, length, &again) == NULL);
		char *text_again = print(&again, &length_again);
		CLAIM(length == length_again && memcmp(text, text_again, length) == 0);
		free(text);
		free(text_again);
		free(again.alarms);
	}
	free(file.alarms);
	return 0;
}

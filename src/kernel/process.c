/* SPDX-License-Identifier: ISC */
#include "kernel/process.h"

#include "base/clean.h"
#include "base/words.h"
#include "kernel/procfile.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static long
read_file(const char *root, uint32_t pid, const char *name, char *buf, size_t room)
{
	const struct procfile_source source = {.root = root};
	char path[64];
	snprintf(path, sizeof(path), "%" PRIu32 "/%s", pid, name);
	return procfile_read(&source, path, buf, room);
}

void
process_name(const char *root, uint32_t pid, char out[static PROCESS_NAME_MAX])
{
	char text[PROCESS_NAME_MAX];
	long length = read_file(root, pid, "comm", text, sizeof(text));
	if (length > 0 && text[length - 1] == '\n')
		length--;
	clean_text(text, length > 0 ? (size_t)length : 0, out, PROCESS_NAME_MAX);
}

uint64_t
process_started(const char *root, uint32_t pid)
{
	char text[1024];
	size_t length;
	if (read_file(root, pid, "stat", text, sizeof(text)) < 0)
		return 0;
	/* The name of the command may have anything in it; starttime is the 20th field behind it.
	 */
	const char *name_end = strrchr(text, ')');
	const char *field = name_end != NULL ? words_field(name_end, 20, &length) : NULL;
	int64_t value = field != NULL ? words_number(field, length, 10) : WORDS_NO_NUMBER;
	return value > 0 ? (uint64_t)value : 0;
}

/* "1024" or "unlimited"; moves *text behind it. */
static bool
take_limit(const char **text, uint64_t *out)
{
	static const char unlimited[] = "unlimited";
	const char *at = *text + strspn(*text, " ");
	if (strncmp(at, unlimited, sizeof(unlimited) - 1) == 0) {
		*out = PROCESS_UNLIMITED;
		*text = at + sizeof(unlimited) - 1;
		return true;
	}
	if (*at < '0' || *at > '9')
		return false;
	char *end;
	*out = strtoull(at, &end, 10);
	*text = end;
	return true;
}

bool
process_parse_limits(const char *text, struct file_limits *out)
{
	static const char label[] = "Max open files ";
	struct file_limits limits;
	const char *line = strstr(text, label);
	if (line == NULL)
		return false;
	line += sizeof(label) - 1;
	if (!take_limit(&line, &limits.soft) || !take_limit(&line, &limits.hard))
		return false;
	*out = limits;
	return true;
}

bool
process_file_limits(const char *root, uint32_t pid, struct file_limits *out)
{
	char text[4096];
	return read_file(root, pid, "limits", text, sizeof(text)) >= 0 &&
	       process_parse_limits(text, out);
}

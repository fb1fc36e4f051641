/* SPDX-License-Identifier: ISC */
#include "kernel/modules.h"

#include <string.h>

static bool
is_of(const char *line, const char *name)
{
	size_t length = strlen(name);
	return strncmp(line, name, length) == 0 && line[length] == ' ';
}

bool
modules_lack(const struct procfile_source *proc, const char *there, const char *missing)
{
	char line[512];
	bool has = false, lacks = true;
	FILE *file = procfile_stream(proc, "modules");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		has |= is_of(line, there);
		lacks &= !is_of(line, missing);
	}
	fclose(file);
	return has && lacks;
}

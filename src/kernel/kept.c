/* SPDX-License-Identifier: ISC */
#include "kernel/kept.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Longer paths are not kept. */
#define PATH_ROOM 96

struct kept_file {
	char path[PATH_ROOM];
	int fd;
};

struct kept {
	struct kept_file files[KEPT_MAX];
	unsigned count;
};

struct kept *
kept_new(void)
{
	return calloc(1, sizeof(struct kept));
}

void
kept_free(struct kept *kept)
{
	if (kept == NULL)
		return;
	for (unsigned i = 0; i < kept->count; i++)
		close(kept->files[i].fd);
	free(kept);
}

int
kept_fd(const struct kept *kept, const char *path)
{
	for (unsigned i = 0; i < kept->count; i++)
		if (strcmp(kept->files[i].path, path) == 0 &&
		    lseek(kept->files[i].fd, 0, SEEK_SET) == 0)
			return kept->files[i].fd;
	return -1;
}

bool
kept_take(struct kept *kept, const char *path, int fd)
{
	struct statfs status;
	if (kept->count == KEPT_MAX || strlen(path) >= PATH_ROOM || fstatfs(fd, &status) != 0 ||
	    status.f_type != PROC_SUPER_MAGIC)
		return false;
	struct kept_file *file = &kept->files[kept->count++];
	snprintf(file->path, sizeof(file->path), "%s", path);
	file->fd = fd;
	return true;
}

void
kept_drop(struct kept *kept, int fd)
{
	for (unsigned i = 0; i < kept->count; i++) {
		if (kept->files[i].fd != fd)
			continue;
		close(fd);
		kept->files[i] = kept->files[--kept->count];
		return;
	}
}

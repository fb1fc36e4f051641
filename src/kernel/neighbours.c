/* SPDX-License-Identifier: ISC */
#include "kernel/neighbours.h"

#include "base/array.h"
#include "base/words.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool
neighbours_inode(const struct procfile_source *source, uint32_t process, ino_t *inode)
{
	char path[PATH_MAX];
	struct stat stat_of;
	int length = process == 0 ? snprintf(path, sizeof(path), "%s/net/sockstat", source->root)
				  : snprintf(path, sizeof(path), "%s/%u/net/sockstat", source->root,
					     process);
	errno = ENAMETOOLONG;
	if (length >= (int)sizeof(path) || stat(path, &stat_of) != 0)
		return false;
	*inode = stat_of.st_ino;
	return true;
}

/* Whether the processes of the whole host are in this /proc: process 2 is the kernel's, and whoever
 * sees that one sees all. A container has another, or none; with hidepid it is hidden. */
static bool
shows_host(const struct procfile_source *source)
{
	static const uint32_t kernel_thread = 0x00200000; /* PF_KTHREAD */
	struct procfile_source quiet = *source;
	char text[512];
	size_t length;
	quiet.record = NULL;
	quiet.kept = NULL;
	if (procfile_read(&quiet, "2/stat", text, sizeof(text)) < 0)
		return false;
	const char *name_end = strrchr(text, ')');
	const char *flags = name_end != NULL ? words_field(name_end, 7, &length) : NULL;
	int64_t value = flags != NULL ? words_number(flags, length, 10) : WORDS_NO_NUMBER;
	return value > 0 && ((uint64_t)value & kernel_thread) != 0;
}

static struct neighbour *
find(const struct neighbours *n, ino_t inode)
{
	for (uint32_t i = 0; i < n->count; i++)
		if (n->of[i].inode == inode)
			return &n->of[i];
	return NULL;
}

/* A process may have ended since it was listed; anything else that keeps it from being looked at
 * makes the list incomplete. */
static void
take_process(struct neighbours *n, const struct procfile_source *source, ino_t own,
	     uint32_t process)
{
	ino_t inode;
	if (!neighbours_inode(source, process, &inode)) {
		n->complete &= errno == ENOENT || errno == ESRCH || errno == EINVAL;
		return;
	}
	if (inode == own)
		return;
	struct neighbour *known = find(n, inode);
	if (known != NULL) {
		known->process = process < known->process ? process : known->process;
		return;
	}
	struct neighbour *bigger = n->count < NEIGHBOURS_MAX
				       ? array_grow(n->of, n->count, &n->room, sizeof(*n->of))
				       : NULL;
	n->complete &= bigger != NULL;
	if (bigger == NULL)
		return;
	n->of = bigger;
	bigger[n->count++] = (struct neighbour){process, inode, NULL};
}

void
neighbours_scan(struct neighbours *n, const struct procfile_source *source)
{
	ino_t own;
	DIR *dir = neighbours_inode(source, 0, &own) ? opendir(source->root) : NULL;
	n->count = 0;
	n->complete = dir != NULL && shows_host(source);
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int64_t process = words_number(entry->d_name, strlen(entry->d_name), 10);
		if (process > 0 && process <= INT32_MAX)
			take_process(n, source, own, (uint32_t)process);
	}
	if (dir != NULL)
		closedir(dir);
}

void
neighbours_free(struct neighbours *neighbours)
{
	free(neighbours->of);
	*neighbours = (struct neighbours){.of = NULL};
}

bool
neighbours_is_there(const struct neighbour *neighbour, const struct procfile_source *source)
{
	ino_t inode;
	return neighbours_inode(source, neighbour->process, &inode) && inode == neighbour->inode;
}

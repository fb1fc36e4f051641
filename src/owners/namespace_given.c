/* SPDX-License-Identifier: ISC */
#include "owners/namespace_given.h"

#include "base/array.h"
#include "owners/namespace_name.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool
take(struct namespace_given_list *list, int directory, const char *name)
{
	struct stat status;
	if (name[0] == '.' || !namespace_name_is_given(name) ||
	    fstatat(directory, name, &status, 0) != 0)
		return true;
	struct namespace_given *bigger =
	    array_grow(list->of, list->count, &list->room, sizeof(*list->of));
	if (bigger == NULL)
		return false;
	list->of = bigger;
	struct namespace_given *given = &bigger[list->count++];
	given->device = status.st_dev;
	given->inode = status.st_ino;
	snprintf(given->name, sizeof(given->name), "%s", name);
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct namespace_given *x = a, *y = b;
	return strcmp(x->name, y->name);
}

bool
namespace_given_read(const char *directory, struct namespace_given_list *list)
{
	DIR *dir = opendir(directory);
	bool good = true;
	const struct dirent *entry;
	while (good && dir != NULL && list->count < NEIGHBOURS_MAX &&
	       (entry = readdir(dir)) != NULL)
		good = take(list, dirfd(dir), entry->d_name);
	if (dir != NULL)
		closedir(dir);
	if (list->count > 0)
		qsort(list->of, list->count, sizeof(*list->of), by_name);
	return good;
}

void
namespace_given_free(struct namespace_given_list *list)
{
	free(list->of);
	*list = (struct namespace_given_list){.of = NULL};
}

const char *
namespace_given_find(const struct namespace_given_list *list, dev_t device, ino_t inode)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->of[i].device == device && list->of[i].inode == inode)
			return list->of[i].name;
	return "";
}

bool
namespace_given_path(const char *directory, const struct namespace_given *given,
		     char path[static NEIGHBOUR_MOUNT_MAX])
{
	return snprintf(path, NEIGHBOUR_MOUNT_MAX, "%s/%s", directory, given->name) <
	       NEIGHBOUR_MOUNT_MAX;
}

/* SPDX-License-Identifier: ISC */
#include "owners/socket_owner.h"

#include "base/array.h"
#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct inode {
	uint32_t number;
	struct socket_owner *owner;
};

struct search {
	const char *proc_root;
	struct inode *inodes; /* sorted; more than one owner may have the same */
	uint32_t count;
	uint64_t until_us; /* of this thread's CPU time */
};

static int
compare(const void *left, const void *right)
{
	uint32_t a = ((const struct inode *)left)->number;
	uint32_t b = ((const struct inode *)right)->number;
	return a < b ? -1 : a > b;
}

/* The first of the owners of that socket, or count. */
static uint32_t
find(const struct search *search, uint32_t inode)
{
	uint32_t low = 0, high = search->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (search->inodes[middle].number < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < search->count && search->inodes[low].number == inode ? low : search->count;
}

/* A process may have a socket open more than once; its claims follow each other. */
static void
claim(const struct search *search, uint32_t inode, uint32_t pid, uint32_t *last_pid)
{
	for (uint32_t i = find(search, inode);
	     i < search->count && search->inodes[i].number == inode; i++) {
		struct socket_owner *owner = search->inodes[i].owner;
		if (last_pid[i] == pid)
			continue;
		last_pid[i] = pid;
		owner->processes++;
		if (owner->pid != 0 && owner->pid < pid)
			continue;
		owner->pid = pid;
		process_name(search->proc_root, pid, owner->process);
	}
}

static void
look_at(const struct search *search, int proc, const char *name, uint32_t *last_pid)
{
	char path[32], target[64];
	uint32_t inode, pid = (uint32_t)strtoul(name, NULL, 10);
	snprintf(path, sizeof(path), "%.20s/fd", name);
	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = fd >= 0 ? fdopendir(fd) : NULL;
	if (files == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	const struct dirent *file;
	while ((file = readdir(files)) != NULL && clock_cpu_us() < search->until_us) {
		ssize_t length = readlinkat(fd, file->d_name, target, sizeof(target) - 1);
		if (length <= 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%" SCNu32 "]", &inode) == 1 && inode != 0)
			claim(search, inode, pid, last_pid);
	}
	closedir(files);
}

static bool
walk(const struct search *search)
{
	uint32_t *last_pid = array_new(search->count, sizeof(*last_pid));
	DIR *proc = opendir(search->proc_root);
	const struct dirent *entry;
	while (last_pid != NULL && proc != NULL && (entry = readdir(proc)) != NULL &&
	       clock_cpu_us() < search->until_us)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at(search, dirfd(proc), entry->d_name, last_pid);
	bool whole = last_pid != NULL && proc != NULL && clock_cpu_us() < search->until_us;
	if (proc != NULL)
		closedir(proc);
	free(last_pid);
	return whole;
}

static void
name_units(const char *sys_root, struct socket_owner *owners, uint32_t count)
{
	char root[PATH_MAX];
	uint64_t id;
	const char *path;
	cgroup_mount(sys_root, root);
	struct cgroup_walk *cgroups = root[0] != '\0' ? cgroup_walk_open(root) : NULL;
	while (cgroups != NULL && cgroup_walk_next(cgroups, &id, &path))
		for (uint32_t i = 0; i < count; i++)
			if (owners[i].cgroup == id)
				cgroup_words(path, owners[i].unit);
	cgroup_walk_close(cgroups);
}

bool
socket_owner_find(const char *proc_root, const char *sys_root, struct socket_owner *owners,
		  uint32_t count)
{
	struct search search = {.proc_root = proc_root,
				.inodes = array_new(count, sizeof(struct inode)),
				.until_us = clock_cpu_us() + SOCKET_OWNER_BUDGET_US};
	if (search.inodes == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (owners[i].inode != 0)
			search.inodes[search.count++] = (struct inode){owners[i].inode, &owners[i]};
	qsort(search.inodes, search.count, sizeof(*search.inodes), compare);
	bool whole = search.count == 0 || walk(&search);
	name_units(sys_root, owners, count);
	free(search.inodes);
	return whole;
}

/* SPDX-License-Identifier: ISC */
#include "owners/owner_walk.h"

#include "base/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define HINTS_MAX (OWNER_POOLS_MAX * OWNER_ROWS_MAX)

enum pass { PASS_HINTS, PASS_USERS, PASS_REST, PASS_OVER };

struct owner_walk {
	const char *root;
	DIR *proc;
	ino_t inode; /* of the net/sockstat of those that are looked at; 0 = of all */
	enum pass pass;
	uint32_t hints[HINTS_MAX]; /* processes to begin with */
	uint32_t hint_count, hints_done;
	DIR *files; /* of the process that is being looked at, or NULL */
	uint32_t pid;
	uint32_t open_files; /* that have been listed */
	bool claimed;        /* it has one of the sockets */
	bool counting;       /* nothing but how many files it has is wanted any more */
};

static void
remember(struct owner_walk *walk, uint32_t pid)
{
	for (uint32_t i = 0; i < walk->hint_count; i++)
		if (walk->hints[i] == pid)
			return;
	if (pid != 0 && walk->hint_count < HINTS_MAX)
		walk->hints[walk->hint_count++] = pid;
}

struct owner_walk *
owner_walk_open(const char *proc_root, const struct owner_list *before)
{
	struct owner_walk *walk = calloc(1, sizeof(*walk));
	if (walk == NULL)
		return NULL;
	walk->root = proc_root;
	walk->proc = opendir(proc_root);
	if (walk->proc == NULL) {
		int error = errno;
		free(walk);
		errno = error;
		return NULL;
	}
	for (uint32_t i = 0; before != NULL && i < before->owner_count; i++)
		remember(walk, before->owners[i].pid);
	return walk;
}

void
owner_walk_within(struct owner_walk *walk, ino_t inode)
{
	walk->inode = inode;
}

void
owner_walk_close(struct owner_walk *walk)
{
	if (walk == NULL)
		return;
	if (walk->files != NULL)
		closedir(walk->files);
	closedir(walk->proc);
	free(walk);
}

static bool
is_within(const struct owner_walk *walk, uint32_t pid)
{
	char path[32];
	struct stat status;
	snprintf(path, sizeof(path), "%" PRIu32 "/net/sockstat", pid);
	return walk->inode == 0 ||
	       (fstatat(dirfd(walk->proc), path, &status, 0) == 0 && status.st_ino == walk->inode);
}

/* Begins with a process; nothing if it has gone, may not be looked at, or is elsewhere. */
static void
enter(struct owner_walk *walk, uint32_t pid)
{
	char path[32];
	if (!is_within(walk, pid))
		return;
	snprintf(path, sizeof(path), "%" PRIu32 "/fd", pid);
	int fd = openat(dirfd(walk->proc), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	walk->files = fd >= 0 ? fdopendir(fd) : NULL;
	if (walk->files == NULL && fd >= 0)
		close(fd);
	walk->pid = pid;
	walk->open_files = 0;
	walk->claimed = walk->counting = false;
}

/* How many files the process has open, as the kernel counts them (proc_fd_getattr(), 6.2), or 0. */
static uint32_t
count_of(const struct owner_walk *walk)
{
	struct stat status;
	struct statfs system;
	int fd = dirfd(walk->files);
	if (fstatfs(fd, &system) != 0 || system.f_type != PROC_SUPER_MAGIC ||
	    fstat(fd, &status) != 0 || (uint64_t)status.st_size > UINT32_MAX)
		return 0;
	return (uint32_t)status.st_size;
}

static void
leave(struct owner_walk *walk, struct owner_book *book, uint32_t open_files)
{
	closedir(walk->files);
	walk->files = NULL;
	if (!walk->claimed)
		return;
	char name[PROCESS_NAME_MAX];
	struct owner_process process = {walk->pid, open_files, {0}, name};
	process_name(walk->root, walk->pid, name);
	process_file_limits(walk->root, walk->pid, &process.files);
	owner_book_describe(book, &process);
}

/* One open file: "socket:[INODE]" is what counts. */
static void
look_at_file(struct owner_walk *walk, struct owner_book *book, const char *name)
{
	char target[64];
	uint32_t inode;
	walk->open_files++;
	if (walk->counting)
		return;
	ssize_t length = readlinkat(dirfd(walk->files), name, target, sizeof(target) - 1);
	if (length <= 0)
		return;
	target[length] = '\0';
	if (sscanf(target, "socket:[%" SCNu32 "]", &inode) == 1 &&
	    owner_book_claim(book, walk->pid, inode))
		walk->claimed = true;
}

/* A process's number, or 0 for another entry of /proc. */
static uint32_t
parse_pid(const char *name)
{
	int64_t pid = *name != '0' ? words_number(name, strlen(name), 10) : 0;
	return pid > 0 && pid <= INT32_MAX ? (uint32_t)pid : 0;
}

static bool
is_hint(const struct owner_walk *walk, uint32_t pid)
{
	for (uint32_t i = 0; i < walk->hint_count; i++)
		if (walk->hints[i] == pid)
			return true;
	return false;
}

/* The next entry of /proc: a process of this pass is entered. */
static void
next_process(struct owner_walk *walk, struct owner_book *book)
{
	struct stat status;
	if (walk->pass == PASS_HINTS) {
		if (walk->hints_done < walk->hint_count)
			enter(walk, walk->hints[walk->hints_done++]);
		else
			walk->pass = PASS_USERS;
		return;
	}
	const struct dirent *entry = readdir(walk->proc);
	if (entry == NULL) {
		walk->pass++;
		rewinddir(walk->proc);
		return;
	}
	uint32_t pid = parse_pid(entry->d_name);
	if (pid == 0 || is_hint(walk, pid) ||
	    fstatat(dirfd(walk->proc), entry->d_name, &status, 0) != 0)
		return;
	/* A user whose sockets are all found meanwhile has been looked at in the other pass, or
	 * need not be. */
	if (owner_book_has_user(book, status.st_uid) == (walk->pass == PASS_USERS))
		enter(walk, pid);
}

/* The next file of the process. When no socket is left to be claimed, its files need no more than
 * be counted, and not that if the kernel has done so. */
static void
next_file(struct owner_walk *walk, struct owner_book *book)
{
	uint32_t all = 0;
	if (!walk->counting && owner_book_unclaimed(book) == 0) {
		walk->counting = true;
		all = count_of(walk);
	}
	const struct dirent *file = all == 0 ? readdir(walk->files) : NULL;
	if (file == NULL)
		leave(walk, book, all != 0 ? all : walk->open_files);
	else if (file->d_name[0] != '.')
		look_at_file(walk, book, file->d_name);
}

bool
owner_walk_step(struct owner_walk *walk, struct owner_book *book, unsigned work)
{
	for (; work > 0; work--) {
		if (walk->files == NULL) {
			if (walk->pass == PASS_OVER || owner_book_unclaimed(book) == 0)
				return false;
			next_process(walk, book);
		} else {
			next_file(walk, book);
		}
	}
	return true;
}

void
owner_walk_break_off(struct owner_walk *walk, struct owner_book *book)
{
	if (walk->files != NULL)
		leave(walk, book, count_of(walk));
}

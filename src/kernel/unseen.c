/* SPDX-License-Identifier: ISC */
#include "kernel/unseen.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/words.h"
#include "kernel/recording.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Namespaces that are followed. */
#define MOST 1024

/* How often sockets are counted at most, one count after the other; how many that agree are enough;
 * and from how many namespaces on there is one count only. */
#define LOOKS 9
#define AGREE 3
#define MANY  16

/* Its share of time at most: one in a thousand. */
#define SHARE 1000

/* A process that stands for its network namespace. */
struct neighbour {
	uint32_t process;
	ino_t inode; /* of its net/sockstat: each namespace has files of its own */
};

struct unseen {
	struct neighbour *neighbours; /* each of another namespace, and none of our own */
	uint32_t count, room;
	bool complete;
	uint64_t next_ms; /* when they are looked for again */
};

static const char record_name[] = "unseen";

struct unseen *
unseen_new(void)
{
	return calloc(1, sizeof(struct unseen));
}

void
unseen_free(struct unseen *unseen)
{
	if (unseen == NULL)
		return;
	free(unseen->neighbours);
	free(unseen);
}

/* The inode of a process's net/sockstat, or our own's for 0. It needs no privilege
 * (get_proc_task_net()), but a process that is not hidden. False with errno. */
static bool
inode_of(const struct procfile_source *source, uint32_t process, ino_t *inode)
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

static bool
is_known(const struct unseen *u, ino_t own, ino_t inode)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (u->neighbours[i].inode == inode)
			return true;
	return inode == own;
}

/* A process may have ended since it was listed; anything else that keeps it from being looked at
 * makes the list incomplete. */
static void
take_process(struct unseen *u, const struct procfile_source *source, ino_t own, uint32_t process)
{
	ino_t inode;
	if (!inode_of(source, process, &inode)) {
		u->complete &= errno == ENOENT || errno == ESRCH || errno == EINVAL;
		return;
	}
	if (is_known(u, own, inode))
		return;
	struct neighbour *bigger =
	    u->count < MOST ? array_grow(u->neighbours, u->count, &u->room, sizeof(*u->neighbours))
			    : NULL;
	u->complete &= bigger != NULL;
	if (bigger == NULL)
		return;
	u->neighbours = bigger;
	bigger[u->count++] = (struct neighbour){process, inode};
}

static void
scan(struct unseen *u, const struct procfile_source *source, ino_t own)
{
	DIR *dir = opendir(source->root);
	u->count = 0;
	u->complete = dir != NULL && shows_host(source);
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int64_t process = words_number(entry->d_name, strlen(entry->d_name), 10);
		if (process > 0 && process <= INT32_MAX)
			take_process(u, source, own, (uint32_t)process);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
scan_in_time(struct unseen *u, const struct procfile_source *source, ino_t own)
{
	uint64_t start_us = clock_us();
	if (start_us / 1000 < u->next_ms)
		return;
	scan(u, source, own);
	uint64_t cost_us = clock_us() - start_us;
	uint64_t wait_ms = cost_us * SHARE / 1000;
	u->next_ms = start_us / 1000 + (wait_ms > UNSEEN_SCAN_MS ? wait_ms : UNSEEN_SCAN_MS);
}

/* Sockets in the tables of the other namespaces. One whose process has gone, or is another's by
 * now, counts for nothing. */
static int64_t
in_use_elsewhere(struct unseen *u, const struct procfile_source *source)
{
	int64_t sum = 0;
	for (uint32_t i = 0; i < u->count; i++) {
		const struct neighbour *n = &u->neighbours[i];
		struct sockstat stat;
		ino_t inode;
		if (!inode_of(source, n->process, &inode) || inode != n->inode)
			continue;
		sockstat_read(source, n->process, &stat);
		if (stat.in_use > 0)
			sum += stat.in_use;
	}
	return sum;
}

/* One look: how many more are allocated than are in a table. Each number is of a moment of its own:
 * of the other namespaces at least what they had both before and after is in the count of all. */
static int64_t
look(struct unseen *u, const struct procfile_source *source, ino_t own)
{
	struct sockstat stat;
	sockstat_read(source, 0, &stat);
	if (sockstat_elsewhere(&stat) <= 0)
		return sockstat_elsewhere(&stat);
	scan_in_time(u, source, own);
	int64_t before = in_use_elsewhere(u, source);
	sockstat_read(source, 0, &stat);
	int64_t left = sockstat_elsewhere(&stat), after = in_use_elsewhere(u, source);
	if (left == SOCKSTAT_ABSENT)
		return left;
	left -= before < after ? before : after;
	return left > 0 ? left : 0;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Of several looks the one in the middle: a socket that is made or closed at that moment counts one
 * too many or too few, and is not there in most of them. */
static int64_t
look_often(struct unseen *u, const struct procfile_source *source, ino_t own)
{
	int64_t seen[LOOKS];
	unsigned count = 0;
	bool agree = true;
	while (count < LOOKS && !(agree && count >= AGREE) && !(count > 0 && u->count > MANY)) {
		seen[count] = look(u, source, own);
		agree &= seen[count] == seen[0];
		count++;
	}
	qsort(seen, count, sizeof(seen[0]), compare);
	return seen[count / 2];
}

static void
keep(const struct procfile_source *source, const struct unseen_count *count)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "unseen: sockets %u complete %d\n",
			      count->sockets, count->complete);
	if (source->record != NULL && count->known)
		recording_file(source->record, record_name, text, (size_t)length);
	else if (source->record != NULL)
		recording_absent(source->record, record_name);
}

bool
unseen_parse(const char *text, struct unseen_count *out)
{
	int64_t sockets = words_named(text, "unseen:", "sockets");
	int64_t complete = words_named(text, "unseen:", "complete");
	*out = (struct unseen_count){.known = false};
	if (sockets < 0 || sockets > UINT32_MAX || complete < 0 || complete > 1)
		return false;
	*out = (struct unseen_count){true, complete == 1, (uint32_t)sockets};
	return true;
}

static void
count_again(struct unseen *u, const struct procfile_source *source, struct unseen_count *out)
{
	struct procfile_source quiet = *source;
	ino_t own;
	quiet.record = NULL;
	quiet.kept = NULL; /* an open file of another namespace would keep that alive */
	quiet.kept = NULL;
	*out = (struct unseen_count){.known = false};
	if (!inode_of(source, 0, &own))
		return;
	int64_t left = look_often(u, &quiet, own);
	if (left < 0)
		return;
	*out = (struct unseen_count){true, left == 0 || u->complete,
				     left < UINT32_MAX ? (uint32_t)left : UINT32_MAX};
}

void
unseen_count(struct unseen *u, const struct procfile_source *source, struct unseen_count *out)
{
	char text[64];
	if (source->replay) {
		if (procfile_read(source, record_name, text, sizeof(text)) < 0 ||
		    !unseen_parse(text, out))
			*out = (struct unseen_count){.known = false};
		return;
	}
	count_again(u, source, out);
	keep(source, out);
}

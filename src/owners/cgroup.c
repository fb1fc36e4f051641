/* SPDX-License-Identifier: ISC */
#include "owners/cgroup.h"

#include "base/clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 24

/* Where container engines put a container's long number, by what comes before it. */
static const struct {
	const char *before; /* in its part of the path, or the whole part above it */
	const char *engine;
} engines[] = {
    {"docker-", "docker"}, {"docker", "docker"},
    {"libpod-", "podman"}, {"cri-containerd-", "containerd"},
    {"crio-", "CRI-O"},    {"containerd-", "containerd"},
    {"garden", "garden"},
};

/* Other things that have a name of their own. */
static const struct {
	const char *before, *words;
} named[] = {
    {"lxc.payload.", "LXC container"},
    {"lxc.monitor.", "LXC container"},
};

static bool
begins_with(const char *part, size_t length, const char *beginning)
{
	size_t octets = strlen(beginning);
	return length >= octets && memcmp(part, beginning, octets) == 0;
}

static bool
ends_with(const char *part, size_t length, const char *ending)
{
	size_t octets = strlen(ending);
	return length > octets && memcmp(part + length - octets, ending, octets) == 0;
}

/* Where in the part a container's number of 64 hexadecimal digits begins; length if nowhere. */
static size_t
find_number(const char *part, size_t length)
{
	static const size_t digits = 64;
	for (size_t at = 0; at + digits <= length; at++) {
		size_t run = strspn(part + at, "0123456789abcdef");
		if (run == digits && (at + digits == length || part[at + digits] == '.'))
			return at;
		at += run;
	}
	return length;
}

static const char *
engine_of(const char *part, size_t number_at, const char *above, size_t above_length)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		size_t octets = strlen(engines[i].before);
		if (number_at >= octets &&
		    memcmp(part + number_at - octets, engines[i].before, octets) == 0)
			return engines[i].engine;
		if (number_at == 0 && above_length == octets &&
		    begins_with(above, above_length, engines[i].before))
			return engines[i].engine;
	}
	return begins_with(above, above_length, "kubepods") ? "kubernetes" : NULL;
}

/* What one part of the path says; `above` is the part before it. */
static bool
name_part(const char *part, size_t length, const char *above, size_t above_length, char *out,
	  size_t room)
{
	size_t number_at = find_number(part, length);
	if (number_at < length) {
		const char *engine = engine_of(part, number_at, above, above_length);
		snprintf(out, room, "container %.12s%s%s%s", part + number_at,
			 engine != NULL ? " (" : "", engine != NULL ? engine : "",
			 engine != NULL ? ")" : "");
		return true;
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		size_t octets = strlen(named[i].before);
		if (length == octets || !begins_with(part, length, named[i].before))
			continue;
		snprintf(out, room, "%s %.*s", named[i].words, (int)(length - octets),
			 part + octets);
		return true;
	}
	if (!ends_with(part, length, ".service") && !ends_with(part, length, ".scope"))
		return false;
	snprintf(out, room, "%.*s", (int)length, part);
	return true;
}

/* Where the part of the path begins that ends at `end`. */
static size_t
start_of_part(const char *path, size_t end)
{
	while (end > 0 && path[end - 1] != '/')
		end--;
	return end;
}

void
cgroup_words(const char *path, char out[static CGROUP_WORDS_MAX])
{
	char words[CGROUP_WORDS_MAX] = "";
	size_t last = strlen(path);
	while (last > 0 && path[last - 1] == '/')
		last--;
	/* The innermost part that has something to say, or else the last one. */
	bool found = false;
	for (size_t end = last; end > 0 && !found;) {
		size_t start = start_of_part(path, end), above_end = start > 0 ? start - 1 : 0;
		size_t above = start_of_part(path, above_end);
		found = name_part(path + start, end - start, path + above, above_end - above, words,
				  sizeof(words));
		end = above_end;
	}
	if (!found) {
		size_t start = start_of_part(path, last);
		snprintf(words, sizeof(words), "%.*s", (int)(last - start), path + start);
	}
	clean_text(words, sizeof(words), out, CGROUP_WORDS_MAX);
}

void
cgroup_mount(const char *sys_root, char out[static PATH_MAX])
{
	static const char *const mount[] = {"fs/cgroup", "fs/cgroup/unified"};
	char file[PATH_MAX + 32];
	for (size_t i = 0; i < sizeof(mount) / sizeof(mount[0]); i++) {
		if (snprintf(out, PATH_MAX, "%s/%s", sys_root, mount[i]) >= PATH_MAX)
			break;
		snprintf(file, sizeof(file), "%s/cgroup.controllers", out);
		if (access(file, F_OK) == 0)
			return;
	}
	out[0] = '\0';
}

struct cgroup_walk {
	DIR *open[DEPTH_MAX];     /* from the root down */
	size_t length[DEPTH_MAX]; /* of the path of each */
	unsigned depth;
	uint64_t root_id; /* 0 = has been told */
	char path[CGROUP_PATH_MAX];
};

struct cgroup_walk *
cgroup_walk_open(const char *root)
{
	struct cgroup_walk *walk = calloc(1, sizeof(*walk));
	struct stat status;
	if (walk == NULL)
		return NULL;
	walk->open[0] = opendir(root);
	if (walk->open[0] != NULL && fstat(dirfd(walk->open[0]), &status) == 0) {
		walk->depth = 1;
		walk->root_id = status.st_ino;
		return walk;
	}
	int error = errno;
	cgroup_walk_close(walk);
	errno = error;
	return NULL;
}

void
cgroup_walk_close(struct cgroup_walk *walk)
{
	if (walk == NULL)
		return;
	for (unsigned i = 0; i < DEPTH_MAX && walk->open[i] != NULL; i++)
		closedir(walk->open[i]);
	free(walk);
}

/* Goes down into a directory; one that has gone, or is too deep, is passed over. */
static void
descend(struct cgroup_walk *walk, const char *name, size_t length)
{
	if (walk->depth == DEPTH_MAX)
		return;
	int fd = openat(dirfd(walk->open[walk->depth - 1]), name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	walk->length[walk->depth] = length;
	walk->open[walk->depth++] = dir;
}

bool
cgroup_walk_next(struct cgroup_walk *walk, uint64_t *id, const char **path)
{
	if (walk->root_id != 0) {
		*id = walk->root_id;
		*path = "/";
		walk->root_id = 0;
		return true;
	}
	while (walk->depth > 0) {
		unsigned top = walk->depth - 1;
		const struct dirent *entry = readdir(walk->open[top]);
		if (entry == NULL) {
			closedir(walk->open[top]);
			walk->open[top] = NULL;
			walk->depth--;
			continue;
		}
		size_t above = walk->length[top], length = above + 1 + strlen(entry->d_name);
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    length >= sizeof(walk->path))
			continue;
		walk->path[above] = '/';
		strcpy(walk->path + above + 1, entry->d_name);
		*id = entry->d_ino;
		*path = walk->path;
		descend(walk, entry->d_name, length);
		return true;
	}
	return false;
}

uint64_t
cgroup_id(const char *root, const char *path)
{
	char whole[PATH_MAX];
	struct stat status;
	if (snprintf(whole, sizeof(whole), "%s%s", root, path) >= (int)sizeof(whole) ||
	    stat(whole, &status) != 0)
		return 0;
	return status.st_ino;
}

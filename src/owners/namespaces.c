/* SPDX-License-Identifier: ISC */
#include "owners/namespaces.h"

#include "base/array.h"
#include "kernel/neighbours.h"
#include "kernel/process.h"
#include "kernel/sockstat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A name in /run/netns, and what is mounted there. */
struct given {
	dev_t device;
	ino_t inode;
	char name[NAME_MAX + 1];
};

struct given_list {
	struct given *of;
	uint32_t count, room;
};

static bool
take_given(struct given_list *list, int directory, const char *name)
{
	struct stat status;
	if (name[0] == '.' || !namespace_name_is_given(name) ||
	    fstatat(directory, name, &status, 0) != 0)
		return true;
	struct given *bigger = array_grow(list->of, list->count, &list->room, sizeof(*list->of));
	if (bigger == NULL)
		return false;
	list->of = bigger;
	struct given *given = &bigger[list->count++];
	given->device = status.st_dev;
	given->inode = status.st_ino;
	snprintf(given->name, sizeof(given->name), "%s", name);
	return true;
}

static bool
read_given(const char *run_netns, struct given_list *list)
{
	DIR *dir = opendir(run_netns);
	bool good = true;
	const struct dirent *entry;
	while (good && dir != NULL && list->count < NEIGHBOURS_MAX &&
	       (entry = readdir(dir)) != NULL)
		good = take_given(list, dirfd(dir), entry->d_name);
	if (dir != NULL)
		closedir(dir);
	return good;
}

/* The first in the order of names, of those that name the namespace of the process; "" where none
 * does, or where that cannot be told: the link needs PTRACE_MODE_READ. */
static const char *
given_name(const struct given_list *list, const struct procfile_source *source, uint32_t process)
{
	char path[PATH_MAX];
	struct stat status;
	const char *name = "";
	int length = snprintf(path, sizeof(path), "%s/%" PRIu32 "/ns/net", source->root, process);
	if (list->count == 0 || length >= (int)sizeof(path) || stat(path, &status) != 0)
		return name;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct given *g = &list->of[i];
		if (g->device == status.st_dev && g->inode == status.st_ino &&
		    (name[0] == '\0' || strcmp(g->name, name) < 0))
			name = g->name;
	}
	return name;
}

/* False if it has gone meanwhile. */
static bool
describe(const struct neighbour *neighbour, const struct procfile_source *source,
	 const struct given_list *given, const struct config *config, struct namespace_row *row,
	 int64_t *placed)
{
	char file[32], cgroup[8192], command[PROCESS_NAME_MAX];
	struct sockstat stat;
	row->process = neighbour->process;
	row->inode = neighbour->inode;
	sockstat_read(source, row->process, &stat);
	row->udp = stat.udp;
	row->connections = SOCKSTAT_ABSENT;
	if (stat.in_use >= 0 && stat.time_wait >= 0)
		row->connections = stat.in_use > INT64_MAX - stat.time_wait
				       ? INT64_MAX
				       : stat.in_use + stat.time_wait;
	snprintf(file, sizeof(file), "%" PRIu32 "/cgroup", row->process);
	if (procfile_read(source, file, cgroup, sizeof(cgroup)) < 0)
		cgroup[0] = '\0';
	process_name(source->root, row->process, command);
	const struct namespace_facts facts = {given_name(given, source, row->process), cgroup,
					      command, row->process};
	row->kind = namespace_name(&facts, row->name);
	namespace_alias(config, &facts, row->name);
	if (!neighbours_is_there(neighbour, source))
		return false;
	*placed += stat.in_use > 0 && *placed < INT64_MAX - stat.in_use ? stat.in_use : 0;
	return true;
}

/* Sockets of the host that are in no table, of `placed` that are in one elsewhere. Counted at
 * different moments. */
static int64_t
left_over(const struct procfile_source *source, int64_t placed)
{
	struct sockstat own;
	sockstat_read(source, 0, &own);
	int64_t left = sockstat_elsewhere(&own);
	return left == SOCKSTAT_ABSENT ? left : left > placed ? left - placed : 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct namespace_row *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order != 0 ? order : (x->process > y->process) - (x->process < y->process);
}

static int
by_connections(const void *a, const void *b)
{
	const struct namespace_row *x = a, *y = b;
	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	return by_name(a, b);
}

static bool
is_taken(const struct namespaces *n, uint32_t row)
{
	for (uint32_t i = 0; i < n->count; i++)
		if (i != row && strcmp(n->rows[i].name, n->rows[row].name) == 0)
			return true;
	return false;
}

/* Of those with one name the one of the oldest process keeps it. */
static void
tell_apart(struct namespaces *n)
{
	char base[NAMESPACE_NAME_MAX] = "";
	uint32_t number = 1;
	qsort(n->rows, n->count, sizeof(*n->rows), by_name);
	for (uint32_t i = 0; i < n->count; i++) {
		struct namespace_row *row = &n->rows[i];
		if (strcmp(row->name, base) != 0) {
			strcpy(base, row->name);
			number = 1;
			continue;
		}
		do {
			strcpy(row->name, base);
			namespace_name_number(row->name, ++number);
		} while (is_taken(n, i));
	}
}

bool
namespaces_find(const struct procfile_source *source, const char *run_netns,
		const struct config *config, struct namespaces *out)
{
	struct procfile_source quiet = *source;
	struct neighbours neighbours = {.of = NULL};
	struct given_list given = {.of = NULL};
	quiet.record = NULL;
	quiet.kept = NULL; /* an open file of another namespace would keep that alive */
	neighbours_scan(&neighbours, &quiet);
	*out = (struct namespaces){.complete = neighbours.complete};
	out->rows = array_new(neighbours.count, sizeof(*out->rows));
	bool good = out->rows != NULL && read_given(run_netns, &given);
	int64_t placed = 0;
	for (uint32_t i = 0; good && i < neighbours.count; i++)
		if (describe(&neighbours.of[i], &quiet, &given, config, &out->rows[out->count],
			     &placed))
			out->count++;
	out->unplaced = left_over(&quiet, placed);
	free(given.of);
	neighbours_free(&neighbours);
	if (!good) {
		namespaces_free(out);
		errno = ENOMEM;
		return false;
	}
	tell_apart(out);
	qsort(out->rows, out->count, sizeof(*out->rows), by_connections);
	return true;
}

void
namespaces_free(struct namespaces *namespaces)
{
	free(namespaces->rows);
	*namespaces = (struct namespaces){.rows = NULL};
}

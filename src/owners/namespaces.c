/* SPDX-License-Identifier: ISC */
#include "owners/namespaces.h"

#include "base/array.h"
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

/* A list that is being made. */
struct finding_them {
	const struct procfile_source *source;
	const struct config *config;
	const struct namespaces_past *past; /* or NULL */
	struct given_list given;
};

/* By the link of /proc, which needs PTRACE_MODE_READ. */
static bool
identify(const struct finding_them *f, const struct neighbour *neighbour,
	 struct namespace_identity *out)
{
	char path[PATH_MAX];
	struct stat status;
	*out = (struct namespace_identity){.cookie = 0};
	if (f->past != NULL)
		return f->past->identify(f->past->arg, neighbour, out);
	int length = snprintf(path, sizeof(path), "%s/%" PRIu32 "/ns/net", f->source->root,
			      neighbour->process);
	if (f->given.count == 0 || length >= (int)sizeof(path) || stat(path, &status) != 0)
		return false;
	out->device = status.st_dev;
	out->inode = status.st_ino;
	return true;
}

/* The first in the order of names, of those that name the namespace; "" where none does. */
static const char *
given_name(const struct given_list *list, const struct namespace_identity *identity)
{
	const char *name = "";
	for (uint32_t i = 0; i < list->count; i++) {
		const struct given *g = &list->of[i];
		if (g->device == identity->device && g->inode == identity->inode &&
		    (name[0] == '\0' || strcmp(g->name, name) < 0))
			name = g->name;
	}
	return name;
}

/* Whether the process that it was known by is still there and in it. */
static bool
is_inside(const struct finding_them *f, const struct namespace_row *before)
{
	const struct neighbour neighbour = {before->process, before->inode};
	return before->started != 0 &&
	       process_started(f->source->root, before->process) == before->started &&
	       neighbours_is_there(&neighbour, f->source);
}

/* The row that it had; LOOKUP_NONE if it was not there. Asks for its identity where nothing less
 * tells. */
static uint32_t
row_before(const struct finding_them *f, const struct neighbour *neighbour,
	   struct namespace_identity *identity, bool *identified)
{
	const struct namespaces *last = f->past != NULL ? f->past->last : NULL;
	for (uint32_t i = 0; last != NULL && i < last->count; i++) {
		const struct namespace_row *row = &last->rows[i];
		if (row->inode != neighbour->inode)
			continue;
		if (is_inside(f, row))
			return i;
		*identified = identify(f, neighbour, identity);
		return *identified && row->cookie != 0 && row->cookie == identity->cookie
			   ? i
			   : LOOKUP_NONE;
	}
	return LOOKUP_NONE;
}

static void
name_it(const struct finding_them *f, const struct namespace_identity *identity,
	struct namespace_row *row)
{
	char file[32], cgroup[8192], command[PROCESS_NAME_MAX];
	snprintf(file, sizeof(file), "%" PRIu32 "/cgroup", row->process);
	if (procfile_read(f->source, file, cgroup, sizeof(cgroup)) < 0)
		cgroup[0] = '\0';
	process_name(f->source->root, row->process, command);
	const char *given = identity != NULL ? given_name(&f->given, identity) : "";
	const struct namespace_facts facts = {given, cgroup, command, row->process};
	row->kind = namespace_name(&facts, row->name);
	row->aliased = namespace_alias(f->config, &facts, row->name);
}

/* Returns how many TCP sockets are in a table of it. */
static int64_t
count_sockets(const struct procfile_source *source, struct namespace_row *row)
{
	struct sockstat stat;
	sockstat_read(source, row->process, &stat);
	row->udp = stat.udp;
	row->connections = SOCKSTAT_ABSENT;
	if (stat.in_use >= 0 && stat.time_wait >= 0)
		row->connections = stat.in_use > INT64_MAX - stat.time_wait
				       ? INT64_MAX
				       : stat.in_use + stat.time_wait;
	return stat.in_use;
}

/* The file of a process that has ended and that nobody has waited for can be seen for some time,
 * but not be opened: its namespace may be another's by now, or gone. */
static bool
is_there(const struct procfile_source *source, const struct namespace_row *row, int64_t in_use)
{
	const struct neighbour neighbour = {row->process, row->inode};
	char file[48], text[4096];
	if (!neighbours_is_there(&neighbour, source))
		return false;
	if (in_use >= 0)
		return true;
	snprintf(file, sizeof(file), "%" PRIu32 "/net/sockstat", row->process);
	return procfile_read(source, file, text, sizeof(text)) >= 0;
}

static void
add_placed(int64_t *placed, int64_t in_use)
{
	*placed += in_use > 0 && *placed < INT64_MAX - in_use ? in_use : 0;
}

/* False if it has gone meanwhile. */
static bool
describe(const struct finding_them *f, const struct neighbour *neighbour, struct namespace_row *row,
	 int64_t *placed)
{
	struct namespace_identity identity = {.cookie = 0};
	bool identified = false;
	*row = (struct namespace_row){.process = neighbour->process, .inode = neighbour->inode};
	row->before = row_before(f, neighbour, &identity, &identified);
	int64_t in_use = count_sockets(f->source, row);
	if (f->past != NULL)
		row->started = process_started(f->source->root, row->process);
	if (f->past != NULL && row->before != LOOKUP_NONE) {
		const struct namespace_row *before = &f->past->last->rows[row->before];
		memcpy(row->name, before->name, sizeof(row->name));
		row->kind = before->kind;
		row->aliased = before->aliased;
		row->cookie = before->cookie;
	} else {
		identified = identified || identify(f, neighbour, &identity);
		name_it(f, identified ? &identity : NULL, row);
		row->cookie = identity.cookie;
	}
	if (!is_there(f->source, row, in_use))
		return false;
	add_placed(placed, in_use);
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

/* By one that had it before, or comes first; a number also by one that is called so. */
static bool
is_taken(const struct namespaces *n, uint32_t row, bool numbered)
{
	for (uint32_t i = 0; i < n->count; i++)
		if (i != row && strcmp(n->rows[i].name, n->rows[row].name) == 0 &&
		    (numbered || i < row || n->rows[i].before != LOOKUP_NONE))
			return true;
	return false;
}

/* Who has a name keeps it; of those that are new the one of the oldest process comes first. */
static void
tell_apart(struct namespaces *n)
{
	char base[NAMESPACE_NAME_MAX];
	qsort(n->rows, n->count, sizeof(*n->rows), by_name);
	for (uint32_t i = 0; i < n->count; i++) {
		struct namespace_row *row = &n->rows[i];
		uint32_t number = 1;
		if (row->before != LOOKUP_NONE)
			continue;
		strcpy(base, row->name);
		while (is_taken(n, i, number > 1)) {
			strcpy(row->name, base);
			namespace_name_number(row->name, ++number);
		}
	}
}

bool
namespaces_find(const struct procfile_source *source, const char *run_netns,
		const struct config *config, const struct namespaces_past *past,
		struct namespaces *out)
{
	struct procfile_source quiet = *source;
	struct neighbours neighbours = {.of = NULL};
	struct finding_them f = {.source = &quiet, .config = config, .past = past};
	quiet.record = NULL;
	quiet.kept = NULL; /* an open file of another namespace would keep that alive */
	neighbours_scan(&neighbours, &quiet);
	*out = (struct namespaces){.complete = neighbours.complete};
	out->rows = array_new(neighbours.count, sizeof(*out->rows));
	bool good = out->rows != NULL && read_given(run_netns, &f.given);
	int64_t placed = 0;
	for (uint32_t i = 0; good && i < neighbours.count; i++)
		if (describe(&f, &neighbours.of[i], &out->rows[out->count], &placed))
			out->count++;
	out->unplaced = left_over(&quiet, placed);
	free(f.given.of);
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

bool
namespaces_count(const struct procfile_source *source, struct namespaces *n)
{
	bool all = true;
	int64_t placed = 0;
	for (uint32_t i = 0; i < n->count; i++) {
		struct namespace_row *row = &n->rows[i];
		int64_t in_use = count_sockets(source, row);
		if (is_there(source, row, in_use)) {
			add_placed(&placed, in_use);
			continue;
		}
		row->connections = row->udp = SOCKSTAT_ABSENT;
		row->gone = true;
		all = false;
	}
	n->unplaced = left_over(source, placed);
	return all;
}

void
namespaces_free(struct namespaces *namespaces)
{
	free(namespaces->rows);
	*namespaces = (struct namespaces){.rows = NULL};
}

/* SPDX-License-Identifier: ISC */
#include "owners/namespaces.h"

#include "base/array.h"
#include "base/clean.h"
#include "kernel/process.h"
#include "owners/namespace_given.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A list that is being made. */
struct finding_them {
	const struct procfile_source *source;
	const char *run_netns;
	const struct config *config;
	const struct namespaces *last;             /* or NULL */
	const struct namespace_entrance *entrance; /* or NULL */
	struct namespace_given_list given;
};

struct neighbour
namespaces_neighbour(const struct namespace_row *row)
{
	return (struct neighbour){row->process, row->inode, row->mount};
}

const char *
namespaces_way(const struct namespace_row *row, char buf[static NAMESPACES_WAY_MAX])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+:@";
	char path[NEIGHBOUR_MOUNT_MAX];
	clean_text(row->mount, strlen(row->mount), path, sizeof(path));
	const char *quote = path[strspn(path, plain)] == '\0' ? "" : "'";
	bool typed = strcmp(path, row->mount) == 0 && strchr(path, '\'') == NULL;
	if (row->process != 0)
		snprintf(buf, NAMESPACES_WAY_MAX, "-t %" PRIu32 " -n", row->process);
	else
		snprintf(buf, NAMESPACES_WAY_MAX, "--net=%s%s%s", typed ? quote : "",
			 typed ? path : "?", typed ? quote : "");
	return buf;
}

static bool
enter(const struct namespace_entrance *entrance, const struct neighbour *neighbour,
      struct namespace_identity *out)
{
	*out = (struct namespace_identity){.cookie = 0};
	return entrance != NULL && entrance->identify(entrance->arg, neighbour, out);
}

/* Else by the link of /proc, which needs PTRACE_MODE_READ. */
static bool
identify(const struct finding_them *f, const struct neighbour *neighbour,
	 struct namespace_identity *out)
{
	char path[PATH_MAX];
	struct stat status;
	if (enter(f->entrance, neighbour, out))
		return true;
	int length = snprintf(path, sizeof(path), "%s/%" PRIu32 "/ns/net", f->source->root,
			      neighbour->process);
	if (f->given.count == 0 || length >= (int)sizeof(path) || stat(path, &status) != 0)
		return false;
	out->device = status.st_dev;
	out->inode = status.st_ino;
	return true;
}

/* Whether the process that it was known by is still there and in it. */
static bool
is_inside(const struct finding_them *f, const struct namespace_row *before)
{
	const struct neighbour neighbour = namespaces_neighbour(before);
	return before->started != 0 &&
	       process_started(f->source->root, before->process) == before->started &&
	       neighbours_is_there(&neighbour, f->source);
}

/* Inodes are given again, cookies are not. */
static bool
is_identical(const struct namespace_row *before, const struct namespace_identity *identity)
{
	if (before->cookie != 0 && identity->cookie != 0)
		return before->cookie == identity->cookie;
	return before->file != 0 && before->file == identity->inode;
}

/* The row that it had; LOOKUP_NONE if it was not there. Asks for its identity where nothing less
 * tells. */
static uint32_t
row_before(const struct finding_them *f, const struct neighbour *neighbour,
	   struct namespace_identity *identity, bool *identified)
{
	for (uint32_t i = 0; f->last != NULL && i < f->last->count; i++) {
		const struct namespace_row *row = &f->last->rows[i];
		if (row->inode != neighbour->inode)
			continue;
		if (is_inside(f, row))
			return i;
		*identified = *identified || identify(f, neighbour, identity);
		return *identified && is_identical(row, identity) ? i : LOOKUP_NONE;
	}
	return LOOKUP_NONE;
}

/* What it had before, it keeps. */
static void
keep_name(const struct finding_them *f, struct namespace_row *row)
{
	const struct namespace_row *before = &f->last->rows[row->before];
	memcpy(row->name, before->name, sizeof(row->name));
	row->kind = before->kind;
	row->aliased = before->aliased;
	row->cookie = before->cookie;
	row->file = before->file;
}

static void
name_it(const struct finding_them *f, const char *given, struct namespace_row *row)
{
	char file[32], cgroup[8192] = "", command[PROCESS_NAME_MAX] = "";
	snprintf(file, sizeof(file), "%" PRIu32 "/cgroup", row->process);
	if (row->process != 0) {
		if (procfile_read(f->source, file, cgroup, sizeof(cgroup)) < 0)
			cgroup[0] = '\0';
		process_name(f->source->root, row->process, command);
	}
	const struct namespace_facts facts = {given, cgroup, command, row->process};
	row->kind = namespace_name(&facts, row->name);
	row->aliased = namespace_alias(f->config, &facts, row->name);
}

static void
take_counts(struct namespace_row *row, const struct sockstat *stat)
{
	row->udp = stat->udp;
	row->connections = SOCKSTAT_ABSENT;
	if (stat->in_use >= 0 && stat->time_wait >= 0)
		row->connections = stat->in_use > INT64_MAX - stat->time_wait
				       ? INT64_MAX
				       : stat->in_use + stat->time_wait;
}

/* Returns how many TCP sockets are in a table of it. */
static int64_t
count_sockets(const struct procfile_source *source, struct namespace_row *row)
{
	struct sockstat stat;
	sockstat_read(source, row->process, &stat);
	take_counts(row, &stat);
	return stat.in_use;
}

/* What stands at a path, as the file of a namespace; 0 = nothing. */
static ino_t
file_at(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 ? status.st_ino : 0;
}

bool
namespaces_is_there(const struct procfile_source *source, const struct namespace_row *row)
{
	const struct neighbour neighbour = namespaces_neighbour(row);
	return row->process != 0 ? neighbours_is_there(&neighbour, source)
				 : file_at(row->mount) == row->file;
}

/* The file of a process that has ended and that nobody has waited for can be seen for some time,
 * but not be opened: its namespace may be another's by now, or gone. */
static bool
is_there(const struct procfile_source *source, const struct namespace_row *row, int64_t in_use)
{
	char file[48], text[4096];
	if (!namespaces_is_there(source, row))
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
	if (f->last != NULL)
		row->started = process_started(f->source->root, row->process);
	if (f->last != NULL && row->before != LOOKUP_NONE) {
		keep_name(f, row);
	} else {
		identified = identified || identify(f, neighbour, &identity);
		name_it(f, namespace_given_find(&f->given, identity.device, identity.inode), row);
		row->cookie = identity.cookie;
		row->file = identity.inode;
	}
	if (!is_there(f->source, row, in_use))
		return false;
	add_placed(placed, in_use);
	return true;
}

/* Its row, if it has one by now; by the file that stands for it, or by its net/sockstat. */
static struct namespace_row *
find_row(const struct namespaces *n, ino_t file, ino_t inode)
{
	for (uint32_t i = 0; i < n->count; i++)
		if ((file != 0 && n->rows[i].file == file) ||
		    (inode != 0 && n->rows[i].inode == inode))
			return &n->rows[i];
	return NULL;
}

/* It cannot be entered at present, but was known, and is mounted there. */
static bool
keep_given(const struct finding_them *f, const struct namespaces *out, struct namespace_row *row)
{
	for (uint32_t i = 0; f->last != NULL && i < f->last->count; i++) {
		const struct namespace_row *before = &f->last->rows[i];
		if (before->file != row->file || find_row(out, 0, before->inode) != NULL)
			continue;
		row->before = i;
		row->inode = before->inode;
		row->udp = row->connections = SOCKSTAT_ABSENT;
		keep_name(f, row);
		return true;
	}
	return false;
}

/* A namespace that has a name and no process that is seen. */
static void
describe_given(const struct finding_them *f, const struct namespace_given *given, ino_t own,
	       struct namespaces *out, int64_t *placed)
{
	struct namespace_row *row = &out->rows[out->count], *known;
	struct namespace_identity identity;
	bool identified = true;
	*row = (struct namespace_row){.file = given->inode, .before = LOOKUP_NONE};
	if (find_row(out, given->inode, 0) != NULL ||
	    !namespace_given_path(f->run_netns, given, row->mount))
		return;
	const struct neighbour unknown = {0, 0, row->mount};
	if (!enter(f->entrance, &unknown, &identity)) {
		out->count += keep_given(f, out, row);
		return;
	}
	if (identity.files == own)
		return;
	if ((known = find_row(out, 0, identity.files)) != NULL) {
		known->file = given->inode;
		return;
	}
	row->inode = identity.files;
	const struct neighbour neighbour = namespaces_neighbour(row);
	row->before = row_before(f, &neighbour, &identity, &identified);
	if (f->last != NULL && row->before != LOOKUP_NONE)
		keep_name(f, row);
	else
		name_it(f, given->name, row);
	row->cookie = identity.cookie;
	row->file = given->inode;
	take_counts(row, &identity.sockstat);
	add_placed(placed, identity.sockstat.in_use);
	out->count++;
}

/* Those that have a name alone, but for the own one. */
static void
describe_all_given(const struct finding_them *f, struct namespaces *out, int64_t *placed)
{
	ino_t own;
	if (f->entrance == NULL || !neighbours_inode(f->source, 0, &own))
		return;
	for (uint32_t i = 0; i < f->given.count; i++)
		describe_given(f, &f->given.of[i], own, out, placed);
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
		const struct config *config, const struct namespaces *last,
		const struct namespace_entrance *entrance, struct namespaces *out)
{
	struct procfile_source quiet = *source;
	struct neighbours neighbours = {.of = NULL};
	struct finding_them f = {&quiet, run_netns, config, last, entrance, {.of = NULL}};
	quiet.record = NULL;
	quiet.kept = NULL; /* an open file of another namespace would keep that alive */
	neighbours_scan(&neighbours, &quiet);
	bool good = namespace_given_read(run_netns, &f.given);
	*out =
	    (struct namespaces){.complete = neighbours.complete && f.given.count < NEIGHBOURS_MAX};
	out->rows = array_new(neighbours.count + f.given.count, sizeof(*out->rows));
	good = good && out->rows != NULL;
	int64_t placed = 0;
	for (uint32_t i = 0; good && i < neighbours.count; i++)
		if (describe(&f, &neighbours.of[i], &out->rows[out->count], &placed))
			out->count++;
	if (good)
		describe_all_given(&f, out, &placed);
	out->unplaced = left_over(&quiet, placed);
	namespace_given_free(&f.given);
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

/* One that no process is in has to be entered for that. */
static bool
count_given(const struct procfile_source *source, const struct namespace_entrance *entrance,
	    struct namespace_row *row, int64_t *placed)
{
	const struct neighbour any = {0, 0, row->mount};
	struct namespace_identity identity;
	if (!enter(entrance, &any, &identity)) {
		row->udp = row->connections = SOCKSTAT_ABSENT;
		return namespaces_is_there(source, row);
	}
	if (identity.files != row->inode || !is_identical(row, &identity))
		return false;
	take_counts(row, &identity.sockstat);
	add_placed(placed, identity.sockstat.in_use);
	return true;
}

static bool
count_one(const struct procfile_source *source, const struct namespace_entrance *entrance,
	  struct namespace_row *row, int64_t *placed)
{
	if (row->process == 0)
		return count_given(source, entrance, row, placed);
	int64_t in_use = count_sockets(source, row);
	if (!is_there(source, row, in_use))
		return false;
	add_placed(placed, in_use);
	return true;
}

bool
namespaces_count(const struct procfile_source *source, const struct namespace_entrance *entrance,
		 struct namespaces *n)
{
	bool all = true;
	int64_t placed = 0;
	for (uint32_t i = 0; i < n->count; i++) {
		struct namespace_row *row = &n->rows[i];
		if (count_one(source, entrance, row, &placed))
			continue;
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

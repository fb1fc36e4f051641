/* SPDX-License-Identifier: ISC */
#include "failures/failure_place.h"

#include "base/clock.h"
#include "base/words.h"
#include "owners/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
failure_places_begin(struct failure_places *p)
{
	const struct procfile_source source = {.root = p->proc_root};
	p->process_count = 0;
	if (p->own == 0 && !neighbours_inode(&source, 0, &p->own))
		p->own = 0;
}

/* As it is called among all others, or by what one of its processes is in. */
static void
name_space(const struct failure_places *p, ino_t inode, uint32_t pid, char out[NAMESPACE_NAME_MAX])
{
	const struct procfile_source source = {.root = p->proc_root};
	char file[32], cgroup[8192], command[PROCESS_NAME_MAX];
	for (uint32_t i = 0; p->spaces != NULL && i < p->spaces->count; i++) {
		if (p->spaces->rows[i].inode != inode || p->spaces->rows[i].gone)
			continue;
		strcpy(out, p->spaces->rows[i].name);
		return;
	}
	snprintf(file, sizeof(file), "%" PRIu32 "/cgroup", pid);
	if (procfile_read(&source, file, cgroup, sizeof(cgroup)) < 0)
		cgroup[0] = '\0';
	process_name(p->proc_root, pid, command);
	const struct namespace_facts facts = {"", cgroup, command, pid};
	namespace_name(&facts, out);
}

static void
place_it(const struct failure_places *p, ino_t inode, uint32_t pid, struct failure_known *out)
{
	out->place = inode == p->own ? FAILED_HERE : FAILED_ELSEWHERE;
	if (out->place == FAILED_ELSEWHERE)
		name_space(p, inode, pid, out->space);
}

/* The namespace in which all its processes are, and one of these; false if there is none, if one is
 * not visible here, or if they are too many. */
static bool
find_members(const struct failure_places *p, const char *mount, const char *path, ino_t *inode,
	     uint32_t *pid)
{
	const struct procfile_source cgroups = {.root = mount}, proc = {.root = p->proc_root};
	char file[CGROUP_PATH_MAX + 32], text[FAILURE_PLACES_MEMBERS * 12];
	unsigned members = 0;
	snprintf(file, sizeof(file), "%s/cgroup.procs", path + 1);
	long length = procfile_read(&cgroups, file, text, sizeof(text));
	if (length <= 0 || (size_t)length >= sizeof(text) - 1)
		return false;
	for (const char *line = text; line != NULL && *line != '\0'; line = words_line(line)) {
		int64_t number = words_number(line, strcspn(line, "\n"), 10);
		ino_t of;
		if (number <= 0 || number > INT32_MAX || members == FAILURE_PLACES_MEMBERS)
			return false;
		if (!neighbours_inode(&proc, (uint32_t)number, &of))
			continue; /* it has ended */
		if (members++ > 0 && of != *inode)
			return false;
		*inode = of;
		*pid = (uint32_t)number;
	}
	return members > 0;
}

/* The root's processes may be anywhere. */
static void
walk(const struct failure_places *p, struct failure_known *out)
{
	char mount[PATH_MAX];
	const char *path;
	uint64_t id;
	ino_t inode = 0;
	uint32_t pid = 0;
	cgroup_mount(p->sys_root, mount);
	struct cgroup_walk *walk = mount[0] != '\0' ? cgroup_walk_open(mount) : NULL;
	while (walk != NULL && cgroup_walk_next(walk, &id, &path)) {
		if (id != out->cgroup)
			continue;
		if (path[1] != '\0' && find_members(p, mount, path, &inode, &pid))
			place_it(p, inode, pid, out);
		break;
	}
	cgroup_walk_close(walk);
}

/* Its entry, or the one that it gets: of the longest known. */
static struct failure_known *
entry_of(struct failure_places *p, uint64_t cgroup)
{
	struct failure_known *oldest = &p->cgroups[0];
	for (uint32_t i = 0; i < p->cgroup_count; i++) {
		if (p->cgroups[i].cgroup == cgroup)
			return &p->cgroups[i];
		if (p->cgroups[i].made_ms < oldest->made_ms)
			oldest = &p->cgroups[i];
	}
	return p->cgroup_count < FAILURE_PLACES_CGROUPS ? &p->cgroups[p->cgroup_count++] : oldest;
}

static bool
is_known(const struct failure_known *k, uint64_t cgroup, uint64_t now_ms)
{
	return k->cgroup == cgroup && now_ms - k->made_ms < FAILURE_PLACES_KEPT_MS;
}

/* NULL: not known now. */
static const struct failure_known *
by_cgroup(struct failure_places *p, uint64_t cgroup, uint64_t now_ms)
{
	for (uint32_t i = 0; i < p->cgroup_count; i++)
		if (is_known(&p->cgroups[i], cgroup, now_ms))
			return &p->cgroups[i];
	if (cgroup == 0 || p->own == 0 || now_ms < p->walk_ms)
		return NULL;
	struct failure_known *known = entry_of(p, cgroup);
	*known = (struct failure_known){.cgroup = cgroup, .made_ms = now_ms};
	uint64_t begin_us = clock_us();
	walk(p, known);
	uint64_t rest_ms = (clock_us() - begin_us) / 10;
	p->walk_ms = now_ms + (rest_ms > FAILURE_PLACES_WALK_MS ? rest_ms : FAILURE_PLACES_WALK_MS);
	return known;
}

static const struct failure_known *
by_process(struct failure_places *p, uint32_t pid)
{
	const struct procfile_source source = {.root = p->proc_root};
	ino_t inode;
	for (uint32_t i = 0; i < p->process_count; i++)
		if (p->processes[i].pid == pid)
			return &p->processes[i];
	if (pid == 0 || p->process_count == FAILURE_PLACES_PROCESSES)
		return NULL;
	struct failure_known *known = &p->processes[p->process_count++];
	*known = (struct failure_known){.pid = pid};
	process_name(p->proc_root, pid, known->name);
	if (p->own != 0 && neighbours_inode(&source, pid, &inode))
		place_it(p, inode, pid, known);
	return known;
}

struct failure_process
failure_places_find(struct failure_places *p, const struct failure_sample *sample, uint64_t now_ms)
{
	const struct failure_known *process = by_process(p, sample->pid);
	const char *name = process != NULL ? process->name : "";
	if (process != NULL && process->place != FAILED_UNKNOWN)
		return (struct failure_process){process->place, name, process->space};
	const struct failure_known *cgroup = by_cgroup(p, sample->cgroup, now_ms);
	if (cgroup == NULL)
		return (struct failure_process){FAILED_UNKNOWN, name, ""};
	return (struct failure_process){cgroup->place, name, cgroup->space};
}

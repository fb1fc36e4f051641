/* SPDX-License-Identifier: ISC */
/*
 * failure_place: in which network namespace a connect() failed: that of its process, while it can
 * be looked at, else that of its cgroup, if all processes in there are in one. Needs no privilege
 * but to see the processes in /proc.
 */
#ifndef SRCPORTD_FAILURE_PLACE_H
#define SRCPORTD_FAILURE_PLACE_H

#include "failures/failure_log.h"
#include "kernel/process.h"
#include "owners/namespaces.h"

/* Processes looked at from one failure_places_begin() to the next; further ones are not known. */
#define FAILURE_PLACES_PROCESSES 32

/* Cgroups whose place is kept, for so long; from one walk through the hierarchy for one that is
 * not known to the next, at least so long, and a hundred times what the last one took. */
#define FAILURE_PLACES_CGROUPS 64
#define FAILURE_PLACES_KEPT_MS 60000
#define FAILURE_PLACES_WALK_MS 1000

/* Of one with more processes it is not known where they are. */
#define FAILURE_PLACES_MEMBERS 64

struct failure_known {
	uint32_t pid;
	uint64_t cgroup; /* and not a process */
	uint64_t made_ms;
	enum failure_place place;
	char name[PROCESS_NAME_MAX];
	char space[NAMESPACE_NAME_MAX];
};

/* Zeroed but for the roots is empty. */
struct failure_places {
	const char *proc_root, *sys_root; /* "/proc", "/sys" */
	const struct namespaces *spaces;  /* by what the others are called, or NULL: by pod,
					   * container, unit or command */
	ino_t own;                        /* 0 = cannot be told */
	struct failure_known processes[FAILURE_PLACES_PROCESSES];
	uint32_t process_count;
	struct failure_known cgroups[FAILURE_PLACES_CGROUPS];
	uint32_t cgroup_count;
	uint64_t walk_ms; /* the next walk, at the earliest */
};

/* Processes are looked at anew. */
void failure_places_begin(struct failure_places *places);

/* Where that was, and who: valid until the next call of either function. now_ms is of
 * CLOCK_MONOTONIC. */
struct failure_process failure_places_find(struct failure_places *places,
					   const struct failure_sample *sample, uint64_t now_ms);

#endif

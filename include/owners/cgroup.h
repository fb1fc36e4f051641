/* SPDX-License-Identifier: ISC */
/*
 * cgroup: from the number that sock_diag gives for a socket's cgroup (version 2) to its path, and
 * from the path to the name of a systemd unit or a container.
 */
#ifndef SRCPORTD_CGROUP_H
#define SRCPORTD_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define CGROUP_PATH_MAX  256 /* a longer path is not followed */
#define CGROUP_WORDS_MAX 96

/* What the path says of the owner, as clean text: "payments.service", "container 0123456789ab
 * (docker)", or the last part of the path; "" for the root. Pure. */
void cgroup_words(const char *path, char out[static CGROUP_WORDS_MAX]);

/* Where the hierarchy of version 2 is mounted below sys_root; "" if it is not. */
void cgroup_mount(const char *sys_root, char out[static PATH_MAX]);

struct cgroup_walk;

/* A walk over every cgroup below the mount point `root` of the hierarchy, which is the first. NULL
 * with errno: ENOENT, ENOMEM ... */
struct cgroup_walk *cgroup_walk_open(const char *root);
void cgroup_walk_close(struct cgroup_walk *walk); /* NULL is allowed */

/* The next cgroup: its number and its path, "/" for the root; the path is valid until the next
 * call. False when there is none left. Costs one directory entry or the opening of one directory.
 */
bool cgroup_walk_next(struct cgroup_walk *walk, uint64_t *id, const char **path);

/* The number of the cgroup with that path; 0 if there is none. */
uint64_t cgroup_id(const char *root, const char *path);

#endif

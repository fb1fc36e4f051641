/* SPDX-License-Identifier: ISC */
/*
 * neighbours: the other network namespaces of the host, each by a process that is in it, or by a
 * name that it has.
 *
 * Every namespace has files of its own in /proc, so that the inode of a process's net/sockstat
 * tells them apart. That needs no privilege (get_proc_task_net()), but a process that is not
 * hidden. Nothing stays open: an open file of a namespace keeps it alive, with its interfaces.
 * One that only a thread has gone to, or that no process is in, is not found by a scan: in there
 * somebody may connect who stays elsewhere, with sockets that a thread made there.
 */
#ifndef SRCPORTD_NEIGHBOURS_H
#define SRCPORTD_NEIGHBOURS_H

#include "kernel/procfile.h"

#include <sys/types.h>

#define NEIGHBOURS_MAX 1024 /* that are found */

#define NEIGHBOUR_MOUNT_MAX 128 /* of a path, with the NUL */

struct neighbour {
	uint32_t process;  /* the one with the lowest number; 0 = none, and then: */
	ino_t inode;       /* 0 = not known, where there is no process */
	const char *mount; /* a path where it is mounted, shorter than NEIGHBOUR_MOUNT_MAX */
};

struct neighbours {
	struct neighbour *of; /* without the namespace of the caller */
	uint32_t count, room;
	bool complete; /* every process of the host was looked at, and all had room */
};

/* Looks for them; *out is all zero, or of an earlier call. Where the own namespace cannot be told,
 * or /proc not be read, there are none, and the list is not complete. */
void neighbours_scan(struct neighbours *out, const struct procfile_source *source);
void neighbours_free(struct neighbours *neighbours);

/* The inode that stands for the namespace of a process, or for the own one of 0. False with errno.
 */
bool neighbours_inode(const struct procfile_source *source, uint32_t process, ino_t *inode);

/* False if that process has gone, is another's by now, or has gone elsewhere. */
bool neighbours_is_there(const struct neighbour *neighbour, const struct procfile_source *source);

#endif

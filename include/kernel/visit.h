/* SPDX-License-Identifier: ISC */
/*
 * visit: what was opened in another network namespace, for one poll there (visitor.h).
 */
#ifndef SRCPORTD_VISIT_H
#define SRCPORTD_VISIT_H

#include "kernel/procfile.h"

#include <sys/types.h>

/* Sockets for one poll: after a request that the kernel refused, the next is put to another. */
#define VISIT_SOCKETS 4

/* What was opened in one namespace; all descriptors are the caller's. */
struct visit {
	int sockets[VISIT_SOCKETS]; /* NETLINK_SOCK_DIAG, bound; -1 = taken */
	struct procfile_inside inside;
	uint64_t cookie; /* of the namespace, like no other's until the host restarts; 0 = not known
			    (before 5.14) */
	dev_t device;    /* of the file that stands for it, */
	ino_t inode;     /* as of its name in /run/netns */
	ino_t files;     /* of its net/sockstat, as struct neighbour has it */
};

/* Closes what is still open of it. */
void visit_close(struct visit *visit);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * lockfile: a file that one program at a time has, by a lock that ends with it.
 */
#ifndef SRCPORTD_LOCKFILE_H
#define SRCPORTD_LOCKFILE_H

#include <stdbool.h>
#include <sys/types.h>

/* Opens the file, which is made with that mode if it is not there, and locks it (flock(2)). It is
 * never waited for, and a link is not followed. True: *fd is the caller's, until whose close() it
 * is locked. False with errno: EWOULDBLOCK if another program has it, and then *fd is open all the
 * same; with any other *fd is -1. */
bool lockfile_open(const char *path, mode_t mode, int *fd);

/* False if the name is another file's by now, or nobody's: a lock on a file without a name keeps
 * nobody out. */
bool lockfile_is_named(int fd, const char *path);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * pidfile: the daemon's process id in a file that it holds locked for as long as it lives. The
 * lock, not the number, says that it runs: a file left behind by a crash stops nobody.
 */
#ifndef SRCPORTD_PIDFILE_H
#define SRCPORTD_PIDFILE_H

#include <stddef.h>

struct pidfile {
	int fd;           /* -1 = none */
	const char *path; /* the caller's */
};

enum pidfile_result {
	PIDFILE_TAKEN,   /* ours */
	PIDFILE_RUNNING, /* another process holds it */
	PIDFILE_FAILED   /* it cannot be opened, locked or written */
};

/* Locks the file and writes the process id of the caller into it. path must outlive *out; NULL is
 * no file at all, and always PIDFILE_TAKEN. A symbolic link is refused. Otherwise one line in
 * error: what, where, and who has it. The lock is flock(2)'s: a fork shares it. */
enum pidfile_result pidfile_take(const char *path, struct pidfile *out, char *error, size_t room);

/* Removes the file, if it may, and gives up the lock. */
void pidfile_drop(struct pidfile *pidfile);

#endif

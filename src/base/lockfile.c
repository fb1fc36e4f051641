/* SPDX-License-Identifier: ISC */
#include "base/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool
lockfile_is_named(int fd, const char *path)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

/* False with errno; *fd stays open where another program has the lock. */
static bool
lock(int *fd)
{
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	int error = errno;
	if (error != EWOULDBLOCK) {
		close(*fd);
		*fd = -1;
	}
	errno = error;
	return false;
}

bool
lockfile_open(const char *path, mode_t mode, int *fd)
{
	/* O_NONBLOCK: a FIFO or a device does not keep us. */
	const int how = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	for (;;) {
		*fd = open(path, how, mode);
		if (*fd < 0 || !lock(fd))
			return false;
		if (lockfile_is_named(*fd, path))
			return true;
		/* Removed or replaced between open() and flock(): its last owner was leaving. */
		close(*fd);
	}
}

/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO or a device does not keep us. */
#define HOW (O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* True if the name is still this file's. */
static bool
is_named(int fd, const char *path)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

static bool
give_up(int fd, int error)
{
	if (fd >= 0)
		close(fd);
	errno = error;
	return false;
}

bool
alarm_store_open(struct alarm_store *store, const char *path)
{
	struct stat is;
	store->fd = -1;
	for (;;) {
		int fd = open(path, HOW, 0640);
		if (fd < 0)
			return false;
		if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode))
			return give_up(fd, ENODEV);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0)
			return give_up(fd, errno == EWOULDBLOCK ? EBUSY : errno);
		if (is_named(fd, path)) {
			store->fd = fd;
			return true;
		}
		close(fd); /* replaced between open() and flock() */
	}
}

/* Every octet, whatever write() takes at a time, and on the disk. */
static bool
write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);
		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return fsync(fd) == 0;
}

/* A name beside the file's. False with errno. */
static bool
beside(const char *path, const char *suffix, char name[static PATH_MAX])
{
	if (snprintf(name, PATH_MAX, "%s%s", path, suffix) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

bool
alarm_store_replace(struct alarm_store *store, const char *path, const char *text, size_t length)
{
	char fresh[PATH_MAX];
	if (!is_named(store->fd, path)) {
		errno = ESTALE;
		return false;
	}
	int fd = beside(path, ".new", fresh) ? open(fresh, HOW | O_TRUNC, 0640) : -1;
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write_all(fd, text, length) &&
	    rename(fresh, path) == 0) {
		close(store->fd);
		store->fd = fd;
		return true;
	}
	int error = errno;
	unlink(fresh);
	close(fd);
	errno = error;
	return false;
}

bool
alarm_store_keep_aside(struct alarm_store *store, const char *path)
{
	char bad[PATH_MAX];
	if (!beside(path, ".bad", bad) || rename(path, bad) != 0)
		return false;
	close(store->fd);
	return alarm_store_open(store, path);
}

void
alarm_store_close(struct alarm_store *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
}

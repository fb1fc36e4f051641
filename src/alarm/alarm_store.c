/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_store.h"

#include "base/lockfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool
alarm_store_open(struct alarm_store *store, const char *path)
{
	struct stat is;
	int error = 0;
	if (!lockfile_open(path, 0640, &store->fd))
		error = errno == EWOULDBLOCK ? EBUSY : errno;
	else if (fstat(store->fd, &is) != 0 || !S_ISREG(is.st_mode))
		error = ENODEV;
	if (error != 0)
		alarm_store_close(store);
	errno = error;
	return error == 0;
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

/* True if the file has its name. Where there is none of that name any more a new one is made; what
 * somebody else has put there stays. */
static bool
is_there(struct alarm_store *store, const char *path)
{
	struct stat is;
	if (lockfile_is_named(store->fd, path))
		return true;
	if (lstat(path, &is) != 0 && errno == ENOENT) {
		alarm_store_close(store);
		return alarm_store_open(store, path);
	}
	errno = ESTALE;
	return false;
}

bool
alarm_store_replace(struct alarm_store *store, const char *path, const char *text, size_t length)
{
	char fresh[PATH_MAX];
	struct alarm_store next = {.fd = -1};
	if (!is_there(store, path) || !beside(path, ".new", fresh))
		return false;
	bool ours = lockfile_open(fresh, 0640, &next.fd);
	if (ours && ftruncate(next.fd, 0) == 0 && write_all(next.fd, text, length) &&
	    rename(fresh, path) == 0) {
		alarm_store_close(store);
		*store = next;
		return true;
	}
	int error = errno;
	if (ours)
		unlink(fresh);
	alarm_store_close(&next);
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

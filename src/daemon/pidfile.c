/* SPDX-License-Identifier: ISC */
#include "daemon/pidfile.h"

#include "base/lockfile.h"
#include "base/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "process 1234", or what can be said without a number in the file. */
static void
name_holder(int fd, char *holder, size_t room)
{
	char text[16];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	int64_t pid = words_number(text, strcspn(text, "\n"), 10);
	if (pid > 0)
		snprintf(holder, room, "process %" PRId64, pid);
	else
		snprintf(holder, room, "a process that has not written its id yet");
}

static bool
write_pid(int fd)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0)
		return false;
	ssize_t written = pwrite(fd, text, (size_t)length, 0);
	if (written >= 0 && written != length)
		errno = ENOSPC;
	return written == length;
}

static enum pidfile_result
give_up(int fd, enum pidfile_result result, const char *path, char *error, size_t room)
{
	int reason = errno;
	if (result == PIDFILE_RUNNING) {
		char holder[64];
		name_holder(fd, holder, sizeof(holder));
		snprintf(error, room, "another srcportd is running: %s holds %s", holder, path);
	} else {
		snprintf(error, room, "pid file %s: %s", path, strerror(reason));
	}
	if (fd >= 0)
		close(fd);
	return result;
}

enum pidfile_result
pidfile_take(const char *path, struct pidfile *out, char *error, size_t room)
{
	*out = (struct pidfile){.fd = -1, .path = path};
	if (path == NULL)
		return PIDFILE_TAKEN;
	int fd;
	if (!lockfile_open(path, 0644, &fd))
		return give_up(fd, errno == EWOULDBLOCK ? PIDFILE_RUNNING : PIDFILE_FAILED, path,
			       error, room);
	if (!write_pid(fd))
		return give_up(fd, PIDFILE_FAILED, path, error, room);
	out->fd = fd;
	return PIDFILE_TAKEN;
}

void
pidfile_drop(struct pidfile *pidfile)
{
	if (pidfile->fd < 0)
		return;
	/* While it is still locked: afterwards it could be a successor's; and so it is if somebody
	 * has put another in its place. */
	if (lockfile_is_named(pidfile->fd, pidfile->path) && unlink(pidfile->path) != 0 &&
	    ftruncate(pidfile->fd, 0) != 0)
		errno = 0; /* it stays, with an old number and no lock, which stops nobody */
	close(pidfile->fd);
	pidfile->fd = -1;
}

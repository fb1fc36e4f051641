/* SPDX-License-Identifier: ISC */
#include "daemon/sdnotify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A decimal number that fills the text; 0 if it is none. */
static uint64_t
number(const char *text)
{
	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : 0;
}

/* WATCHDOG_PID is there when only that process is to feed the watchdog. */
static uint64_t
watchdog(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	if (pid != NULL && number(pid) != (uint64_t)getpid())
		return 0;
	return number(getenv("WATCHDOG_USEC"));
}

static int
connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof(to.sun_path)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(to.sun_path, path, length);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* abstract: the name is as long as the address says */
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	const struct timeval patience = {.tv_sec = 1};
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)&to, size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

bool
sdnotify_open(struct sdnotify *notify, char *error, unsigned room)
{
	const char *path = getenv("NOTIFY_SOCKET");
	bool good = true;
	*notify = (struct sdnotify){.fd = -1};
	if (path != NULL) {
		notify->fd = connect_to(path);
		good = notify->fd >= 0;
		if (good)
			notify->watchdog_us = watchdog();
		else
			snprintf(error, room, "NOTIFY_SOCKET %s: %s", path, strerror(errno));
	}
	/* Not for the ears of anything that this process may start. */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return good;
}

bool
sdnotify_send(const struct sdnotify *notify, const char *message)
{
	if (notify->fd < 0)
		return true;
	ssize_t sent;
	do
		sent = send(notify->fd, message, strlen(message), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

void
sdnotify_close(struct sdnotify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
background_fill_standard(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

/* The parent's last act. */
static _Noreturn void
wait_for_child(pid_t child, int ready_fd)
{
	char ready;
	ssize_t got;
	do
		got = read(ready_fd, &ready, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(0);

	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
	fprintf(stderr, "srcportd: ended by signal %d (%s) before it was ready\n", WTERMSIG(status),
		strsignal(WTERMSIG(status)));
	_exit(1);
}

int
background_fork(void)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t child = fork();
	if (child > 0) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	int error = errno;
	close(ends[0]);
	if (child == 0 && setsid() >= 0)
		return ends[1];
	close(ends[1]);
	errno = error;
	return -1;
}

void
background_ready(int ready_fd)
{
	if (ready_fd < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	/* Neither is worth ending for: without them it only keeps a directory busy. */
	if (chdir("/") != 0 || write(ready_fd, "", 1) != 1)
		errno = 0;
	close(ready_fd);
}

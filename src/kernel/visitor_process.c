/* SPDX-License-Identifier: ISC */
#include "kernel/visitor_process.h"

#include "kernel/capabilities.h"
#include "kernel/neighbours.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Until a process that was killed is started again. */
#define RESTART_S 1

/* What the process opened and has to close again; -1 = nothing. */
struct opened {
	int fd[VISIT_HANDED_MAX];
	unsigned count;
};

static bool
keep(struct opened *o, int fd)
{
	if (fd < 0)
		return false;
	o->fd[o->count++] = fd;
	return true;
}

static bool
open_socket(struct opened *o)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	return keep(o, fd) && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static int
open_directory(const char *root, const char *name)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/sys/net/%s", root, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What may be missing. */
static void
open_optional(struct opened *o, int fd, enum visit_handed which, struct visit_answer *answer)
{
	if (keep(o, fd))
		answer->handed |= which;
}

static int
open_own(const char *root, const char *name)
{
	char path[PATH_MAX];
	errno = ENAMETOOLONG;
	int length = snprintf(path, sizeof(path), "%s/net/%s", root, name);
	return length < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* Inside. Where a process is in it, whoever asks reads that one's net/. */
static bool
open_all(const char *root, const struct neighbour *neighbour, struct opened *o,
	 struct visit_answer *answer)
{
	for (unsigned i = 0; i < VISIT_SOCKETS; i++)
		if (!open_socket(o))
			return false;
	socklen_t length = sizeof(answer->cookie);
	if (getsockopt(o->fd[0], SOL_SOCKET, SO_NETNS_COOKIE, &answer->cookie, &length) != 0)
		answer->cookie = 0;
	if (!keep(o, open_directory(root, "ipv4")))
		return false;
	open_optional(o, open_directory(root, "netfilter"), VISIT_NETFILTER, answer);
	if (neighbour->process == 0) {
		open_optional(o, open_own(root, "sockstat"), VISIT_SOCKSTAT, answer);
		open_optional(o, open_own(root, "sockstat6"), VISIT_SOCKSTAT6, answer);
	}
	return true;
}

/* The inode of our own net/sockstat is the one that was to be found: the process has not become
 * another one, nor gone elsewhere, and nothing else is mounted by now. */
static bool
is_same(const char *root, const struct neighbour *neighbour, struct visit_answer *answer)
{
	const struct procfile_source source = {.root = root};
	return neighbours_inode(&source, 0, &answer->files) &&
	       (neighbour->inode == 0 || neighbour->inode == answer->files);
}

static void
set_wrong(struct visit_answer *answer, enum visit_stage stage)
{
	answer->stage = stage;
	answer->error = errno;
}

static void
identify(int fd, struct visit_answer *answer)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return;
	answer->device = status.st_dev;
	answer->inode = status.st_ino;
}

static void
enter(const char *root, const struct neighbour *neighbour, struct opened *o,
      struct visit_answer *answer)
{
	char path[PATH_MAX];
	int length = neighbour->process == 0
			 ? snprintf(path, sizeof(path), "%s", neighbour->mount)
			 : snprintf(path, sizeof(path), "%s/%u/ns/net", root, neighbour->process);
	errno = ENAMETOOLONG;
	/* At a path anything may be, and must not be waited for. */
	int fd = length < (int)sizeof(path) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	if (fd < 0) {
		set_wrong(answer, VISIT_FIND);
		return;
	}
	bool entered = setns(fd, CLONE_NEWNET) == 0;
	if (!entered)
		set_wrong(answer, VISIT_ENTER);
	identify(fd, answer);
	close(fd);
	if (entered && !is_same(root, neighbour, answer))
		set_wrong(answer, VISIT_SAME);
	else if (entered && !open_all(root, neighbour, o, answer))
		set_wrong(answer, VISIT_OPEN);
}

static bool
hand_over(int socket, struct visit_answer *answer, const struct opened *o)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(VISIT_HANDED_MAX * sizeof(int))];
	} control = {.room = {0}};
	struct iovec data = {.iov_base = answer, .iov_len = sizeof(*answer)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	if (answer->stage == VISIT_DONE) {
		message.msg_control = control.room;
		message.msg_controllen = (socklen_t)CMSG_SPACE(o->count * sizeof(int));
		struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = (socklen_t)CMSG_LEN(o->count * sizeof(int));
		memcpy(CMSG_DATA(rights), o->fd, o->count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(*answer);
}

static void
ignore_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
}

/* What comes after a question. */
enum going {
	GOING_ON,
	GOING_HOME, /* nobody asks any more */
	GOING_LOST  /* there is no way back */
};

/* One question, one answer. */
static enum going
serve(const char *root, int socket, int home)
{
	struct visit_question question;
	struct opened o = {.count = 0};
	ssize_t got;
	do
		got = recv(socket, &question, sizeof(question), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(question))
		return GOING_HOME;
	const struct neighbour neighbour = {question.process, question.inode, question.mount};
	struct visit_answer answer;
	memset(&answer, 0, sizeof(answer)); /* what pads it, too */
	answer.number = question.number;
	answer.stage = VISIT_DONE;
	enter(root, &neighbour, &o, &answer);
	bool back = setns(home, CLONE_NEWNET) == 0 || answer.stage == VISIT_FIND ||
		    answer.stage == VISIT_ENTER;
	bool sent = hand_over(socket, &answer, &o);
	if (!sent) {
		set_wrong(&answer, VISIT_HAND);
		sent = hand_over(socket, &answer, &o);
	}
	for (unsigned i = 0; i < o.count; i++)
		close(o.fd[i]);
	return !sent ? GOING_HOME : back ? GOING_ON : GOING_LOST;
}

/* The process itself: it ends when nobody holds the other end any more. Signals of the terminal,
 * and of a manager that stops the service, are the caller's. */
static void __attribute__((noreturn)) live(const char *root, int socket)
{
	enum going going;
	ignore_signals();
	prctl(PR_SET_NAME, "srcportd-netns");
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	do
		going = serve(root, socket, home);
	while (going == GOING_ON);
	_exit(going == GOING_HOME ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Whoever waits for a question would wait until it is told. */
static void
tell_end(int socket, int status)
{
	const struct opened nothing = {.count = 0};
	struct visit_answer answer;
	memset(&answer, 0, sizeof(answer));
	answer.stage = VISIT_KILLED;
	answer.error = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	hand_over(socket, &answer, &nothing);
}

/* Starts it, and again whenever it does not end by itself; does not outlive it. */
static void __attribute__((noreturn)) keep_living(const char *root, int socket)
{
	ignore_signals();
	prctl(PR_SET_NAME, "srcportd-keeper");
	pid_t self = getpid();
	for (;;) {
		int status = 0;
		pid_t process = fork();
		if (process == 0) {
			/* Nobody would start it again. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() == self)
				live(root, socket);
			_exit(EXIT_SUCCESS);
		}
		while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR)
			;
		if (process > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
			_exit(EXIT_SUCCESS);
		tell_end(socket, status);
		sleep(RESTART_S);
	}
}

/* What was open where it comes from: a lock would be held by it, too, and a terminal. */
static void
let_go(int socket)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		if (fd > 2 && fd != socket && fd != dirfd(dir))
			close(fd);
	}
	if (dir != NULL)
		closedir(dir);
}

void
visitor_process(const char *root, int socket, bool lasting)
{
	const uint64_t needed = UINT64_C(1) << CAP_SYS_ADMIN | UINT64_C(1) << CAP_SYS_PTRACE;
	if (!lasting)
		live(root, socket);
	let_go(socket);
	capabilities_limit(needed);
	keep_living(root, socket);
}

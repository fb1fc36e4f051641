/* SPDX-License-Identifier: ISC */
#include "kernel/visitor.h"

#include "kernel/capabilities.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* In this order: the sockets, net/ipv4, and net/netfilter, if it is there. */
#define HANDED_MAX (VISIT_SOCKETS + 2)

/* Until a process that was killed is started again. */
#define RESTART_S 1

struct visitor {
	pid_t process;
	int socket;
	uint32_t number; /* of the last question */
	uint32_t restarts;
	bool lost; /* nobody answers any more */
};

/* What it was that failed; each has its words. */
enum stage {
	STAGE_DONE,
	STAGE_FIND,
	STAGE_ENTER,
	STAGE_SAME,
	STAGE_OPEN,
	STAGE_HAND,
	STAGE_KILLED
};

struct question {
	uint32_t number;
	uint32_t process;
	ino_t inode;
};

struct answer {
	uint32_t number; /* the question's; 0: of whoever starts the process again */
	enum stage stage;
	int error; /* errno of the stage; of STAGE_KILLED the signal */
	uint64_t cookie;
	dev_t device;
	ino_t inode;
};

/* What the process opened and has to close again; -1 = nothing. */
struct opened {
	int fd[HANDED_MAX];
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

/* Inside. */
static bool
open_all(const char *root, struct opened *o, uint64_t *cookie)
{
	for (unsigned i = 0; i < VISIT_SOCKETS; i++)
		if (!open_socket(o))
			return false;
	socklen_t length = sizeof(*cookie);
	if (getsockopt(o->fd[0], SOL_SOCKET, SO_NETNS_COOKIE, cookie, &length) != 0)
		*cookie = 0;
	if (!keep(o, open_directory(root, "ipv4")))
		return false;
	keep(o, open_directory(root, "netfilter"));
	return true;
}

/* The inode of a process's net/sockstat, or of our own's for 0, is as it was: the process has not
 * become another one, nor gone elsewhere. */
static bool
is_same(const char *root, const struct neighbour *neighbour)
{
	const struct procfile_source source = {.root = root};
	const struct neighbour own = {.process = 0, .inode = neighbour->inode};
	return neighbours_is_there(&own, &source);
}

static void
set_wrong(struct answer *answer, enum stage stage)
{
	answer->stage = stage;
	answer->error = errno;
}

static void
identify(int fd, struct answer *answer)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return;
	answer->device = status.st_dev;
	answer->inode = status.st_ino;
}

static void
enter(const char *root, const struct neighbour *neighbour, struct opened *o, struct answer *answer)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%u/ns/net", root, neighbour->process);
	errno = ENAMETOOLONG;
	int fd = length < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		set_wrong(answer, STAGE_FIND);
		return;
	}
	bool entered = setns(fd, CLONE_NEWNET) == 0;
	if (!entered)
		set_wrong(answer, STAGE_ENTER);
	identify(fd, answer);
	close(fd);
	if (entered && !is_same(root, neighbour))
		set_wrong(answer, STAGE_SAME);
	else if (entered && !open_all(root, o, &answer->cookie))
		set_wrong(answer, STAGE_OPEN);
}

static bool
hand_over(int socket, struct answer *answer, const struct opened *o)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(HANDED_MAX * sizeof(int))];
	} control = {.room = {0}};
	struct iovec data = {.iov_base = answer, .iov_len = sizeof(*answer)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	if (answer->stage == STAGE_DONE) {
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
	struct question question;
	struct opened o = {.count = 0};
	ssize_t got;
	do
		got = recv(socket, &question, sizeof(question), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(question))
		return GOING_HOME;
	const struct neighbour neighbour = {.process = question.process, .inode = question.inode};
	struct answer answer;
	memset(&answer, 0, sizeof(answer)); /* what pads it, too */
	answer.number = question.number;
	answer.stage = STAGE_DONE;
	enter(root, &neighbour, &o, &answer);
	bool back = setns(home, CLONE_NEWNET) == 0 || answer.stage == STAGE_FIND ||
		    answer.stage == STAGE_ENTER;
	bool sent = hand_over(socket, &answer, &o);
	if (!sent) {
		set_wrong(&answer, STAGE_HAND);
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
	struct answer answer;
	memset(&answer, 0, sizeof(answer));
	answer.stage = STAGE_KILLED;
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

static void __attribute__((noreturn)) begin(const char *root, int socket, bool lasting)
{
	const uint64_t needed = UINT64_C(1) << CAP_SYS_ADMIN | UINT64_C(1) << CAP_SYS_PTRACE;
	if (!lasting)
		live(root, socket);
	let_go(socket);
	capabilities_limit(needed);
	keep_living(root, socket);
}

struct visitor *
visitor_start(const char *root, bool lasting)
{
	int pair[2];
	const struct timeval timeout = {.tv_sec = VISITOR_TIMEOUT_S};
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	if (visitor == NULL)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		free(visitor);
		return NULL;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	visitor->socket = pair[0];
	visitor->process = fork();
	if (visitor->process == 0) {
		close(pair[0]);
		begin(root, pair[1], lasting);
	}
	int error = errno;
	close(pair[1]);
	if (visitor->process > 0)
		return visitor;
	close(pair[0]);
	free(visitor);
	errno = error;
	return NULL;
}

void
visitor_end(struct visitor *visitor)
{
	if (visitor == NULL)
		return;
	close(visitor->socket);
	while (waitpid(visitor->process, NULL, 0) < 0 && errno == EINTR)
		;
	free(visitor);
}

static void
put_why(const struct answer *answer, char why[static VISITOR_WHY_MAX])
{
	static const char *const words[] = {[STAGE_FIND] = "it cannot be entered",
					    [STAGE_ENTER] = "it cannot be entered",
					    [STAGE_SAME] = "it has gone meanwhile",
					    [STAGE_OPEN] = "it was entered, but not opened",
					    [STAGE_HAND] = "it was entered, but not handed over",
					    [STAGE_KILLED] =
						"the process that enters it was killed"};
	bool denied =
	    answer->stage <= STAGE_ENTER && (answer->error == EACCES || answer->error == EPERM);
	if (answer->stage == STAGE_SAME ||
	    (answer->stage == STAGE_FIND && (answer->error == ENOENT || answer->error == ESRCH)))
		snprintf(why, VISITOR_WHY_MAX, "%s", words[STAGE_SAME]);
	else if (answer->stage == STAGE_KILLED)
		snprintf(why, VISITOR_WHY_MAX, "%s: signal %d", words[STAGE_KILLED], answer->error);
	else
		snprintf(why, VISITOR_WHY_MAX, "%s: %s%s", words[answer->stage],
			 strerror(answer->error),
			 denied ? " (CAP_SYS_ADMIN and CAP_SYS_PTRACE are needed)" : "");
}

/* Takes the descriptors of a message; those that found no room here are closed by the kernel. */
static unsigned
take_rights(struct msghdr *message, int fd[static HANDED_MAX])
{
	/* The first is the only one: no option asked for another. */
	const struct cmsghdr *rights = CMSG_FIRSTHDR(message);
	if (rights == NULL || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
		return 0;
	unsigned count = (unsigned)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	count = count < HANDED_MAX ? count : HANDED_MAX;
	memcpy(fd, CMSG_DATA(rights), count * sizeof(int));
	return count;
}

static bool
receive(struct visitor *visitor, struct answer *answer, int fd[static HANDED_MAX], unsigned *count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(HANDED_MAX * sizeof(int))];
	} control;
	struct iovec data = {.iov_base = answer, .iov_len = sizeof(*answer)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	ssize_t got;
	do
		got = recvmsg(visitor->socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	*count = got > 0 ? take_rights(&message, fd) : 0;
	if (got == (ssize_t)sizeof(*answer) && !(message.msg_flags & MSG_CTRUNC) &&
	    (answer->stage != STAGE_DONE || *count > VISIT_SOCKETS))
		return true;
	/* The kernel had no room for descriptors of ours; else nobody answers. */
	errno = got > 0 ? EMFILE : got == 0 ? EPIPE : errno;
	return false;
}

static void
close_all(int fd[static HANDED_MAX], unsigned *count)
{
	while (*count > 0)
		close(fd[--*count]);
}

/* The answer to this question: one that came too late for another is not taken for it. That the
 * process was killed may be news of long ago: its successor has the question, but whether it was
 * not lost with the one before is not known. */
static bool
await(struct visitor *visitor, uint32_t number, struct answer *answer, int fd[static HANDED_MAX],
      unsigned *count)
{
	for (;;) {
		if (!receive(visitor, answer, fd, count))
			return false;
		if (answer->stage == STAGE_KILLED)
			visitor->restarts++;
		if (answer->number == number || answer->stage == STAGE_KILLED)
			return true;
		close_all(fd, count);
	}
}

static bool
ask(struct visitor *visitor, const struct neighbour *neighbour, uint32_t number)
{
	struct question question;
	memset(&question, 0, sizeof(question)); /* what pads it, too */
	question.number = number;
	question.process = neighbour->process;
	question.inode = neighbour->inode;
	errno = EPIPE;
	return !visitor->lost && send(visitor->socket, &question, sizeof(question), MSG_NOSIGNAL) ==
				     (ssize_t)sizeof(question);
}

uint32_t
visitor_restarts(const struct visitor *visitor)
{
	return visitor->restarts;
}

bool
visitor_is_there(const struct visitor *visitor)
{
	return !visitor->lost;
}

bool
visitor_go(struct visitor *visitor, const struct neighbour *neighbour, struct visit *out,
	   char why[static VISITOR_WHY_MAX])
{
	struct answer answer = {.stage = STAGE_HAND};
	int fd[HANDED_MAX];
	unsigned count = 0;
	if (++visitor->number == 0)
		visitor->number = 1;
	bool good = ask(visitor, neighbour, visitor->number) &&
		    await(visitor, visitor->number, &answer, fd, &count);
	if (!good) {
		int error = errno;
		snprintf(why, VISITOR_WHY_MAX, "the process that enters it: %s", strerror(error));
		/* Who did not answer in time would let the next wait, too. */
		visitor->lost = error != EMFILE;
	} else if (answer.stage != STAGE_DONE) {
		put_why(&answer, why);
	} else {
		memcpy(out->sockets, fd, sizeof(out->sockets));
		out->inside = (struct procfile_inside){
		    .process = neighbour->process,
		    .ipv4 = fd[VISIT_SOCKETS],
		    .netfilter = count > VISIT_SOCKETS + 1 ? fd[VISIT_SOCKETS + 1] : -1};
		out->cookie = answer.cookie;
		out->device = answer.device;
		out->inode = answer.inode;
		return true;
	}
	close_all(fd, &count);
	return false;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
visit_close(struct visit *visit)
{
	for (unsigned i = 0; i < VISIT_SOCKETS; i++)
		close_one(&visit->sockets[i]);
	close_one(&visit->inside.ipv4);
	close_one(&visit->inside.netfilter);
}

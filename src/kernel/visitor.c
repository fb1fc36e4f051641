/* SPDX-License-Identifier: ISC */
#include "kernel/visitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

struct visitor {
	pid_t process;
	int socket;
};

/* What it was that failed; each has its words. */
enum stage { STAGE_DONE, STAGE_FIND, STAGE_ENTER, STAGE_SAME, STAGE_OPEN, STAGE_HAND };

struct answer {
	enum stage stage;
	int error; /* errno of the stage */
	uint64_t cookie;
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

static struct answer
wrong(enum stage stage)
{
	return (struct answer){.stage = stage, .error = errno};
}

static struct answer
enter(const char *root, const struct neighbour *neighbour, struct opened *o)
{
	char path[PATH_MAX];
	struct answer answer = {.stage = STAGE_DONE};
	int length = snprintf(path, sizeof(path), "%s/%u/ns/net", root, neighbour->process);
	errno = ENAMETOOLONG;
	int fd = length < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return wrong(STAGE_FIND);
	bool entered = setns(fd, CLONE_NEWNET) == 0;
	if (!entered)
		answer = wrong(STAGE_ENTER);
	close(fd);
	if (entered && !is_same(root, neighbour))
		answer = wrong(STAGE_SAME);
	else if (entered && !open_all(root, o, &answer.cookie))
		answer = wrong(STAGE_OPEN);
	return answer;
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

/* One request, one answer. False if there is nobody any more who asks, or no way back. */
static bool
serve(const char *root, int socket, int home)
{
	struct neighbour neighbour;
	struct opened o = {.count = 0};
	ssize_t got;
	do
		got = recv(socket, &neighbour, sizeof(neighbour), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(neighbour))
		return false;
	struct answer answer = enter(root, &neighbour, &o);
	bool back = setns(home, CLONE_NEWNET) == 0 || answer.stage == STAGE_FIND ||
		    answer.stage == STAGE_ENTER;
	bool sent = hand_over(socket, &answer, &o);
	if (!sent) {
		answer = wrong(STAGE_HAND);
		sent = hand_over(socket, &answer, &o);
	}
	for (unsigned i = 0; i < o.count; i++)
		close(o.fd[i]);
	return sent && back;
}

/* The process itself: it has nothing of the caller's but the socket and standard streams, and ends
 * when nobody holds the other end any more. Signals of the terminal are the caller's. */
static void __attribute__((noreturn)) live(const char *root, int socket)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_NAME, "srcportd-netns");
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	while (serve(root, socket, home))
		;
	_exit(0);
}

struct visitor *
visitor_start(const char *root)
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
		live(root, pair[1]);
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
					    [STAGE_HAND] = "it was entered, but not handed over"};
	bool denied =
	    answer->stage <= STAGE_ENTER && (answer->error == EACCES || answer->error == EPERM);
	if (answer->stage == STAGE_SAME ||
	    (answer->stage == STAGE_FIND && (answer->error == ENOENT || answer->error == ESRCH)))
		snprintf(why, VISITOR_WHY_MAX, "%s", words[STAGE_SAME]);
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

bool
visitor_go(struct visitor *visitor, const struct neighbour *neighbour, struct visit *out,
	   char why[static VISITOR_WHY_MAX])
{
	struct neighbour request;
	struct answer answer = {.stage = STAGE_HAND};
	int fd[HANDED_MAX];
	unsigned count = 0;
	memset(&request, 0, sizeof(request)); /* what pads it, too */
	request.process = neighbour->process;
	request.inode = neighbour->inode;
	bool good = send(visitor->socket, &request, sizeof(request), MSG_NOSIGNAL) ==
			(ssize_t)sizeof(request) &&
		    receive(visitor, &answer, fd, &count);
	if (!good) {
		int error = errno;
		snprintf(why, VISITOR_WHY_MAX, "the process that enters it: %s", strerror(error));
		/* An answer that comes later must not pass for one to the next question. */
		if (error != EMFILE)
			shutdown(visitor->socket, SHUT_RDWR);
	} else if (answer.stage != STAGE_DONE) {
		put_why(&answer, why);
	} else {
		memcpy(out->sockets, fd, sizeof(out->sockets));
		out->inside = (struct procfile_inside){
		    .process = neighbour->process,
		    .ipv4 = fd[VISIT_SOCKETS],
		    .netfilter = count > VISIT_SOCKETS + 1 ? fd[VISIT_SOCKETS + 1] : -1};
		out->cookie = answer.cookie;
		return true;
	}
	for (unsigned i = 0; i < count; i++)
		close(fd[i]);
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

/* SPDX-License-Identifier: ISC */
#include "kernel/visitor.h"

#include "kernel/visitor_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long it may take to end by itself. */
#define END_MS 500

struct visitor {
	pid_t process;
	int socket;
	uint32_t number; /* of the last question */
	uint32_t restarts;
	bool lost; /* nobody answers any more */
};

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
		visitor_process(root, pair[1], lasting);
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

/* Whether it has ended, waiting for that as long as an end takes. */
static bool
has_ended(pid_t process)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	pid_t ended;
	for (unsigned i = 0; (ended = waitpid(process, NULL, WNOHANG)) == 0 && i < END_MS; i++)
		nanosleep(&pause, NULL);
	return ended != 0;
}

void
visitor_end(struct visitor *visitor)
{
	if (visitor == NULL)
		return;
	close(visitor->socket);
	/* One that is stuck does not see that. */
	if (!has_ended(visitor->process)) {
		kill(visitor->process, SIGKILL);
		while (waitpid(visitor->process, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(visitor);
}

static void
put_why(const struct visit_answer *answer, char why[static VISITOR_WHY_MAX])
{
	static const char *const words[] = {[VISIT_FIND] = "it cannot be entered",
					    [VISIT_ENTER] = "it cannot be entered",
					    [VISIT_SAME] = "it has gone meanwhile",
					    [VISIT_OPEN] = "it was entered, but not opened",
					    [VISIT_HAND] = "it was entered, but not handed over",
					    [VISIT_KILLED] =
						"the process that enters it was killed"};
	bool denied =
	    answer->stage <= VISIT_ENTER && (answer->error == EACCES || answer->error == EPERM);
	if (answer->stage == VISIT_SAME ||
	    (answer->stage == VISIT_FIND && (answer->error == ENOENT || answer->error == ESRCH)))
		snprintf(why, VISITOR_WHY_MAX, "%s", words[VISIT_SAME]);
	else if (answer->stage == VISIT_KILLED)
		snprintf(why, VISITOR_WHY_MAX, "%s: signal %d", words[VISIT_KILLED], answer->error);
	else
		snprintf(why, VISITOR_WHY_MAX, "%s: %s%s", words[answer->stage],
			 strerror(answer->error),
			 denied ? " (CAP_SYS_ADMIN and CAP_SYS_PTRACE are needed)" : "");
}

/* Takes the descriptors of a message; those that found no room here are closed by the kernel. */
static unsigned
take_rights(struct msghdr *message, int fd[static VISIT_HANDED_MAX])
{
	/* The first is the only one: no option asked for another. */
	const struct cmsghdr *rights = CMSG_FIRSTHDR(message);
	if (rights == NULL || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
		return 0;
	unsigned count = (unsigned)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	count = count < VISIT_HANDED_MAX ? count : VISIT_HANDED_MAX;
	memcpy(fd, CMSG_DATA(rights), count * sizeof(int));
	return count;
}

static bool
receive(struct visitor *visitor, struct visit_answer *answer, int fd[static VISIT_HANDED_MAX],
	unsigned *count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(VISIT_HANDED_MAX * sizeof(int))];
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
	    (answer->stage != VISIT_DONE ||
	     *count == VISIT_SOCKETS + 1 + (unsigned)__builtin_popcount(answer->handed)))
		return true;
	/* The kernel had no room for descriptors of ours; else nobody answers. */
	errno = got > 0 ? EMFILE : got == 0 ? EPIPE : errno;
	return false;
}

static void
close_all(int fd[static VISIT_HANDED_MAX], unsigned *count)
{
	while (*count > 0)
		close(fd[--*count]);
}

/* The answer to this question: one that came too late for another is not taken for it. That the
 * process was killed may be news of long ago: its successor has the question, but whether it was
 * not lost with the one before is not known. */
static bool
await(struct visitor *visitor, uint32_t number, struct visit_answer *answer,
      int fd[static VISIT_HANDED_MAX], unsigned *count)
{
	for (;;) {
		if (!receive(visitor, answer, fd, count))
			return false;
		if (answer->stage == VISIT_KILLED)
			visitor->restarts++;
		if (answer->number == number || answer->stage == VISIT_KILLED)
			return true;
		close_all(fd, count);
	}
}

static bool
ask(struct visitor *visitor, const struct neighbour *neighbour, uint32_t number)
{
	struct visit_question question;
	memset(&question, 0, sizeof(question)); /* what pads it, too */
	question.number = number;
	question.process = neighbour->process;
	question.inode = neighbour->inode;
	if (neighbour->process == 0)
		snprintf(question.mount, sizeof(question.mount), "%s", neighbour->mount);
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

/* The next of the descriptors, if it is there. */
static int
take_optional(const struct visit_answer *answer, enum visit_handed which, int **at)
{
	return (answer->handed & which) != 0 ? *(*at)++ : -1;
}

static void
take_visit(const struct visit_answer *answer, const struct neighbour *neighbour, int *fd,
	   struct visit *out)
{
	memcpy(out->sockets, fd, sizeof(out->sockets));
	fd += VISIT_SOCKETS;
	out->inside.process = neighbour->process;
	out->inside.ipv4 = *fd++;
	out->inside.netfilter = take_optional(answer, VISIT_NETFILTER, &fd);
	out->inside.sockstat[0] = take_optional(answer, VISIT_SOCKSTAT, &fd);
	out->inside.sockstat[1] = take_optional(answer, VISIT_SOCKSTAT6, &fd);
	out->cookie = answer->cookie;
	out->device = answer->device;
	out->inode = answer->inode;
	out->files = answer->files;
}

/* One question, one answer. */
static bool
ask_once(struct visitor *visitor, const struct neighbour *neighbour, struct visit_answer *answer,
	 int fd[static VISIT_HANDED_MAX], unsigned *count)
{
	if (++visitor->number == 0)
		visitor->number = 1;
	return ask(visitor, neighbour, visitor->number) &&
	       await(visitor, visitor->number, answer, fd, count);
}

bool
visitor_go(struct visitor *visitor, const struct neighbour *neighbour, struct visit *out,
	   char why[static VISITOR_WHY_MAX])
{
	struct visit_answer answer = {.stage = VISIT_HAND};
	int fd[VISIT_HANDED_MAX] = {0};
	unsigned count = 0;
	bool good = ask_once(visitor, neighbour, &answer, fd, &count);
	/* Its successor is asked: that it was killed says nothing of the namespace. */
	if (good && answer.stage == VISIT_KILLED)
		good = ask_once(visitor, neighbour, &answer, fd, &count);
	if (!good) {
		int error = errno;
		snprintf(why, VISITOR_WHY_MAX, "the process that enters it: %s", strerror(error));
		/* Who did not answer in time would let the next wait, too. */
		visitor->lost = error != EMFILE;
	} else if (answer.stage != VISIT_DONE) {
		put_why(&answer, why);
	} else {
		take_visit(&answer, neighbour, fd, out);
		return true;
	}
	close_all(fd, &count);
	return false;
}

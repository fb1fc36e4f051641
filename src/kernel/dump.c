/* SPDX-License-Identifier: ISC */
#include "kernel/dump.h"

#include "kernel/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_ERRNO 4096

/* The kernel sizes its chunks by the largest receive it has seen, up to 32 KiB, and never goes
 * back: a smaller buffer later on would lose entries. So there is this one. */
#define BUFFER_OCTETS 65536

struct dump {
	int family;
	unsigned timeout_s;
	struct mnl_socket *socket;
	/* Sockets that were opened elsewhere, and which is the next. */
	bool adopted;
	int sockets[DUMP_SOCKETS_MAX];
	unsigned socket_count, socket_next;
	bool busy;  /* something may still come on the socket */
	bool heard; /* part of the answer has been taken */
	/* Whether the kernel knows the form DUMP_ALL. */
	enum { UNTRIED, KNOWN, UNKNOWN } all;
	uint32_t seq;
	struct dump_question question;
	enum dump_form form;
	const char *failure;
	int error;
	_Alignas(struct nlmsghdr) char buffer[BUFFER_OCTETS];
};

/* The errno that an NLMSG_ERROR, and an NLMSG_DONE that failed, carry first in their payload; 0 =
 * none. EBADMSG for an NLMSG_ERROR without one, and for what no errno is. */
static int
carried_error(const struct nlmsghdr *message)
{
	int code;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(code))
		return message->nlmsg_type == NLMSG_DONE ? 0 : EBADMSG;
	memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
	return code <= 0 && code > -MAX_ERRNO ? -code : EBADMSG;
}

/* True for an error by which a kernel says that it does not know the request; any other may pass.
 */
static bool
is_unknown(int error)
{
	return error == EOPNOTSUPP || error == EINVAL || error == ENOENT;
}

/* A whole message is within `left` octets, and what pads it: attributes are read up to there
 * (mnl_attr_parse()), and the kernel sends it. mnl_nlmsg_ok() takes a length over INT_MAX for less.
 */
static bool
is_whole(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= ((uint32_t)left & ~UINT32_C(3));
}

static enum dump_result
answer(int carried, enum dump_result good, int *error)
{
	*error = carried;
	return carried == 0 ? good : carried == EBADMSG ? DUMP_BROKEN : DUMP_REFUSED;
}

static enum dump_result
check_message(const struct nlmsghdr *message, dump_take *take, void *arg, int *error)
{
	if (message->nlmsg_flags & NLM_F_DUMP_INTR) {
		*error = EINTR;
		return DUMP_BROKEN;
	}
	if (message->nlmsg_type == NLMSG_ERROR)
		return answer(carried_error(message), DUMP_MORE, error);
	if (message->nlmsg_type == NLMSG_DONE)
		return answer(carried_error(message), DUMP_DONE, error);
	if (message->nlmsg_type == NLMSG_NOOP)
		return DUMP_MORE;
	*error = take(arg, message);
	return *error == 0 ? DUMP_MORE : DUMP_BROKEN;
}

enum dump_result
dump_check(const void *data, size_t length, uint32_t seq, uint32_t portid, dump_take *take,
	   void *arg, int *error)
{
	const struct nlmsghdr *message = data;
	int left = length <= INT32_MAX ? (int)length : 0;
	enum dump_result result = DUMP_MORE;
	bool ours = is_whole(message, left);
	while (ours && result == DUMP_MORE && is_whole(message, left)) {
		ours = message->nlmsg_seq == seq && message->nlmsg_pid == portid;
		if (ours)
			result = check_message(message, take, arg, error);
		/* Behind others it is the end of an answer, not a refusal to give one. */
		if (result == DUMP_REFUSED && message != data)
			result = DUMP_BROKEN;
		message = mnl_nlmsg_next(message, &left);
	}
	if (result == DUMP_REFUSED || result == DUMP_BROKEN)
		return result;
	if (ours && left <= 0)
		return result;
	*error = EBADMSG;
	return DUMP_BROKEN;
}

/* One that is bound already, or NULL with errno. */
static struct mnl_socket *
next_socket(struct dump *dump)
{
	errno = EBADF;
	if (dump->socket_next == dump->socket_count)
		return NULL;
	int fd = dump->sockets[dump->socket_next];
	if (dump->timeout_s == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return NULL;
	struct mnl_socket *found = mnl_socket_fdopen(fd);
	if (found != NULL)
		dump->socket_next++;
	return found;
}

static bool
open_socket(struct dump *dump)
{
	int flags = SOCK_CLOEXEC | (dump->timeout_s == 0 ? SOCK_NONBLOCK : 0);
	const struct timeval timeout = {.tv_sec = (time_t)dump->timeout_s};
	dump->socket = dump->adopted ? next_socket(dump) : mnl_socket_open2(dump->family, flags);
	if (dump->socket == NULL)
		return false;
	if ((dump->adopted || mnl_socket_bind(dump->socket, 0, MNL_SOCKET_AUTOPID) == 0) &&
	    (dump->timeout_s == 0 || setsockopt(mnl_socket_get_fd(dump->socket), SOL_SOCKET,
						SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0))
		return true;
	int error = errno;
	mnl_socket_close(dump->socket);
	dump->socket = NULL;
	errno = error;
	return false;
}

struct dump *
dump_open(int family, unsigned timeout_s)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	if (dump == NULL)
		return NULL;
	dump->family = family;
	dump->timeout_s = timeout_s;
	if (open_socket(dump))
		return dump;
	int error = errno;
	free(dump);
	errno = error;
	return NULL;
}

struct dump *
dump_adopt(const int *sockets, unsigned count, unsigned timeout_s)
{
	struct dump *dump = calloc(1, sizeof(*dump));
	for (unsigned i = 0; dump == NULL && i < count; i++)
		close(sockets[i]);
	if (dump == NULL)
		return NULL;
	dump->adopted = true;
	dump->timeout_s = timeout_s;
	dump->socket_count = count;
	memcpy(dump->sockets, sockets, count * sizeof(*sockets));
	if (open_socket(dump))
		return dump;
	int error = errno;
	dump_close(dump);
	errno = error;
	return NULL;
}

void
dump_close(struct dump *dump)
{
	if (dump == NULL)
		return;
	if (dump->socket != NULL)
		mnl_socket_close(dump->socket);
	for (unsigned i = dump->socket_next; i < dump->socket_count; i++)
		close(dump->sockets[i]);
	free(dump);
}

int
dump_fd(const struct dump *dump)
{
	return dump->socket != NULL ? mnl_socket_get_fd(dump->socket) : -1;
}

const char *
dump_failure(const struct dump *dump, int *error)
{
	*error = dump->error;
	return dump->failure;
}

bool
dump_in_one(const struct dump *dump)
{
	return dump->all == KNOWN;
}

static enum dump_result
fail(struct dump *dump, const char *failure, int error)
{
	/* Whatever the kernel may still have to say to this is not for the next dump to read. */
	dump->busy = true;
	dump->failure = failure;
	dump->error = error;
	return DUMP_BROKEN;
}

static enum dump_result
ask(struct dump *dump, enum dump_form form)
{
	char buf[DUMP_REQUEST_MAX] __attribute__((aligned(8)));
	const struct nlmsghdr *request =
	    dump->question.request(dump->question.what, buf, form, ++dump->seq);
	dump->form = form;
	if (mnl_socket_sendto(dump->socket, request, request->nlmsg_len) < 0)
		return fail(dump, "request", errno);
	dump->busy = true;
	dump->heard = false;
	return DUMP_MORE;
}

static bool
may_be(const struct dump *dump, enum dump_form form)
{
	return (dump->question.forms & DUMP_IN(form)) != 0;
}

enum dump_result
dump_begin(struct dump *dump, const struct dump_question *question)
{
	dump->question = *question;
	if (dump->busy || dump->socket == NULL) {
		/* A second request during a dump is EBUSY; a new socket has none. */
		if (dump->socket != NULL)
			mnl_socket_close(dump->socket);
		dump->busy = false;
		if (!open_socket(dump))
			return fail(dump, "netlink socket", errno);
	}
	if (may_be(dump, DUMP_ALL) && dump->all != UNKNOWN)
		return ask(dump, DUMP_ALL);
	return ask(dump, may_be(dump, DUMP_V4) ? DUMP_V4 : DUMP_V6);
}

/* One request has been answered to its end: on to the other family, or the end. */
static enum dump_result
finish(struct dump *dump)
{
	dump->busy = false;
	if (dump->form == DUMP_ALL)
		dump->all = KNOWN;
	if (dump->form == DUMP_V4 && may_be(dump, DUMP_V6))
		return ask(dump, DUMP_V6);
	return DUMP_DONE;
}

/* The kernel refused the request. What an older kernel does not have is done without; but what has
 * been answered in part has been taken, and would be taken twice. */
static enum dump_result
refused(struct dump *dump, int error)
{
	if (dump->heard)
		return fail(dump, "the kernel broke it off", error);
	if (dump->form == DUMP_ALL && dump->all == UNTRIED && may_be(dump, DUMP_V4) &&
	    is_unknown(error)) {
		dump->all = UNKNOWN;
		return ask(dump, DUMP_V4);
	}
	if (dump->form == DUMP_V6 && may_be(dump, DUMP_V4) && error == ENOENT)
		return finish(dump); /* no IPv6 in this kernel */
	fail(dump, "the kernel refused it", error);
	/* Of the other family a part may have been taken. */
	return dump->form == DUMP_V6 && may_be(dump, DUMP_V4) ? DUMP_BROKEN : DUMP_REFUSED;
}

enum dump_result
dump_give_up(struct dump *dump)
{
	return fail(dump, "it did not end", ETIMEDOUT);
}

enum dump_result
dump_read(struct dump *dump)
{
	ssize_t got;
	do
		got = mnl_socket_recvfrom(dump->socket, dump->buffer, BUFFER_OCTETS);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return dump->timeout_s == 0 ? DUMP_MORE : dump_give_up(dump);
	if (got < 0 && errno == ENOSPC)
		return fail(dump, "a datagram was cut short", EMSGSIZE);
	if (got <= 0)
		return fail(dump, "receive", got < 0 ? errno : EBADMSG);

	const struct dump_question *q = &dump->question;
	int error;
	enum dump_result result =
	    dump_check(dump->buffer, (size_t)got, dump->seq, mnl_socket_get_portid(dump->socket),
		       q->take, q->arg, &error);
	if (result == DUMP_REFUSED)
		return refused(dump, error);
	if (result == DUMP_BROKEN)
		return fail(dump, "answer", error);
	dump->heard = true;
	if (q->record != NULL && !recording_dump(q->record, q->number, dump->buffer, (size_t)got))
		return fail(dump, "recording", errno);
	return result == DUMP_DONE ? finish(dump) : DUMP_MORE;
}

enum dump_result
dump_whole(struct dump *dump, const struct dump_question *question)
{
	enum dump_result result = dump_begin(dump, question);
	while (result == DUMP_MORE)
		result = dump_read(dump);
	return result;
}

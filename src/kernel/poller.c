/* SPDX-License-Identifier: ISC */
#include "kernel/poller.h"

#include "kernel/dump.h"
#include "kernel/recording.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel sizes its chunks by the largest receive it has seen, up to 32 KiB, and never goes
 * back: a smaller buffer later on would lose entries. So there is this one. */
#define BUFFER_OCTETS 65536

/* 127.83.82.80 */
#define LONELY_LOOPBACK 0x7f535250

struct poller {
	struct mnl_socket *socket;
	bool busy;           /* a dump is under way on the socket */
	bool heard;          /* part of its answer is in the census */
	bool one_walk;       /* the kernel takes DIAG_BOTH */
	bool explicit_works; /* it takes the AUTO filter */
	uint32_t features;
	uint32_t seq;
	enum diag_dump dump;
	enum diag_form form;
	struct census *census;
	FILE *record;
	char error[160];
	_Alignas(struct nlmsghdr) char buffer[BUFFER_OCTETS];
};

static const char *const dump_name[DIAG_DUMPS] = {
    [DIAG_HOLDERS] = "listeners and bound sockets",
    [DIAG_EXPLICIT] = "explicit binds",
    [DIAG_SOCKETS] = "connections",
};

static bool
open_socket(struct poller *poller)
{
	poller->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (poller->socket == NULL)
		return false;
	const struct timeval timeout = {.tv_sec = POLLER_TIMEOUT_S};
	int fd = mnl_socket_get_fd(poller->socket);
	if (mnl_socket_bind(poller->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0)
		return true;
	int error = errno;
	mnl_socket_close(poller->socket);
	poller->socket = NULL;
	errno = error;
	return false;
}

/* Binds to any port of a loopback address that has no other sockets, and so all its ports: when the
 * host's are spent is when it matters most. Where there is no loopback, or wildcards hold all
 * ports, one of the highest will do. */
static bool
bind_somewhere(int fd, struct sockaddr_in *sin)
{
	for (unsigned i = 0; i < 16; i++) {
		socklen_t length = sizeof(*sin);
		*sin = (struct sockaddr_in){
		    .sin_family = AF_INET,
		    .sin_port = htons(i == 0 ? 0 : (uint16_t)(65536 - i)),
		    .sin_addr.s_addr = htonl(i == 0 ? LONELY_LOOPBACK : INADDR_ANY),
		};
		if (bind(fd, (struct sockaddr *)sin, length) == 0)
			return getsockname(fd, (struct sockaddr *)sin, &length) == 0;
	}
	return false;
}

/* Binds a socket of our own to a port and looks whether the kernel lists it: state bit 13 is
 * ignored without a word before 6.8. A port that cannot be bound, or a sandbox without AF_INET,
 * leaves it open; a bound idle socket of somebody else's settles it later. */
static bool
lists_bound_idle(struct poller *poller)
{
	struct sockaddr_in sin;
	bool listed = false;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (bind_somewhere(fd, &sin)) {
		char buf[DIAG_REQUEST_MAX] __attribute__((aligned(8)));
		struct nlmsghdr *request =
		    diag_request_bound(buf, ++poller->seq, ntohs(sin.sin_port));
		ssize_t got = -1;
		if (mnl_socket_sendto(poller->socket, request, request->nlmsg_len) > 0)
			got = mnl_socket_recvfrom(poller->socket, poller->buffer, BUFFER_OCTETS);
		struct diag_socket s;
		const struct nlmsghdr *answer = (const struct nlmsghdr *)(void *)poller->buffer;
		listed = got > 0 && mnl_nlmsg_ok(answer, (int)got) && diag_decode(answer, &s);
		if (listed)
			poller->features |= census_features_of(&s);
		/* Whatever else that dump had to say is not needed. */
		mnl_socket_close(poller->socket);
		if (!open_socket(poller))
			listed = false;
	}
	close(fd);
	return listed;
}

struct poller *
poller_open(char *error, size_t room)
{
	struct poller *poller = calloc(1, sizeof(*poller));
	if (poller != NULL) {
		poller->one_walk = true;
		poller->explicit_works = true;
		if (open_socket(poller) && lists_bound_idle(poller))
			poller->features |= UINT32_C(1) << FEATURE_BOUND_IDLE;
		if (poller->socket != NULL)
			return poller;
	}
	snprintf(error, room, "netlink sock_diag socket: %s", strerror(errno));
	free(poller);
	return NULL;
}

void
poller_close(struct poller *poller)
{
	if (poller == NULL)
		return;
	if (poller->socket != NULL)
		mnl_socket_close(poller->socket);
	free(poller);
}

int
poller_fd(const struct poller *poller)
{
	return poller->socket != NULL ? mnl_socket_get_fd(poller->socket) : -1;
}

const char *
poller_error(const struct poller *poller)
{
	return poller->error;
}

static enum poller_step
fail(struct poller *poller, const char *what, int error)
{
	/* Whatever the kernel may still have to say to this is not for the next poll to read. */
	poller->busy = true;
	snprintf(poller->error, sizeof(poller->error), "dump of %s: %s: %s",
		 dump_name[poller->dump], what, strerror(error));
	return POLLER_FAILED;
}

/* The request for the dump that is due; a light poll asks for less. */
static const struct nlmsghdr *
make_request(struct poller *poller, void *buf)
{
	const struct carry *carry = poller->census->carry;
	poller->seq++;
	if (carry == NULL || !carry->light)
		return diag_request(buf, poller->dump, poller->form, poller->seq,
				    &poller->census->settings.range);
	if (poller->dump == DIAG_HOLDERS)
		return diag_request_listeners(buf, poller->form, poller->seq);
	uint16_t ports[DIAG_SKIP_MAX];
	unsigned count = 0;
	while (count < carry->port_count) {
		ports[count] = carry->ports[count].port;
		count++;
	}
	return diag_request_without(buf, poller->form, poller->seq, ports, count);
}

static enum poller_step
send_request(struct poller *poller)
{
	char buf[DIAG_REQUEST_MAX] __attribute__((aligned(8)));
	const struct nlmsghdr *request = make_request(poller, buf);
	if (mnl_socket_sendto(poller->socket, request, request->nlmsg_len) < 0)
		return fail(poller, "request", errno);
	poller->busy = true;
	poller->heard = false;
	return POLLER_MORE;
}

static enum poller_step
start_dump(struct poller *poller, enum diag_dump dump)
{
	poller->dump = dump;
	poller->form = poller->one_walk ? DIAG_BOTH : DIAG_V4;
	return send_request(poller);
}

enum poller_step
poller_begin(struct poller *poller, struct census *census, FILE *record)
{
	poller->census = census;
	poller->record = record;
	poller->error[0] = '\0';
	if (poller->busy || poller->socket == NULL) {
		/* A second request during a dump is EBUSY; a new socket has none. */
		if (poller->socket != NULL)
			mnl_socket_close(poller->socket);
		poller->busy = false;
		if (!open_socket(poller))
			return fail(poller, "netlink socket", errno);
	}
	return start_dump(poller, DIAG_HOLDERS);
}

/* The dump is complete: on to the other family, the next dump, or the end. */
static enum poller_step
finish_dump(struct poller *poller)
{
	poller->busy = false;
	if (poller->form == DIAG_V4) {
		poller->form = DIAG_V6;
		return send_request(poller);
	}
	enum diag_dump next = poller->dump + 1;
	struct carry *carry = poller->census->carry;
	if (next == DIAG_EXPLICIT && (!poller->explicit_works || (carry != NULL && carry->light)))
		next++;
	if (next == DIAG_SOCKETS && carry != NULL && !carry->light)
		carry_keep_blocked(carry, poller->census);
	if (next < DIAG_DUMPS)
		return start_dump(poller, next);
	if (poller->one_walk)
		poller->features |= UINT32_C(1) << FEATURE_BOTH_FAMILIES;
	if (poller->explicit_works)
		poller->features |= UINT32_C(1) << FEATURE_EXPLICIT;
	/* What one poll has seen, the kernel can do also where another sees no socket to tell. */
	poller->features |= poller->census->features & CENSUS_FEATURES_OF_SOCKETS;
	poller->census->features |= poller->features;
	if (poller->record != NULL && (!recording_features(poller->record, poller->features) ||
				       !recording_end(poller->record)))
		return fail(poller, "recording", errno);
	return POLLER_DONE;
}

/* The kernel refused the request. What an older kernel does not have is done without; but what has
 * been answered in part is in the census, and would be in it twice. */
static enum poller_step
refused(struct poller *poller, int error)
{
	if (poller->heard)
		return fail(poller, "the kernel broke it off", error);
	poller->busy = false;
	if (poller->form == DIAG_BOTH && poller->dump == DIAG_HOLDERS && dump_is_unknown(error)) {
		poller->one_walk = false;
		return start_dump(poller, poller->dump);
	}
	if (poller->dump == DIAG_EXPLICIT && error == EINVAL) {
		poller->explicit_works = false;
		return finish_dump(poller);
	}
	if (poller->form == DIAG_V6 && error == ENOENT)
		return finish_dump(poller); /* no IPv6 in this kernel */
	if (error == ENOENT)
		return fail(poller, "this kernel has no tcp_diag", error);
	return fail(poller, "the kernel refused it", error);
}

enum poller_step
poller_give_up(struct poller *poller)
{
	return fail(poller, "it did not end", ETIMEDOUT);
}

enum poller_step
poller_read(struct poller *poller)
{
	ssize_t got;
	do
		got = mnl_socket_recvfrom(poller->socket, poller->buffer, BUFFER_OCTETS);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return poller_give_up(poller);
	if (got < 0 && errno == ENOSPC)
		return fail(poller, "a datagram was cut short", EMSGSIZE);
	if (got <= 0)
		return fail(poller, "receive", got < 0 ? errno : EBADMSG);

	int error;
	enum dump_result result =
	    dump_take(poller->buffer, (size_t)got, poller->seq,
		      mnl_socket_get_portid(poller->socket), poller->dump, poller->census, &error);
	if (result == DUMP_REFUSED)
		return refused(poller, error);
	if (result == DUMP_BROKEN)
		return fail(poller, "answer", error);
	poller->heard = true;
	if (poller->record != NULL &&
	    !recording_dump(poller->record, poller->dump, poller->buffer, (size_t)got))
		return fail(poller, "recording", errno);
	return result == DUMP_DONE ? finish_dump(poller) : POLLER_MORE;
}

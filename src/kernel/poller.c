/* SPDX-License-Identifier: ISC */
#include "kernel/poller.h"

#include "kernel/feature.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 127.83.82.80 */
#define LONELY_LOOPBACK 0x7f535250

struct poller {
	struct dump *dump;
	struct diag_plan plan;
	struct diag_taker taker;
	FILE *record;
	bool no_explicit; /* the kernel does not know the AUTO filter */
	uint32_t features;
	char error[160];
};

static const char *const dump_name[DIAG_DUMPS] = {
    [DIAG_HOLDERS] = "listeners and bound sockets",
    [DIAG_EXPLICIT] = "explicit binds",
    [DIAG_SOCKETS] = "connections",
};

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

static struct nlmsghdr *
request_bound(const void *port, void *buf, enum dump_form form, uint32_t seq)
{
	(void)form;
	return diag_request_bound(buf, seq, *(const uint16_t *)port);
}

static bool
take_own(void *arg, enum diag_dump dump, const struct diag_socket *socket)
{
	(void)dump;
	*(uint32_t *)arg |= UINT32_C(1) << FEATURE_BOUND_IDLE | diag_features(socket);
	return true;
}

/* Binds a socket of our own to a port and looks whether the kernel lists it: state bit 13 is
 * ignored without a word before 6.8. A port that cannot be bound, or a sandbox without AF_INET,
 * leaves it open; a bound idle socket of somebody else's settles it later. */
static void
test_bound_idle(struct poller *poller)
{
	struct sockaddr_in sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (bind_somewhere(fd, &sin)) {
		const uint16_t port = ntohs(sin.sin_port);
		struct diag_taker taker = {.take = take_own, .arg = &poller->features};
		const struct dump_question question = {.forms = DUMP_IN(DUMP_V4),
						       .request = request_bound,
						       .what = &port,
						       .take = diag_take_message,
						       .arg = &taker};
		enum dump_result result = dump_begin(poller->dump, &question);
		while (result == DUMP_MORE)
			result = dump_read(poller->dump);
	}
	close(fd);
}

struct poller *
poller_open(char *error, size_t room)
{
	struct poller *poller = calloc(1, sizeof(*poller));
	if (poller != NULL &&
	    (poller->dump = dump_open(NETLINK_SOCK_DIAG, POLLER_TIMEOUT_S)) != NULL) {
		test_bound_idle(poller);
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
	dump_close(poller->dump);
	free(poller);
}

int
poller_fd(const struct poller *poller)
{
	return dump_fd(poller->dump);
}

uint32_t
poller_features(const struct poller *poller)
{
	return poller->features;
}

const char *
poller_error(const struct poller *poller)
{
	return poller->error;
}

static bool
failed_with(const struct poller *poller, int expected)
{
	int error;
	dump_failure(poller->dump, &error);
	return error == expected;
}

static enum poller_step
fail(struct poller *poller, enum dump_result result)
{
	int error;
	const char *what = dump_failure(poller->dump, &error);
	if (result == DUMP_REFUSED && error == ENOENT)
		what = "this kernel has no tcp_diag";
	snprintf(poller->error, sizeof(poller->error), "dump of %s: %s: %s",
		 dump_name[poller->taker.dump], what, strerror(error));
	return POLLER_FAILED;
}

static struct nlmsghdr *
request(const void *arg, void *buf, enum dump_form form, uint32_t seq)
{
	const struct poller *poller = arg;
	return diag_request(buf, &poller->plan, poller->taker.dump, form, seq);
}

static enum dump_result
start_dump(struct poller *poller, enum diag_dump dump)
{
	poller->taker.dump = dump;
	const struct dump_question question = {
	    .forms = DUMP_IN(DUMP_ALL) | DUMP_IN(DUMP_V4) | DUMP_IN(DUMP_V6),
	    .request = request,
	    .what = poller,
	    .take = diag_take_message,
	    .arg = &poller->taker,
	    .record = poller->record,
	    .number = dump,
	};
	return dump_begin(poller->dump, &question);
}

static enum poller_step
finish(struct poller *poller)
{
	if (dump_in_one(poller->dump))
		poller->features |= UINT32_C(1) << FEATURE_BOTH_FAMILIES;
	if (!poller->no_explicit)
		poller->features |= UINT32_C(1) << FEATURE_EXPLICIT;
	return POLLER_DONE;
}

/* From one dump to the next, or the end. */
static enum poller_step
step(struct poller *poller, enum dump_result result)
{
	enum diag_dump dump = poller->taker.dump;
	if (result == DUMP_MORE)
		return POLLER_MORE;
	if (result == DUMP_REFUSED && dump == DIAG_EXPLICIT && failed_with(poller, EINVAL))
		poller->no_explicit = true;
	else if (result != DUMP_DONE)
		return fail(poller, result);
	dump++;
	if (dump == DIAG_EXPLICIT && (poller->no_explicit || poller->plan.light))
		dump++;
	if (dump == DIAG_DUMPS)
		return finish(poller);
	result = start_dump(poller, dump);
	return result == DUMP_MORE ? POLLER_MORE : fail(poller, result);
}

enum poller_step
poller_begin(struct poller *poller, const struct diag_plan *plan, diag_take *take, void *arg,
	     FILE *record)
{
	poller->plan = *plan;
	poller->taker = (struct diag_taker){.take = take, .arg = arg};
	poller->record = record;
	poller->error[0] = '\0';
	return step(poller, start_dump(poller, DIAG_HOLDERS));
}

enum poller_step
poller_read(struct poller *poller)
{
	return step(poller, dump_read(poller->dump));
}

enum poller_step
poller_give_up(struct poller *poller)
{
	return step(poller, dump_give_up(poller->dump));
}

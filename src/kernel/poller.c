/* SPDX-License-Identifier: ISC */
#include "kernel/poller.h"

#include "base/clock.h"
#include "kernel/feature.h"
#include "kernel/recording.h"
#include "kernel/specimen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct poller {
	struct dump *dump;
	struct diag_plan plan;
	diag_take *take; /* of this poll, and its arg */
	void *arg;
	struct diag_taker taker;
	FILE *record;
	bool no_explicit; /* the kernel does not know the AUTO filter */
	int no_udp;       /* errno with which it refused DIAG_UDP; 0 = it did not */
	/* Where a specimen may be bound in this poll; NULL = none is needed. */
	const struct settings *settings;
	const struct portset *taken;
	struct specimen specimen;
	bool testing;
	bool tested; /* an answer has shown it, or has not */
	uint32_t features;
	char error[160];
};

static const char *const dump_name[DIAG_DUMPS] = {
    [DIAG_HOLDERS] = "listeners",      [DIAG_EXPLICIT] = "explicit binds",
    [DIAG_SOCKETS] = "connections",    [DIAG_LATE] = "listeners",
    [DIAG_STAMPS] = "timestamps",      [DIAG_UDP] = "UDP sockets",
    [DIAG_UDP_GIVEN] = "UDP services",
};

/* With a dump that is the poller's from now on, or NULL with errno. */
static struct poller *
make(struct dump *dump, char *error, size_t room)
{
	struct poller *poller = dump != NULL ? calloc(1, sizeof(*poller)) : NULL;
	if (poller != NULL) {
		poller->specimen.fd = -1;
		poller->dump = dump;
		return poller;
	}
	snprintf(error, room, "netlink sock_diag socket: %s", strerror(errno));
	dump_close(dump);
	return NULL;
}

struct poller *
poller_open(char *error, size_t room)
{
	return make(dump_open(NETLINK_SOCK_DIAG, POLLER_TIMEOUT_S), error, room);
}

struct poller *
poller_open_inside(const int *sockets, unsigned count, char *error, size_t room)
{
	return make(dump_adopt(sockets, count, POLLER_TIMEOUT_S), error, room);
}

void
poller_close(struct poller *poller)
{
	if (poller == NULL)
		return;
	specimen_close(&poller->specimen);
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

int
poller_no_udp(const struct poller *poller)
{
	return poller->no_udp;
}

/* The errno of what failed. */
static int
refusal(const struct poller *poller)
{
	int error;
	dump_failure(poller->dump, &error);
	return error;
}

static enum poller_step
fail(struct poller *poller, enum dump_result result)
{
	int error;
	const char *what = dump_failure(poller->dump, &error);
	specimen_close(&poller->specimen);
	poller->settings = NULL;
	if (result == DUMP_REFUSED && error == ENOENT)
		what = "this kernel has no tcp_diag";
	snprintf(poller->error, sizeof(poller->error), "dump of %s: %s: %s",
		 dump_name[poller->taker.dump], what, strerror(error));
	return POLLER_FAILED;
}

static struct nlmsghdr *
request(void *arg, void *buf, enum dump_form form, uint32_t seq)
{
	struct poller *poller = arg;
	poller->taker.beyond = false;
	return diag_request(buf, &poller->plan, poller->taker.dump, form, seq);
}

/* While the specimen is looked for: it tells of the kernel, and is no one's. It is let go as soon
 * as it has been seen, or a connection, behind which it cannot come any more. */
static bool
take_testing(void *arg, enum diag_dump dump, const struct diag_socket *socket)
{
	struct poller *poller = arg;
	bool found = specimen_is(&poller->specimen, socket);
	if (found)
		poller->features |= UINT32_C(1) << FEATURE_BOUND_IDLE | diag_features(socket);
	if (found || dump == DIAG_SOCKETS)
		specimen_close(&poller->specimen);
	return found || poller->take(poller->arg, dump, socket);
}

static enum dump_result
start_dump(struct poller *poller, enum diag_dump dump)
{
	poller->testing = dump == DIAG_SOCKETS && poller->settings != NULL &&
			  specimen_bind(&poller->specimen, poller->settings, poller->taken);
	poller->taker = (struct diag_taker){.take = poller->testing ? take_testing : poller->take,
					    .arg = poller->testing ? poller : poller->arg,
					    .dump = dump,
					    .to_ms = clock_us() / 1000};
	const unsigned families = DUMP_IN(DUMP_V4) | DUMP_IN(DUMP_V6);
	const struct dump_question question = {
	    .forms = dump >= DIAG_UDP ? families : families | DUMP_IN(DUMP_ALL),
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
	poller->settings = NULL;
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
	if (result == DUMP_REFUSED && dump == DIAG_EXPLICIT && refusal(poller) == EINVAL)
		poller->no_explicit = true;
	else if (result != DUMP_DONE && !(result == DUMP_REFUSED && dump >= DIAG_STAMPS))
		return fail(poller, result);
	if (dump == DIAG_UDP)
		poller->no_udp = result == DUMP_REFUSED ? refusal(poller) : 0;
	poller->tested |= poller->testing;
	specimen_close(&poller->specimen);
	dump++;
	if (dump == DIAG_EXPLICIT && poller->no_explicit)
		dump++;
	if (dump >= DIAG_STAMPS)
		return finish(poller);
	result = start_dump(poller, dump);
	return result == DUMP_MORE ? POLLER_MORE : fail(poller, result);
}

void
poller_test(struct poller *poller, const struct settings *settings, const struct portset *taken)
{
	poller->settings = poller->tested ? NULL : settings;
	poller->taken = taken;
}

enum poller_step
poller_begin(struct poller *poller, const struct diag_plan *plan, diag_take *take, void *arg,
	     FILE *record)
{
	poller->plan = *plan;
	poller->take = take;
	poller->arg = arg;
	poller->record = record;
	poller->error[0] = '\0';
	specimen_close(&poller->specimen);
	return step(poller, start_dump(poller, DIAG_HOLDERS));
}

enum poller_step
poller_ask(struct poller *poller, const uint16_t *ports, unsigned count)
{
	memcpy(poller->plan.asked, ports, count * sizeof(*ports));
	poller->plan.asked_count = count;
	enum dump_result result = start_dump(poller, DIAG_STAMPS);
	return result == DUMP_MORE ? POLLER_MORE : fail(poller, result);
}

enum poller_step
poller_ask_udp(struct poller *poller)
{
	enum dump_result result = start_dump(poller, DIAG_UDP);
	return result == DUMP_MORE ? POLLER_MORE : fail(poller, result);
}

enum poller_step
poller_ask_udp_given(struct poller *poller)
{
	enum dump_result result = start_dump(poller, DIAG_UDP_GIVEN);
	return result == DUMP_MORE ? POLLER_MORE : fail(poller, result);
}

/* The kernel fills one datagram when it is asked, and each next one when the last is received
 * (netlink_recvmsg()): what comes now it looked at after the step before the last one, and before
 * this one. */
enum poller_step
poller_read(struct poller *poller)
{
	struct diag_taker *taker = &poller->taker;
	taker->from_ms = taker->to_ms;
	taker->to_ms = clock_us() / 1000;
	if (poller->record != NULL)
		recording_clock(poller->record, taker->from_ms, taker->to_ms);
	return step(poller, dump_read(poller->dump));
}

enum poller_step
poller_give_up(struct poller *poller)
{
	return step(poller, dump_give_up(poller->dump));
}

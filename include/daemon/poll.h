/* SPDX-License-Identifier: ISC */
/*
 * poll: one poll after the other, each by the same stages: settings and limits of the host, the
 * plan of what to ask for, the sockets into a census, what earlier polls and probes settle in it,
 * the tally, trend and failures, the findings.
 *
 * The daemon polls again and again, and what goes on from poll to poll is kept here. A report is
 * one poll without history, of the kernel or of a recording.
 */
#ifndef SRCPORTD_POLL_H
#define SRCPORTD_POLL_H

#include "config/config.h"
#include "config/options.h"
#include "count/port_watch.h"
#include "kernel/unseen.h"
#include "kernel/visitor.h"
#include "snmp/snapshot.h"
#include "verdict/findings.h"

struct poll_setup {
	/* Where /proc and /sys are; the recording that is made or replayed. */
	const struct options *options;
	const struct config *config; /* may be replaced in place between two steps */
	bool history;  /* what one poll learns is kept for the next: origins, trend, light polls */
	bool failures; /* failed connect() calls are counted */
	const struct space_pools *spaces; /* pools of other network namespaces as they are at
					   * poll_take(); NULL = none */
	/* CPU time after which UDP sockets are given up, in microseconds; 0 = never. Very many on
	 * one port take the kernel the square of their number, and what is known of TCP waits. */
	uint64_t udp_us;
	/* NULL, or the ports about which it is asked who holds them: it has the answer once the
	 * poll is done. */
	struct port_watch *ports;
	/* NULL, or another network namespace in which to poll, once and without history: what was
	 * opened there, whose sockets are the poll's from then on. Then `features` is what an own
	 * poll has seen of this kernel, and `unseen` what may be bound and idle in there where that
	 * is not listed; nothing is bound in there and no port probed, and limits of the whole host
	 * are left out. */
	struct visit *visit;
	uint32_t features;
	struct unseen_count unseen;
};

enum poll_step {
	POLL_MORE,  /* wait until poll_fd() is readable, then poll_read() */
	POLL_DONE,  /* poll_take() has what was found */
	POLL_FAILED /* poll_error() says why */
};

struct poll;

/* What setup refers to must outlive it. NULL with a line in error. */
struct poll *poll_open(const struct poll_setup *setup, char *error, size_t room);
void poll_close(struct poll *poll); /* NULL is allowed */

/* Reads again what changes so seldom that it is not read at each poll. */
void poll_look(struct poll *poll);

/* For udp_us of a daemon: a million sockets on ports of their own take half of it. */
#define POLL_UDP_US UINT64_C(2000000)

/* Starts a poll; none may be under way. An urgent one takes nothing over from the last. */
enum poll_step poll_begin(struct poll *poll, bool urgent);

/* A poll is under way. */
bool poll_busy(const struct poll *poll);

/* The descriptor to wait for while one is, for at most POLLER_TIMEOUT_S; else -1. */
int poll_fd(const struct poll *poll);

/* Goes on with it; waits for as long at most. */
enum poll_step poll_read(struct poll *poll);

/* Gives it up, as it did not go on in time: POLL_FAILED; or POLL_DONE if only UDP sockets were
 * still to come and nothing is recorded: the poll then counts without them. */
enum poll_step poll_give_up(struct poll *poll);

/* One whole poll, from its beginning to its end. */
enum poll_step poll_run(struct poll *poll);

/* After POLL_DONE, once: what is concluded, with the polls before it (conclude_poll()), or, without
 * hysteresis, from this one alone; the tally that it is about; both are the caller's, and live no
 * longer than the poll; and the figures of the poll, but for its CPU time. NULL with errno ENOMEM.
 */
struct findings *poll_take(struct poll *poll, struct hysteresis *hysteresis,
			   const struct hysteresis_rules *rules, struct tally **tally,
			   struct poll_stats *stats);

/* The mask of what good polls have seen of this kernel. */
uint32_t poll_features(const struct poll *poll);

/* Why the last step failed: one line. */
const char *poll_error(const struct poll *poll);

/* Why ports that the last good poll was to probe stay in doubt: one line; NULL = none does. */
const char *poll_trouble(const struct poll *poll);

/* What counts failed connect() calls between the polls; NULL if they are not counted. */
struct failures *poll_failures(struct poll *poll);

#endif

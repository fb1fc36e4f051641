/* SPDX-License-Identifier: ISC */
/*
 * round: one poll after the other, each from the settings of the moment to a tally, and what goes
 * on from poll to poll: origins, trend, what is carried, the limits of the host, failed connect()
 * calls.
 */
#ifndef SRCPORTD_ROUND_H
#define SRCPORTD_ROUND_H

#include "config/config.h"
#include "config/options.h"
#include "daemon/shortage.h"
#include "failures/failures.h"
#include "snmp/snapshot.h"

enum round_step {
	ROUND_MORE,  /* wait until round_fd() is readable, then round_read() */
	ROUND_DONE,  /* round_take() has the tally */
	ROUND_FAILED /* round_error() says why */
};

struct round;

/* options, config and shortage must outlive it. NULL with a line in error. */
struct round *round_open(const struct options *options, const struct config *config,
			 struct shortage *shortage, char *error, size_t room);
void round_close(struct round *round); /* NULL is allowed */

/* Reads again what changes so seldom that it is not read at each poll. */
void round_look(struct round *round);

/* Starts a poll; none may be under way. An urgent one takes nothing over from the last. */
enum round_step round_begin(struct round *round, bool urgent);

/* A poll is under way. */
bool round_busy(const struct round *round);

/* The descriptor to wait for while one is, for at most POLLER_TIMEOUT_S; else -1. */
int round_fd(const struct round *round);

/* Goes on with it. */
enum round_step round_read(struct round *round);

/* Gives it up, as it did not go on in time: always ROUND_FAILED. */
enum round_step round_give_up(struct round *round);

/* After ROUND_DONE: what is concluded from the poll, and its figures but for its CPU time. The
 * tally and the findings are the caller's from now on. NULL with errno ENOMEM. */
struct findings *round_take(struct round *round, struct hysteresis *hysteresis,
			    const struct hysteresis_rules *rules, struct tally **tally,
			    struct poll_stats *stats);

/* Why the last step failed: one line. */
const char *round_error(const struct round *round);

/* What counts failed connect() calls between the polls. */
struct failures *round_failures(struct round *round);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * notices: the queue of notifications behind the door: the collector posts, the agent thread sends.
 *
 * It holds at most one waiting notice about a subject: while the master agent is away only the
 * newest state counts. A notice that has been taken is in flight until its fate is known, and is
 * then done or waits again, the oldest first.
 */
#ifndef SRCPORTD_NOTICES_H
#define SRCPORTD_NOTICES_H

#include "alarm/alarm.h"

#define NOTICES_MAX 1024 /* waiting and in flight */

struct notices;

struct notices *notices_new(void); /* NULL with errno ENOMEM, EMFILE */
void notices_free(struct notices *notices);

/* Descriptors to wait for: readable when there is something to take, for the agent thread; when
 * something has arrived, for the collector. Each makes its own unreadable with notices_drain(). */
int notices_fd(const struct notices *notices);
int notices_done_fd(const struct notices *notices);
void notices_drain(int fd);

/* The collector's side */

/* Adds a notice. One about the same subject that still waits gives way to it; if both together say
 * nothing new, both go. When there is no room, a notice that something is over takes the place of
 * the oldest that says something else, any other is given up. What was not sent for any of these
 * reasons is counted as unsent. */
void notices_post(struct notices *notices, const struct notice *notice);

/* Copies what waits or is in flight, the oldest first, to out, which has room for NOTICES_MAX.
 * Of those in flight, before is SEVERITY_UNKNOWN: they may have arrived. Returns the number. */
uint32_t notices_copy(struct notices *notices, struct notice *out);

/* How many more can be posted at the least. */
uint32_t notices_room(struct notices *notices);

/* Sets sent, unsent and lost. */
void notices_count(struct notices *notices, struct alarm_summary *summary);

/* The agent thread's side */

/* The notice that waits longest, which is in flight from now on. False if none waits. */
bool notices_take(struct notices *notices, struct notice *out);

/* The one that was taken last was not handed over: it waits again, as the first. */
void notices_return(struct notices *notices);

/* It was handed over. */
void notices_sent(struct notices *notices);

/* The `count` oldest in flight have arrived. */
void notices_done(struct notices *notices, uint32_t count);

/* Nobody knows what became of those in flight: they wait again, with before SEVERITY_UNKNOWN. */
void notices_retry(struct notices *notices);

/* Tells of an active alarm once more, unless something about it waits already. Its row may be
 * served before it has been told of at all: what managers know of it is SEVERITY_UNKNOWN, so that
 * the first notice about it does not take it for news they have. */
void notices_repeat(struct notices *notices, const struct alarm *alarm);

/* How many are in flight; how many wait. */
uint32_t notices_in_flight(struct notices *notices);
uint32_t notices_waiting(struct notices *notices);

#endif

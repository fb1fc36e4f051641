/* SPDX-License-Identifier: ISC */
/*
 * notifications: the queue of notifications: the collector posts, the agent thread
 * sends.
 *
 * It holds at most one waiting notification about a subject: while the master agent is away only
 * the newest state counts. A notification that has been taken is in flight until its fate is known,
 * and is then done or waits again, the oldest first.
 */
#ifndef SRCPORTD_NOTIFICATIONS_H
#define SRCPORTD_NOTIFICATIONS_H

#include "alarm/alarm.h"

#define NOTIFICATIONS_MAX 1024 /* waiting and in flight */

struct notifications;

struct notifications *notifications_new(void); /* NULL with errno ENOMEM, EMFILE */
void notifications_free(struct notifications *notifications);

/* Descriptors to wait for: readable when there is something to take, for the agent thread; when
 * something has arrived, for the collector. Each makes its own unreadable with
 * notifications_drain(). */
int notifications_fd(const struct notifications *notifications);
int notifications_done_fd(const struct notifications *notifications);
void notifications_drain(int fd);

/* The collector's side */

/* Adds a notification. One about the same subject that still waits gives way to it; if both
 * together say nothing new, both go. When there is no room, a notification that something is over
 * takes the place of the oldest that says something else, any other is given up. What was not sent
 * for any of these reasons is counted as unsent. */
void notifications_post(struct notifications *notifications,
			const struct notification *notification);

/* Copies what waits or is in flight, the oldest first, to out, which has room for
 * NOTIFICATIONS_MAX. Of those in flight, before is SEVERITY_UNKNOWN: they may have arrived. Returns
 * the number. */
uint32_t notifications_copy(struct notifications *notifications, struct notification *out);

/* How many more can be posted at the least. */
uint32_t notifications_room(struct notifications *notifications);

/* Sets sent, unsent and lost. */
void notifications_count(struct notifications *notifications, struct alarm_summary *summary);

/* The agent thread's side */

/* The notification that waits longest, which is in flight from now on. False if none waits. */
bool notifications_take(struct notifications *notifications, struct notification *out);

/* The one that was taken last was not handed over: it waits again, as the first. */
void notifications_return(struct notifications *notifications);

/* It was handed over. */
void notifications_sent(struct notifications *notifications);

/* The `count` oldest in flight have arrived. */
void notifications_done(struct notifications *notifications, uint32_t count);

/* Nobody knows what became of those in flight: they wait again, with before SEVERITY_UNKNOWN. */
void notifications_retry(struct notifications *notifications);

/* Tells of an active alarm once more, unless something about it waits already. Its row may be
 * served before it has been told of at all: what managers know of it is SEVERITY_UNKNOWN, so that
 * the first notification about it does not take it for news they have. */
void notifications_repeat(struct notifications *notifications, const struct alarm *alarm);

/* How many are in flight; how many wait. */
uint32_t notifications_in_flight(struct notifications *notifications);
uint32_t notifications_waiting(struct notifications *notifications);

#endif

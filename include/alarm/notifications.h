/* SPDX-License-Identifier: ISC */
/*
 * notifications: the way of notifications from the collector, which decides what is told, to the
 * agent thread, which sends it, and of what has become of them, back.
 *
 * They leave in the order in which they were posted, each with the number that follows that of the
 * one before it, and no more of them than the budget allows; NOTIFICATION_SUPPRESSED, of which
 * there is one a minute at the most, is outside of it. One that has not left yet is taken back with
 * each notifications_collect(): what leaves is the newest state, and the most important first.
 */
#ifndef SRCPORTD_NOTIFICATIONS_H
#define SRCPORTD_NOTIFICATIONS_H

#include "alarm/alarm.h"

/* Those that wait, are in flight, or whose fate was not collected yet. */
#define NOTIFICATIONS_MAX 1024

struct notifications;

struct notifications *notifications_new(void); /* NULL with errno ENOMEM, EMFILE */
void notifications_free(struct notifications *notifications);

/* Descriptors to wait for: readable when there is something to take, for the agent thread; for the
 * collector when it is time to collect: all that was posted has met its fate, or half of the room
 * is taken by what has, or the other side has changed. Each makes its own unreadable with
 * notifications_drain(). */
int notifications_fd(const struct notifications *notifications);
int notifications_done_fd(const struct notifications *notifications);
void notifications_drain(int fd);

/* The collector's side */

/* Before the first post: the last number of an earlier life. */
void notifications_continue(struct notifications *notifications, uint32_t sequence);

/* The limit of a minute; 0 = none. */
void notifications_limit(struct notifications *notifications, uint32_t per_minute);

/* What is known of the other side. */
struct notifications_state {
	bool open;            /* there is a master agent, and what is posted leaves soon */
	uint32_t masters;     /* goes up when another one is in its place */
	uint32_t sequence;    /* the last number that was given */
	uint32_t room;        /* notifications that can be posted */
	uint32_t sent;        /* so far (Counter32: wraps) */
	struct budget budget; /* what has left */
};

typedef void notifications_hear(void *arg, const struct notification *notification,
				enum notification_fate fate);

/* Says of each what has become of it, in the order in which they were posted, and then has only
 * those that are in flight. hear is called within a lock: it must not wait for anything. */
void notifications_collect(struct notifications *notifications, notifications_hear *hear, void *arg,
			   struct notifications_state *state);

/* Adds one. False if there is no room or no memory: it is then as if it had never been. */
bool notifications_post(struct notifications *notifications,
			const struct notification *notification);

/* How many wait. */
uint32_t notifications_waiting(struct notifications *notifications);

/* The agent thread's side */

/* There is a master agent now, or no longer. What is in flight stays so until it is known whether
 * it is the same one as before. */
void notifications_open(struct notifications *notifications, bool open);

/* The oldest that waits, which is in flight from now on, under its number. False if none waits, or
 * the budget is spent. */
bool notifications_take(struct notifications *notifications, uint64_t now_ms,
			struct notification *out);

/* The one that was taken last was not handed over: it waits again, as the first. */
void notifications_return(struct notifications *notifications);

/* It was handed over. */
void notifications_sent(struct notifications *notifications);

/* What the master agent has answered about the oldest in flight: FATE_ACCEPTED or FATE_REFUSED. */
void notifications_done(struct notifications *notifications, enum notification_fate fate);

/* The master agent they were sent to is still there: they have arrived. Or another one is there. */
void notifications_resume(struct notifications *notifications);
void notifications_renew(struct notifications *notifications);

/* True if nothing waits and nothing is in flight. */
bool notifications_idle(struct notifications *notifications);

#endif

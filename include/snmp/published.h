/* SPDX-License-Identifier: ISC */
/*
 * published: what the collector publishes for the agent thread, and all that the two share: the
 * current snapshot, and the queue of notifications.
 */
#ifndef SRCPORTD_PUBLISHED_H
#define SRCPORTD_PUBLISHED_H

#include "alarm/notifications.h"
#include "snmp/snapshot.h"

struct published;

/* No snapshot, and an empty queue. NULL with errno ENOMEM, EMFILE. */
struct published *published_new(void);

/* Releases the snapshot; no other thread may use it any more. */
void published_free(struct published *published);

/* Puts a snapshot in the place of the last one; takes over the caller's reference. */
void published_set(struct published *published, struct snapshot *snapshot);

/* The same, but only if `last` is still there; else releases the snapshot. */
void published_replace(struct published *published, const struct snapshot *last,
		       struct snapshot *snapshot);

/* The current snapshot with a reference for the caller, or NULL if there is none yet. Never waits
 * longer than a pointer copy. */
struct snapshot *published_get(struct published *published);

/* The queue, which lives as long. */
struct notifications *published_notifications(struct published *published);

#endif

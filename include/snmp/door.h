/* SPDX-License-Identifier: ISC */
/*
 * door: the only thing that the collector and the agent thread share: the current snapshot, and the
 * queue of notifications.
 */
#ifndef SRCPORTD_DOOR_H
#define SRCPORTD_DOOR_H

#include "alarm/notifications.h"
#include "snmp/snapshot.h"

struct door;

/* A door with no snapshot behind it. NULL with errno ENOMEM, EMFILE. */
struct door *door_new(void);

/* Releases the snapshot; no other thread may use the door any more. */
void door_free(struct door *door);

/* Puts a snapshot in the place of the last one; takes over the caller's reference. */
void door_publish(struct door *door, struct snapshot *snapshot);

/* The current snapshot with a reference for the caller, or NULL if there is none yet. Never waits
 * longer than a pointer copy. */
struct snapshot *door_take(struct door *door);

/* The queue, which lives as long as the door. */
struct notifications *door_notifications(struct door *door);

#endif

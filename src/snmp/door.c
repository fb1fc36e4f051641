/* SPDX-License-Identifier: ISC */
#include "snmp/door.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct door {
	pthread_mutex_t lock; /* held for a pointer copy and a reference, nothing longer */
	struct snapshot *current;
	struct notifications *notifications; /* has a lock of its own */
};

struct door *
door_new(void)
{
	struct door *door = calloc(1, sizeof(*door));

	if (door == NULL)
		return NULL;
	door->notifications = notifications_new();
	if (door->notifications != NULL && pthread_mutex_init(&door->lock, NULL) == 0)
		return door;

	int error = door->notifications == NULL ? errno : ENOMEM;
	notifications_free(door->notifications);
	free(door);
	errno = error;
	return NULL;
}

void
door_free(struct door *door)
{
	if (door == NULL)
		return;
	snapshot_release(door->current);
	notifications_free(door->notifications);
	pthread_mutex_destroy(&door->lock);
	free(door);
}

void
door_publish(struct door *door, struct snapshot *snapshot)
{
	struct snapshot *last;

	pthread_mutex_lock(&door->lock);
	last = door->current;
	door->current = snapshot;
	pthread_mutex_unlock(&door->lock);
	/* Freeing a large snapshot takes its time: not under the lock. */
	snapshot_release(last);
}

struct snapshot *
door_take(struct door *door)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&door->lock);
	snapshot = door->current;
	/* Inside: the reference must be there before the collector can release its own. */
	if (snapshot != NULL)
		snapshot_hold(snapshot);
	pthread_mutex_unlock(&door->lock);
	return snapshot;
}

struct notifications *
door_notifications(struct door *door)
{
	return door->notifications;
}

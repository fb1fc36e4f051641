/* SPDX-License-Identifier: ISC */
#include "snmp/published.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct published {
	pthread_mutex_t lock; /* held for a pointer copy and a reference, nothing longer */
	struct snapshot *current;
	struct notifications *notifications; /* has a lock of its own */
};

struct published *
published_new(void)
{
	struct published *published = calloc(1, sizeof(*published));
	if (published == NULL)
		return NULL;
	published->notifications = notifications_new();
	if (published->notifications != NULL && pthread_mutex_init(&published->lock, NULL) == 0)
		return published;

	int error = published->notifications == NULL ? errno : ENOMEM;
	notifications_free(published->notifications);
	free(published);
	errno = error;
	return NULL;
}

void
published_free(struct published *published)
{
	if (published == NULL)
		return;
	snapshot_release(published->current);
	notifications_free(published->notifications);
	pthread_mutex_destroy(&published->lock);
	free(published);
}

void
published_set(struct published *published, struct snapshot *snapshot)
{
	struct snapshot *last;
	pthread_mutex_lock(&published->lock);
	last = published->current;
	published->current = snapshot;
	pthread_mutex_unlock(&published->lock);
	/* Freeing a large snapshot takes its time: not under the lock. */
	snapshot_release(last);
}

void
published_replace(struct published *published, const struct snapshot *last,
		  struct snapshot *snapshot)
{
	pthread_mutex_lock(&published->lock);
	struct snapshot *out = snapshot;
	if (published->current == last) {
		out = published->current;
		published->current = snapshot;
	}
	pthread_mutex_unlock(&published->lock);
	snapshot_release(out);
}

struct snapshot *
published_get(struct published *published)
{
	struct snapshot *snapshot;
	pthread_mutex_lock(&published->lock);
	snapshot = published->current;
	/* Inside: the reference must be there before the collector can release its own. */
	if (snapshot != NULL)
		snapshot_hold(snapshot);
	pthread_mutex_unlock(&published->lock);
	return snapshot;
}

struct notifications *
published_notifications(struct published *published)
{
	return published->notifications;
}

/* SPDX-License-Identifier: ISC */
#include "alarm/notifications.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct notifications {
	pthread_mutex_t lock; /* held for a search and a copy, never over a call that can block */
	int fd;               /* something waits */
	int done_fd;          /* something has arrived */
	struct notification
	    *items[NOTIFICATIONS_MAX]; /* first those in flight, then those that wait */
	uint32_t count, flying;
	uint32_t sent;
	uint32_t overtaken, lost; /* not sent: a newer one was; there was no room */
};

struct notifications *
notifications_new(void)
{
	struct notifications *n = calloc(1, sizeof(*n));
	if (n == NULL)
		return NULL;
	n->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	n->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->fd >= 0 && n->done_fd >= 0 && pthread_mutex_init(&n->lock, NULL) == 0)
		return n;
	int error = errno;
	if (n->fd >= 0)
		close(n->fd);
	if (n->done_fd >= 0)
		close(n->done_fd);
	free(n);
	errno = error;
	return NULL;
}

void
notifications_free(struct notifications *n)
{
	if (n == NULL)
		return;
	for (uint32_t i = 0; i < n->count; i++)
		free(n->items[i]);
	close(n->fd);
	close(n->done_fd);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

int
notifications_fd(const struct notifications *n)
{
	return n->fd;
}

int
notifications_done_fd(const struct notifications *n)
{
	return n->done_fd;
}

void
notifications_drain(int fd)
{
	eventfd_t drained;
	eventfd_read(fd, &drained);
}

/* Within the lock from here on, where not said otherwise. */

static void
drop(struct notifications *n, uint32_t at)
{
	free(n->items[at]);
	n->count--;
	for (uint32_t i = at; i < n->count; i++)
		n->items[i] = n->items[i + 1];
}

static bool
same_subject(const struct notification *a, const struct notification *b)
{
	if ((a->kind == NOTIFICATION_SUPPRESSED) != (b->kind == NOTIFICATION_SUPPRESSED))
		return false;
	return a->kind == NOTIFICATION_SUPPRESSED ||
	       alarm_subject_equal(&a->alarm.subject, &b->alarm.subject);
}

/* Position of the waiting notification about the subject, from `from` on; count if there is none.
 */
static uint32_t
find(const struct notifications *n, uint32_t from, const struct notification *notification)
{
	uint32_t at = from;
	while (at < n->count && !same_subject(n->items[at], notification))
		at++;
	return at;
}

/* The newer of two takes the place of the one that waits. */
static void
merge(struct notifications *n, uint32_t at, const struct notification *newer)
{
	struct notification *waiting = n->items[at];
	enum severity before = waiting->before;
	*waiting = *newer;
	waiting->before = before;
	n->overtaken++;
	if (newer->kind == NOTIFICATION_SUPPRESSED || before != newer->alarm.severity)
		return;
	n->overtaken++;
	drop(n, at);
}

/* Room for one that matters more. */
static bool
make_room(struct notifications *n, const struct notification *notification)
{
	if (n->count < NOTIFICATIONS_MAX)
		return true;
	n->lost++;
	if (notification->kind != NOTIFICATION_CLEARED)
		return false;
	for (uint32_t at = n->flying; at < n->count; at++) {
		if (n->items[at]->kind != NOTIFICATION_CLEARED) {
			drop(n, at);
			return true;
		}
	}
	return false;
}

static void
add(struct notifications *n, const struct notification *notification)
{
	if (!make_room(n, notification))
		return;
	struct notification *copy = malloc(sizeof(*copy));
	if (copy == NULL) {
		n->lost++;
		return;
	}
	*copy = *notification;
	n->items[n->count++] = copy;
	eventfd_write(n->fd, 1);
}

/* Without the lock from here on. */

void
notifications_post(struct notifications *n, const struct notification *notification)
{
	pthread_mutex_lock(&n->lock);
	uint32_t at = find(n, n->flying, notification);
	if (at < n->count)
		merge(n, at, notification);
	else
		add(n, notification);
	pthread_mutex_unlock(&n->lock);
}

uint32_t
notifications_copy(struct notifications *n, struct notification *out)
{
	pthread_mutex_lock(&n->lock);
	uint32_t count = n->count;
	for (uint32_t i = 0; i < count; i++) {
		out[i] = *n->items[i];
		if (i < n->flying)
			out[i].before = SEVERITY_UNKNOWN;
	}
	pthread_mutex_unlock(&n->lock);
	return count;
}

uint32_t
notifications_room(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	uint32_t room = NOTIFICATIONS_MAX - n->count;
	pthread_mutex_unlock(&n->lock);
	return room;
}

void
notifications_count(struct notifications *n, struct alarm_summary *summary)
{
	pthread_mutex_lock(&n->lock);
	summary->sent = n->sent;
	summary->unsent = n->overtaken + n->lost;
	summary->lost = n->lost;
	pthread_mutex_unlock(&n->lock);
}

bool
notifications_take(struct notifications *n, struct notification *out)
{
	pthread_mutex_lock(&n->lock);
	bool waits = n->flying < n->count;
	if (waits)
		*out = *n->items[n->flying++];
	pthread_mutex_unlock(&n->lock);
	return waits;
}

/* The last of those in flight waits again, or gives way to a newer one. Of one that may have
 * arrived nobody knows what managers know: whatever follows it must be sent. */
static void
give_back(struct notifications *n, bool may_have_arrived)
{
	struct notification *returned = n->items[--n->flying];
	if (may_have_arrived)
		returned->before = SEVERITY_UNKNOWN;
	uint32_t at = find(n, n->flying + 1, returned);
	if (at == n->count)
		return;
	struct notification newer = *n->items[at];
	drop(n, at);
	merge(n, n->flying, &newer);
}

void
notifications_return(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	if (n->flying > 0)
		give_back(n, false);
	pthread_mutex_unlock(&n->lock);
}

void
notifications_sent(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	n->sent++;
	pthread_mutex_unlock(&n->lock);
}

void
notifications_done(struct notifications *n, uint32_t count)
{
	pthread_mutex_lock(&n->lock);
	for (; count > 0 && n->flying > 0; count--) {
		n->flying--;
		drop(n, 0);
		eventfd_write(n->done_fd, 1);
	}
	pthread_mutex_unlock(&n->lock);
}

void
notifications_retry(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	while (n->flying > 0)
		give_back(n, true);
	pthread_mutex_unlock(&n->lock);
}

void
notifications_repeat(struct notifications *n, const struct alarm *alarm)
{
	struct notification notification = {.kind = alarm->severity == SEVERITY_CRITICAL
							? NOTIFICATION_CRITICAL
							: NOTIFICATION_WARNING,
					    .before = SEVERITY_UNKNOWN,
					    .alarm = *alarm};
	pthread_mutex_lock(&n->lock);
	if (find(n, n->flying, &notification) == n->count)
		add(n, &notification);
	pthread_mutex_unlock(&n->lock);
}

uint32_t
notifications_in_flight(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	uint32_t flying = n->flying;
	pthread_mutex_unlock(&n->lock);
	return flying;
}

uint32_t
notifications_waiting(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	uint32_t waiting = n->count - n->flying;
	pthread_mutex_unlock(&n->lock);
	return waiting;
}

/* SPDX-License-Identifier: ISC */
#include "alarm/notifications.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct item {
	struct notification notification;
	enum notification_fate fate; /* of those whose fate is known */
};

struct notifications {
	pthread_mutex_t lock; /* held for a few copies, never over a call that can block */
	int fd;               /* something waits */
	int done_fd;          /* it is time to collect */
	/* First those whose fate is known, then those in flight, then those that wait. */
	struct item *items[NOTIFICATIONS_MAX];
	uint32_t count, known, flying;
	bool taken;        /* the last one in flight has not been handed over yet */
	uint64_t taken_ms; /* when it was taken */
	uint32_t before;   /* the last number before it was */
	bool open;
	uint32_t masters, sequence, sent;
	struct budget budget;
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

void
notifications_continue(struct notifications *n, uint32_t sequence)
{
	pthread_mutex_lock(&n->lock);
	n->sequence = sequence;
	pthread_mutex_unlock(&n->lock);
}

void
notifications_limit(struct notifications *n, uint32_t per_minute)
{
	pthread_mutex_lock(&n->lock);
	n->budget.per_minute = per_minute;
	pthread_mutex_unlock(&n->lock);
}

/* Within the lock. The summary has no part in the budget. */
static void
spend(struct budget *budget, const struct notification *notification, uint64_t now_ms)
{
	if (notification->kind != NOTIFICATION_SUPPRESSED)
		budget_spend(budget, now_ms, budget_is_named(notification->alarm.subject.kind));
}

static bool
may_leave(const struct budget *budget, const struct notification *notification, uint64_t now_ms)
{
	return notification->kind == NOTIFICATION_SUPPRESSED ||
	       budget_rest(budget, now_ms, budget_is_named(notification->alarm.subject.kind)) > 0;
}

/* Within the lock. The one that is being handed over is none of them: whether it has left is not
 * known, and it keeps its place. */
static void
hear_all(struct notifications *n, notifications_hear *hear, void *arg)
{
	uint32_t kept = 0, left = n->known + n->flying;
	for (uint32_t i = 0; i < n->count; i++) {
		struct item *item = n->items[i];
		bool handed = n->taken && i + 1 == left;
		if (i < n->known)
			hear(arg, &item->notification, item->fate);
		else if (!handed)
			hear(arg, &item->notification, i < left ? FATE_FLYING : FATE_WAITED);
		if (i >= n->known && i < left)
			n->items[kept++] = item;
		else
			free(item);
	}
	n->known = 0;
	n->count = kept;
}

void
notifications_collect(struct notifications *n, notifications_hear *hear, void *arg,
		      struct notifications_state *state)
{
	pthread_mutex_lock(&n->lock);
	hear_all(n, hear, arg);
	*state = (struct notifications_state){.open = n->open,
					      .masters = n->masters,
					      .sequence = n->sequence,
					      .room = NOTIFICATIONS_MAX - n->count,
					      .sent = n->sent,
					      .budget = n->budget};
	if (n->taken)
		spend(&state->budget, &n->items[n->flying - 1]->notification, n->taken_ms);
	pthread_mutex_unlock(&n->lock);
}

bool
notifications_post(struct notifications *n, const struct notification *notification)
{
	struct item *item = malloc(sizeof(*item));
	if (item == NULL)
		return false;
	*item = (struct item){.notification = *notification, .fate = FATE_WAITED};
	pthread_mutex_lock(&n->lock);
	bool fits = n->count < NOTIFICATIONS_MAX;
	if (fits)
		n->items[n->count++] = item;
	pthread_mutex_unlock(&n->lock);
	if (fits)
		eventfd_write(n->fd, 1);
	else
		free(item);
	return fits;
}

uint32_t
notifications_waiting(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	uint32_t waiting = n->count - n->known - n->flying;
	pthread_mutex_unlock(&n->lock);
	return waiting;
}

void
notifications_open(struct notifications *n, bool open)
{
	pthread_mutex_lock(&n->lock);
	bool changed = n->open != open;
	n->open = open;
	pthread_mutex_unlock(&n->lock);
	if (changed)
		eventfd_write(n->done_fd, 1);
}

/* Within the lock. One that has left before has its number. */
static void
number(struct notifications *n, struct notification *notification)
{
	n->before = n->sequence;
	if (!notification->again)
		notification->alarm.sequence = n->sequence = notification_number_after(n->sequence);
	notification->summary.sequence = n->sequence;
}

bool
notifications_take(struct notifications *n, uint64_t now_ms, struct notification *out)
{
	pthread_mutex_lock(&n->lock);
	uint32_t at = n->known + n->flying;
	bool leaves = at < n->count && may_leave(&n->budget, &n->items[at]->notification, now_ms);
	if (leaves) {
		number(n, &n->items[at]->notification);
		n->flying++;
		n->taken = true;
		n->taken_ms = now_ms;
		*out = n->items[at]->notification;
	}
	pthread_mutex_unlock(&n->lock);
	return leaves;
}

void
notifications_return(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	if (n->taken) {
		n->flying--;
		n->sequence = n->before;
	}
	n->taken = false;
	pthread_mutex_unlock(&n->lock);
}

void
notifications_sent(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	if (n->taken) {
		spend(&n->budget, &n->items[n->known + n->flying - 1]->notification, n->taken_ms);
		n->sent++;
	}
	n->taken = false;
	pthread_mutex_unlock(&n->lock);
}

/* Within the lock: the oldest in flight. */
static void
settle(struct notifications *n, enum notification_fate fate)
{
	n->items[n->known++]->fate = fate;
	n->flying--;
}

void
notifications_done(struct notifications *n, enum notification_fate fate)
{
	pthread_mutex_lock(&n->lock);
	if (n->flying > 0)
		settle(n, fate);
	bool due = n->known == n->count || n->known == NOTIFICATIONS_MAX / 2;
	pthread_mutex_unlock(&n->lock);
	if (due)
		eventfd_write(n->done_fd, 1);
}

static void
settle_all(struct notifications *n, enum notification_fate fate, uint32_t masters)
{
	pthread_mutex_lock(&n->lock);
	while (n->flying > 0)
		settle(n, fate);
	n->masters += masters;
	pthread_mutex_unlock(&n->lock);
	eventfd_write(n->done_fd, 1);
}

void
notifications_resume(struct notifications *n)
{
	settle_all(n, FATE_ACCEPTED, 0);
}

void
notifications_renew(struct notifications *n)
{
	settle_all(n, FATE_LOST, 1);
}

bool
notifications_idle(struct notifications *n)
{
	pthread_mutex_lock(&n->lock);
	bool idle = n->count == n->known;
	pthread_mutex_unlock(&n->lock);
	return idle;
}

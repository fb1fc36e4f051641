/* SPDX-License-Identifier: ISC */
#include "alarm/alarm.h"

#include "alarm/alarm_book.h"
#include "alarm/owed.h"
#include "base/array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct alarms {
	struct alarm_book book;
	struct alarm_listener listener;
	struct alarm_summary summary;
	uint32_t notify; /* of the last plan's rules */
	bool judged;     /* there was a poll */
	bool unheard;    /* no memory to say what the last poll has changed, */
	bool starved;    /* or for something of the last plan */

	/* Of the last plan. */
	struct notification *notifications;
	uint32_t notification_count, notification_room;
	uint64_t next_ms;

	/* Notifications held back that no summary has told of, and when the last one was due. */
	uint32_t unsummed;
	uint64_t summed_ms; /* 0 = none yet */

	struct alarm_clock now; /* of the poll under way */
};

struct alarms *
alarms_new(void)
{
	struct alarms *a = calloc(1, sizeof(*a));
	if (a != NULL && alarm_book_open(&a->book))
		return a;
	free(a);
	errno = ENOMEM;
	return NULL;
}

void
alarms_free(struct alarms *a)
{
	if (a == NULL)
		return;
	alarm_book_close(&a->book);
	free(a->notifications);
	free(a);
}

void
alarms_listen(struct alarms *a, const struct alarm_listener *listener)
{
	a->listener = *listener;
}

void
alarms_begin(struct alarms *a, const struct alarm_clock *now)
{
	a->now = *now;
	for (uint32_t i = 0; i < a->book.count; i++) {
		struct alarm_record *r = &a->book.records[i];
		r->taken = r->changed = r->fading = false;
	}
	alarm_book_renew(&a->book);
}

/* Managers know something else, and are told of what it is. */
static bool
is_owed(const struct alarms *a, const struct alarm_record *r)
{
	return r->alarm.severity != r->alarm.told &&
	       notification_is_wanted(a->notify, notification_kind(r->alarm.severity));
}

/* Managers know nothing of it yet. */
static void
number_anew(struct alarms *a, struct alarm_record *r)
{
	alarm_book_number(&a->book, r, 0);
	r->given = r->alarm.sequence = 0;
}

/* An alarm begins, under a number of its own; unless managers know one of it whose end they have
 * not heard of: to them it goes on. */
static void
begin(struct alarms *a, struct alarm_record *r)
{
	r->alarm.since_ms = a->now.ms;
	r->alarm.since = a->now.wall;
	if (r->alarm.told == SEVERITY_NORMAL && !r->out)
		number_anew(a, r);
}

/* What the subject is now. What had not left by then never does. */
static void
settle(struct alarms *a, struct alarm_record *r, struct verdict verdict)
{
	enum severity before = r->alarm.severity;
	bool owed = is_owed(a, r) && !r->out;
	r->alarm.severity = verdict.severity;
	r->alarm.cause = verdict.cause;
	r->changed = verdict.severity != before;
	if (!r->changed)
		return;
	r->held = false;
	r->patience_ms = 0;
	if (before == SEVERITY_NORMAL)
		begin(a, r);
	a->summary.unsent += owed;
	a->summary.unsent += owed && r->alarm.severity == r->alarm.told;
}

bool
alarms_take(struct alarms *a, const struct alarm_reading *reading)
{
	struct alarm_record *r = alarm_book_find(&a->book, &reading->subject);
	if (r == NULL)
		r = alarm_book_add(&a->book, &reading->subject);
	if (r == NULL)
		return false;
	r->taken = true;
	r->fading = reading->fading;
	settle(a, r, reading->verdict);
	alarm_reading_fill(reading, &r->alarm);
	return true;
}

/* So is what was restored of that kind. */
static bool
is_stale(const struct alarm_record *r)
{
	return r->alarm.severity == SEVERITY_UNKNOWN;
}

static void
listen_to_changes(struct alarms *a)
{
	uint32_t count = 0;
	struct owed *changed =
	    a->listener.changed != NULL ? array_new(a->book.count, sizeof(*changed)) : NULL;
	a->unheard = a->listener.changed != NULL && changed == NULL;
	for (uint32_t i = 0; changed != NULL && i < a->book.count; i++)
		if (a->book.records[i].changed)
			changed[count++] = (struct owed){.alarm = &a->book.records[i].alarm};
	if (changed != NULL)
		owed_sort(changed, count);
	for (uint32_t i = 0; i < count; i++)
		a->listener.changed(a->listener.arg, changed[i].alarm);
	free(changed);
}

void
alarms_end(struct alarms *a)
{
	static const struct verdict normal = {SEVERITY_NORMAL, CAUSE_NONE};
	a->summary.active = 0;
	for (uint32_t i = 0; i < a->book.count; i++) {
		struct alarm_record *r = &a->book.records[i];
		if (is_stale(r))
			snprintf(r->alarm.message, sizeof(r->alarm.message),
				 "a poll has succeeded: there are figures again");
		if (!r->taken)
			settle(a, r, normal);
		a->summary.active += r->alarm.severity != SEVERITY_NORMAL;
	}
	a->judged = true;
	listen_to_changes(a);
}

static const struct alarm_subject figures = {.kind = ALARM_HOST, .name = ALARM_FIGURES};

bool
alarms_stale(struct alarms *a, const struct alarm_clock *now, const char *message)
{
	struct alarm_record *r = alarm_book_find(&a->book, &figures);
	if (r == NULL)
		r = alarm_book_add(&a->book, &figures);
	if (r == NULL)
		return false;
	bool known = is_stale(r);
	a->now = *now;
	settle(a, r, (struct verdict){SEVERITY_UNKNOWN, CAUSE_STALE});
	snprintf(r->alarm.message, sizeof(r->alarm.message), "%s", message);
	a->summary.active += !known;
	if (!known && a->listener.changed != NULL)
		a->listener.changed(a->listener.arg, &r->alarm);
	return true;
}

const struct alarm *
alarms_stale_one(const struct alarms *a)
{
	const struct alarm_record *r = alarm_book_find(&a->book, &figures);
	return r != NULL && is_stale(r) ? &r->alarm : NULL;
}

/* The next notification to fill; NULL if memory is out: another plan has to follow. */
static struct notification *
add_notification(struct alarms *a)
{
	struct notification *notifications = array_grow(
	    a->notifications, a->notification_count, &a->notification_room, sizeof(*notifications));
	if (notifications == NULL) {
		a->starved = true;
		return NULL;
	}
	a->notifications = notifications;
	struct notification *n = &a->notifications[a->notification_count++];
	memset(n, 0, sizeof(*n));
	return n;
}

/* Late news of what is ending would be false by now. */
static bool
is_due(const struct alarms *a, const struct alarm_record *r, uint64_t now_ms)
{
	return (a->judged || is_stale(r)) && is_owed(a, r) && !r->out &&
	       (r->changed || !r->fading) && r->patience_ms <= now_ms;
}

static void
leave(struct alarms *a, struct alarm_record *r)
{
	struct notification *n = add_notification(a);
	if (n == NULL)
		return;
	r->out = true;
	r->held = false;
	n->kind = notification_kind(r->alarm.severity);
	n->again = alarm_record_has_left(r);
	if (!n->again)
		a->summary.sequence = notification_number_after(a->summary.sequence);
	r->alarm.sequence = n->again ? r->given : a->summary.sequence;
	n->alarm = r->alarm;
}

static void
hold(struct alarms *a, struct alarm_record *r)
{
	if (r->held)
		return;
	r->held = true;
	a->unsummed++;
	if (a->listener.held != NULL && budget_is_named(r->alarm.subject.kind))
		a->listener.held(a->listener.arg, &r->alarm);
}

/* All that is due leaves or is held, the worst first. Returns how many are held for want of budget.
 */
static uint32_t
leave_all(struct alarms *a, const struct alarm_rules *rules, uint64_t now_ms)
{
	uint32_t count = 0, room = rules->room;
	struct owed *owed = array_new(a->book.count, sizeof(*owed));
	if (owed == NULL) {
		a->starved = true;
		return 0;
	}
	for (uint32_t i = 0; i < a->book.count; i++) {
		const struct alarm_record *r = &a->book.records[i];
		if (is_due(a, r, now_ms))
			owed[count++] =
			    (struct owed){.alarm = &r->alarm,
					  .row = i,
					  .again = r->again && alarm_record_has_left(r)};
	}
	owed_sort(owed, count);
	uint32_t held = owed_choose(owed, count, &room, &rules->budget, now_ms);
	for (uint32_t i = 0; i < count; i++) {
		struct alarm_record *r = &a->book.records[owed[i].row];
		if (owed[i].leaves)
			leave(a, r);
		else if (room > 0)
			hold(a, r);
	}
	free(owed);
	return held;
}

/* Due once in a minute in which the limit began to hold something back. */
static void
summarise(struct alarms *a, const struct alarm_rules *rules, uint64_t now_ms, uint32_t held)
{
	bool quiet = a->summed_ms == 0 || now_ms - a->summed_ms >= ALARM_SUMMARY_MS;
	if (held == 0 || a->unsummed == 0 || !quiet || a->notification_count >= rules->room ||
	    !notification_is_wanted(a->notify, NOTIFICATION_SUPPRESSED))
		return;
	struct notification *n = add_notification(a);
	if (n == NULL)
		return;
	a->summed_ms = now_ms;
	a->unsummed = 0;
	a->summary.sequence = notification_number_after(a->summary.sequence);
	n->kind = NOTIFICATION_SUPPRESSED;
	n->alarm.severity = SEVERITY_NORMAL;
	n->alarm.sequence = a->summary.sequence;
	snprintf(n->alarm.message, sizeof(n->alarm.message),
		 "notifications held back: %u; srcPortAlarmTable has all active alarms: %u", held,
		 a->summary.active);
	n->summary = a->summary;
}

/* Who is never told of an end takes what is over for over. Where nothing at all is told, everything
 * waits for the day when it is. */
static void
end_in_silence(struct alarms *a)
{
	if (a->notify == 0 || notification_is_wanted(a->notify, NOTIFICATION_CLEARED))
		return;
	for (uint32_t i = 0; i < a->book.count; i++)
		if (a->book.records[i].alarm.severity == SEVERITY_NORMAL)
			a->book.records[i].alarm.told = SEVERITY_NORMAL;
}

static void
count_owed(struct alarms *a)
{
	a->summary.owed = 0;
	for (uint32_t i = 0; i < a->book.count; i++)
		a->summary.owed += is_owed(a, &a->book.records[i]) && !a->book.records[i].out;
}

/* When what is held, was refused or found no memory may leave. */
static uint64_t
find_next(const struct alarms *a, const struct alarm_rules *rules, uint64_t now_ms, uint32_t held)
{
	uint64_t next = held > 0 ? budget_next_ms(&rules->budget, now_ms) : UINT64_MAX;
	if (a->starved && now_ms + ALARM_STARVED_MS < next)
		next = now_ms + ALARM_STARVED_MS;
	for (uint32_t i = 0; i < a->book.count; i++) {
		const struct alarm_record *r = &a->book.records[i];
		if (r->patience_ms > now_ms && r->patience_ms < next && is_owed(a, r))
			next = r->patience_ms;
	}
	return next == UINT64_MAX ? 0 : next;
}

void
alarms_plan(struct alarms *a, const struct alarm_rules *rules, const struct alarm_clock *now)
{
	uint32_t held = 0;
	a->notify = rules->notify;
	a->notification_count = 0;
	a->next_ms = 0;
	a->starved = false;
	a->summary.sequence = rules->sequence;
	end_in_silence(a);
	if (rules->open) {
		held = leave_all(a, rules, now->ms);
		count_owed(a);
		summarise(a, rules, now->ms, held);
		a->next_ms = find_next(a, rules, now->ms, held);
	} else {
		count_owed(a);
	}
	alarm_book_forget(&a->book);
	alarm_book_renew(&a->book);
}

uint64_t
alarms_next_ms(const struct alarms *a)
{
	return a->next_ms;
}

bool
alarms_starved(const struct alarms *a)
{
	return a->starved || a->unheard;
}

static void
arrive(struct alarms *a, struct alarm_record *r, const struct notification *n,
       enum notification_fate fate, uint64_t now_ms)
{
	alarm_record_depart(r, n);
	r->out = r->again = false;
	switch (fate) {
	case FATE_ACCEPTED: r->alarm.told = n->alarm.severity; break;
	case FATE_LOST: r->alarm.told = ALARM_UNSURE; break;
	default: r->patience_ms = now_ms + ALARM_REFUSED_MS; return;
	}
	/* What has begun since its end was told is another alarm. */
	if (n->alarm.severity == SEVERITY_NORMAL && r->alarm.severity != SEVERITY_NORMAL)
		number_anew(a, r);
}

void
alarms_fate(struct alarms *a, const struct notification *n, enum notification_fate fate,
	    const struct alarm_clock *now)
{
	if (n->kind == NOTIFICATION_SUPPRESSED) {
		if (fate == FATE_WAITED) {
			a->unsummed++;
			a->summed_ms = 0;
		}
		return;
	}
	struct alarm_record *r = alarm_book_find(&a->book, &n->alarm.subject);
	if (r == NULL)
		return;
	if (fate == FATE_FLYING) {
		alarm_record_depart(r, n);
	} else if (fate == FATE_WAITED) {
		r->out = false;
		r->alarm.sequence = r->given;
	} else {
		arrive(a, r, n, fate, now->ms);
	}
}

void
alarms_repeat(struct alarms *a)
{
	for (uint32_t i = 0; i < a->book.count; i++) {
		struct alarm_record *r = &a->book.records[i];
		r->again = r->alarm.told != SEVERITY_NORMAL && r->alarm.told != ALARM_UNSURE;
		if (r->again)
			r->alarm.told = ALARM_UNSURE;
	}
}

uint32_t
alarms_ended(const struct alarms *a)
{
	uint32_t ended = 0;
	for (uint32_t i = 0; i < a->book.count; i++) {
		const struct alarm *alarm = &a->book.records[i].alarm;
		enum alarm_kind kind = alarm->subject.kind;
		bool over = alarm->severity == SEVERITY_NORMAL &&
			    (alarm->told != SEVERITY_NORMAL || a->book.records[i].out);
		ended += over && alarm_kind_is_many(kind);
	}
	return ended;
}

const struct notification *
alarms_notifications(const struct alarms *a, uint32_t *count)
{
	*count = a->notification_count;
	return a->notifications;
}

const struct alarm_summary *
alarms_summary(const struct alarms *a)
{
	return &a->summary;
}

const struct alarm *
alarms_at(const struct alarms *a, uint32_t position)
{
	return position < a->book.count ? &a->book.records[position].alarm : NULL;
}

enum severity
alarms_known_at(const struct alarms *a, uint32_t position)
{
	const struct alarm_record *r = &a->book.records[position];
	return r->out ? ALARM_UNSURE : r->alarm.told;
}

bool
alarms_restore(struct alarms *a, const struct alarm *alarm)
{
	struct alarm_record *r = alarm_book_find(&a->book, &alarm->subject) == NULL
				     ? alarm_book_add(&a->book, &alarm->subject)
				     : NULL;
	if (r == NULL)
		return false;
	r->alarm = *alarm;
	r->alarm.id = 0;
	if (is_stale(r))
		snprintf(r->alarm.message, sizeof(r->alarm.message),
			 "the figures were too old to judge before the start");
	alarm_book_number(&a->book, r, alarm->id);
	r->given = alarm->sequence;
	r->stated = alarm->told == ALARM_UNSURE ? alarm->severity : alarm->told;
	a->summary.active += alarm->severity != SEVERITY_NORMAL;
	return true;
}

void
alarms_continue(struct alarms *a, uint32_t last_id)
{
	a->book.last_id = last_id;
}

uint32_t
alarms_last_id(const struct alarms *a)
{
	return a->book.last_id;
}

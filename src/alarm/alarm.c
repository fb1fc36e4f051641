/* SPDX-License-Identifier: ISC */
#include "alarm/alarm.h"

#include "base/array.h"
#include "verdict/subject_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A subject that is in alarm, or was so and that has yet to be told. */
struct record {
	struct alarm alarm;
	bool taken;   /* in this poll */
	bool changed; /* in this poll */
	bool news;    /* what it is has not been told yet, and will be */
	bool fading;  /* this poll found less: only its polls are still counted */
};

/* How many notifications go out in a minute; the rest is summarised. */
struct window {
	uint64_t began_ms; /* 0 = none yet */
	uint32_t sent;     /* in it */
	bool summarised;   /* in it */
	uint32_t untold;   /* suppressed since the last summary */
	uint32_t total;    /* suppressed since the start (Counter32: wraps) */
};

struct alarms {
	struct record *records;
	uint32_t count, room;
	struct subject_index index; /* of records */
	uint32_t last_id;
	uint32_t highest_id; /* of the records: only a number up to it can be taken */
	struct window window;
	struct alarm_summary summary;
	struct notification *notifications;
	uint32_t notification_count, notification_room;

	const struct alarm_rules *rules; /* of the poll under way */
	struct alarm_clock now;
};

struct alarms *
alarms_new(void)
{
	return calloc(1, sizeof(struct alarms));
}

void
alarms_free(struct alarms *a)
{
	if (a == NULL)
		return;
	subject_index_free(&a->index);
	free(a->records);
	free(a->notifications);
	free(a);
}

static struct subject_rows
rows_of(const struct alarms *a)
{
	return (struct subject_rows){a->count > 0 ? &a->records->alarm.subject : NULL,
				     sizeof(*a->records), a->count};
}

static struct record *
find(const struct alarms *a, const struct alarm_subject *subject)
{
	const struct subject_rows rows = rows_of(a);
	uint32_t i = subject_index_find(&a->index, &rows, subject);
	return i == LOOKUP_NONE ? NULL : &a->records[i];
}

static struct record *
follow(struct alarms *a, const struct alarm_subject *subject)
{
	struct record *records = array_grow(a->records, a->count, &a->room, sizeof(*records));
	if (records == NULL)
		return NULL;
	a->records = records;
	if (!subject_index_enter(&a->index, subject, a->count))
		return NULL;
	struct record *r = &a->records[a->count++];
	memset(r, 0, sizeof(*r));
	r->alarm.subject = *subject;
	r->alarm.severity = r->alarm.told = SEVERITY_NORMAL;
	r->alarm.cause = CAUSE_NONE;
	return r;
}

static void
note_id(struct alarms *a, uint32_t id)
{
	if (id > a->highest_id)
		a->highest_id = id;
}

static bool
has_id(const struct alarms *a, uint32_t id)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (a->records[i].alarm.id == id)
			return true;
	return false;
}

/* There are fewer alarms than numbers. */
static uint32_t
next_id(struct alarms *a)
{
	do
		a->last_id = a->last_id % ALARM_ID_MAX + 1;
	while (a->last_id <= a->highest_id && has_id(a, a->last_id));
	note_id(a, a->last_id);
	return a->last_id;
}

/* Begins a new minute if the last one is over. */
static void
turn_window(struct window *w, uint64_t now_ms)
{
	if (w->began_ms != 0 && now_ms - w->began_ms < ALARM_WINDOW_MS)
		return;
	w->began_ms = now_ms;
	w->sent = 0;
	w->summarised = false;
}

void
alarms_begin(struct alarms *a, const struct alarm_rules *rules, const struct alarm_clock *now)
{
	const struct subject_rows rows = rows_of(a);
	a->rules = rules;
	a->now = *now;
	a->notification_count = 0;
	a->highest_id = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		struct record *r = &a->records[i];
		r->taken = r->changed = r->fading = false;
		note_id(a, r->alarm.id);
	}
	subject_index_renew(&a->index, &rows);
	turn_window(&a->window, now->ms);
}

/* What the subject is now; an alarm begins when it was normal before. */
static void
settle(struct alarms *a, struct record *r, struct verdict verdict)
{
	enum severity before = r->alarm.severity;
	r->alarm.severity = verdict.severity;
	r->alarm.cause = verdict.cause;
	r->changed = verdict.severity != before;
	if (r->changed && before == SEVERITY_NORMAL) {
		r->alarm.id = next_id(a);
		r->alarm.since_ms = a->now.ms;
		r->alarm.since = a->now.wall;
	}
}

/* A subject that has no socket left, or is no longer configured, holds nothing. */
static void
empty(struct alarm *alarm)
{
	alarm->used = alarm->percent = alarm->close_wait = 0;
	alarm->remaining = alarm->capacity;
	snprintf(alarm->message, sizeof(alarm->message), "%s",
		 alarm->subject.kind == ALARM_TARGET ? "it is no longer configured"
						     : "no connection of it is left");
}

bool
alarms_take(struct alarms *a, const struct alarm_reading *reading)
{
	struct record *r = find(a, &reading->subject);
	if (r == NULL)
		r = follow(a, &reading->subject);
	if (r == NULL)
		return false;
	struct alarm *alarm = &r->alarm;
	r->taken = true;
	r->fading = reading->fading;
	settle(a, r, reading->verdict);
	if (reading->absent) {
		empty(alarm);
		return true;
	}
	alarm->local = reading->local;
	alarm->peer = reading->peer;
	alarm->port = reading->port;
	alarm->used = reading->used;
	alarm->capacity = reading->capacity;
	alarm->remaining = reading->remaining;
	alarm->percent = reading->percent;
	alarm->close_wait = reading->close_wait;
	snprintf(alarm->message, sizeof(alarm->message), "%s", reading->message);
	return true;
}

/* The next notification to fill; NULL if memory is out. */
static struct notification *
add_notification(struct alarms *a)
{
	struct notification *notifications = array_grow(
	    a->notifications, a->notification_count, &a->notification_room, sizeof(*notifications));
	if (notifications == NULL)
		return NULL;
	a->notifications = notifications;
	struct notification *n = &a->notifications[a->notification_count++];
	memset(n, 0, sizeof(*n));
	return n;
}

static enum notification_kind
kind_of(enum severity severity)
{
	return severity == SEVERITY_CRITICAL  ? NOTIFICATION_CRITICAL
	       : severity == SEVERITY_WARNING ? NOTIFICATION_WARNING
					      : NOTIFICATION_CLEARED;
}

static bool
is_wanted(const struct alarm_rules *rules, enum severity severity)
{
	return (rules->notify >> (kind_of(severity) - 1) & 1) != 0;
}

/* Decides what to tell of an alarm that managers see otherwise than it is. That it was cleared is
 * told to those who were told that it was raised, if need be in a later poll; of anything else that
 * the storm limit holds back only the number is told. */
static void
tell(struct alarms *a, struct record *r)
{
	struct alarm *alarm = &r->alarm;
	enum notification_kind kind = kind_of(alarm->severity);
	bool cleared = kind == NOTIFICATION_CLEARED;
	if (alarm->severity == alarm->told)
		return;
	if (!is_wanted(a->rules, alarm->severity)) {
		if (cleared)
			alarm->told = SEVERITY_NORMAL;
		return;
	}
	if (a->notification_count >= a->rules->room) {
		r->news = true;
		return;
	}
	struct window *w = &a->window;
	bool admitted = a->rules->per_minute == 0 || w->sent < a->rules->per_minute;
	struct notification *n = admitted ? add_notification(a) : NULL;
	if (n == NULL && (admitted || cleared)) {
		r->news = true; /* without memory for it now, later */
		return;
	}
	alarm->sequence = ++a->summary.sequence;
	if (n == NULL) {
		w->untold++;
		w->total++;
		return;
	}
	w->sent++;
	n->kind = kind;
	n->before = alarm->told;
	alarm->told = alarm->severity;
	n->alarm = *alarm;
}

/* The most severe first, of equals the one with the fewest ports remaining, then the oldest. */
static int
compare(const void *left, const void *right, void *records)
{
	const struct alarm *a = &((const struct record *)records)[*(const uint32_t *)left].alarm;
	const struct alarm *b = &((const struct record *)records)[*(const uint32_t *)right].alarm;
	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->remaining != b->remaining)
		return a->remaining < b->remaining ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void
tell_all(struct alarms *a)
{
	uint32_t due = 0;
	uint32_t *order = array_new(a->count, sizeof(*order)); /* positions of records */
	for (uint32_t i = 0; i < a->count; i++) {
		struct record *r = &a->records[i];
		bool owed =
		    r->alarm.severity == SEVERITY_NORMAL && r->alarm.told != SEVERITY_NORMAL;
		/* Late news of what is ending would be false by now. */
		bool late = r->news && !r->fading;
		if (!r->changed && !owed && !late)
			continue;
		r->news = false;
		if (order != NULL)
			order[due++] = i;
		else
			tell(a, r);
	}
	if (due > 1)
		qsort_r(order, due, sizeof(*order), compare, a->records);
	for (uint32_t i = 0; i < due; i++)
		tell(a, &a->records[order[i]]);
	free(order);
}

static void
count_owed(struct alarms *a)
{
	a->summary.owed = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct alarm *alarm = &a->records[i].alarm;
		a->summary.owed +=
		    alarm->severity != alarm->told && is_wanted(a->rules, alarm->severity);
	}
}

/* Due once in a minute. */
static void
summarise(struct alarms *a)
{
	bool wanted = (a->rules->notify >> (NOTIFICATION_SUPPRESSED - 1) & 1) != 0;
	bool room = a->notification_count < a->rules->room;
	struct window *w = &a->window;
	uint32_t untold = w->untold;
	bool due = wanted && room && untold != 0 && !w->summarised;
	struct notification *n = due ? add_notification(a) : NULL;
	a->summary.suppressed = w->total;
	if (n == NULL)
		return;
	w->summarised = true;
	w->untold = 0;
	n->kind = NOTIFICATION_SUPPRESSED;
	n->alarm.severity = SEVERITY_NORMAL;
	n->alarm.sequence = ++a->summary.sequence;
	snprintf(n->alarm.message, sizeof(n->alarm.message),
		 "notifications held back: %u; srcPortAlarmTable has all active alarms: %u", untold,
		 a->summary.active);
	n->summary = a->summary;
}

/* Lets go of records that nothing is left to be said of. */
static void
forget_idle(struct alarms *a)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct record *r = &a->records[i];
		if (r->alarm.severity == SEVERITY_NORMAL && r->alarm.told == SEVERITY_NORMAL)
			subject_index_leave(&a->index, &r->alarm.subject);
		else
			a->records[kept++] = *r;
	}
	a->count = kept;
}

uint32_t
alarms_ended(const struct alarms *a)
{
	uint32_t ended = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct alarm *alarm = &a->records[i].alarm;
		enum alarm_kind kind = alarm->subject.kind;
		ended += alarm->severity == SEVERITY_NORMAL &&
			 (kind == ALARM_POOL || kind == ALARM_PEER || kind == ALARM_LOCAL);
	}
	return ended;
}

void
alarms_end(struct alarms *a)
{
	static const struct verdict normal = {SEVERITY_NORMAL, CAUSE_NONE};
	a->summary.active = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!a->records[i].taken)
			settle(a, &a->records[i], normal);
		a->summary.active += a->records[i].alarm.severity != SEVERITY_NORMAL;
	}
	tell_all(a);
	count_owed(a);
	summarise(a);
	forget_idle(a);
	a->rules = NULL;
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
	return position < a->count ? &a->records[position].alarm : NULL;
}

void
alarm_list_make(const struct alarms *a, struct alarm_list *out)
{
	*out = (struct alarm_list){.alarms = array_new(a->summary.active, sizeof(*out->alarms)),
				   .summary = a->summary};
	for (uint32_t i = 0; out->alarms != NULL && i < a->count; i++)
		if (a->records[i].alarm.severity != SEVERITY_NORMAL)
			out->alarms[out->count++] = a->records[i].alarm;
}

void
alarm_list_free(struct alarm_list *list)
{
	free(list->alarms);
	*list = (struct alarm_list){.alarms = NULL};
}

bool
alarms_restore(struct alarms *a, const struct alarm *alarm)
{
	struct record *r = find(a, &alarm->subject) == NULL ? follow(a, &alarm->subject) : NULL;
	if (r == NULL)
		return false;
	bool taken = alarm->id <= a->highest_id && has_id(a, alarm->id);
	uint32_t id = taken ? next_id(a) : alarm->id;
	r->alarm = *alarm;
	r->alarm.id = id;
	note_id(a, id);
	r->news = alarm->told != alarm->severity;
	a->summary.active += alarm->severity != SEVERITY_NORMAL;
	return true;
}

void
alarms_continue(struct alarms *a, uint32_t last_id, uint32_t last_sequence)
{
	a->last_id = last_id;
	a->summary.sequence = last_sequence;
}

uint32_t
alarms_last_id(const struct alarms *a)
{
	return a->last_id;
}

/* SPDX-License-Identifier: ISC */
#include "alarm/alarm.h"

#include "alarm/storm.h"
#include "base/array.h"
#include "base/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS (ALARM_LIMIT + 1)

/* A subject that is in alarm, was so a moment ago, or may soon be. */
struct record {
	struct alarm alarm;
	struct alarm_state state;
	uint32_t hash;
	bool taken;   /* in this poll */
	bool changed; /* in this poll */
	bool news;    /* what it is has not been told yet, and will be */
	bool fading;  /* this poll found less: only its polls are still counted */
};

struct alarms {
	struct record *records;
	uint32_t count, room;
	struct lookup index; /* of records, made anew at each poll */
	bool indexed;        /* it is complete */
	uint32_t followed[KINDS];
	uint32_t last_id;
	uint32_t highest_id; /* of the records: only a number up to it can be taken */
	struct storm storm;
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
	lookup_free(&a->index);
	free(a->records);
	free(a->notifications);
	free(a);
}

static struct record *
find(const struct alarms *a, const struct alarm_subject *subject)
{
	if (a->followed[subject->kind] == 0)
		return NULL;
	for (uint32_t i = 0; !a->indexed && i < a->count; i++)
		if (alarm_subject_equal(&a->records[i].alarm.subject, subject))
			return &a->records[i];
	uint32_t hash = alarm_subject_hash(subject), cursor = hash, at;
	while ((at = lookup_next(&a->index, hash, &cursor)) != LOOKUP_NONE)
		if (alarm_subject_equal(&a->records[at].alarm.subject, subject))
			return &a->records[at];
	return NULL;
}

/* The limit is for what a host may have any number of: what an operator named, the host itself and
 * its limits always find room. */
static bool
has_room(const struct alarms *a, enum alarm_kind kind)
{
	bool limited = kind == ALARM_POOL || kind == ALARM_PEER || kind == ALARM_LOCAL;
	uint32_t many =
	    a->followed[ALARM_POOL] + a->followed[ALARM_PEER] + a->followed[ALARM_LOCAL];
	return !limited || many < a->rules->max;
}

static struct record *
follow(struct alarms *a, const struct alarm_subject *subject)
{
	uint32_t hash = alarm_subject_hash(subject);
	struct record *records = array_grow(a->records, a->count, &a->room, sizeof(*records));
	if (records == NULL)
		return NULL;
	a->records = records;
	if (a->indexed && !lookup_enter(&a->index, hash, a->count))
		return NULL;
	struct record *r = &a->records[a->count++];
	memset(r, 0, sizeof(*r));
	r->hash = hash;
	r->alarm.subject = *subject;
	r->alarm.severity = r->alarm.told = r->state.severity = SEVERITY_NORMAL;
	r->alarm.cause = CAUSE_NONE;
	a->followed[subject->kind]++;
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

void
alarms_begin(struct alarms *a, const struct alarm_rules *rules, const struct alarm_clock *now)
{
	a->rules = rules;
	a->now = *now;
	a->summary.omitted = 0;
	a->notification_count = 0;
	lookup_free(&a->index);
	memset(&a->index, 0, sizeof(a->index));
	a->indexed = true;
	a->highest_id = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		struct record *r = &a->records[i];
		r->taken = r->changed = false;
		note_id(a, r->alarm.id);
		/* Out of memory: this poll searches from the first to the last. */
		a->indexed = a->indexed && lookup_enter(&a->index, r->hash, i);
	}
	storm_tick(&a->storm, now->ms);
}

/* Takes one poll into a record's state. */
static void
step(struct alarms *a, struct record *r, enum severity raise, enum severity hold, bool at_once)
{
	enum severity before = r->state.severity;
	r->taken = true;
	r->changed = alarm_state_step(&r->state, raise, hold, at_once ? 1 : a->rules->raise_polls,
				      a->rules->clear_polls);
	r->alarm.severity = r->state.severity;
	r->fading = (raise > hold ? raise : hold) < r->state.severity;
	if (r->changed && before == SEVERITY_NORMAL) {
		r->alarm.id = next_id(a);
		r->alarm.since_ms = a->now.ms;
		r->alarm.since = a->now.wall;
	}
}

/* While neither level holds any more and only the polls are counted, the cause stays. */
static enum cause
cause_now(const struct alarm *alarm, const struct alarm_reading *reading)
{
	if (alarm->severity == SEVERITY_NORMAL)
		return CAUSE_NONE;
	if (reading->raise != SEVERITY_NORMAL)
		return reading->cause;
	return reading->hold_cause != CAUSE_NONE ? reading->hold_cause : alarm->cause;
}

struct alarm_verdict
alarms_take(struct alarms *a, const struct alarm_reading *reading)
{
	struct record *r = find(a, &reading->subject);
	if (r == NULL && reading->raise == SEVERITY_NORMAL)
		return (struct alarm_verdict){SEVERITY_NORMAL, CAUSE_NONE};
	if (r == NULL && has_room(a, reading->subject.kind))
		r = follow(a, &reading->subject);
	if (r == NULL) {
		a->summary.omitted++;
		return (struct alarm_verdict){reading->raise, reading->cause};
	}
	struct alarm *alarm = &r->alarm;
	alarm->local = reading->local;
	alarm->peer = reading->peer;
	alarm->port = reading->port;
	alarm->used = reading->used;
	alarm->capacity = reading->capacity;
	alarm->remaining = reading->remaining;
	alarm->percent = reading->percent;
	alarm->close_wait = reading->close_wait;
	step(a, r, reading->raise, reading->hold, reading->at_once);
	alarm->cause = cause_now(alarm, reading);
	if (r->changed || alarm->severity != SEVERITY_NORMAL)
		reading->describe(reading, alarm->message);
	return (struct alarm_verdict){alarm->severity, alarm->cause};
}

bool
alarms_follow(const struct alarms *a, enum alarm_kind kind)
{
	return a->followed[kind] != 0;
}

/* A subject that has no socket left, or is no longer configured, holds nothing. */
static void
step_absent(struct alarms *a, struct record *r)
{
	struct alarm *alarm = &r->alarm;
	alarm->used = alarm->percent = alarm->close_wait = 0;
	alarm->remaining = alarm->capacity;
	step(a, r, SEVERITY_NORMAL, SEVERITY_NORMAL, false);
	snprintf(alarm->message, sizeof(alarm->message), "%s",
		 alarm->subject.kind == ALARM_TARGET ? "it is no longer configured"
						     : "no connection of it is left");
	if (alarm->severity == SEVERITY_NORMAL)
		alarm->cause = CAUSE_NONE;
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
	if ((a->rules->notify >> (kind - 1) & 1) == 0) {
		if (cleared)
			alarm->told = SEVERITY_NORMAL;
		return;
	}
	if (a->notification_count >= a->rules->room) {
		r->news = true;
		return;
	}
	bool admitted = storm_admit(&a->storm, a->rules->per_minute);
	struct notification *n = admitted ? add_notification(a) : NULL;
	if (n == NULL && (admitted || cleared)) {
		r->news = true; /* without memory for it now, later */
		return;
	}
	alarm->sequence = ++a->summary.sequence;
	if (n == NULL) {
		storm_suppress(&a->storm);
		return;
	}
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
summarise(struct alarms *a)
{
	bool wanted = (a->rules->notify >> (NOTIFICATION_SUPPRESSED - 1) & 1) != 0;
	bool room = a->notification_count < a->rules->room;
	uint32_t untold = wanted && room ? storm_summary(&a->storm) : 0;
	struct notification *n = untold != 0 ? add_notification(a) : NULL;
	a->summary.suppressed = a->storm.total;
	if (n == NULL)
		return;
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
		if (alarm_state_idle(&r->state) && r->alarm.told == SEVERITY_NORMAL)
			a->followed[r->alarm.subject.kind]--;
		else
			a->records[kept++] = *r;
	}
	a->count = kept;
}

void
alarms_end(struct alarms *a)
{
	a->summary.active = 0;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!a->records[i].taken)
			step_absent(a, &a->records[i]);
		a->summary.active += a->records[i].alarm.severity != SEVERITY_NORMAL;
	}
	tell_all(a);
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
	r->state.severity = alarm->severity;
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

/* SPDX-License-Identifier: ISC */
#include "verdict/hysteresis.h"

#include "base/array.h"
#include "verdict/subject_index.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct standing standing;
	struct hysteresis_state state;
	bool taken; /* in this poll */
};

struct hysteresis {
	struct entry *entries;
	uint32_t count, room;
	struct subject_index index;    /* of entries */
	struct hysteresis_rules rules; /* of the poll under way */
};

static uint16_t
count(uint16_t so_far, bool again)
{
	if (!again)
		return 0;
	return so_far < UINT16_MAX ? (uint16_t)(so_far + 1) : so_far;
}

static enum severity
next(const struct hysteresis_state *s, enum severity hold, uint32_t raise_polls,
     uint32_t clear_polls)
{
	if (s->above[1] >= raise_polls)
		return SEVERITY_CRITICAL;
	if (s->severity == SEVERITY_NORMAL)
		return s->above[0] >= raise_polls ? SEVERITY_WARNING : SEVERITY_NORMAL;
	if (s->below[0] >= clear_polls)
		return SEVERITY_NORMAL;
	if (s->severity == SEVERITY_CRITICAL && s->below[1] >= clear_polls &&
	    hold >= SEVERITY_WARNING)
		return SEVERITY_WARNING;
	return s->severity;
}

bool
hysteresis_step(struct hysteresis_state *s, enum severity raise, enum severity hold,
		uint32_t raise_polls, uint32_t clear_polls)
{
	static const enum severity severity[2] = {SEVERITY_WARNING, SEVERITY_CRITICAL};
	if (hold < raise)
		hold = raise;
	for (unsigned i = 0; i < 2; i++) {
		s->above[i] = count(s->above[i], raise >= severity[i]);
		s->below[i] = count(s->below[i], hold < severity[i]);
	}
	enum severity before = s->severity;
	s->severity = next(s, hold, raise_polls, clear_polls);
	return s->severity != before;
}

/* It need not be remembered. */
static bool
is_idle(const struct hysteresis_state *s)
{
	return s->severity == SEVERITY_NORMAL && s->above[0] == 0;
}

struct hysteresis *
hysteresis_new(void)
{
	return calloc(1, sizeof(struct hysteresis));
}

void
hysteresis_free(struct hysteresis *h)
{
	if (h == NULL)
		return;
	subject_index_free(&h->index);
	free(h->entries);
	free(h);
}

static struct subject_rows
rows_of(const struct hysteresis *h)
{
	return (struct subject_rows){h->count > 0 ? &h->entries->standing.subject : NULL,
				     sizeof(*h->entries), h->count};
}

static struct entry *
find(const struct hysteresis *h, const struct alarm_subject *subject)
{
	const struct subject_rows rows = rows_of(h);
	uint32_t i = subject_index_find(&h->index, &rows, subject);
	return i == LOOKUP_NONE ? NULL : &h->entries[i];
}

/* The limit is for what a host may have any number of: what an operator named, the host itself and
 * its limits always find room. */
static bool
has_room(const struct hysteresis *h, enum alarm_kind kind)
{
	uint32_t many = 0;
	for (unsigned k = ALARM_POOL; k < ALARM_KINDS; k++)
		many += alarm_kind_is_many((enum alarm_kind)k) ? h->index.rows[k] : 0;
	/* Whoever may make namespaces must not take the room of our own pools. */
	if (kind == ALARM_NAMESPACE_POOL && h->index.rows[kind] >= (h->rules.room + 1) / 2)
		return false;
	return !alarm_kind_is_many(kind) || many < h->rules.room;
}

static struct entry *
follow(struct hysteresis *h, const struct alarm_subject *subject)
{
	struct entry *entries = array_grow(h->entries, h->count, &h->room, sizeof(*entries));
	if (entries == NULL)
		return NULL;
	h->entries = entries;
	if (!subject_index_enter(&h->index, subject, h->count))
		return NULL;
	struct entry *e = &h->entries[h->count++];
	*e = (struct entry){.standing.subject = *subject,
			    .standing.verdict = {SEVERITY_NORMAL, CAUSE_NONE},
			    .state.severity = SEVERITY_NORMAL};
	return e;
}

bool
hysteresis_restore(struct hysteresis *h, const struct alarm_subject *subject,
		   struct verdict verdict)
{
	struct entry *e = find(h, subject) == NULL ? follow(h, subject) : NULL;
	if (e == NULL)
		return false;
	e->standing.verdict = verdict;
	e->state.severity = verdict.severity;
	return true;
}

void
hysteresis_begin(struct hysteresis *h, const struct hysteresis_rules *rules)
{
	const struct subject_rows rows = rows_of(h);
	h->rules = *rules;
	for (uint32_t i = 0; i < h->count; i++)
		h->entries[i].taken = false;
	subject_index_renew(&h->index, &rows);
}

bool
hysteresis_follows(const struct hysteresis *h, enum alarm_kind kind)
{
	return h->index.rows[kind] != 0;
}

/* While neither level holds any more and only the polls are counted, the cause stays. */
static enum cause
cause_now(const struct entry *e)
{
	if (e->state.severity == SEVERITY_NORMAL)
		return CAUSE_NONE;
	enum cause measured = e->standing.measured.cause;
	return measured != CAUSE_NONE ? measured : e->standing.verdict.cause;
}

static void
step(const struct hysteresis *h, struct entry *e, const struct hysteresis_reading *r)
{
	struct standing *s = &e->standing;
	s->row = r->row;
	s->held = false;
	s->measured = r->raise.severity != SEVERITY_NORMAL ? r->raise : r->hold;
	s->changed = hysteresis_step(&e->state, r->raise.severity, r->hold.severity,
				     r->at_once ? 1 : h->rules.raise_polls, h->rules.clear_polls);
	s->verdict = (struct verdict){e->state.severity, cause_now(e)};
	s->fading = r->raise.severity < e->state.severity && r->hold.severity < e->state.severity;
}

struct verdict
hysteresis_take(struct hysteresis *h, const struct hysteresis_reading *reading, uint32_t *omitted)
{
	struct entry *e = find(h, &reading->subject);
	if (e == NULL && reading->raise.severity == SEVERITY_NORMAL)
		return (struct verdict){SEVERITY_NORMAL, CAUSE_NONE};
	if (e == NULL && has_room(h, reading->subject.kind))
		e = follow(h, &reading->subject);
	if (e == NULL) {
		++*omitted;
		return reading->raise;
	}
	e->taken = true;
	step(h, e, reading);
	return e->standing.verdict;
}

void
hysteresis_hold(struct hysteresis *h, enum alarm_kind kind)
{
	for (uint32_t i = 0; i < h->count; i++) {
		struct standing *s = &h->entries[i].standing;
		if (s->subject.kind != kind || h->entries[i].taken)
			continue;
		h->entries[i].taken = s->held = true;
		s->changed = s->fading = false;
		s->row = LOOKUP_NONE;
	}
}

/* Lets go of what nothing is left to be counted of. */
static void
forget_idle(struct hysteresis *h)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		if (is_idle(&h->entries[i].state))
			subject_index_leave(&h->index, &h->entries[i].standing.subject);
		else
			h->entries[kept++] = h->entries[i];
	}
	h->count = kept;
}

struct standing *
hysteresis_end(struct hysteresis *h, uint32_t *count)
{
	static const struct hysteresis_reading absent = {.raise = {SEVERITY_NORMAL, CAUSE_NONE},
							 .hold = {SEVERITY_NORMAL, CAUSE_NONE},
							 .row = LOOKUP_NONE};
	struct standing *standings = array_new(h->count, sizeof(*standings));
	*count = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		if (!h->entries[i].taken)
			step(h, &h->entries[i], &absent);
		if (standings != NULL)
			standings[(*count)++] = h->entries[i].standing;
	}
	forget_idle(h);
	return standings;
}

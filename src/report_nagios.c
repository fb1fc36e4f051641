/* SPDX-License-Identifier: ISC */
#include "report.h"

#include "reason.h"

#include <string.h>

/* What the line is about: the worst target, or the worst pool where no target was named. */
struct subject {
	const struct usage *usage;
	char name[2 * ADDR_PORT_TEXT_MAX + 8];
};

static bool
worse(const struct usage *a, const struct usage *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	return a->tightest < b->tightest;
}

static void
find_subject(const struct tally *tally, struct subject *subject)
{
	char text[TARGET_SPEC_MAX], local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	for (uint32_t i = 0; i < tally->target_count; i++) {
		const struct target_tally *t = &tally->targets[i];
		if (subject->usage != NULL && !worse(&t->usage, subject->usage))
			continue;
		subject->usage = &t->usage;
		const char *name = t->target->name;
		snprintf(subject->name, sizeof(subject->name), "%s",
		         *name != '\0' ? name : target_text(t->target, text));
	}
	if (tally->target_count > 0)
		return;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct pool_tally *p = &tally->pools[i];
		if (subject->usage != NULL && !worse(&p->usage, subject->usage))
			continue;
		subject->usage = &p->usage;
		snprintf(subject->name, sizeof(subject->name), "%s -> %s",
		         addr_text(&p->local, local), addr_port_text(&p->peer, p->port, peer));
	}
}

int
report_nagios(const struct report *report, FILE *out)
{
	const struct tally *tally = report->tally;
	/* With no outgoing connection at all, an empty pool stands for the host. */
	struct usage empty = {.remaining = tally->range.capacity,
	                      .capacity = tally->range.capacity,
	                      .tightest = tally->range.capacity};
	empty.severity = tally->range.capacity == 0 ? SEVERITY_CRITICAL : SEVERITY_NORMAL;
	empty.percent = level_percent(empty.tightest, empty.capacity);
	struct subject subject = {.name = "no outgoing connections"};
	find_subject(tally, &subject);
	const struct usage *u = subject.usage != NULL ? subject.usage : &empty;

	static const char *const word[] = {
	    [SEVERITY_NORMAL] = "OK", [SEVERITY_WARNING] = "WARNING", [SEVERITY_CRITICAL] = "CRITICAL",
	    [SEVERITY_UNKNOWN] = "UNKNOWN"};
	static const int code[] = {[SEVERITY_NORMAL] = 0,
	                           [SEVERITY_WARNING] = 1,
	                           [SEVERITY_CRITICAL] = 2,
	                           [SEVERITY_UNKNOWN] = 3};
	char reason[REASON_MAX];
	fprintf(out,
	        "SRCPORT %s - %s: %s | used=%u;;;0;%u remaining=%u;;;0;%u percent=%u%%;;;0;100 "
	        "time_wait=%u close_wait=%u established=%u free=%u\n",
	        word[u->severity], subject.name, reason_text(u, &tally->range, reason),
	        u->capacity - u->tightest, u->capacity, u->tightest, u->capacity, u->percent,
	        u->states.of[STATE_TIME_WAIT], u->states.of[STATE_CLOSE_WAIT],
	        u->states.of[STATE_ESTABLISHED], tally->range.free);
	return code[u->severity];
}

/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice.h"
#include "base/clean.h"

#include <string.h>

/* What the line is about: the worst target, or the worst pool where no target was named. */
struct subject {
	const struct usage *usage;
	const struct target_tally *target; /* one of the two */
	const struct pool_tally *pool;
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
find_subject(const struct report *report, struct subject *subject)
{
	const struct tally *tally = report->tally;
	char text[TARGET_SPEC_MAX], local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	for (uint32_t i = 0; i < tally->target_count; i++) {
		const struct target_tally *t = &tally->targets[i];
		if (subject->usage != NULL && !worse(&t->usage, subject->usage))
			continue;
		subject->usage = &t->usage;
		subject->target = t;
		const char *name = t->target->name;
		snprintf(subject->name, sizeof(subject->name), "%s",
			 *name != '\0' ? name : target_text(t->target, text));
	}
	if (tally->target_count > 0 && !report->everything)
		return;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct pool_tally *p = &tally->pools[i];
		if (p->target != 0 || (subject->usage != NULL && !worse(&p->usage, subject->usage)))
			continue;
		subject->usage = &p->usage;
		subject->target = NULL;
		subject->pool = p;
		snprintf(subject->name, sizeof(subject->name), "%s -> %s",
			 addr_text(&p->local, local), addr_port_text(&p->peer, p->port, peer));
	}
}

static void
advise(const struct tally *tally, const struct subject *subject, char buf[static ADVICE_MAX])
{
	if (subject->target != NULL)
		advice_target(tally, subject->target, buf);
	else
		advice_pool(tally, subject->pool, buf);
}

/* The worst alarm that is more severe than that: one of what has no row, or none with a severity.
 */
static const struct alarm *
worse_alarm(const struct tally *tally, enum severity severity)
{
	const struct alarm *worst = NULL;
	for (uint32_t i = 0; i < tally->alarm_count; i++) {
		if (tally->alarms[i].severity <= severity)
			continue;
		worst = &tally->alarms[i];
		severity = worst->severity;
	}
	return worst;
}

/* The line's own separator is no part of a name. Returns text. */
static const char *
plain(char *text)
{
	for (char *c = text; (c = strchr(c, '|')) != NULL;)
		*c = '?';
	return text;
}

/* With no outgoing connection at all, an empty pool stands for the host. */
static struct usage
empty_pool(const struct report *report)
{
	const struct range_tally *range = &report->tally->range;
	const struct levels *levels = &report->config->levels.raise;
	struct usage u = {.remaining = range->capacity,
			  .uncertain = range->uncertain,
			  .capacity = range->capacity,
			  .tightest = range->capacity,
			  .percent = severity_percent(range->capacity, range->capacity),
			  .severity = severity_of(levels, range->capacity, range->capacity, 0),
			  .time_left_s = TIME_LEFT_NONE};
	u.cause = usage_cause(&u, u.severity, levels, range);
	return u;
}

/* The severity of the line, and why: the subject's, or that of what is worse. That then names it.
 */
static enum severity
judge(const struct report *report, struct subject *subject, const struct usage *u,
      char why[static ADVICE_MAX])
{
	const struct tally *tally = report->tally;
	const struct alarm *other = report->everything ? worse_alarm(tally, u->severity) : NULL;
	char key[ALARM_KEY_MAX];
	if (other != NULL) {
		snprintf(subject->name, sizeof(subject->name), "%s",
			 alarm_key(&other->subject, key));
		snprintf(why, ADVICE_MAX, "%s", other->message);
		return other->severity;
	}
	if (tally->host.severity > u->severity) {
		snprintf(subject->name, sizeof(subject->name), "host");
		advice_limit(&tally->host.limits, tally->host.worst, why);
		return tally->host.severity;
	}
	if (subject->usage != NULL) {
		advise(tally, subject, why);
	} else {
		const struct advice advice = {
		    .usage = u, .range = &tally->range, .host = &tally->host};
		advice_text(&advice, why);
	}
	return u->severity;
}

int
report_nagios_unknown(const char *why, FILE *out)
{
	char text[512];
	clean_text(why, strlen(why), text, sizeof(text));
	fprintf(out, "SRCPORT UNKNOWN: %s\n", plain(text));
	return REPORT_PLUGIN_UNKNOWN;
}

int
report_nagios(const struct report *report, FILE *out)
{
	static const struct {
		const char *word;
		int code;
	} plugin[] = {[SEVERITY_NORMAL] = {"OK", 0},
		      [SEVERITY_WARNING] = {"WARNING", 1},
		      [SEVERITY_CRITICAL] = {"CRITICAL", 2},
		      [SEVERITY_UNKNOWN] = {"UNKNOWN", REPORT_PLUGIN_UNKNOWN}};
	const struct usage empty = empty_pool(report);
	struct subject subject = {.name = "no outgoing connections"};
	char why[ADVICE_MAX];
	find_subject(report, &subject);
	const struct usage *u = subject.usage != NULL ? subject.usage : &empty;
	const struct levels *levels = subject.target != NULL ? &subject.target->target->levels.raise
							     : &report->config->levels.raise;
	enum severity severity = judge(report, &subject, u, why);
	fprintf(out, "SRCPORT %s - %s: %s |", plugin[severity].word, plain(subject.name),
		plain(why));
	report_perfdata(report, u, levels, out);
	fputc('\n', out);
	return plugin[severity].code;
}

/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_host.h"
#include "advice/advice_udp.h"
#include "base/clean.h"
#include "verdict/cause.h"

#include <string.h>

/* What the line is about: the worst target, or the worst pool where no target was named. */
struct topic {
	const struct usage *usage; /* NULL = there is neither */
	const struct finding *finding;
	bool is_target;
	uint32_t position; /* of the target, or of the pool */
	char name[2 * ADDR_PORT_TEXT_MAX + 8];
};

static bool
worse(const struct topic *topic, const struct usage *u, const struct finding *f)
{
	if (topic->usage == NULL)
		return true;
	enum severity a = f->verdict.severity, b = topic->finding->verdict.severity;
	return a != b ? a > b : u->tightest < topic->usage->tightest;
}

static void
find_topic(const struct report *report, struct topic *topic)
{
	const struct findings *f = report->scene->findings;
	const struct tally *tally = f->tally;
	char text[TARGET_SPEC_MAX], local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	for (uint32_t i = 0; i < tally->target_count; i++) {
		const struct target_tally *t = &findings_targets(f)[i];
		if (!worse(topic, &t->usage, &f->targets[i]))
			continue;
		*topic = (struct topic){&t->usage, &f->targets[i], true, i, ""};
		const char *name = t->target->name;
		snprintf(topic->name, sizeof(topic->name), "%s (TCP)",
			 *name != '\0' ? name : target_text(t->target, text));
	}
	if (tally->target_count > 0 && !report->everything)
		return;
	for (uint32_t at = 0; at < tally->pool_count; at++) {
		uint32_t i = report->order->pools[at];
		const struct pool_tally *p = &tally->pools[i];
		if (p->target != 0 || !worse(topic, &p->usage, &f->pools[i]))
			continue;
		*topic = (struct topic){&p->usage, &f->pools[i], false, i, ""};
		snprintf(topic->name, sizeof(topic->name), "%s -> %s", addr_text(&p->local, local),
			 addr_port_text(&p->peer, p->port, peer));
	}
}

/* The worst alarm that is more severe than that: one of what has no row, or none with a severity.
 */
static const struct alarm *
worse_alarm(const struct alarm_list *list, enum severity severity)
{
	const struct alarm *worst = NULL;
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->alarms[i].severity <= severity)
			continue;
		worst = &list->alarms[i];
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
static void
take_empty_pool(const struct report *report, struct usage *u, struct finding *f)
{
	const struct range_tally *range = &report_tally(report)->range;
	const struct levels *levels = &report->config->levels.raise;
	enum severity severity = severity_of(levels, range->capacity, range->capacity, 0);
	*u = (struct usage){.remaining = range->capacity,
			    .uncertain = range->uncertain,
			    .capacity = range->capacity,
			    .tightest = range->capacity,
			    .percent = severity_percent(range->capacity, range->capacity)};
	*f = (struct finding){.verdict = {severity, cause_of(u, severity, levels, range)},
			      .outlook.time_left_s = TIME_LEFT_NONE};
}

/* The severity of the host, and why: the topic's, or that of what is worse. That then names it. */
static enum severity
conclude_here(const struct report *report, struct topic *topic, const struct usage *u,
	      const struct finding *finding, char why[static ADVICE_MAX])
{
	const struct findings *f = report->scene->findings;
	enum severity severity = finding->verdict.severity;
	const struct alarm *other =
	    report->everything ? worse_alarm(report->alarms, severity) : NULL;
	char key[ALARM_KEY_MAX];
	if (other != NULL) {
		snprintf(topic->name, sizeof(topic->name), "%s", alarm_key(&other->subject, key));
		snprintf(why, ADVICE_MAX, "%s", other->message);
		return other->severity;
	}
	if (f->limits.severity > severity) {
		snprintf(topic->name, sizeof(topic->name), "host");
		advice_limit(&f->host.limits, f->limits.worst, why);
		return f->limits.severity;
	}
	if (f->inbound > severity) {
		snprintf(topic->name, sizeof(topic->name), "inbound");
		advice_inbound(report->scene, why);
		return f->inbound;
	}
	uint32_t udp = findings_worst_udp(f);
	if (udp != LOOKUP_NONE && f->udp[udp].severity > severity) {
		snprintf(topic->name, sizeof(topic->name), "udp %s",
			 addr_text(&f->tally->udp.rows[udp].address, key));
		advice_udp(report->scene, udp, why);
		return f->udp[udp].severity;
	}
	if (topic->usage == NULL) {
		const struct matter matter = {
		    .usage = u, .finding = finding, .range = &f->tally->range, .host = &f->host};
		advice_text(&matter, why);
	} else if (topic->is_target) {
		advice_target(report->scene, topic->position, why);
	} else {
		advice_pool(report->scene, topic->position, why);
	}
	return severity;
}

/* The same with other network namespaces, if one that was counted is worse than all that is here.
 */
static enum severity
conclude(const struct report *report, struct topic *topic, const struct usage *u,
	 const struct finding *finding, char why[static ADVICE_MAX])
{
	enum severity severity = conclude_here(report, topic, u, finding, why);
	const struct namespace_report *others = report->namespaces;
	/* The most severe is the first, but for what is not known. */
	const struct namespace_view *worst =
	    report->everything && others != NULL && others->count > 0 ? &others->views[0] : NULL;
	if (worst == NULL || worst->severity == SEVERITY_UNKNOWN || worst->severity <= severity)
		return severity;
	snprintf(topic->name, sizeof(topic->name), "namespace %s", worst->row->name);
	snprintf(why, ADVICE_MAX, "%s", worst->message);
	return worst->severity;
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
	struct usage empty;
	struct finding nothing;
	struct topic topic = {.name = "no outgoing connections"};
	char why[ADVICE_MAX], failures[ADVICE_MAX];
	take_empty_pool(report, &empty, &nothing);
	find_topic(report, &topic);
	const struct usage *u = topic.usage != NULL ? topic.usage : &empty;
	const struct finding *f = topic.usage != NULL ? topic.finding : &nothing;
	const struct levels *levels =
	    topic.is_target ? &report_tally(report)->targets[topic.position].target->levels.raise
			    : &report->config->levels.raise;
	enum severity severity = conclude(report, &topic, u, f, why);
	fprintf(out, "SRCPORT %s - %s: %s", plugin[severity].word, plain(topic.name), plain(why));
	if (*advice_failures(report->scene->findings, failures) != '\0')
		fprintf(out, "; %s", plain(failures));
	fputs(" |", out);
	report_perfdata(report, u, levels, out);
	fputc('\n', out);
	return plugin[severity].code;
}

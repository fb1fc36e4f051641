/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_watch.h"

#include "advice/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ALARM_MESSAGE_MAX == ADVICE_MAX, "a message is an advice");

/* A poll under examination. */
struct watch {
	struct alarms *alarms;
	const struct config *config;
	struct tally *tally;
	bool *leaking; /* per peer: its CLOSE_WAIT is in alarm; NULL if none is */
};

/* What describe functions work from. */
struct scene {
	const struct tally *tally;
	const struct target_tally *target; /* of what has a usage: one of these three */
	const struct peer_tally *peer;
	const struct pool_tally *pool;
	enum limit_rule rule;
};

struct alarm_rules
alarm_watch_rules(const struct config *config)
{
	return (struct alarm_rules){.raise_polls = config->raise_polls,
				    .clear_polls = config->clear_polls,
				    .max = config->max_alarms,
				    .notify = config->notify,
				    .per_minute = config->notifications_per_minute,
				    .room = UINT32_MAX};
}

static void
describe_usage(const struct alarm_reading *reading, char buf[static ALARM_MESSAGE_MAX])
{
	const struct scene *scene = reading->context;
	if (scene->target != NULL)
		advice_target(scene->tally, scene->target, buf);
	else if (scene->peer != NULL)
		advice_peer_alarm(scene->tally, scene->peer, buf);
	else
		advice_pool_alarm(scene->tally, scene->pool, buf);
}

/* Between the levels an alarm may go on: then too it is said what to do. */
static enum severity
at_the_least(const struct alarm_reading *reading)
{
	return reading->raise > reading->hold ? reading->raise : reading->hold;
}

static void
describe_local(const struct alarm_reading *reading, char buf[static ALARM_MESSAGE_MAX])
{
	const struct scene *scene = reading->context;
	advice_local(&scene->tally->range, reading->remaining, at_the_least(reading), buf);
}

static void
describe_host(const struct alarm_reading *reading, char buf[static ALARM_MESSAGE_MAX])
{
	const struct range_tally *range = &((const struct scene *)reading->context)->tally->range;
	if (range->capacity == 0)
		advice_nothing_offered(range, buf);
	else
		advice_free(range, reading->remaining, at_the_least(reading), buf);
}

static void
describe_limit(const struct alarm_reading *reading, char buf[static ALARM_MESSAGE_MAX])
{
	const struct scene *scene = reading->context;
	advice_limit(&scene->tally->host.limits, scene->rule, buf);
}

/* What of a usage is compared. */
enum measure { PORTS = 1, LEAK = 2 };

/* By the raise or by the clear levels of a band. A connect() that just failed outweighs them. What
 * explains a want of ports is in `tightest`. */
static struct alarm_verdict
judge(const struct watch *w, const struct level_band *band, bool clear, unsigned measures,
      const struct usage *u, const struct usage *tightest)
{
	const struct levels *levels = clear ? &band->clear : &band->raise;
	struct alarm_verdict v = {SEVERITY_NORMAL, CAUSE_NONE};
	if ((measures & PORTS) != 0)
		v.severity = severity_of(levels, u->tightest, u->capacity, 0);
	if ((measures & PORTS) != 0 && u->failing)
		return (struct alarm_verdict){SEVERITY_CRITICAL, CAUSE_FAILURES};
	/* A clear level of 0 is one: none may be left. */
	bool leaks =
	    band->raise.close_wait != 0 && u->states.of[STATE_CLOSE_WAIT] > levels->close_wait;
	if (v.severity == SEVERITY_NORMAL && (measures & LEAK) != 0 && leaks)
		return (struct alarm_verdict){SEVERITY_WARNING, CAUSE_CLOSE_WAIT};
	v.cause = usage_cause(tightest, v.severity, levels, &w->tally->range);
	return v;
}

/* Fills in everything that follows from a usage, of which the tightest pool's explains the ports.
 */
static void
read_usage(const struct watch *w, struct alarm_reading *r, const struct level_band *band,
	   unsigned measures, const struct usage *u, const struct usage *tightest)
{
	struct alarm_verdict raise = judge(w, band, false, measures, u, tightest);
	struct alarm_verdict hold = judge(w, band, true, measures, u, tightest);
	r->raise = raise.severity;
	r->at_once = raise.cause == CAUSE_FAILURES;
	r->cause = raise.cause;
	r->hold = hold.severity;
	r->hold_cause = hold.cause;
	r->used = u->capacity - u->tightest;
	r->capacity = u->capacity;
	r->remaining = u->tightest;
	r->percent = u->percent;
	r->close_wait = u->states.of[STATE_CLOSE_WAIT];
	r->describe = describe_usage;
}

static void
set_row(struct usage *u, struct alarm_verdict verdict)
{
	u->severity = verdict.severity;
	u->cause = verdict.cause;
}

/* Takes a reading and gives the row the engine's verdict. The message is made from the row; it is
 * about what is measured, also when the engine still waits. */
static struct alarm_verdict
take_usage(const struct watch *w, const struct alarm_reading *r, struct usage *u)
{
	bool raised = r->raise != SEVERITY_NORMAL;
	set_row(u, (struct alarm_verdict){raised ? r->raise : r->hold,
					  raised ? r->cause : r->hold_cause});
	struct alarm_verdict verdict = alarms_take(w->alarms, r);
	set_row(u, verdict);
	return verdict;
}

static bool
worth_taking(const struct watch *w, const struct alarm_reading *r)
{
	return r->raise != SEVERITY_NORMAL || alarms_follow(w->alarms, r->subject.kind);
}

static const struct alarm_verdict normal = {SEVERITY_NORMAL, CAUSE_NONE};

static void
watch_target(struct watch *w, struct target_tally *t)
{
	struct usage *u = &t->usage;
	struct scene scene = {.tally = w->tally, .target = t};
	struct alarm_reading r = {.subject = {.kind = ALARM_TARGET}, .context = &scene};
	read_usage(w, &r, &t->target->levels, PORTS | LEAK, u, tally_tightest(w->tally, t));
	set_row(u, normal);
	if (!worth_taking(w, &r))
		return;
	snprintf(r.subject.name, sizeof(r.subject.name), "%s", t->target->name);
	r.local = t->tightest_local;
	r.peer = t->tightest_peer;
	r.port = t->tightest_port;
	take_usage(w, &r, u);
}

static void
watch_peer(struct watch *w, uint32_t p)
{
	struct peer_tally *peer = &w->tally->peers[p];
	struct usage *u = &peer->usage;
	struct scene scene = {.tally = w->tally, .peer = peer};
	struct alarm_reading r = {.subject = {.kind = ALARM_PEER}, .context = &scene};
	read_usage(w, &r, &w->config->levels, LEAK, u, u);
	peer->decider = LOOKUP_NONE;
	set_row(u, normal);
	if (peer->targeted == peer->pools || !worth_taking(w, &r))
		return;
	r.subject.peer = r.peer = peer->peer;
	if (take_usage(w, &r, u).severity == SEVERITY_NORMAL)
		return;
	if (w->leaking == NULL)
		w->leaking = calloc(w->tally->peer_count, sizeof(*w->leaking));
	if (w->leaking != NULL)
		w->leaking[p] = true;
}

/* A pool of a target takes part in the target's alarm as far as its own numbers go. */
static void
judge_targeted(struct watch *w, struct pool_tally *pool)
{
	const struct target_tally *t = &w->tally->targets[pool->target - 1];
	struct usage *u = &pool->usage;
	struct alarm_verdict own = judge(w, &t->target->levels, true, PORTS | LEAK, u, u);
	if (t->usage.severity < own.severity)
		own.severity = t->usage.severity;
	set_row(u, own.severity == SEVERITY_NORMAL ? normal : own);
}

static void
watch_pool(struct watch *w, struct pool_tally *pool)
{
	struct usage *u = &pool->usage;
	struct scene scene = {.tally = w->tally, .pool = pool};
	struct alarm_reading r = {.subject = {.kind = ALARM_POOL}, .context = &scene};
	read_usage(w, &r, &w->config->levels, PORTS, u, u);
	set_row(u, normal);
	if (worth_taking(w, &r)) {
		r.subject.local = r.local = pool->local;
		r.subject.peer = r.peer = pool->peer;
		r.subject.port = r.port = pool->port;
		take_usage(w, &r, u);
	}
	/* Of a leak that the peer tells of, the row tells too. */
	if (u->severity == SEVERITY_NORMAL && w->leaking != NULL && w->leaking[pool->peer_position])
		set_row(u, judge(w, &w->config->levels, true, LEAK, u, u));
}

/* What remains of a capacity, by the levels of a kind that has only those. */
static void
read_remaining(struct alarm_reading *r, const struct level_band *band)
{
	r->raise = severity_of(&band->raise, r->remaining, r->capacity, 0);
	r->hold = severity_of(&band->clear, r->remaining, r->capacity, 0);
	r->used = r->capacity - r->remaining;
	r->percent = severity_percent(r->remaining, r->capacity);
	r->cause = r->raise == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_SMALL_RANGE;
	r->hold_cause = r->hold == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_SMALL_RANGE;
}

static void
watch_locals(struct watch *w)
{
	struct tally *tally = w->tally;
	const struct scene scene = {.tally = tally};
	for (uint32_t l = 0; l < tally->local_count; l++) {
		struct local_tally *local = &tally->locals[l];
		struct alarm_reading r = {
		    .subject = {.kind = ALARM_LOCAL, .local = local->address},
		    .local = local->address,
		    .capacity = local->used + local->remaining,
		    .remaining = local->remaining,
		    .describe = describe_local,
		    .context = &scene,
		};
		read_remaining(&r, &w->config->local);
		local->severity =
		    worth_taking(w, &r) ? alarms_take(w->alarms, &r).severity : SEVERITY_NORMAL;
	}
}

/* Where the range offers nothing, no connection may be left to have a row that tells of it: the
 * host stands for each pool that there could be. */
static void
watch_host(struct watch *w)
{
	const struct range_tally *range = &w->tally->range;
	const struct scene scene = {.tally = w->tally};
	struct alarm_reading r = {.subject = {.kind = ALARM_HOST},
				  .capacity = range->in_use + range->free,
				  .remaining = range->free,
				  .describe = describe_host,
				  .context = &scene};
	read_remaining(&r, &w->config->host);
	if (range->capacity == 0) {
		const struct level_band *pool = &w->config->levels;
		r.raise = severity_of(&pool->raise, 0, 0, 0);
		r.hold = severity_of(&pool->clear, 0, 0, 0);
		r.cause = r.hold_cause = CAUSE_BLOCKED;
		r.capacity = r.used = 0;
	}
	if (worth_taking(w, &r))
		alarms_take(w->alarms, &r);
}

/* Limits are counted in 64 bits; the MIB shows what fits in 32. */
static uint32_t
number_of(const struct limits *limits, enum limit limit)
{
	int64_t value = limits->value[limit];
	return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void
watch_limits(struct watch *w)
{
	struct host_state *host = &w->tally->host;
	host->severity = SEVERITY_NORMAL;
	for (unsigned i = 0; i < LIMIT_RULES; i++) {
		enum limit_rule rule = (enum limit_rule)i;
		const struct level_band *band = &w->config->limits[i];
		int percent = hostlimits_percent(&host->limits, rule);
		struct scene scene = {.tally = w->tally, .rule = rule};
		struct alarm_reading r = {
		    .subject = {.kind = ALARM_LIMIT},
		    .raise = hostlimits_severity(&host->limits, rule, &band->raise),
		    .hold = hostlimits_severity(&host->limits, rule, &band->clear),
		    .used = number_of(&host->limits, hostlimits_rule_used(rule)),
		    .capacity = number_of(&host->limits, hostlimits_rule_max(rule)),
		    .percent = percent < 0 ? 0 : (uint32_t)percent,
		    .cause = CAUSE_LIMIT,
		    .hold_cause = CAUSE_LIMIT,
		    .describe = describe_limit,
		    .context = &scene};
		r.remaining = r.capacity > r.used ? r.capacity - r.used : 0;
		snprintf(r.subject.name, sizeof(r.subject.name), "%s", hostlimits_rule_name(rule));
		host->of_rule[rule] = SEVERITY_NORMAL;
		if (!worth_taking(w, &r))
			continue;
		struct alarm_verdict verdict = alarms_take(w->alarms, &r);
		host->of_rule[rule] = verdict.severity;
		if (verdict.severity > host->severity) {
			host->severity = verdict.severity;
			host->worst = rule;
		}
	}
}

/* Copies the active alarms; with no memory left, none. */
static void
list_alarms(struct watch *w)
{
	struct tally *tally = w->tally;
	const struct alarm *alarm;
	tally->alarm_summary = *alarms_summary(w->alarms);
	tally->alarms = calloc(tally->alarm_summary.active + 1, sizeof(*tally->alarms));
	for (uint32_t i = 0; tally->alarms != NULL && (alarm = alarms_at(w->alarms, i)) != NULL;
	     i++)
		if (alarm->severity != SEVERITY_NORMAL)
			tally->alarms[tally->alarm_count++] = *alarm;
}

void
alarm_watch(struct alarms *alarms, const struct alarm_rules *rules, const struct config *config,
	    const struct alarm_clock *now, struct tally *tally)
{
	struct watch w = {.alarms = alarms, .config = config, .tally = tally};
	alarms_begin(alarms, rules, now);
	/* What an operator named comes first, should memory run out. */
	for (uint32_t t = 0; t < tally->target_count; t++)
		watch_target(&w, &tally->targets[t]);
	watch_limits(&w);
	watch_locals(&w);
	watch_host(&w);
	for (uint32_t p = 0; p < tally->peer_count; p++)
		watch_peer(&w, p);
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		if (tally->pools[i].target != 0)
			judge_targeted(&w, &tally->pools[i]);
		else
			watch_pool(&w, &tally->pools[i]);
		tally_pass_on(tally, i);
	}
	alarms_end(alarms);
	list_alarms(&w);
	free(w.leaking);
}

void
alarm_watch_once(const struct config *config, struct tally *tally)
{
	const struct alarm_rules rules = {
	    .raise_polls = 1, .clear_polls = 1, .max = config->max_alarms};
	const struct alarm_clock now = {.ms = 0};
	struct alarms *alarms = alarms_new();
	if (alarms != NULL)
		alarm_watch(alarms, &rules, config, &now, tally);
	alarms_free(alarms);
}

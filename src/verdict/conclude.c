/* SPDX-License-Identifier: ISC */
#include "verdict/conclude.h"

#include "base/array.h"
#include "verdict/cause.h"
#include "verdict/doubt.h"
#include "verdict/nat_verdict.h"
#include "verdict/reading.h"
#include "verdict/udp_verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct verdict normal = {SEVERITY_NORMAL, CAUSE_NONE};

/* Findings that are being made. */
struct making {
	struct findings *f;
	const struct tally *tally;
	const struct config *config;
	struct hysteresis *hysteresis;
	bool *leaking;     /* per peer: its CLOSE_WAIT is in alarm */
	uint32_t *decider; /* per peer: the pool whose verdict it has, or LOOKUP_NONE */
	uint32_t told;     /* recent failures that make a pool or a target critical */
};

/* A verdict on a subject whose key has yet to be filled in costs nothing while it is normal and
 * none of its kind is followed. */
static bool
worth_taking(const struct making *m, const struct hysteresis_reading *r)
{
	return r->raise.severity != SEVERITY_NORMAL ||
	       hysteresis_follows(m->hysteresis, r->subject.kind);
}

static struct verdict
take(struct making *m, const struct hysteresis_reading *r)
{
	return hysteresis_take(m->hysteresis, r, &m->f->omitted);
}

static void
note_nearness(struct making *m, unsigned nearness)
{
	if (nearness > m->f->nearness)
		m->f->nearness = nearness;
}

static unsigned
nearness_of(const struct levels *levels, const struct usage *u)
{
	return severity_nearness(levels, u->tightest, u->capacity, u->states.of[STATE_CLOSE_WAIT]);
}

/* Where another namespace is worse off, what is said of the target is said of it. */
static void
look_elsewhere(struct making *m, uint32_t i, struct hysteresis_reading *r)
{
	const struct target_tally *own = &m->tally->targets[i];
	const struct space_target *other = findings_decider(m->f, i);
	if (other == NULL)
		return;
	if (!target_spaces_decides(other, own, r)) {
		m->f->deciders[i] = NULL;
		return;
	}
	target_spaces_turn(&m->f->target_sums[i], other);
	note_nearness(m, nearness_of(&own->target->levels.raise, &other->tally->usage));
	r->raise = other->raise;
	r->hold = other->hold;
	r->at_once = other->raise.cause == CAUSE_FAILURES;
}

static void
find_target(struct making *m, uint32_t i)
{
	const struct target_tally *t = &m->tally->targets[i];
	struct finding *f = &m->f->targets[i];
	struct hysteresis_reading r = {.subject = {.kind = ALARM_TARGET}, .row = i};
	const struct subject s = {.range = &m->tally->range,
				  .band = &t->target->levels,
				  .measures = MEASURE_PORTS | MEASURE_LEAK,
				  .usage = &t->usage,
				  .tightest = tally_tightest(m->tally, t),
				  .failed = f->failed.recent,
				  .binders = t->binders};
	note_nearness(m, nearness_of(&t->target->levels.raise, &t->usage));
	reading_of_usage(&r, &s);
	look_elsewhere(m, i, &r);
	f->raise = r.raise;
	f->hold = r.hold;
	if (!worth_taking(m, &r))
		return;
	/* One of the command line has no name. */
	if (t->target->name[0] != '\0')
		snprintf(r.subject.name, sizeof(r.subject.name), "%s", t->target->name);
	else
		snprintf(r.subject.name, sizeof(r.subject.name), "#%" PRIu32, i);
	f->verdict = take(m, &r);
}

static void
find_peer(struct making *m, uint32_t p)
{
	const struct peer_tally *peer = &m->tally->peers[p];
	const struct levels close_wait = {.critical_percent = LEVEL_PERCENT_OFF,
					  .warning_percent = LEVEL_PERCENT_OFF,
					  .close_wait = m->config->levels.raise.close_wait};
	struct hysteresis_reading r = {.subject = {.kind = ALARM_PEER}, .row = p};
	m->decider[p] = LOOKUP_NONE;
	note_nearness(m, nearness_of(&close_wait, &peer->usage));
	const struct subject s = {.range = &m->tally->range,
				  .band = &m->config->levels,
				  .measures = MEASURE_LEAK,
				  .usage = &peer->usage,
				  .tightest = &peer->usage};
	reading_of_usage(&r, &s);
	if (peer->targeted == peer->pools || !worth_taking(m, &r))
		return;
	r.subject.peer = peer->peer;
	m->f->peers[p].verdict = take(m, &r);
	m->leaking[p] = m->f->peers[p].verdict.severity != SEVERITY_NORMAL;
}

static struct subject
subject_of(const struct making *m, uint32_t pool, const struct level_band *band, unsigned measures)
{
	const struct pool_tally *p = &m->tally->pools[pool];
	return (struct subject){.range = &m->tally->range,
				.band = band,
				.measures = measures,
				.usage = &p->usage,
				.tightest = &p->usage,
				.failed = m->f->pools[pool].failed.recent,
				.binders = p->binders};
}

/* Failed calls that make a pool critical are not among those that are told of the host alone. */
static void
note_failures(struct making *m, const struct finding *f, const struct verdict *raise)
{
	if (raise->cause == CAUSE_FAILURES)
		m->told += f->failed.recent;
}

/* A pool of a target takes part in the target's alarm as far as its own numbers go. */
static struct verdict
within_target(const struct making *m, uint32_t target, const struct verdict *own)
{
	enum severity most = m->f->targets[target].verdict.severity;
	if (most == SEVERITY_NORMAL || own->severity == SEVERITY_NORMAL)
		return normal;
	return (struct verdict){most < own->severity ? most : own->severity, own->cause};
}

static void
find_targeted(struct making *m, uint32_t i)
{
	const struct pool_tally *pool = &m->tally->pools[i];
	const struct target *target = m->tally->targets[pool->target - 1].target;
	struct finding *f = &m->f->pools[i];
	note_nearness(m, nearness_of(&target->levels.raise, &pool->usage));
	const struct subject s = subject_of(m, i, &target->levels, MEASURE_PORTS | MEASURE_LEAK);
	f->raise = reading_verdict(&s, false);
	note_failures(m, f, &f->raise);
	f->hold = reading_verdict(&s, true);
	f->verdict = within_target(m, pool->target - 1, &f->hold);
}

static void
find_pool(struct making *m, uint32_t i)
{
	const struct pool_tally *pool = &m->tally->pools[i];
	struct finding *f = &m->f->pools[i];
	const struct level_band *levels = &m->config->levels;
	struct hysteresis_reading r = {.subject = {.kind = ALARM_POOL}, .row = i};
	note_nearness(m, nearness_of(&levels->raise, &pool->usage));
	const struct subject s = subject_of(m, i, levels, MEASURE_PORTS),
			     leak = subject_of(m, i, levels, MEASURE_LEAK);
	reading_of_usage(&r, &s);
	note_failures(m, f, &r.raise);
	f->raise = r.raise;
	f->hold = r.hold;
	if (worth_taking(m, &r)) {
		r.subject.local = pool->local;
		r.subject.peer = pool->peer;
		r.subject.port = pool->port;
		f->verdict = take(m, &r);
	}
	/* Of a leak that the peer tells of, the row tells too. */
	if (f->verdict.severity == SEVERITY_NORMAL && m->leaking[pool->peer_position])
		f->verdict = f->raise = f->hold = reading_verdict(&leak, true);
}

/* Gives a peer the verdict of one of its pools, if the pool is more severe; of pools that are
 * equally severe the tightest decides. */
static void
pass_on(struct making *m, uint32_t i)
{
	const struct pool_tally *pools = m->tally->pools;
	const struct verdict *pool = &m->f->pools[i].verdict;
	struct verdict *peer = &m->f->peers[pools[i].peer_position].verdict;
	uint32_t *decider = &m->decider[pools[i].peer_position];
	bool tighter =
	    *decider != LOOKUP_NONE && pools[i].usage.tightest < pools[*decider].usage.tightest;
	if (pool->severity < peer->severity || (pool->severity == peer->severity && !tighter))
		return;
	*peer = *pool;
	*decider = i;
}

static void
find_local(struct making *m, uint32_t l)
{
	const struct local_tally *local = &m->tally->locals[l];
	struct hysteresis_reading r = {.subject = {.kind = ALARM_LOCAL, .local = local->address},
				       .row = l};
	reading_of_remaining(&r, &m->config->local, local->remaining,
			     local->used + local->remaining);
	/* A proxy may hold every port there and miss nothing. */
	if (r.raise.severity == SEVERITY_WARNING && !local->binders &&
	    m->config->local.raise.warning_remaining <= LOCAL_WARNING_BINDERS)
		r.raise = normal;
	m->f->local_read[l] = (struct readings){r.raise, r.hold};
	if (worth_taking(m, &r))
		m->f->locals[l] = take(m, &r).severity;
}

/* Where the range offers nothing, no connection may be left to have a row that tells of it: the
 * host stands for each pool that there could be. */
static void
find_host(struct making *m)
{
	const struct range_tally *range = &m->tally->range;
	struct hysteresis_reading r = {.subject = {.kind = ALARM_HOST}};
	reading_of_remaining(&r, &m->config->host, range->free, range->in_use + range->free);
	if (range->capacity == 0) {
		const struct level_band *pool = &m->config->levels;
		const struct usage nothing = {.capacity = 0};
		r.raise.severity = severity_of(&pool->raise, 0, 0, 0);
		r.raise.cause = cause_of(&nothing, r.raise.severity, &pool->raise, range);
		r.hold.severity = severity_of(&pool->clear, 0, 0, 0);
		r.hold.cause = cause_of(&nothing, r.hold.severity, &pool->clear, range);
	}
	if (worth_taking(m, &r))
		take(m, &r);
}

/* Accepted connections take nothing from a pool; the program that keeps them runs out of files. */
static void
find_inbound(struct making *m)
{
	const struct leaked *leaked = &m->tally->totals.leaked;
	const struct level_band *band = &m->config->inbound;
	uint32_t count = leaked->close_wait + leaked->fin_wait2;
	struct hysteresis_reading r = {
	    .subject = {.kind = ALARM_INBOUND}, .raise = normal, .hold = normal};
	const struct verdict leak = {SEVERITY_WARNING, CAUSE_INBOUND_LEAK};
	if (band->raise.close_wait != 0 && count > band->raise.close_wait)
		r.raise = leak;
	if (band->raise.close_wait != 0 && count > band->clear.close_wait)
		r.hold = leak;
	m->f->inbound = worth_taking(m, &r) ? take(m, &r).severity : SEVERITY_NORMAL;
}

/* Local addresses are for information. Where nothing is offered at all, the host's alarm says so.
 */
static void
find_udp(struct making *m, uint32_t i)
{
	const struct udp_tally *udp = &m->tally->udp;
	const struct udp_row *row = &udp->rows[i];
	const struct level_band *band = &m->config->udp;
	struct hysteresis_reading r = {.subject = {.kind = ALARM_UDP, .local = row->address},
				       .raise = udp_verdict(udp, i, &band->raise),
				       .hold = udp_verdict(udp, i, &band->clear),
				       .row = i};
	m->f->udp[i] = r.raise;
	m->f->udp_read[i] = (struct readings){r.raise, r.hold};
	if (i >= UDP_WILDCARDS || row->capacity == 0)
		return;
	if (row->used > 0)
		note_nearness(m, severity_nearness(&band->raise, row->remaining, row->capacity, 0));
	if (worth_taking(m, &r))
		m->f->udp[i] = take(m, &r);
}

enum severity
conclude_limit(const struct limits *limits, enum limit_rule rule, const struct levels *levels)
{
	int percent = hostlimits_percent(limits, rule);
	if (percent < 0 || (uint32_t)percent < levels->warning_percent)
		return SEVERITY_NORMAL;
	return (uint32_t)percent >= levels->critical_percent ? SEVERITY_CRITICAL : SEVERITY_WARNING;
}

static void
find_limit(struct making *m, enum limit_rule rule)
{
	const struct limits *limits = &m->f->host.limits;
	const struct level_band *band = &m->config->limits[rule];
	struct limit_findings *f = &m->f->limits;
	struct hysteresis_reading r = {
	    .subject = {.kind = ALARM_LIMIT},
	    .raise = {conclude_limit(limits, rule, &band->raise), CAUSE_LIMIT},
	    .hold = {conclude_limit(limits, rule, &band->clear), CAUSE_LIMIT},
	    .row = (uint32_t)rule};
	snprintf(r.subject.name, sizeof(r.subject.name), "%s", hostlimits_rule_name(rule));
	enum severity s = worth_taking(m, &r) ? take(m, &r).severity : SEVERITY_NORMAL;
	f->of_rule[rule] = s;
	if (rule > 0 &&
	    (s < f->severity || (s == f->severity && hostlimits_percent(limits, rule) <=
							 hostlimits_percent(limits, f->worst))))
		return;
	f->worst = rule;
	f->severity = s;
}

static void
find_nat(struct making *m)
{
	const struct nat_state *nat = &m->f->nat;
	uint32_t culprit = nat_verdict_culprit(nat);
	if (nat->lost)
		hysteresis_hold(m->hysteresis, ALARM_NAT);
	for (uint32_t i = 0; nat->census != NULL && i < nat->census->count; i++) {
		struct hysteresis_reading r = {.row = i};
		nat_verdict_read(&nat->census->pools[i], &m->config->nat, i == culprit, &r);
		m->f->nat_pools[i] = worth_taking(m, &r) ? take(m, &r) : normal;
	}
}

static void
find_space(struct making *m, uint32_t i)
{
	const struct space_pool *pool = &m->f->spaces.of[i];
	struct hysteresis_reading r = {.subject = {.kind = ALARM_NAMESPACE_POOL,
						   .local = pool->tally->local,
						   .peer = pool->tally->peer,
						   .port = pool->tally->port},
				       .raise = pool->finding->raise,
				       .hold = pool->finding->hold,
				       .at_once = pool->finding->raise.cause == CAUSE_FAILURES,
				       .row = i};
	if (pool->target != 0) {
		m->f->space_found[i] = within_target(m, pool->target - 1, &r.hold);
		return;
	}
	snprintf(r.subject.space, sizeof(r.subject.space), "%s", pool->space);
	m->f->space_found[i] = worth_taking(m, &r) ? take(m, &r) : normal;
}

static void
find_space_ports(struct making *m, uint32_t i)
{
	const struct space_ports *ports = &m->f->spaces.ports[i];
	struct hysteresis_reading r = {
	    .subject = {.kind = ALARM_NAMESPACE_POOL, .local = ports->address},
	    .raise = ports->raise,
	    .hold = ports->hold,
	    .row = i};
	snprintf(r.subject.name, sizeof(r.subject.name), "%s",
		 ports->udp ? ALARM_SPACE_UDP : ALARM_SPACE_LOCAL);
	snprintf(r.subject.space, sizeof(r.subject.space), "%s", ports->space);
	m->f->ports_found[i] = worth_taking(m, &r) ? take(m, &r) : normal;
}

/* What failed recently and is told of the host alone. Where any connect() may fail, each is one of
 * a pool, of which there may be no socket. */
static void
find_stray(struct making *m, const struct failure_marks *marks)
{
	const struct range_tally *range = &m->tally->range;
	const struct usage empty = {.capacity = range->capacity, .tightest = range->capacity};
	const struct doubt all = {&empty, range, 1, false};
	if (marks == NULL)
		return;
	uint32_t here = marks->recent[FAILED_HERE] + marks->recent[FAILED_UNKNOWN];
	m->f->elsewhere = marks->recent[FAILED_ELSEWHERE];
	if (here > m->told && !doubt_failed(&all, &m->config->levels.raise)) {
		m->f->stray = here - m->told;
		m->f->may_be_elsewhere = marks->recent[FAILED_UNKNOWN] > 0;
	}
}

/* What an operator named comes first, should memory run out. */
static void
find_all(struct making *m)
{
	const struct tally *tally = m->tally;
	for (uint32_t i = 0; i < tally->target_count; i++)
		find_target(m, i);
	for (unsigned rule = 0; rule < LIMIT_RULES; rule++)
		find_limit(m, (enum limit_rule)rule);
	for (uint32_t i = 0; i < tally->local_count; i++)
		find_local(m, i);
	for (uint32_t i = 0; i < tally->udp.count; i++)
		find_udp(m, i);
	if (!tally->udp.available)
		hysteresis_hold(m->hysteresis, ALARM_UDP);
	find_host(m);
	find_inbound(m);
	find_nat(m);
	for (uint32_t i = 0; i < tally->peer_count; i++)
		find_peer(m, i);
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		if (tally->pools[i].target != 0)
			find_targeted(m, i);
		else
			find_pool(m, i);
		pass_on(m, i);
	}
	for (uint32_t i = 0; i < m->f->spaces.count; i++)
		find_space(m, i);
	for (uint32_t i = 0; i < m->f->spaces.port_count; i++)
		find_space_ports(m, i);
}

struct findings *
conclude_poll(const struct evidence *evidence, const struct config *config,
	      struct hysteresis *hysteresis, const struct hysteresis_rules *rules)
{
	const struct tally *tally = evidence->tally;
	struct making m = {.f = findings_new(evidence),
			   .tally = tally,
			   .config = config,
			   .hysteresis = hysteresis,
			   .leaking = array_new(tally->peer_count, sizeof(*m.leaking)),
			   .decider = array_new(tally->peer_count, sizeof(*m.decider))};
	bool good = m.f != NULL && m.leaking != NULL && m.decider != NULL;
	if (good) {
		m.f->low_warning = config->low_warning;
		hysteresis_begin(hysteresis, rules);
		find_all(&m);
		find_stray(&m, evidence->marks);
		m.f->standings = hysteresis_end(hysteresis, &m.f->standing_count);
		good = m.f->standings != NULL;
	}
	free(m.leaking);
	free(m.decider);
	if (good)
		return m.f;
	findings_free(m.f);
	errno = ENOMEM;
	return NULL;
}

struct findings *
conclude_once(const struct evidence *evidence, const struct config *config)
{
	const struct hysteresis_rules rules = {
	    .raise_polls = 1, .clear_polls = 1, .room = config->max_alarms};
	struct hysteresis *nothing = hysteresis_new();
	struct findings *f =
	    nothing != NULL ? conclude_poll(evidence, config, nothing, &rules) : NULL;
	hysteresis_free(nothing);
	return f;
}

/* SPDX-License-Identifier: ISC */
#include "advice/advice.h"

#include "advice/advice_host.h"
#include "advice/advice_nat.h"
#include "advice/advice_udp.h"

#include "base/pool_key.h"
#include "kernel/natenv.h"

#include <string.h>

static bool
given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Octets around the names of a leak, what to do included. */
#define LEAK_WORDS 80

/* Who is to be restarted matters more than toward whom, which an alarm's key says too. */
static bool
toward_fits(const struct sentence *s, const struct matter *a)
{
	size_t names = strlen(a->toward) + (given(a->holder) ? strlen(a->holder) : 0);
	return s->at + names + LEAK_WORDS < s->room;
}

/* "CLOSE_WAIT 1,204 of 1,310 to 10.1.2.3:443, held by payments.service (pid 812 java)"; where it
 * has become a want of ports, "40 of 28,232 ports left, CLOSE_WAIT ..." */
static void
put_leak(struct sentence *s, const struct matter *a)
{
	const struct usage *u = a->usage;
	char leaked[NUMBER_TEXT_MAX], all[NUMBER_TEXT_MAX];
	if (a->finding->verdict.severity == SEVERITY_CRITICAL)
		sentence_put(s, "%s of %s port%s left, ", number_text(u->tightest, leaked),
			     number_text(u->capacity, all), number_s(u->capacity));
	sentence_put(s, "CLOSE_WAIT %s of %s", number_text(u->states.of[STATE_CLOSE_WAIT], leaked),
		     number_text(u->connections, all));
	if (given(a->toward) && toward_fits(s, a))
		sentence_put(s, " to %s", a->toward);
	if (given(a->holder))
		sentence_put(s, ", held by %s", a->holder);
}

static void
put_time_left(struct sentence *s, uint32_t seconds)
{
	static const struct {
		uint32_t from, unit;
		const char *name;
	} words[] = {{2 * 86400, 86400, "days"}, {2 * 3600, 3600, "h"}, {120, 60, "min"}};
	if (seconds == TIME_LEFT_NONE || seconds == 0)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (seconds < words[i].from)
			continue;
		sentence_put(s, ", full in %u %s at the present rate", seconds / words[i].unit,
			     words[i].name);
		return;
	}
	sentence_put(s, ", full in %u s at the present rate", seconds);
}

/* Of what is left. */
static void
put_doubt(struct sentence *s, const struct usage *u)
{
	char unsure[NUMBER_TEXT_MAX];
	uint32_t uncertain = u->uncertain < u->tightest ? u->uncertain : u->tightest;
	if (u->tightest > 0 && uncertain == u->tightest)
		sentence_put(s, ", all of which may be held by bind() before connect()");
	else if (uncertain > 0)
		sentence_put(s, ", of which %s may be held by bind() before connect()",
			     number_text(uncertain, unsure));
}

static void
put_usage(struct sentence *s, const struct matter *a)
{
	const struct usage *u = a->usage;
	char used[NUMBER_TEXT_MAX], capacity[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX],
	    failures[NUMBER_TEXT_MAX];
	sentence_put(s, "%s", cause_words(a->finding->verdict.cause));
	if (a->finding->verdict.cause == CAUSE_FAILURES)
		sentence_put(s, " (%s%s%s)", number_text(a->finding->failed.count, failures),
			     given(a->failed) ? ", the last in " : "",
			     given(a->failed) ? a->failed : "");
	sentence_put(s, ": %s of %s port%s in use, %s left",
		     number_text(u->capacity - u->tightest, used),
		     number_text(u->capacity, capacity), number_s(u->capacity),
		     number_text(u->tightest, left));
	if (a->finding->verdict.cause == CAUSE_IN_DOUBT ||
	    a->finding->verdict.cause == CAUSE_FAILURES)
		put_doubt(s, u);
	put_time_left(s, a->finding->outlook.time_left_s);
	if (given(a->holder) && u->tightest < u->capacity)
		sentence_put(s, ", most held by %s", a->holder);
}

/* All is well here; a NAT further on may have had enough. */
static void
put_normal(struct sentence *s, const struct matter *a)
{
	const struct usage *u = a->usage;
	char used[NUMBER_TEXT_MAX], capacity[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX];
	const struct nat_words *nat = natenv_toward(a->host->nat, a->peer);
	uint32_t in_use = u->capacity - u->tightest;
	uint32_t sure = u->uncertain < u->tightest ? u->tightest - u->uncertain : 0;
	sentence_put(s, "%s of %s port%s in use, at least %s more connection%s will succeed",
		     number_text(in_use, used), number_text(u->capacity, capacity),
		     number_s(u->capacity), number_text(sure, left), number_s(sure));
	put_time_left(s, a->finding->outlook.time_left_s);
	if (nat != NULL && nat->ports != 0 && in_use >= nat->ports)
		sentence_put(s, "; %s: %s", nat->words, nat->meaning);
}

static void
put_nothing_offered(struct sentence *s, const struct matter *a)
{
	const struct range_tally *r = a->range;
	/* Whatever else may be the matter, ports have to be freed first. */
	struct finding blocked = *a->finding;
	struct matter freeing = *a;
	char reserved[NUMBER_TEXT_MAX], listening[NUMBER_TEXT_MAX], bound[NUMBER_TEXT_MAX];
	sentence_put(s,
		     "no port of the range %u-%u can be used: %s reserved, %s listening, %s bound",
		     r->range.low, r->range.high, number_text(r->reserved, reserved),
		     number_text(r->listening, listening), number_text(r->bound, bound));
	blocked.verdict.cause =
	    r->reserved >= r->listening + r->bound ? CAUSE_RESERVED : CAUSE_BLOCKED;
	freeing.finding = &blocked;
	remedy_put(s, &freeing);
}

static void
put_sentence(struct sentence *s, const struct matter *a)
{
	const struct usage *u = a->usage;
	if (u->capacity == 0) {
		put_nothing_offered(s, a);
		return;
	}
	enum cause cause = a->finding->verdict.cause;
	if (cause == CAUSE_NONE) {
		put_normal(s, a);
		return;
	}
	if (cause == CAUSE_CLOSE_WAIT)
		put_leak(s, a);
	else
		put_usage(s, a);
	remedy_put(s, a);
}

const char *
advice_text(const struct matter *matter, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	put_sentence(&s, matter);
	return buf;
}

const char *
advice_nothing_offered(const struct range_tally *range, const char *reserve,
		       char buf[static ADVICE_MAX])
{
	static const struct usage empty = {.used = 0};
	static const struct finding nothing = {.outlook.time_left_s = TIME_LEFT_NONE};
	const struct matter matter = {
	    .usage = &empty, .finding = &nothing, .range = range, .reserve = reserve};
	return advice_text(&matter, buf);
}

/* Each part as a whole, as far as there is room. */
static void
put_failures(struct sentence *s, const struct findings *f)
{
	char count[NUMBER_TEXT_MAX], space[NAMESPACE_NAME_MAX + 2];
	const struct failed_pool *last =
	    f->failure_log != NULL ? failure_log_elsewhere(f->failure_log) : NULL;
	if (f->elsewhere > 0)
		sentence_put(s, "%s%s connect() call%s failed in another network namespace%s%s",
			     s->at > 0 ? "; " : "", number_text(f->elsewhere, count),
			     number_s(f->elsewhere), last != NULL ? ": " : "",
			     last != NULL ? quoted_text(last->space, space, sizeof(space)) : "");
	if (f->stray > 0)
		sentence_put(s,
			     "%s%s connect() call%s failed with ports left: a burst, or a range of "
			     "the program's own (IP_LOCAL_PORT_RANGE)%s",
			     s->at > 0 ? "; " : "", number_text(f->stray, count),
			     number_s(f->stray),
			     f->may_be_elsewhere ? ", or in another network namespace" : "");
}

const char *
advice_failures(const struct findings *f, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	put_failures(&s, f);
	return buf;
}

/* One row of the tally. */
struct row {
	enum alarm_kind kind; /* pool, peer or target */
	uint32_t position;
	const struct usage *usage;
	const struct finding *finding;
	bool nameless; /* nothing before the sentence says what it is about */
};

static struct row
row_of(const struct findings *f, enum alarm_kind kind, uint32_t i)
{
	struct row row = {.kind = kind, .position = i};
	if (kind == ALARM_POOL) {
		row.usage = &f->tally->pools[i].usage;
		row.finding = &f->pools[i];
	} else if (kind == ALARM_PEER) {
		row.usage = &f->tally->peers[i].usage;
		row.finding = &f->peers[i];
	} else {
		row.usage = &findings_targets(f)[i].usage;
		row.finding = &f->targets[i];
	}
	return row;
}

/* The peer that stands for a target: that of its tightest pool, or else where its specification
 * begins. */
static const struct addr *
target_peer(const struct target_tally *target)
{
	return target->pools > 0 ? &target->tightest_peer : &target->target->net;
}

/* Another address of this host that connections could come from. */
static void
offer_source(struct matter *matter, const struct findings *f, const struct addr *local)
{
	int best = source_left_best(&f->host.sources, &f->sources, local, matter->usage->capacity);
	if (best < 0)
		return;
	matter->source = &f->host.sources.of[best].address;
	matter->source_left = f->sources.remaining[best];
}

/* What was said in the namespace that decides, as far as it fits. */
static void
put_elsewhere(struct sentence *s, const struct space_target *other)
{
	char text[ADVICE_MAX], space[TALLY_SPACE_MAX + 2];
	sentence_put(s, "in %s: ", quoted_text(other->space, space, sizeof(space)));
	size_t length =
	    sentence_shorten(other->message, strlen(other->message), text, s->room - 1 - s->at);
	sentence_put(s, "%.*s", (int)length, text);
}

static void
put_row(struct sentence *s, const struct scene *scene, const struct row *row)
{
	const struct findings *f = scene->findings;
	const struct tally *tally = f->tally;
	if (row->kind == ALARM_TARGET && findings_decider(f, row->position) != NULL) {
		put_elsewhere(s, findings_decider(f, row->position));
		return;
	}
	struct matter matter = {
	    .usage = row->kind == ALARM_TARGET ? &tally->targets[row->position].usage : row->usage,
	    .finding = row->finding,
	    .range = &tally->range,
	    .host = &f->host};
	struct naming_subject who = {0};
	struct naming naming;
	char toward[ADDR_PORT_TEXT_MAX];
	if (row->kind == ALARM_POOL) {
		const struct pool_tally *pool = &tally->pools[row->position];
		who.local = &pool->local;
		who.port = pool->port;
		matter.peer = who.peer = &pool->peer;
		offer_source(&matter, f, who.local);
		if (row->nameless)
			matter.toward = addr_port_text(who.peer, who.port, toward);
	} else if (row->kind == ALARM_PEER) {
		matter.peer = who.peer = &tally->peers[row->position].peer;
		if (row->nameless)
			matter.toward = addr_text(who.peer, toward);
	} else {
		who.target = tally->targets[row->position].target;
		matter.peer = target_peer(&tally->targets[row->position]);
		if (tally->targets[row->position].pools > 0)
			offer_source(&matter, f, &tally->targets[row->position].tightest_local);
	}
	remedy_name(scene, &who, &matter, &naming);
	put_sentence(s, &matter);
}

static const char *
row_text(const struct scene *scene, const struct row *row, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	put_row(&s, scene, row);
	return buf;
}

const char *
advice_pool(const struct scene *scene, uint32_t pool, char buf[static ADVICE_MAX])
{
	const struct row row = row_of(scene->findings, ALARM_POOL, pool);
	return row_text(scene, &row, buf);
}

const char *
advice_target(const struct scene *scene, uint32_t target, char buf[static ADVICE_MAX])
{
	const struct row row = row_of(scene->findings, ALARM_TARGET, target);
	return row_text(scene, &row, buf);
}

static const char *
alarm_of_row(const struct scene *scene, const struct standing *standing,
	     char buf[static ADVICE_MAX])
{
	struct row row = row_of(scene->findings, standing->subject.kind, standing->row);
	struct finding measured = *row.finding;
	measured.verdict = standing->measured;
	row.finding = &measured;
	row.nameless = standing->subject.kind != ALARM_TARGET;
	return row_text(scene, &row, buf);
}

const char *
advice_alarm(const struct scene *scene, const struct standing *standing,
	     char buf[static ADVICE_MAX])
{
	const struct findings *f = scene->findings;
	const struct range_tally *range = &f->tally->range;
	enum severity measured = standing->measured.severity;
	switch (standing->subject.kind) {
	case ALARM_POOL:
	case ALARM_PEER:
	case ALARM_TARGET: return alarm_of_row(scene, standing, buf);
	case ALARM_LOCAL:
		return advice_local(range, f->tally->reserve,
				    f->tally->locals[standing->row].remaining, measured, buf);
	case ALARM_HOST:
		if (range->capacity == 0)
			return advice_nothing_offered(range, f->tally->reserve, buf);
		return advice_free(range, f->tally->reserve, range->free, measured, buf);
	case ALARM_LIMIT: return advice_limit(&f->host.limits, (enum limit_rule)standing->row, buf);
	case ALARM_INBOUND: return advice_inbound(scene, buf);
	case ALARM_UDP: return advice_udp(scene, standing->row, buf);
	case ALARM_NAT: return advice_nat(f, standing->row, buf);
	case ALARM_NAMESPACE_POOL:
		snprintf(buf, ADVICE_MAX, "%s",
			 standing->subject.name[0] == '\0'
			     ? f->spaces.of[standing->row].message
			     : f->spaces.ports[standing->row].message);
		return buf;
	}
	buf[0] = '\0';
	return buf;
}

/* Which of two rows of one kind comes first, where nothing else tells them apart: the kernel lists
 * sockets in any order. */
static bool
comes_first(const struct tally *tally, const struct row *a, const struct row *b)
{
	if (a->kind != b->kind || a->kind == ALARM_TARGET)
		return false;
	if (a->kind == ALARM_PEER)
		return addr_compare(&tally->peers[a->position].peer,
				    &tally->peers[b->position].peer) < 0;
	return pool_key_compare(POOL_KEY(&tally->pools[a->position]),
				POOL_KEY(&tally->pools[b->position])) < 0;
}

static bool
is_worse(const struct tally *tally, const struct row *row, const struct row *than)
{
	if (than->usage == NULL)
		return true;
	enum severity a = row->finding->verdict.severity, b = than->finding->verdict.severity;
	if (a != b)
		return a > b;
	if (row->usage->tightest != than->usage->tightest)
		return row->usage->tightest < than->usage->tightest;
	return comes_first(tally, row, than);
}

static void
take_worse(struct row *worst, const struct findings *f, enum alarm_kind kind, uint32_t i)
{
	const struct row row = row_of(f, kind, i);
	if (is_worse(f->tally, &row, worst))
		*worst = row;
}

/* Of equals a target comes first: it has a name; then a pool, which says most. */
static struct row
find_worst(const struct findings *f)
{
	struct row worst = {.usage = NULL};
	for (uint32_t i = 0; i < f->tally->target_count; i++)
		take_worse(&worst, f, ALARM_TARGET, i);
	for (uint32_t i = 0; i < f->tally->pool_count; i++)
		take_worse(&worst, f, ALARM_POOL, i);
	for (uint32_t i = 0; i < f->tally->peer_count; i++)
		take_worse(&worst, f, ALARM_PEER, i);
	return worst;
}

static void
put_name(struct sentence *s, const struct tally *tally, const struct row *row)
{
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX], spec[TARGET_SPEC_MAX];
	if (row->kind == ALARM_TARGET) {
		const struct target *target = tally->targets[row->position].target;
		sentence_put(
		    s, "%s: ", given(target->name) ? target->name : target_text(target, spec));
	} else if (row->kind == ALARM_POOL) {
		const struct pool_tally *pool = &tally->pools[row->position];
		sentence_put(s, "%s -> %s: ", addr_text(&pool->local, local),
			     addr_port_text(&pool->peer, pool->port, peer));
	} else {
		sentence_put(s, "to %s: ", addr_text(&tally->peers[row->position].peer, peer));
	}
}

static void
put_system(struct sentence *s, const struct scene *scene)
{
	const struct findings *f = scene->findings;
	const struct range_tally *range = &f->tally->range;
	struct row worst = find_worst(f);
	enum severity severity =
	    worst.usage != NULL ? worst.finding->verdict.severity : SEVERITY_NORMAL;
	char capacity[NUMBER_TEXT_MAX], text[ADVICE_MAX], key[ADDR_TEXT_MAX];
	uint32_t udp = findings_worst_udp(f);
	enum severity above = severity_worse(f->limits.severity, f->inbound);
	if (udp != LOOKUP_NONE && f->udp[udp].severity > severity_worse(severity, above)) {
		sentence_put(s, "udp %s: %s", addr_text(&f->tally->udp.rows[udp].address, key),
			     advice_udp(scene, udp, text));
		return;
	}
	if (f->limits.severity > severity) {
		sentence_put(s, "%s", advice_limit(&f->host.limits, f->limits.worst, text));
		return;
	}
	if (f->inbound > severity) {
		sentence_put(s, "%s", advice_inbound(scene, text));
		return;
	}
	if (worst.usage == NULL && range->capacity == 0) {
		sentence_put(s, "%s", advice_nothing_offered(range, f->tally->reserve, text));
		return;
	}
	if (worst.usage == NULL) {
		sentence_put(s, "no outgoing connections; %s port%s toward each destination",
			     number_text(range->capacity, capacity), number_s(range->capacity));
		return;
	}
	put_name(s, f->tally, &worst);
	put_row(s, scene, &worst);
}

const char *
advice_system(const struct scene *scene, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	put_system(&s, scene);
	put_failures(&s, scene->findings);
	return buf;
}

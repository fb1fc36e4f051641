/* SPDX-License-Identifier: ISC */
#include "advice/advice.h"

#include "advice/naming.h"
#include "advice/remedy.h"
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
toward_fits(const struct sentence *s, const struct advice *a)
{
	size_t names = strlen(a->toward) + (given(a->holder) ? strlen(a->holder) : 0);
	return s->at + names + LEAK_WORDS < s->room;
}

/* "CLOSE_WAIT 1,204 of 1,310 to 10.1.2.3:443, held by payments.service (pid 812 java)"; where it
 * has become a want of ports, "40 of 28,232 ports left, CLOSE_WAIT ..." */
static void
put_leak(struct sentence *s, const struct advice *a)
{
	const struct usage *u = a->usage;
	char leaked[NUMBER_TEXT_MAX], all[NUMBER_TEXT_MAX];
	if (u->severity == SEVERITY_CRITICAL)
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

static void
put_usage(struct sentence *s, const struct advice *a)
{
	const struct usage *u = a->usage;
	char used[NUMBER_TEXT_MAX], capacity[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX],
	    failures[NUMBER_TEXT_MAX];
	sentence_put(s, "%s", cause_words(u->cause));
	if (u->cause == CAUSE_FAILURES)
		sentence_put(s, " (%s%s%s)", number_text(u->failures, failures),
			     given(a->failed) ? ", the last in " : "",
			     given(a->failed) ? a->failed : "");
	sentence_put(s, ": %s of %s port%s in use, %s left",
		     number_text(u->capacity - u->tightest, used),
		     number_text(u->capacity, capacity), number_s(u->capacity),
		     number_text(u->tightest, left));
	put_time_left(s, u->time_left_s);
	if (given(a->holder) && u->tightest < u->capacity)
		sentence_put(s, ", most held by %s", a->holder);
}

/* All is well here; a NAT further on may have had enough. */
static void
put_normal(struct sentence *s, const struct advice *a)
{
	const struct usage *u = a->usage;
	char used[NUMBER_TEXT_MAX], capacity[NUMBER_TEXT_MAX], left[NUMBER_TEXT_MAX];
	const struct nat_words *nat = natenv_toward(a->host->nat, a->peer);
	uint32_t in_use = u->capacity - u->tightest;
	uint32_t sure = u->uncertain < u->tightest ? u->tightest - u->uncertain : 0;
	sentence_put(s, "%s of %s port%s in use, at least %s more connection%s will succeed",
		     number_text(in_use, used), number_text(u->capacity, capacity),
		     number_s(u->capacity), number_text(sure, left), number_s(sure));
	put_time_left(s, u->time_left_s);
	if (nat != NULL && nat->ports != 0 && in_use >= nat->ports)
		sentence_put(s, "; %s: %s", nat->words, nat->meaning);
}

static void
put_nothing_offered(struct sentence *s, const struct advice *a)
{
	const struct range_tally *r = a->range;
	/* Whatever else may be the matter, ports have to be freed first. */
	struct usage blocked = *a->usage;
	struct advice freeing = *a;
	char reserved[NUMBER_TEXT_MAX], listening[NUMBER_TEXT_MAX], bound[NUMBER_TEXT_MAX];
	sentence_put(s,
		     "no port of the range %u-%u can be used: %s reserved, %s listening, %s bound",
		     r->range.low, r->range.high, number_text(r->reserved, reserved),
		     number_text(r->listening, listening), number_text(r->bound, bound));
	blocked.cause = CAUSE_BLOCKED;
	freeing.usage = &blocked;
	remedy_put(s, &freeing);
}

static void
put_sentence(struct sentence *s, const struct advice *a)
{
	const struct usage *u = a->usage;
	if (u->capacity == 0) {
		put_nothing_offered(s, a);
		return;
	}
	if (u->cause == CAUSE_NONE) {
		put_normal(s, a);
		return;
	}
	if (u->cause == CAUSE_CLOSE_WAIT)
		put_leak(s, a);
	else
		put_usage(s, a);
	remedy_put(s, a);
}

const char *
advice_text(const struct advice *advice, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	put_sentence(&s, advice);
	return buf;
}

const char *
advice_nothing_offered(const struct range_tally *range, char buf[static ADVICE_MAX])
{
	static const struct usage empty = {.time_left_s = TIME_LEFT_NONE};
	const struct advice advice = {.usage = &empty, .range = range};
	return advice_text(&advice, buf);
}

const char *
advice_limit(const struct limits *limits, enum limit_rule rule, char buf[static ADVICE_MAX])
{
	static const struct {
		const char *what, *remedy;
	} words[LIMIT_RULES] = {
	    [RULE_CONNTRACK] =
		{"connection tracking",
		 "new connections will hang: raise net.netfilter.nf_conntrack_max, or "
		 "shorten net.netfilter.nf_conntrack_tcp_timeout_established"},
	    [RULE_FILES] = {"open files of the host",
			    "then socket() fails with ENFILE: raise fs.file-max, or find who keeps "
			    "them open"},
	};
	int percent = hostlimits_percent(limits, rule);
	char used[NUMBER_TEXT_MAX], max[NUMBER_TEXT_MAX];
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	if (percent < 0) {
		sentence_put(&s, "%s: not available here", words[rule].what);
		return buf;
	}
	sentence_put(&s, "%s: %d %% full, %s of %s", words[rule].what, percent,
		     number_text((uint64_t)limits->value[hostlimits_rule_used(rule)], used),
		     number_text((uint64_t)limits->value[hostlimits_rule_max(rule)], max));
	if (percent >= (int)hostlimits_band_default.clear.warning_percent)
		sentence_put(&s, "; %s", words[rule].remedy);
	return buf;
}

const char *
advice_local(const struct range_tally *range, uint32_t remaining, enum severity severity,
	     char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	char left[NUMBER_TEXT_MAX];
	sentence_put(&s, "bind() to this address with port 0 can get %s more port%s",
		     number_text(remaining, left), number_s(remaining));
	if (severity == SEVERITY_NORMAL)
		return buf;
	sentence_choice(&s,
			"let programs set IP_BIND_ADDRESS_NO_PORT before they bind and connect");
	remedy_put_range(&s, range);
	return buf;
}

const char *
advice_free(const struct range_tally *range, uint32_t free, enum severity severity,
	    char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	char left[NUMBER_TEXT_MAX], size[NUMBER_TEXT_MAX];
	sentence_put(&s, "no socket holds %s of %s ports", number_text(free, left),
		     number_text(range->free + range->in_use, size));
	if (severity == SEVERITY_NORMAL)
		return buf;
	sentence_put(&s, ": that is all that bind() with port 0 to any address can get");
	remedy_put_range(&s, range);
	return buf;
}

/* One row of a tally. */
struct subject {
	const struct usage *usage;
	const struct target_tally *target; /* one of the three */
	const struct pool_tally *pool;
	const struct peer_tally *peer;
	bool nameless; /* nothing before the sentence says what it is about */
};

static void
put_row(struct sentence *s, const struct tally *tally, const struct subject *of)
{
	struct advice advice = {.usage = of->usage, .range = &tally->range, .host = &tally->host};
	struct naming_subject who = {0};
	struct naming naming;
	char toward[ADDR_PORT_TEXT_MAX];
	if (of->pool != NULL) {
		who.local = &of->pool->local;
		who.port = of->pool->port;
		advice.peer = who.peer = &of->pool->peer;
		if (of->nameless)
			advice.toward = addr_port_text(who.peer, who.port, toward);
	} else if (of->peer != NULL) {
		advice.peer = who.peer = &of->peer->peer;
		if (of->nameless)
			advice.toward = addr_text(who.peer, toward);
	} else if (of->target != NULL) {
		who.target = of->target->target;
		advice.peer = advice_target_peer(of->target);
	}
	naming_put(tally, &who, &advice, &naming);
	put_sentence(s, &advice);
}

static const char *
row_text(const struct tally *tally, const struct subject *of, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	put_row(&s, tally, of);
	return buf;
}

const char *
advice_pool(const struct tally *tally, const struct pool_tally *pool, char buf[static ADVICE_MAX])
{
	const struct subject of = {.usage = &pool->usage, .pool = pool};
	return row_text(tally, &of, buf);
}

const char *
advice_pool_alarm(const struct tally *tally, const struct pool_tally *pool,
		  char buf[static ADVICE_MAX])
{
	const struct subject of = {.usage = &pool->usage, .pool = pool, .nameless = true};
	return row_text(tally, &of, buf);
}

const char *
advice_peer_alarm(const struct tally *tally, const struct peer_tally *peer,
		  char buf[static ADVICE_MAX])
{
	const struct subject of = {.usage = &peer->usage, .peer = peer, .nameless = true};
	return row_text(tally, &of, buf);
}

const char *
advice_target(const struct tally *tally, const struct target_tally *target,
	      char buf[static ADVICE_MAX])
{
	const struct subject of = {.usage = &target->usage, .target = target};
	return row_text(tally, &of, buf);
}

static bool
worse(const struct usage *u, const struct usage *than)
{
	if (than == NULL || u->severity != than->severity)
		return than == NULL || u->severity > than->severity;
	return u->tightest < than->tightest;
}

/* Of equals a target comes first: it has a name; then a pool, which says most. */
static struct subject
find_subject(const struct tally *tally)
{
	struct subject s = {.usage = NULL};
	for (uint32_t i = 0; i < tally->target_count; i++) {
		const struct target_tally *t = &tally->targets[i];
		if (worse(&t->usage, s.usage))
			s = (struct subject){.usage = &t->usage, .target = t};
	}
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct pool_tally *p = &tally->pools[i];
		if (worse(&p->usage, s.usage))
			s = (struct subject){.usage = &p->usage, .pool = p};
	}
	for (uint32_t i = 0; i < tally->peer_count; i++) {
		const struct peer_tally *p = &tally->peers[i];
		if (worse(&p->usage, s.usage))
			s = (struct subject){.usage = &p->usage, .peer = p};
	}
	return s;
}

static void
put_subject(struct sentence *s, const struct subject *of)
{
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX], target[TARGET_SPEC_MAX];
	if (of->target != NULL)
		sentence_put(s, "%s: ",
			     given(of->target->target->name)
				 ? of->target->target->name
				 : target_text(of->target->target, target));
	else if (of->pool != NULL)
		sentence_put(s, "%s -> %s: ", addr_text(&of->pool->local, local),
			     addr_port_text(&of->pool->peer, of->pool->port, peer));
	else
		sentence_put(s, "to %s: ", addr_text(&of->peer->peer, peer));
}

const char *
advice_system(const struct tally *tally, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	struct subject of = find_subject(tally);
	enum severity severity = of.usage != NULL ? of.usage->severity : SEVERITY_NORMAL;
	char capacity[NUMBER_TEXT_MAX];
	if (tally->host.severity > severity)
		return advice_limit(&tally->host.limits, tally->host.worst, buf);
	if (of.usage == NULL && tally->range.capacity == 0)
		return advice_nothing_offered(&tally->range, buf);
	if (of.usage == NULL) {
		sentence_put(&s, "no outgoing connections; %s port%s toward each destination",
			     number_text(tally->range.capacity, capacity),
			     number_s(tally->range.capacity));
		return buf;
	}
	put_subject(&s, &of);
	put_row(&s, tally, &of);
	return buf;
}

const struct addr *
advice_target_peer(const struct target_tally *target)
{
	return target->pools > 0 ? &target->tightest_peer : &target->target->net;
}

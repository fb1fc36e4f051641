/* SPDX-License-Identifier: ISC */
#include "advice/remedy.h"

#include "kernel/natenv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool
same_octets(const struct addr *a, const struct addr *b)
{
	return a == NULL || memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

/* The kernel's record of a failure knows no zones. */
static bool
is_about(const struct failed_pool *failed, const struct naming_subject *s)
{
	if (failed->place != FAILED_HERE)
		return false;
	if (s->target != NULL && !target_matches(s->target, &failed->peer, failed->port))
		return false;
	return (s->port == 0 || s->port == failed->port) && same_octets(s->peer, &failed->peer) &&
	       same_octets(s->local, &failed->local);
}

/* The last process that failed there: "java" (pid 812), pid 812, or nothing. */
static void
name_failed(const struct failure_log *log, const struct naming_subject *subject, char *out,
	    size_t room)
{
	const struct failed_pool *last = NULL;
	*out = '\0';
	for (uint32_t i = 0; log != NULL && i < log->pool_count; i++) {
		const struct failed_pool *failed = &log->pools[i];
		if (is_about(failed, subject) && (last == NULL || failed->last_ms > last->last_ms))
			last = failed;
	}
	if (last == NULL || last->pid == 0)
		return;
	char name[sizeof(last->process) + 2];
	if (last->process[0] != '\0')
		snprintf(out, room, "%s (pid %" PRIu32 ")",
			 quoted_text(last->process, name, sizeof(name)), last->pid);
	else
		snprintf(out, room, "pid %" PRIu32, last->pid);
}

void
remedy_name(const struct scene *scene, const struct naming_subject *subject, struct matter *matter,
	    struct naming *naming)
{
	const struct owner_question question = {.local = subject->local,
						.peer = subject->peer,
						.port = subject->port,
						.target = subject->target,
						.close_wait = matter->finding->verdict.cause ==
							      CAUSE_CLOSE_WAIT};
	matter->holder = owner_holder(scene->owners, &question, naming->holder);
	name_failed(scene->findings->failure_log, subject, naming->failed, sizeof(naming->failed));
	matter->failed = naming->failed;
}

/* How much a counter grew since the poll before; 0 if that is not known. */
static int64_t
growth(const struct host_state *host, enum limit counter)
{
	int64_t now = host->limits.value[counter], then = host->earlier.value[counter];
	return then != LIMIT_ABSENT && now > then ? now - then : 0;
}

/* TIME_WAIT sockets that hold a port; a good part of the load. */
static bool
much_time_wait(const struct usage *u)
{
	uint32_t holding = u->states.of[STATE_TIME_WAIT] - u->recyclable;
	return holding > 0 && holding >= (u->capacity - u->tightest) / 4;
}

/* tcp_twsk_unique(): reuse needs timestamps; 2 is on for loopback already; 1 is on for all. */
static void
remedy_reuse(struct sentence *s, const struct matter *a)
{
	const int64_t *limit = a->host->limits.value;
	char text[80], delay[NUMBER_TEXT_MAX];
	if (!much_time_wait(a->usage))
		return;
	bool loopback = a->peer != NULL && addr_is_loopback(a->peer);
	bool off = limit[LIMIT_TW_REUSE] == 0 || (limit[LIMIT_TW_REUSE] == 2 && !loopback);
	if (limit[LIMIT_TIMESTAMPS] == 0 && limit[LIMIT_TW_REUSE] != LIMIT_ABSENT) {
		sentence_choice(s, off ? "set net.ipv4.tcp_timestamps=1 and net.ipv4.tcp_tw_reuse=1"
				       : "set net.ipv4.tcp_timestamps=1, which tcp_tw_reuse needs");
	} else if (off) {
		sentence_choice(s, loopback ? "set net.ipv4.tcp_tw_reuse=1"
					    : "set net.ipv4.tcp_tw_reuse=1 (the peer needs TCP "
					      "timestamps)");
	} else if (limit[LIMIT_TW_REUSE] > 0 && limit[LIMIT_TW_REUSE_DELAY] > 1000) {
		snprintf(text, sizeof(text), "lower net.ipv4.tcp_tw_reuse_delay (%s ms)",
			 number_text((uint64_t)limit[LIMIT_TW_REUSE_DELAY], delay));
		sentence_choice(s, text);
	}
}

static void
remedy_keep_alive(struct sentence *s, const struct matter *a)
{
	(void)a;
	sentence_choice(s, "keep connections alive instead of opening new ones");
}

static void
remedy_share(struct sentence *s, const struct matter *a)
{
	(void)a;
	sentence_choice(s, "share connections (pooling, keep-alive)");
}

/* What to set and what it brings; first what keeps the services of the new part theirs: a listener
 * keeps its port, but may not get it again once a connection took it. All of it or nothing. */
void
remedy_put_range(struct sentence *s, const struct range_tally *range, const char *reserve)
{
	const struct widening *w = &range->wider;
	char buf[ADVICE_MAX], gain[NUMBER_TEXT_MAX];
	struct sentence text = sentence_in(buf, sizeof(buf));
	bool first = w->listening + w->udp + w->node_ports > 0;
	char what[64];
	struct sentence names = sentence_in(what, sizeof(what));
	if (w->listening > 0)
		sentence_put(&names, "listeners");
	if (w->udp > 0)
		sentence_put(&names, "%sUDP services", names.at > 0 ? ", " : "");
	if (w->node_ports > 0)
		sentence_put(&names, "%snode ports", names.at > 0 ? ", " : "");
	if (w->gain == 0 || (first && reserve == NULL))
		return;
	sentence_put(&text, "set ");
	if (first && !sentence_put(&text, "net.ipv4.ip_local_reserved_ports=\"%s\" (%s), then ",
				   reserve, what))
		return;
	if (sentence_put(&text, "net.ipv4.ip_local_port_range=\"%u %u\" (+%s port%s)", w->range.low,
			 w->range.high, number_text(w->gain, gain), number_s(w->gain)))
		sentence_choice(s, buf);
}

static void
remedy_widen(struct sentence *s, const struct matter *a)
{
	remedy_put_range(s, a->range, a->reserve);
}

static void
remedy_addresses(struct sentence *s, const struct matter *a)
{
	char text[160], each[NUMBER_TEXT_MAX], source[ADDR_TEXT_MAX];
	if (a->source != NULL) {
		snprintf(text, sizeof(text), "connect from %s too (it has %s port%s left)",
			 addr_text(a->source, source), number_text(a->source_left, each),
			 number_s(a->source_left));
		sentence_choice(s, text);
		return;
	}
	snprintf(text, sizeof(text), "add peer or local addresses (%s port%s each)",
		 number_text(a->usage->capacity, each), number_s(a->usage->capacity));
	sentence_choice(s, text);
}

static void
remedy_shorten(struct sentence *s, const struct matter *a)
{
	char text[160], count[NUMBER_TEXT_MAX];
	snprintf(text, sizeof(text),
		 "shorten net.ipv4.ip_local_reserved_ports (%s port%s of the range)",
		 number_text(a->range->reserved, count), number_s(a->range->reserved));
	sentence_choice(s, text);
}

/* Who blocks most of the range. */
static void
remedy_unblock(struct sentence *s, const struct matter *a)
{
	const struct range_tally *r = a->range;
	char text[160], count[NUMBER_TEXT_MAX];
	if (r->listening >= r->bound)
		snprintf(text, sizeof(text), "move the listeners out of the range (%s port%s)",
			 number_text(r->listening, count), number_s(r->listening));
	else
		snprintf(text, sizeof(text),
			 "let programs connect() without bind(), or bind() with "
			 "IP_BIND_ADDRESS_NO_PORT (%s port%s)",
			 number_text(r->bound, count), number_s(r->bound));
	sentence_choice(s, text);
}

/* Connections that address translation on this host dropped since the poll before; 0 if that is not
 * known. insert_failed counts every clash of any two flows: only where packets were dropped for
 * each of them, and not for want of an entry, had NAT no port; and only where they are as many as
 * connections wait here, may they be these. */
static int64_t
lost_by_nat(const struct matter *a)
{
	int64_t failed = growth(a->host, LIMIT_INSERT_FAILED),
		dropped = growth(a->host, LIMIT_DROP);
	int percent = hostlimits_percent(&a->host->limits, RULE_CONNTRACK);
	bool these = failed >= (int64_t)a->usage->states.of[STATE_SYN_SENT];
	return failed == dropped && percent < 100 && these ? failed : 0;
}

/* A connect() that hangs: a table or a NAT on the way that is full looks like a silent peer. */
static void
remedy_path(struct sentence *s, const struct matter *a)
{
	char text[ADVICE_MAX], count[NUMBER_TEXT_MAX];
	int percent = hostlimits_percent(&a->host->limits, RULE_CONNTRACK);
	int64_t lost = lost_by_nat(a);
	const struct nat_words *nat = natenv_toward(a->host->nat, a->peer);
	if (percent >= (int)limit_band_default.raise.warning_percent)
		snprintf(text, sizeof(text),
			 "connection tracking is %d %% full: raise net.netfilter.nf_conntrack_max",
			 percent);
	else if (lost > 0)
		snprintf(
		    text, sizeof(text),
		    "NAT on this host found no port %s time%s since the last poll: give it more "
		    "addresses",
		    number_text((uint64_t)lost, count), number_s((uint64_t)lost));
	else if (nat != NULL)
		snprintf(text, sizeof(text), "%s: %s", nat->words, nat->meaning);
	else
		snprintf(text, sizeof(text),
			 "the peer does not answer: check the path and its firewall");
	sentence_choice(s, text);
}

static bool
is_held(const struct matter *a)
{
	return a->holder != NULL && a->holder[0] != '\0';
}

/* FIN_WAIT2 that a process holds lasts until it closes; without one, tcp_fin_timeout
 * (tcp_time_wait(), tcp_keepalive_timer()). */
static void
remedy_half_closed(struct sentence *s, const struct matter *a)
{
	int64_t timeout_s = a->host->limits.value[LIMIT_FIN_TIMEOUT];
	char text[ADVICE_MAX];
	if (is_held(a)) {
		sentence_choice(s, "the peer does not close its side: have the holder close(), "
				   "not only shutdown(), or restart it");
		return;
	}
	if (timeout_s > 15) {
		snprintf(text, sizeof(text),
			 "set net.ipv4.tcp_fin_timeout=15 (now %" PRId64
			 " s), as the peer does not close its side",
			 timeout_s);
		sentence_choice(s, text);
	}
	sentence_choice(s, "have the peer close its side");
}

/* Without a process they last for tcp_orphan_retries (tcp_orphan_retries(): 0 stands for 8). */
static void
remedy_unacknowledged(struct sentence *s, const struct matter *a)
{
	(void)a;
	sentence_choice(s, "check the path to the peer: it does not acknowledge");
	sentence_choice(s, "set net.ipv4.tcp_orphan_retries=3 for what no process holds any more");
}

static void
remedy_restart(struct sentence *s, const struct matter *a)
{
	sentence_put(s, is_held(a)
			    ? ": it does not close its sockets; restart it"
			    : ": the peer has closed, the local process has not; restart it");
}

/* What the poll cannot tell, the probe can. */
static void
remedy_probe(struct sentence *s, const struct matter *a)
{
	(void)a;
	sentence_choice(s, "srcportd --once --probe tells");
}

static void
remedy_no_port(struct sentence *s, const struct matter *a)
{
	(void)a;
	sentence_choice(s, "let programs that bind() set IP_BIND_ADDRESS_NO_PORT");
}

typedef void remedy_fn(struct sentence *s, const struct matter *a);

/* What to do about a cause, the most useful first. Each looks for itself whether it has an effect.
 */
#define REMEDIES 5
/* clang-format off */
static remedy_fn *const remedies[][REMEDIES] = {
    [CAUSE_NONE] = {NULL},
    [CAUSE_ESTABLISHED] = {remedy_share, remedy_widen, remedy_addresses},
    [CAUSE_TIME_WAIT] = {remedy_reuse, remedy_keep_alive, remedy_widen, remedy_addresses},
    [CAUSE_CLOSE_WAIT] = {remedy_restart},
    [CAUSE_SYN_SENT] = {remedy_path},
    [CAUSE_SMALL_RANGE] = {remedy_widen, remedy_addresses},
    [CAUSE_BLOCKED] = {remedy_unblock, remedy_widen},
    [CAUSE_FAILURES] = {remedy_reuse, remedy_share, remedy_widen, remedy_addresses},
    [CAUSE_LIMIT] = {NULL},
    [CAUSE_HALF_CLOSED] = {remedy_half_closed, remedy_widen, remedy_addresses},
    [CAUSE_UNACKNOWLEDGED] = {remedy_unacknowledged, remedy_widen, remedy_addresses},
    [CAUSE_IN_DOUBT] = {remedy_probe, remedy_no_port},
    [CAUSE_RESERVED] = {remedy_shorten, remedy_widen, remedy_addresses},
    [CAUSE_INBOUND_LEAK] = {NULL},
    [CAUSE_NAT_LOSS] = {NULL},
    [CAUSE_STALE] = {NULL},
};
/* clang-format on */

void
remedy_put(struct sentence *sentence, const struct matter *matter)
{
	const struct usage *u = matter->usage;
	enum cause cause = matter->finding->verdict.cause;
	/* Ports are left, and yet none was found: others hold them unseen. */
	if (cause == CAUSE_FAILURES && u->uncertain > 0 && u->tightest > u->capacity / 20)
		cause = CAUSE_IN_DOUBT;
	for (unsigned i = 0; i < REMEDIES && remedies[cause][i] != NULL; i++)
		remedies[cause][i](sentence, matter);
}

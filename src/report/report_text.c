/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_host.h"
#include "base/sentence.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Pools that are explained. */
#define REASONS 5

const char *
report_verdict(enum severity severity)
{
	static const char *const word[] = {[SEVERITY_NORMAL] = "SAFE",
					   [SEVERITY_WARNING] = "WARNING",
					   [SEVERITY_CRITICAL] = "CRITICAL",
					   [SEVERITY_UNKNOWN] = "UNKNOWN"};
	return word[severity];
}

static void
put_head(const struct report *report, FILE *out)
{
	char host[256] = "", when[64] = "a recording";
	struct tm tm;
	if (gethostname(host, sizeof(host) - 1) != 0)
		strcpy(host, "unknown host");
	if (report->when != 0 && gmtime_r(&report->when, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	else
		strcpy(host, "recorded host");
	fprintf(out, "Source ports of %s, %s\n\n", host, when);
}

static void
put_line(FILE *out, const char *what, uint32_t value, const char *meaning)
{
	fprintf(out, "  %-12s %8" PRIu32 "   %s\n", what, value, meaning);
}

/* Whether something is short of ports. */
static bool
any_trouble(const struct findings *f)
{
	bool trouble = f->tally->range.capacity == 0;
	for (uint32_t i = 0; i < f->standing_count; i++)
		trouble |= f->standings[i].measured.severity != SEVERITY_NORMAL;
	return trouble;
}

/* The settings for a wider range in full, however long: a sentence may have no room for them. */
static void
put_wider(const struct report *report, FILE *out)
{
	const struct tally *tally = report_tally(report);
	const struct widening *w = &tally->range.wider;
	if (w->gain == 0 || !any_trouble(report->scene->findings))
		return;
	const char *what = "to widen";
	if (tally->reserve != NULL) {
		fprintf(out, "  %-12s set net.ipv4.ip_local_reserved_ports=\"%s\"\n", what,
			tally->reserve);
		what = "and then";
	}
	fprintf(out, "  %-12s set net.ipv4.ip_local_port_range=\"%u %u\" (+%" PRIu32 " port%s)\n",
		what, w->range.low, w->range.high, w->gain, number_s(w->gain));
}

static void
put_range(const struct report *report, FILE *out)
{
	const struct tally *tally = report_tally(report);
	const struct range_tally *r = &tally->range;
	char limits[64], why[ADVICE_MAX];
	snprintf(limits, sizeof(limits), "ports %u-%u (net.ipv4.ip_local_port_range)", r->range.low,
		 r->range.high);
	fprintf(out, "RANGE\n");
	put_line(out, "size", r->size, limits);
	put_line(out, "reserved", r->reserved, "of them in net.ipv4.ip_local_reserved_ports");
	if (r->skipped > 0)
		put_line(out, "skipped", r->skipped,
			 "of the rest: of a range of three the kernel never takes the last");
	put_line(out, "listening", r->listening, "of the rest have a listener");
	put_line(out, "bound", r->bound, "of the rest are blocked by other bind() calls");
	put_line(out, "capacity", r->capacity, "connections per (local address, peer, peer port)");
	if (r->uncertain > 0)
		put_line(out, "uncertain", r->uncertain,
			 "of them may be blocked without the kernel showing it");
	put_line(out, "in use", r->in_use, "ports held by any socket");
	put_line(out, "free", r->free, "ports held by none");
	if (r->capacity == 0)
		fprintf(out, "  why          %s\n", advice_nothing_offered(r, tally->reserve, why));
	put_wider(report, out);
	fputc('\n', out);
}

static void
put_totals(const struct report *report, FILE *out)
{
	const struct findings *f = report->scene->findings;
	const struct totals *totals = &f->tally->totals;
	char why[ADVICE_MAX];
	static const enum tcp_state order[] = {
	    STATE_ESTABLISHED, STATE_TIME_WAIT, STATE_CLOSE_WAIT, STATE_SYN_SENT,
	    STATE_SYN_RECV,    STATE_FIN_WAIT1, STATE_FIN_WAIT2,  STATE_LAST_ACK,
	    STATE_CLOSING,     STATE_LISTEN,    STATE_CLOSE,
	};
	fprintf(out, "SOCKETS  %" PRIu64 " in all: %" PRIu32 " outbound, %" PRIu32 " inbound\n",
		totals->sockets, totals->outbound, totals->inbound);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		fprintf(out, "  %-12s %8" PRIu32 "%s", tcp_state_name(order[i]),
			totals->states.of[order[i]], i % 3 == 2 ? "\n" : "");
	fputc('\n', out);
	if (totals->leaked.close_wait + totals->leaked.fin_wait2 > 0)
		fprintf(out, "  %-12s %s\n", report_verdict(f->inbound),
			advice_inbound(report->scene, why));
	fputc('\n', out);
}

/* Sum of the states that have no column of their own. */
static uint32_t
other_states(const struct usage *u)
{
	return u->connections - u->states.of[STATE_ESTABLISHED] - u->states.of[STATE_TIME_WAIT] -
	       u->states.of[STATE_CLOSE_WAIT] - u->states.of[STATE_SYN_SENT];
}

/* The i-th pool in the order of the report. */
static const struct pool_tally *
pool_at(const struct report *report, uint32_t i)
{
	return &report_tally(report)->pools[report->order->pools[i]];
}

/* The widest of the addresses in the table, so that IPv4 hosts get a narrow one. */
static int
column_width(const struct report *report, uint32_t rows, bool peers)
{
	char text[ADDR_PORT_TEXT_MAX];
	int width = 10;
	for (uint32_t i = 0; i < rows; i++) {
		const struct pool_tally *p = pool_at(report, i);
		int length = (int)strlen(peers ? addr_port_text(&p->peer, p->port, text)
					       : addr_text(&p->local, text));
		width = length > width ? length : width;
	}
	return width;
}

/* Why, for the first of the pools that are not safe. */
static void
put_reasons(const struct report *report, uint32_t rows, FILE *out)
{
	unsigned told = 0;
	for (uint32_t i = 0; i < rows && told < REASONS; i++) {
		const struct pool_tally *p = pool_at(report, i);
		uint32_t position = report->order->pools[i];
		char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX], why[ADVICE_MAX];
		if (report->scene->findings->pools[position].verdict.cause == CAUSE_NONE)
			continue;
		fprintf(out, "  why %s -> %s: %s\n", addr_text(&p->local, local),
			addr_port_text(&p->peer, p->port, peer),
			advice_pool(report->scene, position, why));
		told++;
	}
}

static void
put_pools(const struct report *report, FILE *out)
{
	const struct tally *tally = report_tally(report);
	const struct finding *found = report->scene->findings->pools;
	uint32_t rows =
	    tally->pool_count < report->pool_limit ? tally->pool_count : report->pool_limit;
	if (rows == 0) {
		fputs("POOLS  no outgoing connections\n\n", out);
		return;
	}
	int local_width = column_width(report, rows, false),
	    peer_width = column_width(report, rows, true);
	fprintf(out, "POOLS  the tightest %u of %u\n", rows, tally->pool_count);
	fprintf(out, "  %-*s  %-*s %7s %6s %6s %5s %6s %6s %6s %6s %6s  %s\n", local_width, "LOCAL",
		peer_width, "PEER", "REMAIN", "UNCERT", "USED", "USE%", "ESTAB", "TIMEW", "CLOSEW",
		"SYNSNT", "OTHER", "VERDICT");
	for (uint32_t i = 0; i < rows; i++) {
		const struct pool_tally *p = pool_at(report, i);
		const struct usage *u = &p->usage;
		enum severity severity = found[report->order->pools[i]].verdict.severity;
		char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
		fprintf(out, "  %-*s  %-*s %7u %6u %6u %4u%% %6u %6u %6u %6u %6u  %s\n",
			local_width, addr_text(&p->local, local), peer_width,
			addr_port_text(&p->peer, p->port, peer), u->remaining, u->uncertain,
			u->used, u->percent, u->states.of[STATE_ESTABLISHED],
			u->states.of[STATE_TIME_WAIT], u->states.of[STATE_CLOSE_WAIT],
			u->states.of[STATE_SYN_SENT], other_states(u), report_verdict(severity));
	}
	put_reasons(report, rows, out);
	fputc('\n', out);
}

/* Other network namespaces that have connections toward it. */
static void
put_spaces(const struct target_tally *t, const struct space_pools *spaces, FILE *out)
{
	if (!spaces->looked || (t->spaces == 0 && spaces->uncounted == 0))
		return;
	fprintf(out, "  namespaces   %u other%s counted with it", t->spaces, number_s(t->spaces));
	if (t->space[0] != '\0')
		fprintf(out, ", the tightest is %s", t->space);
	if (spaces->uncounted > 0)
		fprintf(out, "; %u more %s not, what %s is not known", spaces->uncounted,
			spaces->uncounted == 1 ? "is" : "are",
			spaces->uncounted == 1 ? "it has" : "they have");
	fputc('\n', out);
}

static void
put_target(const struct report *report, uint32_t i, FILE *out)
{
	const struct target_tally *t = &findings_targets(report->scene->findings)[i];
	enum severity severity = report->scene->findings->targets[i].verdict.severity;
	const struct usage *u = &t->usage;
	char text[TARGET_SPEC_MAX], why[ADVICE_MAX], local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	const char *name = t->target->name;
	fprintf(out, "TARGET %s%s%s  %s (TCP)\n", name, *name != '\0' ? " " : "",
		target_text(t->target, text), report_verdict(severity));
	fprintf(out, "  why          %s\n", advice_target(report->scene, i, why));
	fprintf(out, "  connections  %u in %u pool%s:", u->connections, t->pools,
		number_s(t->pools));
	const char *separator = " ";
	for (unsigned state = 1; state < STATE_MAX; state++) {
		if (u->states.of[state] == 0)
			continue;
		fprintf(out, "%s%u %s", separator, u->states.of[state], tcp_state_name(state));
		separator = ", ";
	}
	fputs(u->connections == 0 ? " none\n" : "\n", out);
	fprintf(out, "  remaining    %u of %u (%u%% used)", u->tightest, u->capacity, u->percent);
	if (t->pools > 1)
		fprintf(out, " in the tightest pool, %s -> %s%s%s",
			addr_text(&t->tightest_local, local),
			addr_port_text(&t->tightest_peer, t->tightest_port, peer),
			t->space[0] != '\0' ? " in " : "", t->space);
	if (u->uncertain > 0)
		fprintf(out, "; up to %u of them uncertain", u->uncertain);
	fputc('\n', out);
	if (u->recyclable > 0)
		fprintf(out, "  recyclable   %u TIME_WAIT that a new connection takes over\n",
			u->recyclable);
	put_spaces(t, &report->scene->findings->spaces, out);
	report_udp_toward(report->scene, &t->target->net, out);
	fputc('\n', out);
}

static int
local_width(const struct tally *tally)
{
	char text[ADDR_TEXT_MAX];
	int width = 24;
	for (uint32_t i = 0; i < tally->local_count; i++) {
		int length = (int)strlen(addr_text(&tally->locals[i].address, text));
		width = length > width && tally->locals[i].used > 0 ? length : width;
	}
	return width;
}

/* Bind pools are only worth a section when something holds ports there. */
static void
put_locals(const struct report *report, FILE *out)
{
	const struct tally *tally = report_tally(report);
	bool any = false;
	int width = local_width(tally);
	for (uint32_t i = 0; i < tally->local_count; i++) {
		const struct local_tally *l = &tally->locals[report->order->locals[i]];
		enum severity severity = report->scene->findings->locals[report->order->locals[i]];
		char text[ADDR_TEXT_MAX], why[ADVICE_MAX];
		if (l->used == 0)
			continue;
		if (!any)
			fputs("LOCAL ADDRESSES  what bind(address, 0) can still get\n", out);
		any = true;
		fprintf(out, "  %-*s %8u remaining %8u held %8u connections\n", width,
			addr_text(&l->address, text), l->remaining, l->used, l->connections);
		if (severity != SEVERITY_NORMAL)
			fprintf(out, "  %-12s %s\n", report_verdict(severity),
				advice_local(&tally->range, tally->reserve, l->remaining, severity,
					     why));
	}
	if (any)
		fputc('\n', out);
}

/* Where there is a choice. */
static void
put_sources(const struct findings *f, FILE *out)
{
	const struct sources *sources = &f->host.sources;
	if (sources->count < 2)
		return;
	fputs("SOURCES  what each local address has left toward any destination, at least\n", out);
	for (uint32_t i = 0; i < sources->count; i++) {
		char text[ADDR_TEXT_MAX];
		fprintf(out, "  %-24s %8" PRIu32 " remaining %8" PRIu32 " connections\n",
			addr_text(&sources->of[i].address, text), f->sources.remaining[i],
			f->sources.connections[i]);
	}
	if (sources->omitted > 0)
		fprintf(out, "  and %" PRIu32 " more\n", sources->omitted);
	fputc('\n', out);
}

/* How many bound idle sockets there may be beyond what is in `uncertain`, on a kernel that does not
 * list them. */
static void
put_unlisted(const struct range_tally *r, FILE *out)
{
	if (!r->idle_counted)
		fputs(
		    "NOTE  bound idle sockets were not listed by this kernel (6.8 and later do)\n",
		    out);
	else if (r->elsewhere > 0)
		fprintf(
		    out,
		    "NOTE  %" PRIu32 " TCP socket%s may be bound idle ones, which this kernel does "
		    "not list (6.8 and later do), or belong to network namespaces that cannot be "
		    "seen from here\n",
		    r->elsewhere, number_s(r->elsewhere));
}

static void
put_missing(const struct tally *tally, uint32_t features, FILE *out)
{
	static const struct {
		enum kernel_feature feature;
		bool probed; /* the probe tells */
		const char *text;
	} missing[] = {
	    {FEATURE_EXPLICIT, false, "explicit binds cannot be told apart on this kernel"},
	    {FEATURE_LETS_GO, true,
	     "this kernel may keep ports in use blocked for sockets that have gone (6.18 and later "
	     "do "
	     "not): remaining is then less, but never below free"},
	};
	bool probed = features >> FEATURE_PROBE & 1;
	if (!(features >> FEATURE_BOUND_IDLE & 1))
		put_unlisted(&tally->range, out);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		if (!(features >> missing[i].feature & 1) && !(probed && missing[i].probed))
			fprintf(out, "NOTE  %s\n", missing[i].text);
}

void
report_text(const struct report *report, FILE *out)
{
	const struct tally *tally = report_tally(report);
	put_head(report, out);
	for (uint32_t i = 0; i < tally->target_count; i++)
		put_target(report, i, out);
	put_range(report, out);
	report_hygiene(report, out);
	put_totals(report, out);
	put_pools(report, out);
	report_who(report, out);
	put_locals(report, out);
	put_sources(report->scene->findings, out);
	report_udp(report->scene, report->pool_limit, out);
	report_namespaces(report->namespaces, report->pool_limit, out);
	report_host(report->scene->findings, out);
	report_nat(report, out);
	put_missing(tally, report->scene->findings->features, out);
	fprintf(out, "Poll of %" PRIu64 " socket%s in %u.%03u ms.\n", tally->totals.sockets,
		number_s(tally->totals.sockets), report->duration_us / 1000,
		report->duration_us % 1000);
}

/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_host.h"
#include "base/json.h"
#include "kernel/natenv.h"

static const struct {
	enum tcp_state state;
	const char *name;
} state_names[] = {
    {STATE_ESTABLISHED, "established"},
    {STATE_SYN_SENT, "synSent"},
    {STATE_SYN_RECV, "synReceived"},
    {STATE_FIN_WAIT1, "finWait1"},
    {STATE_FIN_WAIT2, "finWait2"},
    {STATE_TIME_WAIT, "timeWait"},
    {STATE_CLOSE, "closed"},
    {STATE_CLOSE_WAIT, "closeWait"},
    {STATE_LAST_ACK, "lastAck"},
    {STATE_LISTEN, "listen"},
    {STATE_CLOSING, "closing"},
};

static void
put_states(struct json *json, const struct state_counts *states)
{
	json_object(json, "states");
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		json_number(json, state_names[i].name, states->of[state_names[i].state]);
	json_close_object(json);
}

void
report_json_address(struct json *json, const char *name, const struct addr *address)
{
	char text[ADDR_TEXT_MAX];
	json_string(json, name, addr_text(address, text));
}

void
report_json_usage(struct json *json, const struct usage *u, const struct finding *f)
{
	put_states(json, &u->states);
	json_number(json, "connections", u->connections);
	json_number(json, "used", u->used);
	json_number(json, "remaining", u->remaining);
	json_number(json, "uncertain", u->uncertain);
	json_number(json, "capacity", u->capacity);
	json_number(json, "tightest", u->tightest);
	json_number(json, "recyclable", u->recyclable);
	json_number(json, "percent", u->percent);
	json_string(json, "severity", severity_name(f->verdict.severity));
	json_string(json, "cause", cause_name(f->verdict.cause));
	json_number(json, "failures", f->failed.count);
	json_number(json, "highWater", f->outlook.high_water);
	if (f->outlook.time_left_s == TIME_LEFT_NONE)
		json_null(json, "timeLeft");
	else
		json_number(json, "timeLeft", f->outlook.time_left_s);
}

static void
put_range(struct json *json, const struct range_tally *range)
{
	json_object(json, "range");
	json_number(json, "low", range->range.low);
	json_number(json, "high", range->range.high);
	json_number(json, "size", range->size);
	json_number(json, "reserved", range->reserved);
	json_number(json, "skipped", range->skipped);
	json_number(json, "listening", range->listening);
	json_number(json, "bound", range->bound);
	json_number(json, "capacity", range->capacity);
	json_number(json, "uncertain", range->uncertain);
	json_number(json, "unseen", range->idle);
	json_number(json, "inUse", range->in_use);
	json_number(json, "free", range->free);
	json_close_object(json);
}

static void
put_locals(struct json *json, const struct report *report)
{
	const struct tally *tally = report_tally(report);
	json_array(json, "locals");
	for (uint32_t i = 0; i < tally->local_count; i++) {
		const struct local_tally *l = &tally->locals[report->order->locals[i]];
		json_object(json, NULL);
		report_json_address(json, "address", &l->address);
		json_number(json, "connections", l->connections);
		json_number(json, "used", l->used);
		json_number(json, "remaining", l->remaining);
		json_number(json, "uncertain", l->uncertain);
		json_string(
		    json, "severity",
		    severity_name(report->scene->findings->locals[report->order->locals[i]]));
		json_close_object(json);
	}
	json_close_array(json);
}

static void
put_pools(struct json *json, const struct report *report)
{
	const struct tally *tally = report_tally(report);
	json_array(json, "pools");
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		uint32_t position = report->order->pools[i];
		const struct pool_tally *p = &tally->pools[position];
		json_object(json, NULL);
		report_json_address(json, "local", &p->local);
		report_json_address(json, "peer", &p->peer);
		json_number(json, "port", p->port);
		report_json_usage(json, &p->usage, &report->scene->findings->pools[position]);
		json_close_object(json);
	}
	json_close_array(json);
}

static void
put_peers(struct json *json, const struct report *report)
{
	const struct tally *tally = report_tally(report);
	json_array(json, "peers");
	for (uint32_t i = 0; i < tally->peer_count; i++) {
		uint32_t position = report->order->peers[i];
		const struct peer_tally *p = &tally->peers[position];
		json_object(json, NULL);
		report_json_address(json, "peer", &p->peer);
		json_number(json, "pools", p->pools);
		report_json_usage(json, &p->usage, &report->scene->findings->peers[position]);
		json_close_object(json);
	}
	json_close_array(json);
}

/* Where its tightest pool is, and whose connections are in its numbers; null: others were not
 * looked at. */
static void
put_spaces(struct json *json, const struct target_tally *t, const struct space_pools *spaces)
{
	if (t->space[0] != '\0')
		json_string(json, "namespace", t->space);
	else
		json_null(json, "namespace");
	if (spaces->looked) {
		json_number(json, "namespacesCounted", t->spaces);
		json_number(json, "namespacesNotCounted", spaces->uncounted);
	} else {
		json_null(json, "namespacesCounted");
		json_null(json, "namespacesNotCounted");
	}
}

static void
put_targets(struct json *json, const struct report *report)
{
	const struct findings *f = report->scene->findings;
	const struct tally *tally = f->tally;
	json_array(json, "targets");
	for (uint32_t i = 0; i < tally->target_count; i++) {
		const struct target_tally *t = &findings_targets(f)[i];
		char text[TARGET_SPEC_MAX];
		json_object(json, NULL);
		json_string(json, "name", t->target->name);
		json_string(json, "target", target_text(t->target, text));
		json_string(json, "protocol", "tcp");
		json_number(json, "pools", t->pools);
		put_spaces(json, t, &f->spaces);
		report_json_usage(json, &t->usage, &f->targets[i]);
		char why[ADVICE_MAX];
		json_string(json, "message", advice_target(report->scene, i, why));
		report_udp_toward_json(report->scene, &t->target->net, json);
		json_close_object(json);
	}
	json_close_array(json);
}

/* null: not known, as of a recording. */
static void
put_sources(struct json *json, const struct findings *f)
{
	const struct sources *sources = &f->host.sources;
	if (!sources->known) {
		json_null(json, "sources");
		return;
	}
	json_array(json, "sources");
	for (uint32_t i = 0; i < sources->count; i++) {
		char text[ADDR_TEXT_MAX];
		json_object(json, NULL);
		json_string(json, "address", addr_text(&sources->of[i].address, text));
		json_number(json, "connections", f->sources.connections[i]);
		json_number(json, "remaining", f->sources.remaining[i]);
		json_close_object(json);
	}
	json_close_array(json);
}

static void
put_low(struct json *json, const struct findings *f)
{
	const struct low_ports *low = &f->tally->low;
	json_object(json, "low");
	json_number(json, "capacity", LOW_CAPACITY);
	json_number(json, "remaining", low_ports_left_any(low));
	json_array(json, "locals");
	for (unsigned i = 0; i < low->count; i++) {
		char text[ADDR_TEXT_MAX];
		json_object(json, NULL);
		json_string(json, "address", addr_text(&low->of[i].address, text));
		json_number(json, "used", LOW_CAPACITY - low_ports_left(low, i));
		json_number(json, "remaining", low_ports_left(low, i));
		json_string(
		    json, "severity",
		    severity_name(low_ports_severity(low_ports_left(low, i), f->low_warning)));
		json_close_object(json);
	}
	json_close_array(json);
	json_close_object(json);
}

/* null: not available here. */
static void
put_limits(struct json *json, const struct findings *f)
{
	json_object(json, "limits");
	for (enum limit i = 0; i < LIMITS; i++) {
		if (f->host.limits.value[i] == LIMIT_ABSENT)
			json_null(json, hostlimits_words(i)->name);
		else
			json_number(json, hostlimits_words(i)->name,
				    (uint64_t)f->host.limits.value[i]);
	}
	json_string(json, "severity", severity_name(f->limits.severity));
	json_close_object(json);
}

static void
put_nat(struct json *json, const struct report *report)
{
	uint32_t nat = report->scene->findings->host.nat;
	char text[NATENV_TEXT_MAX];
	json_object(json, "nat");
	json_array(json, "environment");
	for (enum nat_bit bit = 0; bit < NAT_BITS; bit++)
		if (nat >> bit & 1)
			json_string(json, NULL, natenv_words(bit)->name);
	json_close_array(json);
	json_string(json, "meaning", natenv_text(nat, text));
	report_nat_json(report, json);
	json_close_object(json);
}

static void
put_totals(struct json *json, const struct scene *scene)
{
	const struct tally *tally = scene->findings->tally;
	char why[ADVICE_MAX];
	json_object(json, "totals");
	put_states(json, &tally->totals.states);
	json_number(json, "inbound", tally->totals.inbound);
	json_number(json, "outbound", tally->totals.outbound);
	json_number(json, "inboundCloseWait", tally->totals.leaked.close_wait);
	json_number(json, "inboundFinWait2", tally->totals.leaked.fin_wait2);
	json_string(json, "inboundSeverity", severity_name(scene->findings->inbound));
	json_string(json, "inboundMessage", advice_inbound(scene, why));
	json_close_object(json);
}

/* In the order of enum kernel_feature. */
static const char *const feature_names[] = {
    "bothFamilies", "boundIdle", "explicitBind", "bindNoPort", "cgroup",     "timeWaitDelay",
    "probe",        "failures",  "udp",          "nat",        "namespaces", "release",
};

/* Of sockets that are in no dump, those that may be bound idle here and are not in `uncertain`. */
static void
put_unlisted(struct json *json, const struct report *report)
{
	const struct range_tally *r = &report_tally(report)->range;
	if (r->idle_counted || report->scene->findings->features >> FEATURE_BOUND_IDLE & 1)
		json_number(json, "unlisted", r->elsewhere);
	else
		json_null(json, "unlisted");
}

static void
put_poll(struct json *json, const struct report *report)
{
	json_object(json, "poll");
	json_number(json, "sockets", report_tally(report)->totals.sockets);
	json_number(json, "duration_us", report->duration_us);
	put_unlisted(json, report);
	json_array(json, "features");
	for (unsigned i = 0; i < sizeof(feature_names) / sizeof(feature_names[0]); i++)
		if (report->scene->findings->features & UINT32_C(1) << i)
			json_string(json, NULL, feature_names[i]);
	json_close_array(json);
	json_close_object(json);
}

void
report_json(const struct report *report, FILE *out)
{
	const struct findings *f = report->scene->findings;
	struct json json;
	char message[ADVICE_MAX];
	json_begin(&json, out);
	json_object(&json, NULL);
	json_string(&json, "message", advice_system(report->scene, message));
	put_range(&json, &f->tally->range);
	report_hygiene_json(report, &json);
	put_locals(&json, report);
	put_sources(&json, f);
	put_pools(&json, report);
	put_peers(&json, report);
	put_targets(&json, report);
	report_who_json(report, &json);
	put_totals(&json, report->scene);
	put_low(&json, f);
	report_udp_json(report->scene, &json);
	put_limits(&json, f);
	put_nat(&json, report);
	report_namespaces_json(report->namespaces, &json);
	put_poll(&json, report);
	json_close_object(&json);
}

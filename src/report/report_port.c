/* SPDX-License-Identifier: ISC */
#include "report/report_port.h"

#include "base/json.h"
#include "base/sentence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_words[HOLDER_KINDS] = {
    [HOLDER_LISTENER] = "listener",
    [HOLDER_BOUND] = "bound, idle",
    [HOLDER_EXPLICIT] = "its port given to bind()",
    [HOLDER_INBOUND] = "inbound",
    [HOLDER_OUTGOING] = "outgoing",
    [HOLDER_CONNECTION] = "inbound or outgoing, which cannot be told",
    [HOLDER_UDP] = "not connected",
    [HOLDER_UDP_PEER] = "connected",
};

static const char *const kind_names[HOLDER_KINDS] = {
    [HOLDER_LISTENER] = "listener", [HOLDER_BOUND] = "bound",
    [HOLDER_EXPLICIT] = "explicit", [HOLDER_INBOUND] = "inbound",
    [HOLDER_OUTGOING] = "outgoing", [HOLDER_CONNECTION] = "connection",
    [HOLDER_UDP] = "unconnected",   [HOLDER_UDP_PEER] = "connected",
};

static const char *
state_name(const struct port_holder *h)
{
	if (h->kind == HOLDER_UDP)
		return "UNCONN";
	return h->kind == HOLDER_BOUND ? "BOUND" : tcp_state_name(h->state);
}

static bool
is_connection(const struct port_holder *h)
{
	return h->kind != HOLDER_LISTENER && h->kind != HOLDER_BOUND;
}

static void
put_reason(const struct port_report *report, const struct port_state *state, FILE *out)
{
	const struct port_range *range = &report->watch->range;
	switch (state->reason) {
	case PORT_REASON_OUTSIDE:
		fprintf(out, "no: outside net.ipv4.ip_local_port_range (%u-%u)", range->low,
			range->high);
		break;
	case PORT_REASON_RESERVED: fputs("no: in net.ipv4.ip_local_reserved_ports", out); break;
	case PORT_REASON_SKIPPED:
		fputs("no: of a range of three ports the kernel never takes the last", out);
		break;
	case PORT_REASON_LISTENER: fputs("no: it has a listener", out); break;
	case PORT_REASON_BOUND: fputs("no: bind() took it, for whatever peer", out); break;
	case PORT_REASON_AMBIGUOUS:
		fputs(
		    "not known: a socket on it may have come by it through bind(), which keeps it "
		    "from every other; --probe settles that",
		    out);
		break;
	case PORT_REASON_UNSEEN:
		fputs(
		    "not known: this kernel does not list bound idle sockets, and one may be here",
		    out);
		break;
	case PORT_REASON_UDP:
		fputs("no: a UDP socket has it, for whatever peer", out);
		if (state->connect4 == PORT_CONNECT_YES)
			fputs("; over IPv4 alone it can", out);
		break;
	case PORT_REASON_NO_UDP: fprintf(out, "not known: %s", report->watch->no_udp); break;
	case PORT_REASON_OMITTED:
		fputs("not known: it has a socket that is not kept here", out);
		break;
	case PORT_REASON_NONE:
		fputs(state->connect == PORT_CONNECT_YES
			  ? "yes"
			  : "yes, but for the peers that it is connected to",
		      out);
		break;
	}
}

char *
report_port_connect(const struct port_report *report, const struct port_state *state)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	if (out == NULL)
		return NULL;
	put_reason(report, state, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* The socket that is most in the way of bind(); NULL = none is. */
static const struct port_holder *
worst_holder(const struct port_report *report, const struct port_state *state)
{
	for (uint32_t i = 0; i < state->count; i++)
		if (!report->watch->holders[state->first + i].request)
			return &report->watch->holders[state->first + i];
	return NULL;
}

static void
put_process(const struct port_report *report, const struct port_holder *h, FILE *out)
{
	char quoted[PROCESS_NAME_MAX + 2];
	const struct socket_owner *owner =
	    report->owners != NULL ? &report->owners[h - report->watch->holders] : NULL;
	if (h->inode == 0) {
		fputs("the kernel alone", out);
		return;
	}
	if (owner != NULL && owner->pid != 0) {
		fprintf(out, "%s (pid %" PRIu32,
			quoted_text(owner->process, quoted, sizeof(quoted)), owner->pid);
		if (owner->processes > 1)
			fprintf(out, " and %" PRIu32 " more", owner->processes - 1);
		fputs(")", out);
	} else {
		fputs("a process that cannot be seen", out);
	}
	fprintf(out, ", uid %" PRIu32, h->uid);
	if (owner != NULL && owner->unit[0] != '\0')
		fprintf(out, ", %s", owner->unit);
}

/* Who is in the way, and what could be done against it. */
static void
put_obstacle(const struct port_report *report, const struct port_state *state,
	     const struct port_holder *h, FILE *out)
{
	static const char *const words[HOLDER_KINDS] = {
	    [HOLDER_LISTENER] = "listens on it",
	    [HOLDER_BOUND] = "has bound it",
	    [HOLDER_EXPLICIT] = "has bound it and is connected",
	    [HOLDER_INBOUND] = "has a connection that came in on it",
	    [HOLDER_OUTGOING] = "has an outgoing connection from it",
	    [HOLDER_CONNECTION] = "has a connection on it",
	    [HOLDER_UDP] = "has a UDP socket on it",
	    [HOLDER_UDP_PEER] = "has a UDP socket on it, connected",
	};
	put_process(report, h, out);
	fprintf(out, " %s", words[h->kind]);
	if (!h->udp && is_connection(h))
		fprintf(out, " (%s)", tcp_state_name(h->state));
	if (state->bind == PORT_BIND_REUSE)
		fputs("; with SO_REUSEADDR if the sockets on it have that too", out);
	if (state->bind4 < PORT_BIND_REUSE)
		fputs("; at 0.0.0.0 it can", out);
	else if (state->specific)
		fputs("; at an address that none of them has it can", out);
}

/* The list that keeps outgoing connections off the port from now on. */
static void
put_reservation(const struct port_report *report, const struct port_state *state, FILE *out)
{
	struct portset reserved = report->watch->reserved;
	portset_add(&reserved, state->port);
	char *list = portset_text(&reserved);
	if (list != NULL && strlen(list) <= PORTSET_SETTABLE)
		fprintf(out,
			"; sysctl -w net.ipv4.ip_local_reserved_ports=%s keeps it for a "
			"service",
			list);
	free(list);
}

static void
put_unknown(const struct port_report *report, const struct port_state *state, FILE *out)
{
	fputs("not known: ", out);
	if (state->more)
		fputs("it has a socket that is not kept here", out);
	else
		fputs(state->udp ? report->watch->no_udp
				 : "this kernel does not list bound idle sockets, and one may be "
				   "here",
		      out);
}

/* Whether the kernel has chosen the port, or may have. */
static bool
is_passing(const struct port_report *report, const struct port_holder *h)
{
	return h->kind == HOLDER_OUTGOING ||
	       (h->kind == HOLDER_UDP_PEER && range_has(&report->watch->range, h->port));
}

static void
put_bind(const struct port_report *report, const struct port_state *state, FILE *out)
{
	const struct port_holder *h = worst_holder(report, state);
	switch (state->bind) {
	case PORT_BIND_YES: fputs("yes", out); return;
	case PORT_BIND_PRIVILEGED:
		fputs("yes, with CAP_NET_BIND_SERVICE: it is below "
		      "net.ipv4.ip_unprivileged_port_start",
		      out);
		return;
	case PORT_BIND_UNKNOWN: put_unknown(report, state, out); return;
	case PORT_BIND_REUSE:
	case PORT_BIND_NO: break;
	}
	fputs("no, address already in use: ", out);
	put_obstacle(report, state, h, out);
	if (is_passing(report, h) && !portset_has(&report->watch->reserved, state->port))
		put_reservation(report, state, out);
}

char *
report_port_bind(const struct port_report *report, const struct port_state *state)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	if (out == NULL)
		return NULL;
	put_bind(report, state, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void
put_holder(const struct port_report *report, const struct port_holder *h, FILE *out)
{
	char local[ADDR_PORT_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	fprintf(out, "  %-12s %s", state_name(h), addr_port_text(&h->local, h->port, local));
	if (h->peer_port != 0)
		fprintf(out, " %s %s", h->kind == HOLDER_INBOUND ? "<-" : "->",
			addr_port_text(&h->peer, h->peer_port, peer));
	fprintf(out, ", %s, ", kind_words[h->kind]);
	put_process(report, h, out);
	fputc('\n', out);
}

static void
put_holders(const struct port_report *report, const struct port_state *state, FILE *out)
{
	uint32_t connections = 0;
	for (uint32_t i = 0; i < state->count; i++) {
		const struct port_holder *h = &report->watch->holders[state->first + i];
		connections += is_connection(h);
		if (connections <= REPORT_PORT_CONNECTIONS)
			put_holder(report, h, out);
	}
	if (connections > REPORT_PORT_CONNECTIONS)
		fprintf(out, "  and %" PRIu32 " more %s%s (--format json has them)\n",
			connections - REPORT_PORT_CONNECTIONS, state->udp ? "socket" : "connection",
			number_s(connections - REPORT_PORT_CONNECTIONS));
	if (state->count == 0 && !state->more && (!state->udp || report->watch->no_udp[0] == '\0'))
		fprintf(out, "  nobody       has it: no %s socket is on it\n",
			state->udp ? "UDP" : "TCP");
}

static bool
is_alike(const struct port_state *a, const struct port_state *b)
{
	return b->count == 0 && b->port == a->port + 1 && b->udp == a->udp && b->more == a->more &&
	       b->connect == a->connect && b->reason == a->reason && b->bind == a->bind;
}

void
report_port_text(const struct port_report *report, FILE *out)
{
	const struct port_watch *watch = report->watch;
	for (uint32_t i = 0, last; i < watch->state_count; i = last + 1) {
		const struct port_state *state = &watch->states[i];
		for (last = i; state->count == 0 && last + 1 < watch->state_count &&
			       is_alike(&watch->states[last], &watch->states[last + 1]);)
			last++;
		char *can_connect = report_port_connect(report, state);
		char *can_bind = report_port_bind(report, state);
		fprintf(out, last > i ? "PORTS %u-%u" : "PORT %u", state->port,
			watch->states[last].port);
		fputs(state->udp ? " UDP\n" : " TCP\n", out);
		fprintf(out, "  connect()    %s\n", can_connect != NULL ? can_connect : "?");
		fprintf(out, "  bind()       %s\n", can_bind != NULL ? can_bind : "?");
		put_holders(report, state, out);
		fputc('\n', out);
		free(can_connect);
		free(can_bind);
	}
	if (watch->omitted[0] + watch->omitted[1] > 0)
		fprintf(out, "NOTE  %" PRIu32 " more sockets are on these ports\n",
			watch->omitted[0] + watch->omitted[1]);
	if (report->owners != NULL && !report->owners_whole)
		fputs("NOTE  not every process was looked at: that took too long\n", out);
}

static void
put_number_or_null(struct json *json, const char *name, uint64_t value, bool known)
{
	if (known)
		json_number(json, name, value);
	else
		json_null(json, name);
}

static void
put_string_or_null(struct json *json, const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		json_string(json, name, text);
	else
		json_null(json, name);
}

/* h NULL = nobody has the port. */
static void
put_socket(struct json *json, const struct port_report *report, const struct port_holder *h)
{
	char text[ADDR_PORT_TEXT_MAX];
	const struct socket_owner *owner = report->owners != NULL && h != NULL
					       ? &report->owners[h - report->watch->holders]
					       : NULL;
	put_string_or_null(json, "state", h != NULL ? state_name(h) : NULL);
	put_string_or_null(json, "kind", h != NULL ? kind_names[h->kind] : NULL);
	put_string_or_null(json, "local", h != NULL ? addr_text(&h->local, text) : NULL);
	put_string_or_null(
	    json, "peer",
	    h != NULL && h->peer_port != 0 ? addr_port_text(&h->peer, h->peer_port, text) : NULL);
	put_string_or_null(json, "process", owner != NULL ? owner->process : NULL);
	put_number_or_null(json, "pid", owner != NULL ? owner->pid : 0,
			   owner != NULL && owner->pid != 0);
	put_number_or_null(json, "uid", h != NULL ? h->uid : 0, h != NULL && h->inode != 0);
	put_string_or_null(json, "unit", owner != NULL ? owner->unit : NULL);
}

static void
put_state(struct json *json, const struct port_report *report, const struct port_state *state)
{
	static const char *const connect_names[] = {"yes", "others", "unknown", "no"};
	static const char *const bind_names[] = {"yes", "privileged", "reuse", "unknown", "no"};
	char *can_connect = report_port_connect(report, state);
	char *can_bind = report_port_bind(report, state);
	char *reason = NULL;
	if (can_connect != NULL && can_bind != NULL &&
	    asprintf(&reason, "connect(): %s; bind(): %s", can_connect, can_bind) < 0)
		reason = NULL;
	for (uint32_t i = 0; i == 0 || i < state->count; i++) {
		json_object(json, NULL);
		json_number(json, "port", state->port);
		json_string(json, "protocol", state->udp ? "udp" : "tcp");
		put_socket(json, report,
			   state->count > 0 ? &report->watch->holders[state->first + i] : NULL);
		json_string(json, "connect", connect_names[state->connect]);
		json_string(json, "bind", bind_names[state->bind]);
		put_string_or_null(json, "reason", reason);
		json_close_object(json);
	}
	free(can_connect);
	free(can_bind);
	free(reason);
}

void
report_port_json(const struct port_report *report, FILE *out)
{
	struct json json;
	json_begin(&json, out);
	json_object(&json, NULL);
	json_array(&json, "ports");
	for (uint32_t i = 0; i < report->watch->state_count; i++)
		put_state(&json, report, &report->watch->states[i]);
	json_close_array(&json);
	json_number(&json, "omitted", report->watch->omitted[0] + report->watch->omitted[1]);
	json_close_object(&json);
}

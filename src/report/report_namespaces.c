/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "kernel/sockstat.h"

#include <inttypes.h>

/* Pools that the text names of one namespace. */
#define TEXT_POOLS 5

static const char hidden[] =
    "processes of the host are hidden from here (ProtectProc=: drop-in namespaces.conf; hidepid: "
    "drop-in owners.conf, too; a pid namespace), or there are too many namespaces: there may be "
    "more of them";

static void
put_pools(const struct namespace_view *view, FILE *out)
{
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	for (uint32_t i = 0; i < view->pool_count && i < TEXT_POOLS; i++) {
		const struct namespace_pool *p = &view->pools[i];
		fprintf(out, "    %-9s %s -> %s: %s\n", report_verdict(p->finding.verdict.severity),
			addr_text(&p->tally.local, local),
			addr_port_text(&p->tally.peer, p->tally.port, peer), p->message);
	}
	uint32_t more = view->pools_omitted;
	if (view->pool_count > TEXT_POOLS)
		more += view->pool_count - TEXT_POOLS;
	if (more > 0)
		fprintf(out, "    and %" PRIu32 " more\n", more);
}

static void
put_text(const struct namespace_view *view, FILE *out)
{
	fprintf(out, "  %-32s %-9s  %-8s  %s\n", view->row->name,
		namespace_kind_name(view->row->kind), report_verdict(view->severity),
		view->message);
	/* One pool alone is in that sentence. */
	if (view->pool_count + view->pools_omitted > 1)
		put_pools(view, out);
}

void
report_namespaces(const struct namespace_report *namespaces, uint32_t limit, FILE *out)
{
	if (namespaces == NULL)
		return;
	fputs("NAMESPACES  other network namespaces: what those have left that were counted, and a "
	      "bound of the others\n",
	      out);
	for (uint32_t i = 0; i < namespaces->count && i < limit; i++)
		put_text(&namespaces->views[i], out);
	if (namespaces->count > limit)
		fprintf(out, "  and %" PRIu32 " more\n", namespaces->count - limit);
	if (namespaces->count == 0)
		fputs("  none is seen\n", out);
	if (!namespaces->complete)
		fprintf(out, "  %s\n", hidden);
	fputc('\n', out);
}

static void
put_number(struct json *json, const char *name, bool known, uint64_t value)
{
	if (known)
		json_number(json, name, value);
	else
		json_null(json, name);
}

static void
put_pool(const struct namespace_pool *p, struct json *json)
{
	json_object(json, NULL);
	report_json_address(json, "local", &p->tally.local);
	report_json_address(json, "peer", &p->tally.peer);
	json_number(json, "port", p->tally.port);
	report_json_usage(json, &p->tally.usage, &p->finding);
	json_string(json, "message", p->message);
	json_close_object(json);
}

static void
put_local(const struct namespace_local *l, struct json *json)
{
	json_object(json, NULL);
	report_json_address(json, "address", &l->row.address);
	json_number(json, "used", l->row.used);
	json_number(json, "remaining", l->row.remaining);
	json_number(json, "uncertain", l->row.uncertain);
	json_string(json, "severity", severity_name(l->severity));
	json_string(json, "message", l->message);
	json_close_object(json);
}

static void
put_lists(const struct namespace_view *view, struct json *json)
{
	json_array(json, "pools");
	for (uint32_t i = 0; i < view->pool_count; i++)
		put_pool(&view->pools[i], json);
	json_close_array(json);
	json_number(json, "poolsOmitted", view->pools_omitted);
	json_array(json, "udpPools");
	for (uint32_t i = 0; i < view->udp_count; i++)
		report_udp_json_pool(NULL, &view->udp[i].row, view->udp[i].verdict,
				     view->udp[i].message, json);
	json_close_array(json);
	json_array(json, "locals");
	for (uint32_t i = 0; i < view->local_count; i++)
		put_local(&view->locals[i], json);
	json_close_array(json);
}

/* null: not known without entering it, or without counting. */
static void
put_row(const struct namespace_view *view, struct json *json)
{
	bool counted = view->knowledge == NAMESPACE_EXACT;
	bool entered = view->knowledge != NAMESPACE_BOUND;
	int64_t connections = view->row->connections;
	json_object(json, NULL);
	json_string(json, "name", view->row->name);
	json_string(json, "kind", namespace_kind_name(view->row->kind));
	json_boolean(json, "exact", counted && !view->unlisted);
	json_object(json, "range");
	put_number(json, "low", entered, view->range.low);
	put_number(json, "high", entered, view->range.high);
	put_number(json, "reserved", counted, view->reserved);
	put_number(json, "capacity", counted, view->capacity);
	json_close_object(json);
	put_number(json, "connections", connections != SOCKSTAT_ABSENT, (uint64_t)connections);
	put_number(json, "leastRemaining", counted, view->least_remaining);
	put_number(json, "uncertain", counted, view->uncertain);
	put_number(json, "percent", counted, view->percent);
	json_string(json, "severity", severity_name(view->severity));
	if (view->worst[0] != '\0')
		json_string(json, "worstPool", view->worst);
	else
		json_null(json, "worstPool");
	json_string(json, "message", view->message);
	put_lists(view, json);
	json_close_object(json);
}

void
report_namespaces_json(const struct namespace_report *namespaces, struct json *json)
{
	if (namespaces == NULL) {
		json_null(json, "namespaces");
		json_null(json, "namespacesComplete");
		return;
	}
	json_array(json, "namespaces");
	for (uint32_t i = 0; i < namespaces->count; i++)
		put_row(&namespaces->views[i], json);
	json_close_array(json);
	json_boolean(json, "namespacesComplete", namespaces->complete);
}

/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "kernel/sockstat.h"

#include <inttypes.h>

#define MESSAGE_MAX 160

/* What there is to say of a namespace that is known by its bound alone. */
static const char *
message_of(const struct namespace_row *row, char out[static MESSAGE_MAX])
{
	if (row->connections == SOCKSTAT_ABSENT)
		snprintf(out, MESSAGE_MAX, "its net/sockstat cannot be read");
	else
		snprintf(out, MESSAGE_MAX,
			 "no pool holds more than %" PRId64 " port%s; its range is not known",
			 row->connections, number_s((uint64_t)row->connections));
	return out;
}

static const char hidden[] =
    "processes of the host are hidden from here (hidepid, ProtectProc=, a pid namespace), or there "
    "are too many namespaces: there may be more of them";

void
report_namespaces(const struct namespaces *namespaces, uint32_t limit, FILE *out)
{
	char text[MESSAGE_MAX];
	if (namespaces == NULL)
		return;
	fputs("NAMESPACES  other network namespaces, by the sockets that each has: bounds, not "
	      "exact\n",
	      out);
	for (uint32_t i = 0; i < namespaces->count && i < limit; i++) {
		const struct namespace_row *row = &namespaces->rows[i];
		fprintf(out, "  %-32s %-9s  %s\n", row->name, namespace_kind_name(row->kind),
			message_of(row, text));
	}
	if (namespaces->count > limit)
		fprintf(out, "  and %" PRIu32 " more\n", namespaces->count - limit);
	if (namespaces->count == 0)
		fputs("  none is seen\n", out);
	if (!namespaces->complete)
		fprintf(out, "  %s\n", hidden);
	fputc('\n', out);
}

/* null: not known, as all is that needs the namespace to be entered. */
static void
put_row(const struct namespace_row *row, struct json *json)
{
	char text[MESSAGE_MAX];
	json_object(json, NULL);
	json_string(json, "name", row->name);
	json_string(json, "kind", namespace_kind_name(row->kind));
	json_boolean(json, "exact", false);
	json_object(json, "range");
	json_null(json, "low");
	json_null(json, "high");
	json_null(json, "capacity");
	json_close_object(json);
	if (row->connections == SOCKSTAT_ABSENT)
		json_null(json, "connections");
	else
		json_number(json, "connections", (uint64_t)row->connections);
	json_null(json, "leastRemaining");
	json_null(json, "percent");
	json_string(json, "severity", severity_name(SEVERITY_UNKNOWN));
	json_null(json, "worstPool");
	json_string(json, "message", message_of(row, text));
	json_array(json, "pools");
	json_close_array(json);
	json_close_object(json);
}

void
report_namespaces_json(const struct namespaces *namespaces, struct json *json)
{
	if (namespaces == NULL) {
		json_null(json, "namespaces");
		json_null(json, "namespacesComplete");
		return;
	}
	json_array(json, "namespaces");
	for (uint32_t i = 0; i < namespaces->count; i++)
		put_row(&namespaces->rows[i], json);
	json_close_array(json);
	json_boolean(json, "namespacesComplete", namespaces->complete);
}

/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_udp.h"

#include <inttypes.h>
#include <string.h>

static const char *
name_of(const struct udp_tally *udp, uint32_t i, char text[static ADDR_TEXT_MAX])
{
	static const char *const wildcards[UDP_WILDCARDS] = {"any IPv4 address",
							     "any address, IPv6"};
	return i < UDP_WILDCARDS ? wildcards[i] : addr_text(&udp->rows[i].address, text);
}

void
report_udp(const struct scene *scene, uint32_t limit, FILE *out)
{
	const struct findings *f = scene->findings;
	const struct udp_tally *udp = &f->tally->udp;
	char text[ADDR_TEXT_MAX], why[ADVICE_MAX];
	if (!udp->available) {
		fprintf(out, "UDP  not available here: %s\n\n", udp->reason);
		return;
	}
	fputs("UDP  what connect(), sendto() and bind(address, 0) of UDP can still get\n", out);
	for (uint32_t i = 0; i < udp->count && i < UDP_WILDCARDS + limit; i++) {
		const struct udp_row *row = &udp->rows[i];
		fprintf(out,
			"  %-24s %8" PRIu32 " remaining %8" PRIu32 " held %8" PRIu32 " socket%s\n",
			name_of(udp, i, text), row->remaining, row->used, row->sockets,
			number_s(row->sockets));
		if (row->uncertain > 0)
			fprintf(out, "  %-24s %8" PRIu32 " of the remaining are uncertain\n", "",
				row->uncertain);
		if (f->udp[i].severity != SEVERITY_NORMAL)
			fprintf(out, "  %-12s %s\n", report_verdict(f->udp[i].severity),
				advice_udp(scene, i, why));
	}
	if (udp->count > UDP_WILDCARDS + limit)
		fprintf(out, "  and %" PRIu32 " more\n", udp->count - UDP_WILDCARDS - limit);
	if (udp->omitted > 0)
		fprintf(out, "  and %" PRIu32 " socket%s at addresses beyond these\n", udp->omitted,
			number_s(udp->omitted));
	fputc('\n', out);
}

/* Of sockets of the address's family. */
static uint32_t
toward(const struct addr *peer)
{
	return addr_is_v4(peer) ? 0 : 1;
}

void
report_udp_toward(const struct scene *scene, const struct addr *peer, FILE *out)
{
	const struct findings *f = scene->findings;
	char why[ADVICE_MAX];
	uint32_t i = toward(peer);
	if (!f->tally->udp.available)
		fprintf(out, "  UDP          not available here: %s\n", f->tally->udp.reason);
	else
		fprintf(out, "  UDP          %s: %s\n", report_verdict(f->udp[i].severity),
			advice_udp(scene, i, why));
}

void
report_udp_json_pool(const char *name, const struct udp_row *row, struct verdict verdict,
		     const char *message, struct json *json)
{
	char text[ADDR_TEXT_MAX];
	json_object(json, name);
	json_string(json, "address", addr_text(&row->address, text));
	json_number(json, "sockets", row->sockets);
	json_number(json, "used", row->used);
	json_number(json, "remaining", row->remaining);
	json_number(json, "uncertain", row->uncertain);
	json_number(json, "capacity", row->capacity);
	json_number(json, "percent", row->percent);
	json_string(json, "severity", severity_name(verdict.severity));
	json_string(json, "cause", cause_name(verdict.cause));
	json_string(json, "message", message);
	json_close_object(json);
}

void
report_udp_toward_json(const struct scene *scene, const struct addr *peer, struct json *json)
{
	const struct findings *f = scene->findings;
	char why[ADVICE_MAX];
	uint32_t i = toward(peer);
	if (f->tally->udp.available)
		report_udp_json_pool("udp", &f->tally->udp.rows[i], f->udp[i],
				     advice_udp(scene, i, why), json);
	else
		json_null(json, "udp");
}

void
report_udp_json(const struct scene *scene, struct json *json)
{
	const struct findings *f = scene->findings;
	const struct udp_tally *udp = &f->tally->udp;
	char why[ADVICE_MAX];
	json_object(json, "udp");
	json_boolean(json, "available", udp->available);
	json_string(json, "reason", udp->reason);
	json_array(json, "pools");
	for (uint32_t i = 0; i < udp->count; i++)
		report_udp_json_pool(NULL, &udp->rows[i], f->udp[i], advice_udp(scene, i, why),
				     json);
	json_close_array(json);
	json_number(json, "omitted", udp->omitted);
	json_close_object(json);
}

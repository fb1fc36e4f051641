/* SPDX-License-Identifier: ISC */
/*
 * report: what one poll found, for a person, a program or a Nagios-like scheduler.
 */
#ifndef SRCPORTD_REPORT_H
#define SRCPORTD_REPORT_H

#include "advice/advice.h"
#include "advice/namespace_view.h"
#include "alarm/alarm_list.h"
#include "base/json.h"
#include "report/report_order.h"

#include <stdio.h>
#include <time.h>

/* Other network namespaces, in the order in which they are reported. */
struct namespace_report {
	const struct namespace_view *views;
	uint32_t count;
	bool complete; /* there are no more of them */
};

struct report {
	const struct scene *scene;
	const struct report_order *order;          /* of the scene's tally */
	const struct alarm_list *alarms;           /* those of a poll without a past */
	const struct config *config;               /* whose levels judged it */
	const struct namespace_report *namespaces; /* NULL = not asked for */
	uint32_t duration_us;                      /* of the poll */
	time_t when;                               /* wall clock of the poll; 0 = a replay */
	uint32_t watched_s; /* failed connect() calls were counted for so long; 0 = they were not */
	uint32_t pool_limit; /* pools and peers that the text names, the tightest first */
	bool everything;     /* the plugin judges what is not a target too */
};

/* Aligned text for a ticket: range and what is deducted, totals by state, the tightest pools, and
 * each target with its states, percent, remaining, verdict and why. */
void report_text(const struct report *report, FILE *out);

/* The part of it that is about the host: its limits and the NAT around it. */
void report_host(const struct findings *findings, FILE *out);

/* The part that is about UDP ports, at most `limit` local addresses of it, and its member in the
 * JSON form. */
void report_udp(const struct scene *scene, uint32_t limit, FILE *out);
/* The pool that a datagram to that address is sent from, where the socket has no local address: in
 * the text of a target, and as its member "udp" in the JSON form. */
void report_udp_toward(const struct scene *scene, const struct addr *peer, FILE *out);
void report_udp_toward_json(const struct scene *scene, const struct addr *peer, struct json *json);
void report_udp_json(const struct scene *scene, struct json *json);

/* One pool of it, as a value of that name; NULL in an array. */
void report_udp_json_pool(const char *name, const struct udp_row *row, struct verdict verdict,
			  const char *message, struct json *json);

/* The part of it that is about what is unwise about the range, and its member in the JSON form. */
void report_hygiene(const struct report *report, FILE *out);
void report_hygiene_json(const struct report *report, struct json *json);

/* The part that is about other network namespaces, at most `limit` of them, and its members in the
 * JSON form. NULL = not asked for. */
void report_namespaces(const struct namespace_report *namespaces, uint32_t limit, FILE *out);
void report_namespaces_json(const struct namespace_report *namespaces, struct json *json);

/* The part that is about pools of address translation, at most pool_limit of them, and its members
 * in the object "nat" of the JSON form. */
void report_nat(const struct report *report, FILE *out);
void report_nat_json(const struct report *report, struct json *json);

/* The part that is about owners and failures, and its members in the JSON form. */
void report_who(const struct report *report, FILE *out);
void report_who_json(const struct report *report, struct json *json);

/* The stable JSON form; every pool, peer and local address. Documented in srcportd(8). */
void report_json(const struct report *report, FILE *out);

/* Parts of it that stand in several places: an address, and the members of a usage. */
void report_json_address(struct json *json, const char *name, const struct addr *address);
void report_json_usage(struct json *json, const struct usage *usage, const struct finding *finding);

/* The plugin exit code when there is nothing to judge. */
#define REPORT_PLUGIN_UNKNOWN 3

/* One line with performance data. Returns the plugin exit code: 0 OK, 1 WARNING, 2 CRITICAL. Judges
 * the targets, and if there are none or `everything` is asked for, every pool that is not a
 * target's and every alarm; and the limits of the host. */
int report_nagios(const struct report *report, FILE *out);

/* The plugin's line, cleaned, when there is nothing to report, and why. Returns its exit code, 3.
 */
int report_nagios_unknown(const char *why, FILE *out);

/* The numbers of a report. */
static inline const struct tally *
report_tally(const struct report *report)
{
	return report->scene->findings->tally;
}

/* The performance data behind its "|": each value of `u` with the range beyond which `levels` judge
 * it as a warning and as critical, and the host's with those of the configuration. */
void report_perfdata(const struct report *report, const struct usage *u,
		     const struct levels *levels, FILE *out);

/* "SAFE", "WARNING", "CRITICAL", "UNKNOWN": the verdict in the words of operators. */
const char *report_verdict(enum severity severity);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The performance data of a monitoring plugin, as its guidelines have it:
 * LABEL=VALUE[UNIT];WARNING;CRITICAL;MIN;MAX. A range "N" alerts above N, "N:" below N, "~:N" above
 * N where N is negative; what has no level has an empty one.
 */
#include "report/report.h"

#include "verdict/conclude.h"
#include <inttypes.h>

#define RANGE_MAX 24

struct ranges {
	char warning[RANGE_MAX], critical[RANGE_MAX];
};

static void
above(int64_t most, char range[static RANGE_MAX])
{
	snprintf(range, RANGE_MAX, "%s%" PRId64, most < 0 ? "~:" : "", most);
}

/* Percentages are whole: from N on is above N - 1. */
static void
from_percent(uint32_t percent, char range[static RANGE_MAX])
{
	if (percent < LEVEL_PERCENT_OFF)
		above((int64_t)percent - 1, range);
}

static void
below(uint32_t least, char range[static RANGE_MAX])
{
	if (least > 0)
		snprintf(range, RANGE_MAX, "%" PRIu32 ":", least);
}

/* The most that may be used, INT64_MAX if both are off: severity_of() counts what remains, and
 * percent that are rounded down. */
static int64_t
most_used(uint32_t percent, uint32_t remaining, uint32_t capacity)
{
	int64_t most = INT64_MAX;
	if (remaining > 0)
		most = (int64_t)capacity - remaining;
	if (percent < LEVEL_PERCENT_OFF) {
		int64_t first = ((int64_t)capacity * percent + 99) / 100;
		most = first - 1 < most ? first - 1 : most;
	}
	return most;
}

static void
above_used(uint32_t percent, uint32_t remaining, uint32_t capacity, char range[static RANGE_MAX])
{
	int64_t most = most_used(percent, remaining, capacity);
	if (most < INT64_MAX)
		above(most, range);
}

/* The least that may remain; all of it is never too little (udp_verdict()). 0 = both are off. */
static uint32_t
least_left(uint32_t percent, uint32_t remaining, uint32_t capacity)
{
	int64_t most = most_used(percent, remaining, capacity);
	if (most == INT64_MAX)
		return 0;
	return most < 0 ? capacity : capacity - (uint32_t)most;
}

static void
put(FILE *out, const char *label, uint32_t value, const char *unit, const struct ranges *ranges)
{
	fprintf(out, " %s=%" PRIu32 "%s;%s;%s;0;", label, value, unit, ranges->warning,
		ranges->critical);
}

static void
put_ports(const struct usage *u, const struct levels *at, FILE *out)
{
	struct ranges used = {"", ""}, remaining = {"", ""}, percent = {"", ""};
	above_used(at->warning_percent, at->warning_remaining, u->capacity, used.warning);
	above_used(at->critical_percent, at->critical_remaining, u->capacity, used.critical);
	below(at->warning_remaining, remaining.warning);
	below(at->critical_remaining, remaining.critical);
	from_percent(at->warning_percent, percent.warning);
	from_percent(at->critical_percent, percent.critical);
	put(out, "used", u->capacity - u->tightest, "", &used);
	fprintf(out, "%" PRIu32, u->capacity);
	put(out, "remaining", u->tightest, "", &remaining);
	fprintf(out, "%" PRIu32, u->capacity);
	put(out, "percent", u->percent, "%", &percent);
	fputs("100", out);
}

static void
put_states(const struct usage *u, const struct levels *at, FILE *out)
{
	struct ranges leak = {"", ""}, none = {"", ""};
	if (at->close_wait != 0)
		above(at->close_wait, leak.warning);
	put(out, "time_wait", u->states.of[STATE_TIME_WAIT], "", &none);
	put(out, "close_wait", u->states.of[STATE_CLOSE_WAIT], "", &leak);
	put(out, "established", u->states.of[STATE_ESTABLISHED], "", &none);
}

/* The floor for every destination is judged only where everything is. */
static void
put_free(const struct report *report, FILE *out)
{
	const struct range_tally *range = &report_tally(report)->range;
	const struct levels *at = &report->config->host.raise;
	struct ranges ranges = {"", ""};
	if (report->everything) {
		below(at->warning_remaining, ranges.warning);
		below(at->critical_remaining, ranges.critical);
	}
	put(out, "free", range->free, "", &ranges);
	fprintf(out, "%" PRIu32, range->in_use + range->free);
}

/* By what remains, of sockets of each family without an address. */
static void
put_udp(const struct report *report, FILE *out)
{
	static const char *const label[UDP_WILDCARDS] = {"udp_ipv4", "udp_ipv6"};
	const struct udp_tally *udp = &report_tally(report)->udp;
	const struct levels *at = &report->config->udp.raise;
	for (uint32_t i = 0; udp->available && i < UDP_WILDCARDS; i++) {
		const struct udp_row *row = &udp->rows[i];
		struct ranges ranges = {"", ""};
		below(least_left(at->warning_percent, at->warning_remaining, row->capacity),
		      ranges.warning);
		below(least_left(at->critical_percent, at->critical_remaining, row->capacity),
		      ranges.critical);
		put(out, label[i], row->remaining, "", &ranges);
		fprintf(out, "%" PRIu32, row->capacity);
	}
}

static void
put_limits(const struct report *report, FILE *out)
{
	for (enum limit_rule rule = 0; rule < LIMIT_RULES; rule++) {
		const struct levels *at = &report->config->limits[rule].raise;
		int percent = hostlimits_percent(&report->scene->findings->host.limits, rule);
		struct ranges ranges = {"", ""};
		if (percent < 0)
			continue;
		from_percent(at->warning_percent, ranges.warning);
		/* conclude_limit(): a rule that never warns is off. */
		if (at->warning_percent < LEVEL_PERCENT_OFF)
			from_percent(at->critical_percent, ranges.critical);
		put(out, hostlimits_rule_name(rule), (uint32_t)percent, "%", &ranges);
		fputs("100", out);
	}
}

void
report_perfdata(const struct report *report, const struct usage *u, const struct levels *levels,
		FILE *out)
{
	put_ports(u, levels, out);
	put_states(u, levels, out);
	put_free(report, out);
	put_udp(report, out);
	put_limits(report, out);
}

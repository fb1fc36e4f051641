/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_nat.h"
#include "kernel/hostlimits.h"

#include <inttypes.h>

static const char *
range_words(enum nat_range_source from)
{
	switch (from) {
	case NAT_RANGE_RULE: return "as the rule says";
	case NAT_RANGE_FLOWS: return "as connections show it";
	case NAT_RANGE_DEFAULT: break;
	}
	return "if the rule names none";
}

static void
put_row(const struct nat_pool *pool, const struct verdict *found, FILE *out)
{
	char protocol[NAT_PROTOCOL_MAX], outside[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	char holder[NAT_HOLDER_TEXT_MAX];
	const struct nat_usage *u = &pool->usage;
	fprintf(out, "  %-8s %s -> %s%s%s\n", nat_pool_protocol(pool, protocol),
		addr_text(&pool->outside, outside), nat_pool_peer(pool, peer),
		found->severity == SEVERITY_NORMAL ? "" : "  ",
		found->severity == SEVERITY_NORMAL ? "" : report_verdict(found->severity));
	fprintf(out, "           %" PRIu32 " remaining of %" PRIu32 " (%" PRIu32 "%% used)",
		u->remaining, u->capacity, u->percent);
	if (u->evictable > 0)
		fprintf(out, ", %" PRIu32 " of them if old entries give way", u->evictable);
	if (pool->holder_entries > 0)
		fprintf(out, ", most by %s (%" PRIu32 ")", nat_pool_holder(pool, holder),
			pool->holder_entries);
	if (pool->idle > 0)
		fprintf(out, ", %" PRIu32 " idle for an hour", pool->idle);
	fprintf(out, "; range %u-%u, %s", pool->range.low, pool->range.high,
		range_words(pool->from));
	fprintf(out, "; %" PRIu32 ".%04" PRIu32 "%% of those that change %s are lost\n",
		u->loss_ppm / 10000, u->loss_ppm % 10000, nat_pool_unit(pool));
}

/* Where nothing is tracked nothing is translated, and there is nothing to say. */
void
report_nat(const struct report *report, FILE *out)
{
	const struct findings *f = report->scene->findings;
	const struct nat_census *nat = f->nat.census;
	const struct limits *limits = &f->host.limits;
	if (nat == NULL && limits->value[LIMIT_CONNTRACK] == LIMIT_ABSENT)
		return;
	if (nat == NULL) {
		fprintf(out, "NAT POOLS  not available here: %s\n\n", f->nat.reason);
		return;
	}
	fprintf(out, "NAT POOLS  what each outside address has left toward a peer%s\n",
		nat->as_text ? ", by /proc/net/nf_conntrack" : "");
	for (uint32_t i = 0; i < nat->count && i < report->pool_limit; i++)
		put_row(&nat->pools[i], &f->nat_pools[i], out);
	if (nat->count > report->pool_limit)
		fprintf(out, "  and %" PRIu32 " more\n", nat->count - report->pool_limit);
	if (nat->count == 0)
		fputs("  no source address of a connection is translated here\n", out);
	if (nat->count > 0 && !nat->rules.known)
		fputs("  the rules could not be read, nor which ports they give out\n", out);
	else if (nat->rules.unread)
		fputs("  rules of iptables-legacy, if there are any, were not read: root alone "
		      "sees whether\n",
		      out);
	if (nat->omitted > 0)
		fprintf(out, "  %" PRIu32 " connection%s to pools beyond what is counted\n",
			nat->omitted, nat->omitted == 1 ? " belongs" : "s belong");
	fputc('\n', out);
}

static void
put_pool(const struct findings *f, uint32_t position, struct json *json)
{
	char text[ADDR_TEXT_MAX], message[ADVICE_MAX];
	const struct nat_pool *pool = &f->nat.census->pools[position];
	const struct nat_usage *u = &pool->usage;
	json_object(json, NULL);
	json_string(json, "protocol", nat_protocol_name(pool->protocol));
	json_string(json, "outside", addr_text(&pool->outside, text));
	json_string(json, "peer", addr_text(&pool->peer, text));
	json_number(json, "port", pool->port);
	json_number(json, "zone", pool->zone);
	json_number(json, "entries", pool->entries);
	json_number(json, "used", u->used);
	json_number(json, "remaining", u->remaining);
	json_number(json, "evictable", u->evictable);
	json_number(json, "capacity", u->capacity);
	json_number(json, "percent", u->percent);
	json_number(json, "lossPpm", u->loss_ppm);
	if (pool->holder_entries > 0)
		json_string(json, "holder", addr_text(&pool->holder, text));
	else
		json_null(json, "holder");
	if (pool->behind != NULL)
		json_string(json, "holderNamespace", pool->behind);
	else
		json_null(json, "holderNamespace");
	json_number(json, "holderEntries", pool->holder_entries);
	if (f->nat.census->established_s > 0)
		json_number(json, "idle", pool->idle);
	else
		json_null(json, "idle");
	json_string(json, "severity", severity_name(f->nat_pools[position].severity));
	json_string(json, "cause", cause_name(f->nat_pools[position].cause));
	json_string(json, "message", advice_nat(f, position, message));
	json_object(json, "range");
	json_number(json, "low", pool->range.low);
	json_number(json, "high", pool->range.high);
	json_string(json, "from", nat_range_source_name(pool->from));
	json_close_object(json);
	json_close_object(json);
}

/* null: not available is not none. */
void
report_nat_json(const struct report *report, struct json *json)
{
	const struct findings *f = report->scene->findings;
	const struct nat_census *nat = f->nat.census;
	json_boolean(json, "available", nat != NULL);
	if (nat == NULL) {
		json_string(json, "reason", f->nat.reason);
		json_null(json, "pools");
		json_null(json, "omitted");
		json_null(json, "source");
		json_null(json, "rulesUnread");
		return;
	}
	json_null(json, "reason");
	json_array(json, "pools");
	for (uint32_t i = 0; i < nat->count; i++)
		put_pool(f, i, json);
	json_close_array(json);
	json_number(json, "omitted", nat->omitted);
	json_string(json, "source", nat->as_text ? "file" : "netlink");
	json_boolean(json, "rulesUnread",
		     nat->count > 0 && (!nat->rules.known || nat->rules.unread));
}

/* SPDX-License-Identifier: ISC */
#include "snmp/netns_rows.h"

#include "advice/namespace_view.h"
#include "base/array.h"
#include "base/clean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SrcPortNetnsKind: other(1) and alias(2) come before those that a name is made from. */
#define KIND_ALIAS 2
#define KIND_FIRST 3

#define PORTS_MOST 65535

static uint32_t
at_most(int64_t value, uint32_t most)
{
	return value < 0 ? 0 : value > most ? most : (uint32_t)value;
}

static void
fill(const struct findings *f, const struct namespace_view *view, struct netns_tally *t)
{
	const struct namespace_row *row = view->row;
	bool counted = view->knowledge == NAMESPACE_EXACT;
	*t = (struct netns_tally){
	    .kind = row->aliased ? KIND_ALIAS : KIND_FIRST + (uint32_t)row->kind,
	    .exact = counted && !view->unlisted ? 1 : 2,
	    .counted = counted,
	    .bounded = row->connections != SOCKSTAT_ABSENT,
	    .process = row->process,
	    .connections = at_most(row->connections, UINT32_MAX),
	    .most_used = counted ? view->most_used : at_most(row->connections, PORTS_MOST),
	    .failures = f->failure_log != NULL ? failure_log_space(f->failure_log, row->name) : 0,
	    .made_ms = view->made_ms,
	    .severity = view->severity,
	    .cause = view->cause,
	    .low = view->range.low,
	    .high = view->range.high,
	    .pools = view->all_pools,
	    .least_remaining = view->least_remaining,
	    .uncertain = view->uncertain,
	    .capacity = view->capacity,
	    .percent = view->percent};
	memcpy(t->name, row->name, sizeof(t->name));
	memcpy(t->worst, view->worst, sizeof(t->worst));
	memcpy(t->message, view->message, sizeof(t->message));
}

static void
apply(const char *space, const struct verdict *found, const char *message, struct netns_tally *all,
      uint32_t count)
{
	for (uint32_t n = 0; n < count && found->severity != SEVERITY_NORMAL; n++) {
		if (strcmp(all[n].name, space) != 0 || all[n].severity >= found->severity)
			continue;
		all[n].severity = found->severity;
		all[n].cause = found->cause;
		snprintf(all[n].message, sizeof(all[n].message), "%s", message);
	}
}

/* An alarm that goes on between two levels is one of its namespace, too. */
static void
apply_alarms(const struct findings *f, struct netns_tally *all, uint32_t count)
{
	const struct space_pools *spaces = &f->spaces;
	for (uint32_t i = 0; i < spaces->count; i++)
		apply(spaces->of[i].space, &f->space_found[i], spaces->of[i].message, all, count);
	for (uint32_t i = 0; i < spaces->port_count; i++)
		apply(spaces->ports[i].space, &f->ports_found[i], spaces->ports[i].message, all,
		      count);
}

static bool
is_worse(const struct netns_tally *a, const struct netns_tally *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	return a->most_used > b->most_used;
}

/* All that is known of severities; "unknown" is not. */
static void
sum_up(const struct netns_tally *all, uint32_t count, struct netns_figures *figures)
{
	const struct netns_tally *worst = NULL;
	figures->namespaces = count;
	figures->severity = SEVERITY_NORMAL;
	for (uint32_t i = 0; i < count; i++) {
		figures->exacts += all[i].exact == 1;
		if (all[i].severity != SEVERITY_UNKNOWN &&
		    (worst == NULL || is_worse(&all[i], worst)))
			worst = &all[i];
	}
	if (worst == NULL) {
		snprintf(figures->message, sizeof(figures->message), "%s",
			 count == 0 ? "no other network namespace is seen"
				    : "of none more than a bound is known");
		return;
	}
	figures->severity = worst->severity;
	int length = snprintf(figures->message, sizeof(figures->message), "%s: ", worst->name);
	clean_text(worst->message, strlen(worst->message), figures->message + length,
		   sizeof(figures->message) - (size_t)length);
}

/* A table of the three, and its store. */
static bool
take(enum row_table table, const struct tallies *all, const struct rows *last,
     struct netns_rows *out, void *rows_out, uint32_t *count)
{
	struct rows rows;
	if (!rows_take(table, all, last, &rows))
		return false;
	memcpy(rows_out, &rows.rows, sizeof(rows.rows));
	*count = rows.count;
	out->index_store[table - ROWS_OF_NETNS] = rows.index_store;
	return true;
}

static bool
take_ranges(struct netns_rows *out)
{
	const struct rows none = {.rows = NULL};
	struct netns_tally *counted = array_new(out->count, sizeof(*counted));
	struct tallies all = {.tallies = counted, .limit = UINT32_MAX, .first = LOOKUP_NONE};
	for (uint32_t i = 0; counted != NULL && i < out->count; i++)
		if (out->rows[i].t.counted)
			counted[all.count++] = out->rows[i].t;
	bool good = counted != NULL &&
		    take(ROWS_OF_NETNS_RANGES, &all, &none, out, &out->ranges, &out->range_count);
	free(counted);
	return good;
}

static bool
take_pools(const struct findings *f, uint32_t limit, const struct netns_rows *last,
	   struct netns_rows *out)
{
	struct netns_pool_tally *tallies = array_new(f->spaces.count, sizeof(*tallies));
	struct verdict *found = array_new(f->spaces.count, sizeof(*found));
	const struct rows before = {.rows = last->pools, .count = last->pool_count};
	struct tallies all = {
	    .tallies = tallies, .found = found, .limit = limit, .first = LOOKUP_NONE};
	bool good = tallies != NULL && found != NULL;
	for (uint32_t i = 0; good && i < f->spaces.count; i++) {
		if (f->space_found[i].severity == SEVERITY_NORMAL)
			continue;
		struct netns_pool_tally *t = &tallies[all.count];
		snprintf(t->name, sizeof(t->name), "%s", f->spaces.of[i].space);
		t->pool = *f->spaces.of[i].tally;
		found[all.count++] = f->space_found[i];
	}
	good = good && take(ROWS_OF_NETNS_POOLS, &all, &before, out, &out->pools, &out->pool_count);
	out->figures.omitted_pools = all.count - out->pool_count;
	free(tallies);
	free(found);
	return good;
}

bool
netns_rows_take(const struct scene *scene, uint32_t limit, uint32_t pool_limit,
		const struct netns_rows *last, struct netns_rows *out)
{
	static const struct netns_rows none = {.rows = NULL};
	static const struct namespace_list nothing = {.reason = "not looked at"};
	const struct namespace_list *list =
	    scene->namespaces != NULL ? scene->namespaces : &nothing;
	last = last != NULL ? last : &none;
	const struct rows before = {.rows = last->rows, .count = last->count};
	out->figures.available = list->views != NULL;
	snprintf(out->figures.reason, sizeof(out->figures.reason), "%s", list->reason);
	if (list->views == NULL)
		return true;
	struct netns_tally *tallies = array_new(list->count, sizeof(*tallies));
	const struct tallies all = {
	    .tallies = tallies, .count = list->count, .limit = limit, .first = LOOKUP_NONE};
	for (uint32_t i = 0; tallies != NULL && i < list->count; i++)
		fill(scene->findings, &list->views[i], &tallies[i]);
	bool good = tallies != NULL;
	if (good) {
		apply_alarms(scene->findings, tallies, list->count);
		sum_up(tallies, list->count, &out->figures);
		good = take(ROWS_OF_NETNS, &all, &before, out, &out->rows, &out->count) &&
		       take_ranges(out) && take_pools(scene->findings, pool_limit, last, out);
	}
	out->figures.omitted = list->count - out->count;
	free(tallies);
	return good;
}

void
netns_rows_free(struct netns_rows *rows)
{
	free(rows->rows);
	free(rows->ranges);
	free(rows->pools);
	for (unsigned i = 0; i < NETNS_ROW_TABLES; i++)
		free(rows->index_store[i]);
}

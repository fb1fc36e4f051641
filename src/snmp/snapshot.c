/* SPDX-License-Identifier: ISC */
#include "snmp/snapshot.h"

#include "advice/advice_host.h"
#include "advice/advice_hygiene.h"
#include "advice/advice_nat.h"
#include "advice/advice_udp.h"
#include "advice/other_ranges.h"

#include "base/array.h"
#include "base/clean.h"
#include "base/pool_key.h"
#include "snmp/mib_index.h"
#include "snmp/rows.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One table: what it is made from, what it had in the last snapshot, and where its rows go. */
struct table {
	struct tallies from;
	struct rows last;
	void *rows;
	uint32_t *count;
};

/* The local addresses behind the wildcards; none if UDP is not available. */
static struct tallies
udp_locals(const struct findings *f, uint32_t limit)
{
	const struct udp_tally *udp = &f->tally->udp;
	if (!udp->available)
		return (struct tallies){NULL, NULL, 0, limit, LOOKUP_NONE};
	return (struct tallies){udp->rows + UDP_WILDCARDS, f->udp + UDP_WILDCARDS,
				udp->count - UDP_WILDCARDS, limit, LOOKUP_NONE};
}

/* Returns their number. */
static uint32_t
low_locals(const struct findings *f, struct low_local out[static LOW_ADDRESSES_MAX])
{
	const struct low_ports *low = &f->tally->low;
	for (unsigned i = 0; i < low->count; i++) {
		unsigned left = low_ports_left(low, i);
		out[i] = (struct low_local){.address = low->of[i].address,
					    .used = LOW_CAPACITY - left,
					    .remaining = left,
					    .severity = low_ports_severity(left, f->low_warning)};
	}
	return low->count;
}

/* None if the host's connections are not looked at. */
static struct tallies
nat_pools(const struct findings *f, uint32_t limit)
{
	const struct nat_census *census = f->nat.census;
	if (census == NULL)
		return (struct tallies){NULL, NULL, 0, limit, LOOKUP_NONE};
	return (struct tallies){census->pools, f->nat_pools, census->count, limit, LOOKUP_NONE};
}

/* The tables that may have to leave rows out take those of the last snapshot into account. */
static bool
take_tables(struct snapshot *s, const struct scene *scene, const struct alarm_list *alarms,
	    const struct row_limits *limits, const struct snapshot *last, uint32_t worst)
{
	const struct findings *f = scene->findings;
	const struct tally *tally = f->tally;
	const struct owner_list nobody = {.owners = NULL};
	const struct owner_list *list = scene->owners != NULL ? scene->owners : &nobody;
	const struct snapshot none = {.pools = NULL};
	const struct snapshot *l = last != NULL ? last : &none;
	const struct rows new = {.rows = NULL};
	struct low_local lows[LOW_ADDRESSES_MAX];
	uint32_t low_count = low_locals(f, lows);
	const struct table tables[ROWS_OF_NETNS] = {
	    [ROWS_OF_POOLS] = {{tally->pools, f->pools, tally->pool_count, limits->pools, worst},
			       {.rows = l->pools, .count = l->pool_count},
			       &s->pools,
			       &s->pool_count},
	    [ROWS_OF_PEERS] = {{tally->peers, f->peers, tally->peer_count, limits->peers,
				LOOKUP_NONE},
			       {.rows = l->peers, .count = l->peer_count},
			       &s->peers,
			       &s->peer_count},
	    [ROWS_OF_LOCALS] = {{tally->locals, f->locals, tally->local_count, limits->locals,
				 LOOKUP_NONE},
				{.rows = l->locals, .count = l->local_count},
				&s->locals,
				&s->local_count},
	    [ROWS_OF_TARGETS] = {{findings_targets(f), f->targets, tally->target_count, 0, 0},
				 new,
				 &s->targets,
				 &s->target_count},
	    [ROWS_OF_ALARMS] = {{alarms->alarms, NULL, alarms->count, 0, 0},
				new,
				&s->alarms,
				&s->alarm_count},
	    [ROWS_OF_OWNERS] = {{list->owners, NULL, list->owner_count, 0, 0},
				new,
				&s->owners,
				&s->owner_count},
	    [ROWS_OF_UDP_LOCALS] = {udp_locals(f, limits->locals),
				    {.rows = l->udp_locals, .count = l->udp_local_count},
				    &s->udp_locals,
				    &s->udp_local_count},
	    [ROWS_OF_LOWS] = {{lows, NULL, low_count, 0, 0}, new, &s->lows, &s->low_count},
	    [ROWS_OF_NAT] = {nat_pools(f, limits->nat),
			     {.rows = l->nat_rows, .count = l->nat_count},
			     &s->nat_rows,
			     &s->nat_count},
	};
	for (unsigned i = 0; i < ROWS_OF_NETNS; i++) {
		struct rows rows;
		if (!rows_take((enum row_table)i, &tables[i].from, &tables[i].last, &rows))
			return false;
		memcpy(tables[i].rows, &rows.rows, sizeof(rows.rows));
		*tables[i].count = rows.count;
		s->index_store[i] = rows.index_store;
	}
	return true;
}

/* The configuration may change, the snapshot stays. */
static void
keep_specs(struct snapshot *s)
{
	for (uint32_t i = 0; i < s->target_count; i++) {
		s->targets[i].spec = *s->targets[i].t.target;
		s->targets[i].t.target = &s->targets[i].spec;
	}
}

/* All but what is left out of its rows. */
static void
take_nat(struct snapshot *s, const struct findings *f)
{
	const struct nat_census *census = f->nat.census;
	struct nat_figures *nat = &s->nat;
	nat->severity = SEVERITY_NORMAL;
	nat->drops = f->nat.drops;
	nat->available = census != NULL;
	if (census == NULL) {
		snprintf(nat->reason, sizeof(nat->reason), "%s", f->nat.reason);
		return;
	}
	nat->read_ms = f->nat.read_ms;
	nat->pools = census->count;
	nat->knows_idle = census->established_s > 0;
	for (uint32_t i = 0; i < census->count; i++) {
		nat->entries += census->pools[i].entries;
		if (f->nat_pools[i].severity > nat->severity)
			nat->severity = f->nat_pools[i].severity;
	}
	advice_nat_all(f, nat->message);
}

/* Every outgoing connection is in one pool, of one peer and one local address: what the rows do not
 * have, the rest has. */
static void
count_omitted(struct snapshot *s, const struct tally *tally)
{
	uint32_t all = tally->totals.outbound;
	s->omitted.pools = (struct rest){tally->pool_count - s->pool_count, all};
	s->omitted.peers = (struct rest){tally->peer_count - s->peer_count, all};
	s->omitted.locals = (struct rest){tally->local_count - s->local_count, all};
	if (tally->udp.available)
		s->udp.omitted_locals = tally->udp.omitted_locals + tally->udp.count -
					UDP_WILDCARDS - s->udp_local_count;
	s->nat.omitted = s->nat.pools - s->nat_count;
	for (uint32_t i = 0; i < s->pool_count; i++)
		s->omitted.pools.connections -= s->pools[i].t.usage.connections;
	for (uint32_t i = 0; i < s->peer_count; i++)
		s->omitted.peers.connections -= s->peers[i].t.usage.connections;
	for (uint32_t i = 0; i < s->local_count; i++)
		s->omitted.locals.connections -= s->locals[i].t.connections;
}

static void
take_udp(struct snapshot *s, const struct scene *scene)
{
	const struct findings *f = scene->findings;
	const struct udp_tally *udp = &f->tally->udp;
	s->udp.available = udp->available;
	memcpy(s->udp.reason, udp->reason, sizeof(s->udp.reason));
	s->udp.sockets = udp->sockets;
	for (uint32_t i = 0; udp->available && i < UDP_WILDCARDS; i++) {
		s->udp.of[i].t = udp->rows[i];
		s->udp.of[i].verdict = f->udp[i];
		advice_udp(scene, i, s->udp.of[i].message);
	}
}

static enum severity
worst(const struct findings *f)
{
	enum severity severity = severity_worse(f->limits.severity, f->inbound);
	uint32_t udp = findings_worst_udp(f);
	if (udp != LOOKUP_NONE)
		severity = severity_worse(severity, f->udp[udp].severity);
	for (uint32_t i = 0; i < f->tally->peer_count; i++)
		if (f->peers[i].verdict.severity > severity)
			severity = f->peers[i].verdict.severity;
	for (uint32_t i = 0; i < f->tally->target_count; i++)
		if (f->targets[i].verdict.severity > severity)
			severity = f->targets[i].verdict.severity;
	return severity;
}

/* The more severe, then the one with fewer remaining, then always the same of two: the kernel lists
 * them in any order. */
static bool
worse(const struct findings *f, uint32_t i, uint32_t than)
{
	const struct pool_tally *a = &f->tally->pools[i], *b = &f->tally->pools[than];
	enum severity a_is = f->pools[i].verdict.severity, b_is = f->pools[than].verdict.severity;
	if (a_is != b_is)
		return a_is > b_is;
	if (a->usage.remaining != b->usage.remaining)
		return a->usage.remaining < b->usage.remaining;
	return pool_key_compare(POOL_KEY(a), POOL_KEY(b)) < 0;
}

/* Returns the position of the worst pool, or LOOKUP_NONE. */
static uint32_t
find_extremes(const struct findings *f, struct extremes *out)
{
	const struct tally *tally = f->tally;
	uint32_t capacity = tally->range.capacity, worst = LOOKUP_NONE;
	*out = (struct extremes){.nearness = f->nearness,
				 .growth = f->growth,
				 .least_remaining = capacity,
				 .highest_percent = severity_percent(capacity, capacity)};
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct usage *u = &tally->pools[i].usage;
		if (u->remaining < out->least_remaining)
			out->least_remaining = u->remaining;
		if (u->percent > out->highest_percent)
			out->highest_percent = u->percent;
		if (worst == LOOKUP_NONE || worse(f, i, worst))
			worst = i;
	}
	if (worst != LOOKUP_NONE)
		out->worst = tally->pools[worst];
	return worst;
}

/* An alarm of something that has no row, or none with a severity. */
static void
apply_alarms(struct snapshot *s)
{
	char key[ALARM_KEY_MAX];
	for (uint32_t i = 0; i < s->alarm_count; i++) {
		const struct alarm *a = &s->alarms[i].t;
		if (a->severity <= s->severity)
			continue;
		s->severity = a->severity;
		int length =
		    snprintf(s->message, sizeof(s->message), "%s: ", alarm_key(&a->subject, key));
		/* Never half a character, should it not fit. */
		clean_text(a->message, strlen(a->message), s->message + length,
			   sizeof(s->message) - (size_t)length);
	}
}

/* Of other network namespaces, where they are looked at, what fits whole. */
static void
take_hygiene(struct snapshot *s, const struct scene *scene)
{
	const struct hygiene *h = &scene->findings->tally->hygiene;
	const struct namespace_list *others = scene->namespaces;
	char text[ADVICE_MAX];
	s->hygiene = h->findings;
	advice_hygiene(h, s->hygiene_message);
	if (others == NULL || others->views == NULL ||
	    *other_ranges(&h->range, others->views, others->count, text) == '\0')
		return;
	s->hygiene |= UINT32_C(1) << HYGIENE_OTHER_RANGES;
	size_t at = strlen(s->hygiene_message);
	if (at + strlen(text) + 3 <= sizeof(s->hygiene_message))
		snprintf(s->hygiene_message + at, sizeof(s->hygiene_message) - at, "%s%s",
			 at > 0 ? "; " : "", text);
}

struct snapshot *
snapshot_build(const struct scene *scene, const struct alarm_list *alarms,
	       const struct poll_stats *poll, const struct row_limits *limits,
	       const struct snapshot *last)
{
	const struct findings *f = scene->findings;
	struct snapshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	atomic_init(&s->references, 1);
	s->poll = *poll;
	s->poll.features |= f->features;
	s->range = f->tally->range;
	s->totals = f->tally->totals;
	s->failures = f->failures;
	s->host = f->host;
	s->surveyed = scene->surveyed;
	s->limits = f->limits.severity;
	s->severity = worst(f);
	uint32_t worst_pool = find_extremes(f, &s->extremes);
	s->alarm_summary = alarms->summary;
	advice_system(scene, s->message);
	take_nat(s, f);
	take_hygiene(s, scene);
	take_udp(s, scene);
	s->low_omitted = low_ports_omitted(&f->tally->low);
	s->inbound = f->inbound;
	advice_inbound(scene, s->inbound_message);
	if (take_tables(s, scene, alarms, limits, last, worst_pool) &&
	    netns_rows_take(scene, limits->namespaces, limits->pools,
			    last != NULL ? &last->netns : NULL, &s->netns)) {
		keep_specs(s);
		count_omitted(s, f->tally);
		apply_alarms(s);
		return s;
	}
	snapshot_release(s);
	errno = ENOMEM;
	return NULL;
}

uint64_t
snapshot_patience_ms(const struct poll_stats *poll)
{
	uint64_t intervals_ms = SNAPSHOT_PATIENCE * (uint64_t)poll->interval_s * 1000;
	return intervals_ms > SNAPSHOT_PATIENCE_MS ? intervals_ms : SNAPSHOT_PATIENCE_MS;
}

/* What is known without a good poll. */
static void
doubt(struct snapshot *s, const struct alarm_figures *figures)
{
	const struct poll_stats *poll = &s->poll;
	s->severity = SEVERITY_UNKNOWN;
	if (poll->made_ms == 0)
		snprintf(s->message, sizeof(s->message), "no poll has succeeded yet%s%s",
			 poll->error[0] != '\0' ? ": " : "", poll->error);
	else
		snprintf(s->message, sizeof(s->message), "%s", figures->alarm.message);
}

/* The alarms of the last good poll, and that of the figures, in MIB order. The former keep their
 * indexes in the snapshot that has their rows. */
static bool
list_alarms(struct snapshot *s, const struct snapshot *rows_from,
	    const struct alarm_figures *figures)
{
	uint32_t last = rows_from != NULL ? rows_from->alarm_count : 0, count = 0;
	struct alarm_row *rows = array_new((size_t)last + 1, sizeof(*rows));
	if (rows == NULL)
		return false;
	struct alarm_row own = {.index = {s->figures_index, 0}, .t = figures->alarm};
	bool wanted = figures->active;
	own.index.length = (uint8_t)mib_index_alarm(&own.t, s->figures_index);
	for (uint32_t i = 0; i < last; i++) {
		const struct alarm_row *row = &rows_from->alarms[i];
		if (alarm_subject_is_figures(&row->t.subject))
			continue;
		if (wanted && own.t.id < row->t.id) {
			rows[count++] = own;
			wanted = false;
		}
		rows[count++] = *row;
	}
	if (wanted)
		rows[count++] = own;
	s->alarms = rows;
	s->alarm_count = count;
	s->alarms_own = true;
	return true;
}

struct snapshot *
snapshot_repeat(struct snapshot *last, const struct poll_stats *poll,
		const struct alarm_figures *figures)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	struct snapshot *rows_from =
	    last != NULL && last->rows_from != NULL ? last->rows_from : last;
	if (last != NULL) {
		/* All but the reference count, which another thread may be changing. */
		const size_t after = offsetof(struct snapshot, rows_from);
		memcpy((char *)s + after, (const char *)last + after, sizeof(*s) - after);
	} else {
		hostlimits_init(&s->host.limits);
	}
	if (!list_alarms(s, rows_from, figures)) {
		free(s);
		return NULL;
	}
	/* Hold the owner of the rows, not a chain of repeats. */
	s->rows_from = rows_from != NULL ? snapshot_hold(rows_from) : NULL;
	s->poll = *poll;
	s->alarm_summary = figures->summary;
	s->alarm_summary.omitted = last != NULL ? last->alarm_summary.omitted : 0;
	if (poll->made_ms == 0)
		s->alarm_summary.active = s->alarm_count;
	if (poll->made_ms == 0 || figures->active || figures->stale)
		doubt(s, figures);
	atomic_init(&s->references, 1);
	return s;
}

struct snapshot *
snapshot_hold(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

void
snapshot_release(struct snapshot *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
		return;
	if (s->rows_from == NULL || s->alarms_own)
		free(s->alarms);
	if (s->rows_from != NULL) {
		snapshot_release(s->rows_from);
	} else {
		free(s->pools);
		free(s->peers);
		free(s->locals);
		free(s->targets);
		free(s->owners);
		free(s->udp_locals);
		free(s->lows);
		free(s->nat_rows);
		netns_rows_free(&s->netns);
		for (unsigned i = 0; i < ROWS_OF_NETNS; i++)
			free(s->index_store[i]);
	}
	free(s);
}

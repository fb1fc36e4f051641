/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_watch.h"

#include <stdio.h>

_Static_assert(ALARM_MESSAGE_MAX == ADVICE_MAX, "a message is an advice");

struct alarm_rules
alarm_watch_rules(const struct config *config)
{
	return (struct alarm_rules){.notify = config->notify,
				    .room = UINT32_MAX,
				    .budget.per_minute = config->notifications_per_minute};
}

static void
read_usage(struct alarm_reading *r, const struct usage *u)
{
	r->used = u->capacity - u->tightest;
	r->capacity = u->capacity;
	r->remaining = u->tightest;
	r->percent = u->percent;
	r->close_wait = u->states.of[STATE_CLOSE_WAIT];
}

static void
read_remaining(struct alarm_reading *r, uint32_t remaining, uint32_t capacity)
{
	r->capacity = capacity;
	r->remaining = remaining;
	r->used = capacity - remaining;
	r->percent = severity_percent(remaining, capacity);
}

static void
read_pool(struct alarm_reading *r, const struct pool_tally *pool)
{
	r->local = pool->local;
	r->peer = pool->peer;
	r->port = pool->port;
	read_usage(r, &pool->usage);
}

static void
read_peer(struct alarm_reading *r, const struct peer_tally *peer)
{
	r->peer = peer->peer;
	read_usage(r, &peer->usage);
}

static void
read_target(struct alarm_reading *r, const struct target_tally *target)
{
	r->local = target->tightest_local;
	r->peer = target->tightest_peer;
	r->port = target->tightest_port;
	read_usage(r, &target->usage);
}

static void
read_local(struct alarm_reading *r, const struct local_tally *local)
{
	r->local = local->address;
	read_remaining(r, local->remaining, local->used + local->remaining);
}

static void
read_host(struct alarm_reading *r, const struct range_tally *range)
{
	if (range->capacity == 0)
		read_remaining(r, 0, 0);
	else
		read_remaining(r, range->free, range->in_use + range->free);
}

/* Limits are counted in 64 bits; the MIB shows what fits in 32. */
static uint32_t
number_of(const struct limits *limits, enum limit limit)
{
	int64_t value = limits->value[limit];
	return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void
read_limit(struct alarm_reading *r, const struct limits *limits, enum limit_rule rule)
{
	int percent = hostlimits_percent(limits, rule);
	r->used = number_of(limits, hostlimits_rule_used(rule));
	r->capacity = number_of(limits, hostlimits_rule_max(rule));
	r->remaining = r->capacity > r->used ? r->capacity - r->used : 0;
	r->percent = percent < 0 ? 0 : (uint32_t)percent;
}

/* Not about ports: how many leak, and that none of them is one too few. */
static void
read_inbound(struct alarm_reading *r, const struct totals *totals)
{
	r->used = totals->leaked.close_wait + totals->leaked.fin_wait2;
	r->capacity = totals->inbound;
	r->remaining = totals->inbound - r->used;
	r->percent = severity_percent(r->remaining, r->capacity);
	r->close_wait = totals->leaked.close_wait;
}

static void
read_udp(struct alarm_reading *r, const struct udp_row *row)
{
	r->local = row->address;
	read_remaining(r, row->remaining, row->capacity);
}

static void
read_nat(struct alarm_reading *r, const struct nat_pool *pool)
{
	r->local = pool->outside;
	r->peer = pool->peer;
	r->port = pool->port;
	r->used = pool->usage.used;
	r->capacity = pool->usage.capacity;
	r->remaining = pool->usage.remaining;
	r->percent = pool->usage.percent;
}

static void
read_space(struct alarm_reading *r, const struct space_pools *spaces, uint32_t row)
{
	if (r->subject.name[0] == '\0') {
		read_pool(r, spaces->of[row].tally);
		return;
	}
	r->local = spaces->ports[row].address;
	read_remaining(r, spaces->ports[row].remaining, spaces->ports[row].capacity);
}

static void
read_row(struct alarm_reading *r, const struct findings *f, uint32_t row)
{
	const struct tally *tally = f->tally;
	switch (r->subject.kind) {
	case ALARM_POOL: read_pool(r, &tally->pools[row]); break;
	case ALARM_PEER: read_peer(r, &tally->peers[row]); break;
	case ALARM_TARGET: read_target(r, &findings_targets(f)[row]); break;
	case ALARM_LOCAL: read_local(r, &tally->locals[row]); break;
	case ALARM_HOST: read_host(r, &tally->range); break;
	case ALARM_LIMIT: read_limit(r, &f->host.limits, (enum limit_rule)row); break;
	case ALARM_INBOUND: read_inbound(r, &tally->totals); break;
	case ALARM_UDP: read_udp(r, &tally->udp.rows[row]); break;
	case ALARM_NAT: read_nat(r, &f->nat.census->pools[row]); break;
	case ALARM_NAMESPACE_POOL: read_space(r, &f->spaces, row); break;
	}
}

/* Of a subject of which this poll knows nothing. */
static const char *
why_held(const struct findings *f, enum alarm_kind kind)
{
	return kind == ALARM_NAT ? f->nat.reason : f->tally->udp.reason;
}

/* False if there was no memory for it. */
static bool
take(struct alarms *alarms, const struct scene *scene, const struct standing *s)
{
	char message[ADVICE_MAX] = "";
	struct alarm_reading r = {.subject = s->subject,
				  .verdict = s->verdict,
				  .fading = s->fading,
				  .absent = s->row == LOOKUP_NONE && !s->held,
				  .held = s->held,
				  .message = message};
	if (s->held) {
		snprintf(message, sizeof(message), "as it was: it is not counted any more: %s",
			 why_held(scene->findings, s->subject.kind));
	} else if (!r.absent) {
		read_row(&r, scene->findings, s->row);
		advice_alarm(scene, s, message);
	}
	return alarms_take(alarms, &r);
}

void
alarm_watch(struct alarms *alarms, const struct alarm_rules *rules, const struct alarm_clock *now,
	    const struct scene *scene, struct alarm_list *out)
{
	const struct findings *f = scene->findings;
	uint32_t omitted = f->omitted;
	alarms_begin(alarms, now);
	for (uint32_t i = 0; i < f->standing_count; i++) {
		const struct standing *s = &f->standings[i];
		if ((s->changed || s->verdict.severity != SEVERITY_NORMAL) &&
		    !take(alarms, scene, s))
			omitted++;
	}
	alarms_end(alarms);
	alarms_plan(alarms, rules, now);
	alarm_list_make(alarms, out);
	out->summary.omitted = omitted;
}

void
alarm_watch_once(const struct scene *scene, struct alarm_list *out)
{
	const struct alarm_rules rules = {.room = 0};
	const struct alarm_clock now = {.ms = 0};
	struct alarms *alarms = alarms_new();
	*out = (struct alarm_list){.alarms = NULL};
	if (alarms != NULL)
		alarm_watch(alarms, &rules, &now, scene, out);
	alarms_free(alarms);
}

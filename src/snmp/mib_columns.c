/* SPDX-License-Identifier: ISC */
#include "snmp/mib_columns.h"

#include "snmp/mib_alarms.h"
#include "snmp/mib_hygiene.h"
#include "snmp/mib_inbound.h"
#include "snmp/mib_low.h"
#include "snmp/mib_nat.h"
#include "snmp/mib_netns.h"
#include "snmp/mib_owners.h"
#include "snmp/mib_udp.h"

#include "base/sentence.h"
#include "kernel/natenv.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct mib_rows
locals(const struct snapshot *s)
{
	return (struct mib_rows){s->locals, s->local_count, sizeof(*s->locals)};
}

static struct mib_rows
peers(const struct snapshot *s)
{
	return (struct mib_rows){s->peers, s->peer_count, sizeof(*s->peers)};
}

static struct mib_rows
pools(const struct snapshot *s)
{
	return (struct mib_rows){s->pools, s->pool_count, sizeof(*s->pools)};
}

static struct mib_rows
targets(const struct snapshot *s)
{
	return (struct mib_rows){s->targets, s->target_count, sizeof(*s->targets)};
}

static struct mib_rows
alarms(const struct snapshot *s)
{
	return (struct mib_rows){s->alarms, s->alarm_count, sizeof(*s->alarms)};
}

static struct mib_rows
owners(const struct snapshot *s)
{
	return (struct mib_rows){s->owners, s->owner_count, sizeof(*s->owners)};
}

static struct mib_rows
udp_locals(const struct snapshot *s)
{
	return (struct mib_rows){s->udp_locals, s->udp_local_count, sizeof(*s->udp_locals)};
}

static struct mib_rows
lows(const struct snapshot *s)
{
	return (struct mib_rows){s->lows, s->low_count, sizeof(*s->lows)};
}

static struct mib_rows
nat_pools(const struct snapshot *s)
{
	return (struct mib_rows){s->nat_rows, s->nat_count, sizeof(*s->nat_rows)};
}

static struct mib_rows
namespaces(const struct snapshot *s)
{
	return (struct mib_rows){s->netns.rows, s->netns.count, sizeof(*s->netns.rows)};
}

static struct mib_rows
namespace_ranges(const struct snapshot *s)
{
	return (struct mib_rows){s->netns.ranges, s->netns.range_count, sizeof(*s->netns.ranges)};
}

static struct mib_rows
namespace_pools(const struct snapshot *s)
{
	return (struct mib_rows){s->netns.pools, s->netns.pool_count, sizeof(*s->netns.pools)};
}

/* Scalars are members of the snapshot itself: it is the one row of their group. */
static struct mib_rows
always(const struct snapshot *s)
{
	return (struct mib_rows){s, 1, sizeof(*s)};
}

/* What has no value before the first good poll. */
static bool
polled(const struct snapshot *s)
{
	return s->poll.made_ms != 0;
}

static bool
counts_failures(const struct snapshot *s)
{
	return s->failures.available;
}

/* Groups of it. */
static struct mib_rows
once_polled(const struct snapshot *s)
{
	return (struct mib_rows){s, polled(s), sizeof(*s)};
}

/* srcPortSystem */

static bool
get_worst_pool(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct snapshot *s = row;
	const struct pool_tally *worst = &s->extremes.worst;
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	int n = 0;
	(void)view;
	if (s->pool_count + s->omitted.pools.rows > 0)
		n = snprintf(out->octets, sizeof(out->octets), "%s -> %s: %u of %u port%s remain",
			     addr_text(&worst->local, local),
			     addr_port_text(&worst->peer, worst->port, peer),
			     worst->usage.remaining, worst->usage.capacity,
			     number_s(worst->usage.capacity));
	out->length = n > 0 ? (size_t)n : 0;
	return true;
}

/* srcPortPoll */

static bool
get_poll_age(const struct mib_view *view, const void *row, struct mib_value *out)
{
	uint64_t made_ms = ((const struct snapshot *)row)->poll.made_ms;
	uint64_t age_ms = view->now_ms > made_ms ? view->now_ms - made_ms : 0;
	out->number = age_ms < UINT32_MAX ? (uint32_t)age_ms : UINT32_MAX;
	return true;
}

static bool
get_discontinuity(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)row;
	out->number = mibtree_stamp(view, MIB_STAMP_START, view->started_ms);
	return true;
}

/* Names of rows */

static bool
get_local_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	addr_text(&((const struct local_row *)row)->t.address, out->octets);
	out->length = strlen(out->octets);
	return true;
}

static bool
get_peer_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	addr_text(&((const struct peer_row *)row)->t.peer, out->octets);
	out->length = strlen(out->octets);
	return true;
}

static bool
get_pool_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct pool_tally *pool = &((const struct pool_row *)row)->t;
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	(void)view;
	out->length = (size_t)snprintf(out->octets, sizeof(out->octets), "%s -> %s",
				       addr_text(&pool->local, local),
				       addr_port_text(&pool->peer, pool->port, peer));
	return true;
}

/* srcPortTargetTable */

static bool
get_target_spec(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	target_text(&((const struct target_row *)row)->spec, out->octets);
	out->length = strlen(out->octets);
	return true;
}

static bool
get_target_pool(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct target_tally *t = &((const struct target_row *)row)->t;
	const struct pool_row pool = {
	    .t = {.local = t->tightest_local, .peer = t->tightest_peer, .port = t->tightest_port}};
	if (t->pools == 0 || !get_pool_name(view, &pool, out))
		return t->pools == 0;
	if (t->space[0] != '\0')
		out->length +=
		    (size_t)snprintf(out->octets + out->length, sizeof(out->octets) - out->length,
				     " in %s", t->space);
	return true;
}

/* A percentage that is off is 0 in the MIB. */
static bool
get_critical_percent(const struct mib_view *view, const void *row, struct mib_value *out)
{
	uint32_t percent = ((const struct target_row *)row)->spec.levels.raise.critical_percent;
	(void)view;
	out->number = percent <= 100 ? percent : 0;
	return true;
}

static bool
get_warning_percent(const struct mib_view *view, const void *row, struct mib_value *out)
{
	uint32_t percent = ((const struct target_row *)row)->spec.levels.raise.warning_percent;
	(void)view;
	out->number = percent <= 100 ? percent : 0;
	return true;
}

/* srcPortLimits */

static bool
get_percent(const struct snapshot *s, enum limit_rule rule, struct mib_value *out)
{
	int percent = hostlimits_percent(&s->host.limits, rule);
	out->number = percent < 0 ? 0 : (uint32_t)percent;
	return percent >= 0;
}

static bool
get_files_percent(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	return get_percent(row, RULE_FILES, out);
}

static bool
get_conntrack_percent(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	return get_percent(row, RULE_CONNTRACK, out);
}

static bool
get_conntrack_start(const struct mib_view *view, const void *row, struct mib_value *out)
{
	uint64_t counters_ms = ((const struct snapshot *)row)->host.counters_ms;
	out->number = mibtree_stamp(view, MIB_STAMP_CONNTRACK, counters_ms);
	return counters_ms != 0;
}

static bool
get_nat_meaning(const struct mib_view *view, const void *row, struct mib_value *out)
{
	_Static_assert(NATENV_TEXT_MAX <= sizeof(out->octets), "the text does not fit");
	(void)view;
	out->length = strlen(natenv_text(((const struct snapshot *)row)->host.nat, out->octets));
	return true;
}

/* One line an object. */
/* clang-format off */

#define SNAPSHOT(number, type, member) MIB_COLUMN(number, type, struct snapshot, member)
#define POLLED(number, type, member)                          \
    MIB_COLUMN_WHERE(number, type, struct snapshot, member, polled)

static const struct mib_column system_columns[] = {
    SNAPSHOT(1, MIB_INTEGER, severity),
    SNAPSHOT(2, MIB_TEXT, message),
    MIB_COMPUTED_WHERE(3, MIB_TEXT, get_worst_pool, polled),
    POLLED(4, MIB_GAUGE, extremes.least_remaining),
    POLLED(5, MIB_GAUGE, extremes.highest_percent),
    SNAPSHOT(6, MIB_GAUGE, alarm_summary.active),
    SNAPSHOT(7, MIB_GAUGE, alarm_summary.omitted),
    SNAPSHOT(8, MIB_GAUGE, alarm_summary.sequence),
    SNAPSHOT(9, MIB_COUNTER, alarm_summary.sent),
    SNAPSHOT(10, MIB_GAUGE, alarm_summary.owed),
    SNAPSHOT(11, MIB_COUNTER, alarm_summary.unsent),
};

static const struct mib_column range_columns[] = {
    SNAPSHOT(1, MIB_GAUGE, range.range.low),
    SNAPSHOT(2, MIB_GAUGE, range.range.high),
    SNAPSHOT(3, MIB_GAUGE, range.size),
    SNAPSHOT(4, MIB_GAUGE, range.reserved),
    SNAPSHOT(5, MIB_GAUGE, range.listening),
    SNAPSHOT(6, MIB_GAUGE, range.bound),
    SNAPSHOT(7, MIB_GAUGE, range.capacity),
    SNAPSHOT(8, MIB_GAUGE, range.uncertain),
    SNAPSHOT(9, MIB_GAUGE, range.in_use),
    SNAPSHOT(10, MIB_GAUGE, range.free),
};

/* The objects of srcPortTotals have the numbers of the states. */
#define TOTAL(state) SNAPSHOT(state, MIB_GAUGE, totals.states.of[state])

static const struct mib_column totals_columns[] = {
    TOTAL(STATE_ESTABLISHED),
    TOTAL(STATE_SYN_SENT),
    TOTAL(STATE_SYN_RECV),
    TOTAL(STATE_FIN_WAIT1),
    TOTAL(STATE_FIN_WAIT2),
    TOTAL(STATE_TIME_WAIT),
    TOTAL(STATE_CLOSE),
    TOTAL(STATE_CLOSE_WAIT),
    TOTAL(STATE_LAST_ACK),
    TOTAL(STATE_LISTEN),
    TOTAL(STATE_CLOSING),
    SNAPSHOT(12, MIB_GAUGE, totals.inbound),
    SNAPSHOT(13, MIB_GAUGE, totals.outbound),
    SNAPSHOT(14, MIB_GAUGE, totals.sockets),
    SNAPSHOT(15, MIB_GAUGE, totals.leaked.close_wait),
    SNAPSHOT(16, MIB_GAUGE, totals.leaked.fin_wait2),
};

/* The objects of srcPortLimits have the numbers of enum limit, from 1 on, up to LIMIT_EARLY_DROP. */
#define LIMIT(limit, type) SNAPSHOT((limit) + 1, type, host.limits.value[limit])

static const struct mib_column limits_columns[] = {
    LIMIT(LIMIT_TW_REUSE, MIB_GAUGE),
    LIMIT(LIMIT_TW_REUSE_DELAY, MIB_GAUGE),
    LIMIT(LIMIT_TIMESTAMPS, MIB_GAUGE),
    LIMIT(LIMIT_FIN_TIMEOUT, MIB_GAUGE),
    LIMIT(LIMIT_TW, MIB_GAUGE),
    LIMIT(LIMIT_TW_MAX, MIB_GAUGE),
    LIMIT(LIMIT_IN_USE, MIB_GAUGE),
    LIMIT(LIMIT_ORPHANS, MIB_GAUGE),
    LIMIT(LIMIT_ORPHANS_MAX, MIB_GAUGE),
    LIMIT(LIMIT_MEMORY, MIB_GAUGE),
    LIMIT(LIMIT_MEMORY_MAX, MIB_GAUGE),
    LIMIT(LIMIT_FILES, MIB_GAUGE),
    LIMIT(LIMIT_FILES_MAX, MIB_GAUGE),
    LIMIT(LIMIT_CONNTRACK, MIB_GAUGE),
    LIMIT(LIMIT_CONNTRACK_MAX, MIB_GAUGE),
    LIMIT(LIMIT_DROP, MIB_COUNTER),
    LIMIT(LIMIT_INSERT_FAILED, MIB_COUNTER),
    LIMIT(LIMIT_EARLY_DROP, MIB_COUNTER),
    MIB_COMPUTED(19, MIB_GAUGE, get_files_percent),
    MIB_COMPUTED(20, MIB_GAUGE, get_conntrack_percent),
    SNAPSHOT(21, MIB_INTEGER, limits),
    SNAPSHOT(22, MIB_BITS, host.nat),
    MIB_COMPUTED(23, MIB_TEXT, get_nat_meaning),
    MIB_COMPUTED(24, MIB_TICKS, get_conntrack_start),
};

static const struct mib_column poll_columns[] = {
    SNAPSHOT(1, MIB_GAUGE, poll.interval_s),
    MIB_COMPUTED_WHERE(2, MIB_GAUGE, get_poll_age, polled),
    POLLED(3, MIB_GAUGE, poll.duration_us),
    POLLED(4, MIB_GAUGE, poll.sockets),
    SNAPSHOT(5, MIB_COUNTER, poll.polls),
    SNAPSHOT(6, MIB_COUNTER, poll.errors),
    MIB_COMPUTED(7, MIB_TICKS, get_discontinuity),
    POLLED(8, MIB_GAUGE, omitted.pools.rows),
    POLLED(9, MIB_GAUGE, omitted.peers.rows),
    POLLED(10, MIB_GAUGE, omitted.locals.rows),
    POLLED(11, MIB_BITS, poll.features),
    SNAPSHOT(12, MIB_TEXT, poll.error),
    POLLED(13, MIB_GAUGE, poll.cpu_us),
    POLLED(14, MIB_GAUGE, poll.carried),
    POLLED(15, MIB_GAUGE, omitted.pools.connections),
    POLLED(16, MIB_GAUGE, omitted.peers.connections),
    POLLED(17, MIB_GAUGE, omitted.locals.connections),
    POLLED(18, MIB_GAUGE, poll.light),
};

/* Columns 7 to 26 of every table whose rows have a struct usage: the same number means the same in
 * each of them. */
#define USAGE(number, type, row, member) MIB_COLUMN(number, type, row, t.usage.member)
#define FINDING(number, type, row, member) MIB_COLUMN(number, type, row, f.member)
#define USAGE_COLUMNS(row)                                    \
    USAGE(7, MIB_GAUGE, row, connections),                    \
    USAGE(8, MIB_GAUGE, row, used),                           \
    USAGE(9, MIB_GAUGE, row, remaining),                     \
    USAGE(10, MIB_GAUGE, row, uncertain),                     \
    USAGE(11, MIB_GAUGE, row, capacity),                     \
    USAGE(12, MIB_GAUGE, row, percent),                       \
    FINDING(13, MIB_INTEGER, row, verdict.severity),          \
    FINDING(14, MIB_INTEGER, row, verdict.cause),             \
    USAGE(15, MIB_GAUGE, row, recyclable),                    \
    USAGE(16, MIB_GAUGE, row, states.of[STATE_ESTABLISHED]),  \
    USAGE(17, MIB_GAUGE, row, states.of[STATE_SYN_SENT]),     \
    USAGE(18, MIB_GAUGE, row, states.of[STATE_SYN_RECV]),     \
    USAGE(19, MIB_GAUGE, row, states.of[STATE_FIN_WAIT1]),    \
    USAGE(20, MIB_GAUGE, row, states.of[STATE_FIN_WAIT2]),    \
    USAGE(21, MIB_GAUGE, row, states.of[STATE_TIME_WAIT]),    \
    USAGE(22, MIB_GAUGE, row, states.of[STATE_CLOSE_WAIT]),   \
    USAGE(23, MIB_GAUGE, row, states.of[STATE_LAST_ACK]),     \
    USAGE(24, MIB_GAUGE, row, states.of[STATE_CLOSING]),      \
    FINDING(25, MIB_GAUGE, row, outlook.high_water),          \
    FINDING(26, MIB_GAUGE, row, outlook.time_left_s)

static const struct mib_column local_columns[] = {
    MIB_COMPUTED(6, MIB_TEXT, get_local_name),
    MIB_COLUMN(7, MIB_GAUGE, struct local_row, t.connections),
    MIB_COLUMN(8, MIB_GAUGE, struct local_row, t.used),
    MIB_COLUMN(9, MIB_GAUGE, struct local_row, t.remaining),
    MIB_COLUMN(10, MIB_GAUGE, struct local_row, t.uncertain),
};

static const struct mib_column peer_columns[] = {
    MIB_COLUMN(4, MIB_GAUGE, struct peer_row, t.pools),
    USAGE(5, MIB_GAUGE, struct peer_row, tightest),
    MIB_COMPUTED(6, MIB_TEXT, get_peer_name),
    USAGE_COLUMNS(struct peer_row),
    MIB_COLUMN_WHERE(27, MIB_COUNTER, struct peer_row, f.failed.count, counts_failures),
};

static const struct mib_column pool_columns[] = {
    MIB_COMPUTED(6, MIB_TEXT, get_pool_name),
    USAGE_COLUMNS(struct pool_row),
    MIB_COLUMN_WHERE(27, MIB_COUNTER, struct pool_row, f.failed.count, counts_failures),
};

static const struct mib_column target_columns[] = {
    MIB_COMPUTED(2, MIB_TEXT, get_target_spec),
    MIB_COMPUTED(3, MIB_TEXT, get_target_pool),
    MIB_COLUMN(4, MIB_GAUGE, struct target_row, t.pools),
    USAGE(5, MIB_GAUGE, struct target_row, tightest),
    MIB_COLUMN(6, MIB_TEXT, struct target_row, spec.name),
    USAGE_COLUMNS(struct target_row),
    MIB_COLUMN_WHERE(27, MIB_COUNTER, struct target_row, f.failed.count, counts_failures),
    MIB_COMPUTED(30, MIB_GAUGE, get_critical_percent),
    MIB_COMPUTED(31, MIB_GAUGE, get_warning_percent),
    MIB_COLUMN(32, MIB_GAUGE, struct target_row, spec.levels.raise.critical_remaining),
    MIB_COLUMN(33, MIB_GAUGE, struct target_row, spec.levels.raise.warning_remaining),
    MIB_COLUMN(34, MIB_GAUGE, struct target_row, spec.levels.raise.close_wait),
};

static const struct mib_table tables[] = {
    {1,  true,  always,      system_columns, COUNT(system_columns)},
    {2,  true,  once_polled, range_columns,  COUNT(range_columns)},
    {3,  true,  once_polled, totals_columns, COUNT(totals_columns)},
    {4,  true,  once_polled, limits_columns, COUNT(limits_columns)},
    {5,  true,  always,      poll_columns,   COUNT(poll_columns)},
    {MIB_FAILURES_GROUP, true, once_polled, mib_failure_columns, MIB_FAILURE_COLUMNS},
    {MIB_UDP_GROUP, true, once_polled, mib_udp_columns, MIB_UDP_COLUMNS},
    {MIB_NAT_GROUP, true, once_polled, mib_nat_columns, MIB_NAT_COLUMNS},
    {MIB_NETNS_GROUP, true, once_polled, mib_netns_columns, MIB_NETNS_COLUMNS},
    {10, false, locals,      local_columns,  COUNT(local_columns)},
    {11, false, peers,       peer_columns,   COUNT(peer_columns)},
    {12, false, pools,       pool_columns,   COUNT(pool_columns)},
    {13, false, targets,     target_columns, COUNT(target_columns)},
    {MIB_ALARM_TABLE, false, alarms, mib_alarm_columns, MIB_ALARM_COLUMNS},
    {MIB_OWNER_TABLE, false, owners, mib_owner_columns, MIB_OWNER_COLUMNS},
    {MIB_UDP_LOCAL_TABLE, false, udp_locals, mib_udp_local_columns, MIB_UDP_LOCAL_COLUMNS},
    {MIB_NAT_POOL_TABLE, false, nat_pools, mib_nat_pool_columns, MIB_NAT_POOL_COLUMNS},
    {MIB_NETNS_TABLE, false, namespaces, mib_netns_row_columns, MIB_NETNS_ROW_COLUMNS},
    {MIB_NETNS_RANGE_TABLE, false, namespace_ranges, mib_netns_range_columns,
     MIB_NETNS_RANGE_COLUMNS},
    {MIB_NETNS_POOL_TABLE, false, namespace_pools, mib_netns_pool_columns, MIB_NETNS_POOL_COLUMNS},
    {MIB_INBOUND_GROUP, true, once_polled, mib_inbound_columns, MIB_INBOUND_COLUMNS},
    {MIB_HYGIENE_GROUP, true, once_polled, mib_hygiene_columns, MIB_HYGIENE_COLUMNS},
    {MIB_LOW_GROUP, true, once_polled, mib_low_columns, MIB_LOW_COLUMNS},
    {MIB_LOW_TABLE, false, lows, mib_low_row_columns, MIB_LOW_ROW_COLUMNS},
    {MIB_OWNERS_GROUP, true, once_polled, mib_owners_columns, MIB_OWNERS_COLUMNS},
    {MIB_PROCESS_TABLE, false, owners, mib_process_columns, MIB_PROCESS_COLUMNS},
};

/* clang-format on */

const struct mibtree mib_columns_tree = {tables, COUNT(tables)};

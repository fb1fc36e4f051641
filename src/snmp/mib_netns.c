/* SPDX-License-Identifier: ISC */
#include "snmp/mib_netns.h"

#include <stdio.h>

static bool
is_available(const struct snapshot *s)
{
	return s->netns.figures.available;
}

static bool
counts_failures(const struct snapshot *s)
{
	return s->failures.available;
}

static bool
get_age(const struct mib_view *view, const void *row, struct mib_value *out)
{
	out->number = mibtree_age_s(view, ((const struct netns_row *)row)->t.made_ms);
	return true;
}

static bool
get_most_used(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct netns_tally *t = &((const struct netns_row *)row)->t;
	(void)view;
	out->number = t->most_used;
	return t->counted || t->bounded;
}

static bool
get_connections(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct netns_tally *t = &((const struct netns_row *)row)->t;
	(void)view;
	out->number = t->connections;
	return t->bounded;
}

static bool
get_pool_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct pool_tally *pool = &((const struct netns_pool_row *)row)->t.pool;
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	(void)view;
	out->length = (size_t)snprintf(out->octets, sizeof(out->octets), "%s -> %s",
				       addr_text(&pool->local, local),
				       addr_port_text(&pool->peer, pool->port, peer));
	return true;
}

/* One line an object. */
/* clang-format off */

#define NETNS(number, type, member) \
    MIB_COLUMN_WHERE(number, type, struct snapshot, netns.figures.member, is_available)

const struct mib_column mib_netns_columns[MIB_NETNS_COLUMNS] = {
    MIB_COLUMN(1, MIB_TRUTH, struct snapshot, netns.figures.available),
    MIB_COLUMN(2, MIB_TEXT, struct snapshot, netns.figures.reason),
    NETNS(3, MIB_GAUGE, namespaces),
    NETNS(4, MIB_GAUGE, exacts),
    NETNS(5, MIB_GAUGE, omitted),
    NETNS(6, MIB_GAUGE, omitted_pools),
    NETNS(7, MIB_INTEGER, severity),
    NETNS(8, MIB_TEXT, message),
};

#define ROW(number, type, member) MIB_COLUMN(number, type, struct netns_row, t.member)

const struct mib_column mib_netns_row_columns[MIB_NETNS_ROW_COLUMNS] = {
    ROW(2, MIB_INTEGER, kind),
    ROW(3, MIB_INTEGER, exact),
    ROW(4, MIB_GAUGE, process),
    MIB_COMPUTED(5, MIB_GAUGE, get_most_used),
    ROW(6, MIB_TEXT, name),
    MIB_COMPUTED(7, MIB_GAUGE, get_connections),
    MIB_COMPUTED(8, MIB_GAUGE, get_age),
    ROW(13, MIB_INTEGER, severity),
    ROW(14, MIB_INTEGER, cause),
    ROW(15, MIB_TEXT, worst),
    ROW(16, MIB_TEXT, message),
    MIB_COLUMN_WHERE(27, MIB_COUNTER, struct netns_row, t.failures, counts_failures),
};

const struct mib_column mib_netns_range_columns[MIB_NETNS_RANGE_COLUMNS] = {
    ROW(2, MIB_GAUGE, low),
    ROW(3, MIB_GAUGE, high),
    ROW(4, MIB_GAUGE, pools),
    ROW(5, MIB_GAUGE, least_remaining),
    ROW(6, MIB_TEXT, name),
    ROW(10, MIB_GAUGE, uncertain),
    ROW(11, MIB_GAUGE, capacity),
    ROW(12, MIB_GAUGE, percent),
};

#define POOL(number, type, member) MIB_COLUMN(number, type, struct netns_pool_row, member)
#define STATE(number, state) POOL(number, MIB_GAUGE, t.pool.usage.states.of[state])

const struct mib_column mib_netns_pool_columns[MIB_NETNS_POOL_COLUMNS] = {
    MIB_COMPUTED(6, MIB_TEXT, get_pool_name),
    POOL(7, MIB_GAUGE, t.pool.usage.connections),
    POOL(8, MIB_GAUGE, t.pool.usage.used),
    POOL(9, MIB_GAUGE, t.pool.usage.remaining),
    POOL(10, MIB_GAUGE, t.pool.usage.uncertain),
    POOL(11, MIB_GAUGE, t.pool.usage.capacity),
    POOL(12, MIB_GAUGE, t.pool.usage.percent),
    POOL(13, MIB_INTEGER, f.severity),
    POOL(14, MIB_INTEGER, f.cause),
    POOL(15, MIB_GAUGE, t.pool.usage.recyclable),
    STATE(16, STATE_ESTABLISHED),
    STATE(17, STATE_SYN_SENT),
    STATE(18, STATE_SYN_RECV),
    STATE(19, STATE_FIN_WAIT1),
    STATE(20, STATE_FIN_WAIT2),
    STATE(21, STATE_TIME_WAIT),
    STATE(22, STATE_CLOSE_WAIT),
    STATE(23, STATE_LAST_ACK),
    STATE(24, STATE_CLOSING),
};

/* clang-format on */

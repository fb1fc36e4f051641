/* SPDX-License-Identifier: ISC */
#include "snmp/mib_nat.h"

#include <stdio.h>
#include <string.h>

static bool
is_available(const struct snapshot *s)
{
	return s->nat.available;
}

static bool
counts_drops(const struct snapshot *s)
{
	return s->nat.available && s->nat.drops.counted;
}

static bool
get_age(const struct mib_view *view, const void *row, struct mib_value *out)
{
	out->number = mibtree_age_s(view, ((const struct snapshot *)row)->nat.read_ms);
	return true;
}

/* srcPortNatPoolTable */

static const struct nat_pool *
pool_of(const void *row)
{
	return &((const struct nat_row *)row)->t;
}

static bool
get_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	_Static_assert(NAT_POOL_TEXT_MAX <= sizeof(out->octets), "a name is a value");
	(void)view;
	out->length = strlen(nat_pool_text(pool_of(row), out->octets));
	return true;
}

static bool
get_moved(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct nat_pool *pool = pool_of(row);
	(void)view;
	if (pool->translated > 0)
		out->number = (uint32_t)((uint64_t)pool->moved * 100 / pool->translated);
	return true;
}

static bool
get_range_source(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = pool_of(row)->from + 1; /* default(1), rule(2), flows(3) */
	return true;
}

static bool
knows_idle(const struct snapshot *s)
{
	return s->nat.knows_idle;
}

/* Who holds ports is told only where owners are. */
static bool
tells_owners(const struct snapshot *s)
{
	return s->surveyed;
}

static bool
get_holder(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const struct nat_pool *pool = pool_of(row);
	char holder[NAT_HOLDER_TEXT_MAX];
	(void)view;
	if (pool->holder_entries > 0)
		out->length = (size_t)snprintf(out->octets, sizeof(out->octets), "%s: %u entr%s",
					       nat_pool_holder(pool, holder), pool->holder_entries,
					       pool->holder_entries == 1 ? "y" : "ies");
	return true;
}

/* One line an object. */
/* clang-format off */

#define NAT(number, type, member) \
    MIB_COLUMN_WHERE(number, type, struct snapshot, nat.member, is_available)

const struct mib_column mib_nat_columns[MIB_NAT_COLUMNS] = {
    MIB_COLUMN(1, MIB_TRUTH, struct snapshot, nat.available),
    MIB_COLUMN(2, MIB_TEXT, struct snapshot, nat.reason),
    NAT(3, MIB_GAUGE, entries),
    NAT(4, MIB_GAUGE, pools),
    NAT(5, MIB_GAUGE, omitted),
    MIB_COLUMN_WHERE(6, MIB_COUNTER, struct snapshot, nat.drops.total, counts_drops),
    NAT(7, MIB_INTEGER, severity),
    NAT(8, MIB_TEXT, message),
    MIB_COMPUTED_WHERE(9, MIB_GAUGE, get_age, is_available),
};

#define POOL(number, type, member) MIB_COLUMN(number, type, struct nat_row, member)

const struct mib_column mib_nat_pool_columns[MIB_NAT_POOL_COLUMNS] = {
    POOL(8, MIB_GAUGE, t.usage.used),
    POOL(9, MIB_GAUGE, t.usage.remaining),
    POOL(10, MIB_GAUGE, t.usage.evictable),
    POOL(11, MIB_GAUGE, t.usage.capacity),
    POOL(12, MIB_GAUGE, t.usage.percent),
    POOL(13, MIB_INTEGER, f.severity),
    POOL(14, MIB_INTEGER, f.cause),
    MIB_COMPUTED(15, MIB_TEXT, get_name),
    POOL(16, MIB_GAUGE, t.entries),
    POOL(17, MIB_GAUGE, t.usage.loss_ppm),
    MIB_COMPUTED(18, MIB_GAUGE, get_moved),
    POOL(19, MIB_GAUGE, t.range.low),
    POOL(20, MIB_GAUGE, t.range.high),
    MIB_COMPUTED(21, MIB_INTEGER, get_range_source),
    MIB_COLUMN_WHERE(22, MIB_GAUGE, struct nat_row, t.idle, knows_idle),
    MIB_COMPUTED_WHERE(23, MIB_TEXT, get_holder, tells_owners),
};

/* clang-format on */

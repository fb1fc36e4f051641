/* SPDX-License-Identifier: ISC */
#include "snmp/mib_alarms.h"

#include <string.h>
#include <time.h>

static const struct alarm *
alarm_of(const void *row)
{
	return &((const struct alarm_row *)row)->t;
}

static bool
get_key(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	alarm_key(&alarm_of(row)->subject, out->octets);
	out->length = strlen(out->octets);
	return true;
}

/* DateAndTime (RFC 2579) in UTC. */
static bool
get_since(const struct mib_view *view, const void *row, struct mib_value *out)
{
	time_t since = (time_t)alarm_of(row)->since;
	struct tm tm = {.tm_year = 70, .tm_mday = 1};
	(void)view;
	gmtime_r(&since, &tm);

	unsigned year = (unsigned)tm.tm_year + 1900;
	const char octets[11] = {(char)(year >> 8),
				 (char)(year & 0xff),
				 (char)(tm.tm_mon + 1),
				 (char)tm.tm_mday,
				 (char)tm.tm_hour,
				 (char)tm.tm_min,
				 (char)tm.tm_sec,
				 0,
				 '+',
				 0,
				 0};
	memcpy(out->octets, octets, sizeof(octets));
	out->length = sizeof(octets);
	return true;
}

static bool
get_age(const struct mib_view *view, const void *row, struct mib_value *out)
{
	out->number = mibtree_age_s(view, alarm_of(row)->since_ms);
	return true;
}

/* Alarms of the whole host have no address: unknown(0), no octets. */
static bool
get_addr_type(const struct addr *address, struct mib_value *out)
{
	out->number = addr_is_any(address) ? ADDR_UNKNOWN : addr_type(address);
	return true;
}

static bool
get_addr(const struct addr *address, struct mib_value *out)
{
	out->length = addr_is_any(address) ? 0 : addr_octets(address, (uint8_t *)out->octets);
	return true;
}

static bool
get_local_addr_type(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	return get_addr_type(&alarm_of(row)->local, out);
}

static bool
get_local_addr(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	return get_addr(&alarm_of(row)->local, out);
}

static bool
get_peer_addr_type(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	return get_addr_type(&alarm_of(row)->peer, out);
}

static bool
get_peer_addr(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	return get_addr(&alarm_of(row)->peer, out);
}

/* One line an object. */
/* clang-format off */

#define ALARM(number, type, member) MIB_COLUMN(number, type, struct alarm_row, t.member)

const struct mib_column mib_alarm_columns[MIB_ALARM_COLUMNS] = {
    MIB_COMPUTED(MIB_ALARM_KEY, MIB_TEXT, get_key),
    ALARM(MIB_ALARM_KIND, MIB_INTEGER, subject.kind),
    ALARM(MIB_ALARM_SEVERITY, MIB_INTEGER, severity),
    ALARM(MIB_ALARM_CAUSE, MIB_INTEGER, cause),
    MIB_COMPUTED(MIB_ALARM_SINCE, MIB_TEXT, get_since),
    MIB_COMPUTED(MIB_ALARM_AGE, MIB_GAUGE, get_age),
    ALARM(MIB_ALARM_SEQUENCE, MIB_GAUGE, sequence),
    MIB_COMPUTED(MIB_ALARM_LOCAL_ADDR_TYPE, MIB_INTEGER, get_local_addr_type),
    MIB_COMPUTED(MIB_ALARM_LOCAL_ADDR, MIB_TEXT, get_local_addr),
    MIB_COMPUTED(MIB_ALARM_PEER_ADDR_TYPE, MIB_INTEGER, get_peer_addr_type),
    MIB_COMPUTED(MIB_ALARM_PEER_ADDR, MIB_TEXT, get_peer_addr),
    ALARM(MIB_ALARM_PEER_PORT, MIB_GAUGE, port),
    ALARM(MIB_ALARM_USED, MIB_GAUGE, used),
    ALARM(MIB_ALARM_CAPACITY, MIB_GAUGE, capacity),
    ALARM(MIB_ALARM_REMAINING, MIB_GAUGE, remaining),
    ALARM(MIB_ALARM_PERCENT, MIB_GAUGE, percent),
    ALARM(MIB_ALARM_CLOSE_WAIT, MIB_GAUGE, close_wait),
    ALARM(MIB_ALARM_MESSAGE, MIB_TEXT, message),
    ALARM(MIB_ALARM_NAMESPACE, MIB_TEXT, subject.space),
};

/* clang-format on */

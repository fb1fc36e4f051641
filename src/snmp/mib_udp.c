/* SPDX-License-Identifier: ISC */
#include "snmp/mib_udp.h"

#include <string.h>

static bool
counted(const struct snapshot *snapshot)
{
	return snapshot->udp.available;
}

static bool
get_local_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	addr_text(&((const struct udp_local_row *)row)->t.address, out->octets);
	out->length = strlen(out->octets);
	return true;
}

/* One line an object. */
/* clang-format off */

#define COUNTED(number, type, member) \
    MIB_COLUMN_WHERE(number, type, struct snapshot, udp.member, counted)
#define LOCAL(number, member) MIB_COLUMN(number, MIB_GAUGE, struct udp_local_row, t.member)

/* A pool of callers without an address, from that number on. */
#define WILDCARD(number, i)                                       \
    COUNTED(number, MIB_GAUGE, of[i].t.used),                     \
    COUNTED((number) + 1, MIB_GAUGE, of[i].t.remaining),          \
    COUNTED((number) + 2, MIB_GAUGE, of[i].t.uncertain),          \
    COUNTED((number) + 3, MIB_GAUGE, of[i].t.capacity),           \
    COUNTED((number) + 4, MIB_GAUGE, of[i].t.percent),            \
    COUNTED((number) + 5, MIB_INTEGER, of[i].verdict.severity),   \
    COUNTED((number) + 6, MIB_INTEGER, of[i].verdict.cause),      \
    COUNTED((number) + 7, MIB_TEXT, of[i].message)

const struct mib_column mib_udp_columns[MIB_UDP_COLUMNS] = {
    MIB_COLUMN(1, MIB_TRUTH, struct snapshot, udp.available),
    MIB_COLUMN(2, MIB_TEXT, struct snapshot, udp.reason),
    COUNTED(3, MIB_GAUGE, sockets),
    COUNTED(4, MIB_GAUGE, omitted_locals),
    WILDCARD(10, 0), /* srcPortUdpIpv4... */
    WILDCARD(20, 1), /* srcPortUdpIpv6... */
};

const struct mib_column mib_udp_local_columns[MIB_UDP_LOCAL_COLUMNS] = {
    MIB_COMPUTED(6, MIB_TEXT, get_local_name),
    LOCAL(7, sockets),
    LOCAL(8, used),
    LOCAL(9, remaining),
    LOCAL(10, uncertain),
    LOCAL(11, capacity),
    LOCAL(12, percent),
};

/* clang-format on */

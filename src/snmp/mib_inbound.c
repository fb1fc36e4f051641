/* SPDX-License-Identifier: ISC */
#include "snmp/mib_inbound.h"

static bool
leaks(const struct snapshot *s)
{
	return s->totals.worst_leak.port != 0;
}

const struct mib_column mib_inbound_columns[MIB_INBOUND_COLUMNS] = {
    MIB_COMPUTED(1, MIB_INTEGER, mibtree_true),
    MIB_COMPUTED(2, MIB_TEXT, mibtree_empty),
    MIB_COLUMN(3, MIB_GAUGE, struct snapshot, totals.leaked.close_wait),
    MIB_COLUMN(4, MIB_GAUGE, struct snapshot, totals.leaked.fin_wait2),
    MIB_COLUMN_WHERE(5, MIB_GAUGE, struct snapshot, totals.worst_leak.port, leaks),
    MIB_COLUMN(6, MIB_INTEGER, struct snapshot, inbound),
    MIB_COLUMN(7, MIB_TEXT, struct snapshot, inbound_message),
};

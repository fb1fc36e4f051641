/* SPDX-License-Identifier: ISC */
#include "snmp/mib_low.h"

#include <string.h>

static bool
get_capacity(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->number = LOW_CAPACITY;
	return true;
}

static bool
get_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	addr_text(&((const struct low_row *)row)->t.address, out->octets);
	out->length = strlen(out->octets);
	return true;
}

const struct mib_column mib_low_columns[MIB_LOW_COLUMNS] = {
    MIB_COMPUTED(1, MIB_INTEGER, mibtree_true),
    MIB_COMPUTED(2, MIB_TEXT, mibtree_empty),
    MIB_COMPUTED(3, MIB_GAUGE, get_capacity),
    MIB_COLUMN(4, MIB_GAUGE, struct snapshot, low_omitted),
};

const struct mib_column mib_low_row_columns[MIB_LOW_ROW_COLUMNS] = {
    MIB_COMPUTED(6, MIB_TEXT, get_name),
    MIB_COLUMN(8, MIB_GAUGE, struct low_row, t.used),
    MIB_COLUMN(9, MIB_GAUGE, struct low_row, t.remaining),
    MIB_COLUMN(13, MIB_INTEGER, struct low_row, t.severity),
};

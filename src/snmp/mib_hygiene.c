/* SPDX-License-Identifier: ISC */
#include "snmp/mib_hygiene.h"

static bool
get_available(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->number = 1; /* TruthValue: true */
	return true;
}

static bool
get_reason(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->length = 0;
	return true;
}

const struct mib_column mib_hygiene_columns[MIB_HYGIENE_COLUMNS] = {
    MIB_COMPUTED(1, MIB_INTEGER, get_available),
    MIB_COMPUTED(2, MIB_TEXT, get_reason),
    MIB_COLUMN(3, MIB_BITS, struct snapshot, hygiene),
    MIB_COLUMN(4, MIB_TEXT, struct snapshot, hygiene_message),
};

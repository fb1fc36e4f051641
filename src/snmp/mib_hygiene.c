/* SPDX-License-Identifier: ISC */
#include "snmp/mib_hygiene.h"

const struct mib_column mib_hygiene_columns[MIB_HYGIENE_COLUMNS] = {
    MIB_COMPUTED(1, MIB_INTEGER, mibtree_true),
    MIB_COMPUTED(2, MIB_TEXT, mibtree_empty),
    MIB_COLUMN(3, MIB_BITS, struct snapshot, hygiene),
    MIB_COLUMN(4, MIB_TEXT, struct snapshot, hygiene_message),
};

/* SPDX-License-Identifier: ISC */
/*
 * mib_low: srcPortLow and srcPortLowTable as columns, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_LOW_H
#define SRCPORTD_MIB_LOW_H

#include "snmp/mibtree.h"

/* Arcs below srcPortObjects. */
#define MIB_LOW_GROUP 23
#define MIB_LOW_TABLE 24

/* Readable objects of each. */
#define MIB_LOW_COLUMNS     4
#define MIB_LOW_ROW_COLUMNS 4

extern const struct mib_column mib_low_columns[MIB_LOW_COLUMNS];
extern const struct mib_column mib_low_row_columns[MIB_LOW_ROW_COLUMNS];

#endif

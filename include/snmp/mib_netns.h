/* SPDX-License-Identifier: ISC */
/*
 * mib_netns: srcPortNetns and its three tables, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_NETNS_H
#define SRCPORTD_MIB_NETNS_H

#include "snmp/mibtree.h"

/* Arcs below srcPortObjects. */
#define MIB_NETNS_GROUP       9
#define MIB_NETNS_TABLE       18
#define MIB_NETNS_RANGE_TABLE 19
#define MIB_NETNS_POOL_TABLE  20

/* Readable objects of each. */
#define MIB_NETNS_COLUMNS       8
#define MIB_NETNS_ROW_COLUMNS   12
#define MIB_NETNS_RANGE_COLUMNS 8
#define MIB_NETNS_POOL_COLUMNS  19

extern const struct mib_column mib_netns_columns[MIB_NETNS_COLUMNS];
extern const struct mib_column mib_netns_row_columns[MIB_NETNS_ROW_COLUMNS];
extern const struct mib_column mib_netns_range_columns[MIB_NETNS_RANGE_COLUMNS];
extern const struct mib_column mib_netns_pool_columns[MIB_NETNS_POOL_COLUMNS];

#endif

/* SPDX-License-Identifier: ISC */
/*
 * mib_nat: the columns of srcPortNat and srcPortNatPoolTable, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_NAT_H
#define SRCPORTD_MIB_NAT_H

#include "snmp/mibtree.h"

/* Arcs below srcPortObjects. */
#define MIB_NAT_GROUP      8
#define MIB_NAT_POOL_TABLE 17

/* Readable objects of each. */
#define MIB_NAT_COLUMNS      9
#define MIB_NAT_POOL_COLUMNS 16

extern const struct mib_column mib_nat_columns[MIB_NAT_COLUMNS];
extern const struct mib_column mib_nat_pool_columns[MIB_NAT_POOL_COLUMNS];

#endif

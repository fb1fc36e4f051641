/* SPDX-License-Identifier: ISC */
/*
 * mib_owners: the objects of srcPortFailures and the columns of srcPortOwnerTable, a part of
 * mib_columns.
 */
#ifndef SRCPORTD_MIB_OWNERS_H
#define SRCPORTD_MIB_OWNERS_H

#include "snmp/mibtree.h"

#define MIB_FAILURES_GROUP  6 /* arcs below srcPortObjects */
#define MIB_OWNER_TABLE     15
#define MIB_FAILURE_COLUMNS 9
#define MIB_OWNER_COLUMNS   13

extern const struct mib_column mib_failure_columns[MIB_FAILURE_COLUMNS];
extern const struct mib_column mib_owner_columns[MIB_OWNER_COLUMNS];

#endif

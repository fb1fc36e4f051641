/* SPDX-License-Identifier: ISC */
/*
 * mib_owners: the objects of srcPortFailures and srcPortOwners, and the columns of the tables of
 * owners, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_OWNERS_H
#define SRCPORTD_MIB_OWNERS_H

#include "snmp/mibtree.h"

/* Arcs below srcPortObjects. */
#define MIB_FAILURES_GROUP 6
#define MIB_OWNER_TABLE    15
#define MIB_OWNERS_GROUP   25
#define MIB_PROCESS_TABLE  26

/* Readable objects of each. */
#define MIB_FAILURE_COLUMNS 9
#define MIB_OWNER_COLUMNS   8
#define MIB_OWNERS_COLUMNS  2
#define MIB_PROCESS_COLUMNS 5

extern const struct mib_column mib_failure_columns[MIB_FAILURE_COLUMNS];
extern const struct mib_column mib_owner_columns[MIB_OWNER_COLUMNS];
extern const struct mib_column mib_owners_columns[MIB_OWNERS_COLUMNS];
extern const struct mib_column mib_process_columns[MIB_PROCESS_COLUMNS];

#endif

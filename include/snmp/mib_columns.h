/* SPDX-License-Identifier: ISC */
/*
 * mib_columns: SRCPORT-MIB as tables of columns. Each line stands for one object of
 * mibs/SRCPORT-MIB.txt, with the same number and type.
 */
#ifndef SRCPORTD_MIB_COLUMNS_H
#define SRCPORTD_MIB_COLUMNS_H

#include "snmp/mibtree.h"

/* The arc of srcPortObjects below srcPortMIB: mib_columns_tree is what lies under it. */
#define MIB_COLUMNS_OBJECTS 1

extern const struct mibtree mib_columns_tree;

#endif

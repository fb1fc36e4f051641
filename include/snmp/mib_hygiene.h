/* SPDX-License-Identifier: ISC */
/*
 * mib_hygiene: srcPortHygiene, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_HYGIENE_H
#define SRCPORTD_MIB_HYGIENE_H

#include "snmp/mibtree.h"

#define MIB_HYGIENE_GROUP   22 /* arc below srcPortObjects */
#define MIB_HYGIENE_COLUMNS 4

extern const struct mib_column mib_hygiene_columns[MIB_HYGIENE_COLUMNS];

#endif

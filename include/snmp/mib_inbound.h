/* SPDX-License-Identifier: ISC */
/*
 * mib_inbound: srcPortInbound, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_INBOUND_H
#define SRCPORTD_MIB_INBOUND_H

#include "snmp/mibtree.h"

#define MIB_INBOUND_GROUP   21 /* arc below srcPortObjects */
#define MIB_INBOUND_COLUMNS 7

extern const struct mib_column mib_inbound_columns[MIB_INBOUND_COLUMNS];

#endif

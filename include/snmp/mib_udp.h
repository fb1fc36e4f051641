/* SPDX-License-Identifier: ISC */
/*
 * mib_udp: srcPortUdp and srcPortUdpLocalTable as columns, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_UDP_H
#define SRCPORTD_MIB_UDP_H

#include "snmp/mibtree.h"

/* Arcs below srcPortObjects. */
#define MIB_UDP_GROUP       7
#define MIB_UDP_LOCAL_TABLE 16

/* Readable objects of each. */
#define MIB_UDP_COLUMNS       20
#define MIB_UDP_LOCAL_COLUMNS 7

extern const struct mib_column mib_udp_columns[MIB_UDP_COLUMNS];
extern const struct mib_column mib_udp_local_columns[MIB_UDP_LOCAL_COLUMNS];

#endif

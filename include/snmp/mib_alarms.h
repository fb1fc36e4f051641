/* SPDX-License-Identifier: ISC */
/*
 * mib_alarms: the columns of srcPortAlarmTable, a part of mib_columns.
 */
#ifndef SRCPORTD_MIB_ALARMS_H
#define SRCPORTD_MIB_ALARMS_H

#include "snmp/mibtree.h"

/* Numbers that the notifications need too. */
enum mib_alarm_column {
	MIB_ALARM_KEY = 2,
	MIB_ALARM_KIND,
	MIB_ALARM_SEVERITY,
	MIB_ALARM_CAUSE,
	MIB_ALARM_SINCE,
	MIB_ALARM_AGE,
	MIB_ALARM_SEQUENCE,
	MIB_ALARM_LOCAL_ADDR_TYPE,
	MIB_ALARM_LOCAL_ADDR,
	MIB_ALARM_PEER_ADDR_TYPE,
	MIB_ALARM_PEER_ADDR,
	MIB_ALARM_PEER_PORT,
	MIB_ALARM_USED,
	MIB_ALARM_CAPACITY,
	MIB_ALARM_REMAINING,
	MIB_ALARM_PERCENT,
	MIB_ALARM_CLOSE_WAIT,
	MIB_ALARM_MESSAGE,
	MIB_ALARM_NAMESPACE
};

#define MIB_ALARM_TABLE   14 /* arc below srcPortObjects */
#define MIB_ALARM_COLUMNS (MIB_ALARM_NAMESPACE - MIB_ALARM_KEY + 1)

extern const struct mib_column mib_alarm_columns[MIB_ALARM_COLUMNS];

#endif

/* SPDX-License-Identifier: ISC */
#include "snmp/mib_optional.h"

#include <stdio.h>

static const char reason[] = "not available in this version";

static bool
get_available(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->number = 2; /* TruthValue: false */
	return true;
}

static bool
get_reason(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->length = (size_t)snprintf(out->octets, sizeof(out->octets), "%s", reason);
	return true;
}

static bool
never(const struct snapshot *snapshot)
{
	(void)snapshot;
	return false;
}

/* One line an object. */
/* clang-format off */

/* Known to a manager as an object that has no instance. */
#define LATER(number, type) MIB_COMPUTED_WHERE(number, type, NULL, never)

const struct mib_column mib_netns_columns[MIB_NETNS_COLUMNS] = {
    MIB_COMPUTED(1, MIB_INTEGER, get_available),
    MIB_COMPUTED(2, MIB_TEXT, get_reason),
    LATER(3, MIB_GAUGE), /* srcPortNetnsNamespaces */
    LATER(4, MIB_GAUGE), /* srcPortNetnsExacts */
    LATER(5, MIB_GAUGE), /* srcPortNetnsOmitted */
    LATER(6, MIB_GAUGE), /* srcPortNetnsOmittedPools */
    LATER(7, MIB_INTEGER), /* srcPortNetnsWorstSeverity */
    LATER(8, MIB_TEXT), /* srcPortNetnsWorstMessage */
};

const struct mib_column mib_netns_row_columns[MIB_NETNS_ROW_COLUMNS] = {
    LATER(2, MIB_INTEGER), /* srcPortNetnsKind */
    LATER(3, MIB_INTEGER), /* srcPortNetnsExact */
    LATER(4, MIB_GAUGE), /* srcPortNetnsProcessId */
    LATER(5, MIB_GAUGE), /* srcPortNetnsMostUsed */
    LATER(6, MIB_TEXT), /* srcPortNetnsLabel */
    LATER(7, MIB_GAUGE), /* srcPortNetnsConnections */
    LATER(8, MIB_GAUGE), /* srcPortNetnsAge */
    LATER(13, MIB_INTEGER), /* srcPortNetnsSeverity */
    LATER(14, MIB_INTEGER), /* srcPortNetnsCause */
    LATER(15, MIB_TEXT), /* srcPortNetnsWorstPool */
    LATER(16, MIB_TEXT), /* srcPortNetnsMessage */
    LATER(27, MIB_COUNTER), /* srcPortNetnsFailures */
};

const struct mib_column mib_netns_range_columns[MIB_NETNS_RANGE_COLUMNS] = {
    LATER(2, MIB_GAUGE), /* srcPortNetnsRangeLow */
    LATER(3, MIB_GAUGE), /* srcPortNetnsRangeHigh */
    LATER(4, MIB_GAUGE), /* srcPortNetnsRangePools */
    LATER(5, MIB_GAUGE), /* srcPortNetnsRangeLeastRemaining */
    LATER(6, MIB_TEXT), /* srcPortNetnsRangeLabel */
    LATER(10, MIB_GAUGE), /* srcPortNetnsRangeUncertain */
    LATER(11, MIB_GAUGE), /* srcPortNetnsRangeCapacity */
    LATER(12, MIB_GAUGE), /* srcPortNetnsRangePercent */
};

const struct mib_column mib_netns_pool_columns[MIB_NETNS_POOL_COLUMNS] = {
    LATER(6, MIB_TEXT), /* srcPortNetnsPoolName */
    LATER(7, MIB_GAUGE), /* srcPortNetnsPoolConnections */
    LATER(8, MIB_GAUGE), /* srcPortNetnsPoolUsed */
    LATER(9, MIB_GAUGE), /* srcPortNetnsPoolRemaining */
    LATER(10, MIB_GAUGE), /* srcPortNetnsPoolUncertain */
    LATER(11, MIB_GAUGE), /* srcPortNetnsPoolCapacity */
    LATER(12, MIB_GAUGE), /* srcPortNetnsPoolPercent */
    LATER(13, MIB_INTEGER), /* srcPortNetnsPoolSeverity */
    LATER(14, MIB_INTEGER), /* srcPortNetnsPoolCause */
    LATER(15, MIB_GAUGE), /* srcPortNetnsPoolRecyclable */
    LATER(16, MIB_GAUGE), /* srcPortNetnsPoolEstablished */
    LATER(17, MIB_GAUGE), /* srcPortNetnsPoolSynSent */
    LATER(18, MIB_GAUGE), /* srcPortNetnsPoolSynRecv */
    LATER(19, MIB_GAUGE), /* srcPortNetnsPoolFinWait1 */
    LATER(20, MIB_GAUGE), /* srcPortNetnsPoolFinWait2 */
    LATER(21, MIB_GAUGE), /* srcPortNetnsPoolTimeWait */
    LATER(22, MIB_GAUGE), /* srcPortNetnsPoolCloseWait */
    LATER(23, MIB_GAUGE), /* srcPortNetnsPoolLastAck */
    LATER(24, MIB_GAUGE), /* srcPortNetnsPoolClosing */
};

/* clang-format on */

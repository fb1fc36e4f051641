/* SPDX-License-Identifier: ISC */
#include "alarm/notification.h"

enum notification_kind
notification_kind(enum severity severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL: return NOTIFICATION_CRITICAL;
	case SEVERITY_WARNING: return NOTIFICATION_WARNING;
	case SEVERITY_UNKNOWN: return NOTIFICATION_UNKNOWN;
	case SEVERITY_NORMAL: break;
	}
	return NOTIFICATION_CLEARED;
}

bool
notification_is_wanted(uint32_t mask, enum notification_kind kind)
{
	return (mask >> (kind - 1) & 1) != 0;
}

uint32_t
notification_number_after(uint32_t number)
{
	return number == UINT32_MAX ? 1 : number + 1;
}

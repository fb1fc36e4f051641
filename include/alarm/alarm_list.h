/* SPDX-License-Identifier: ISC */
/*
 * alarm_list: the alarms that are active, for who shows them. Pure.
 */
#ifndef SRCPORTD_ALARM_LIST_H
#define SRCPORTD_ALARM_LIST_H

#include "alarm/alarm.h"

struct alarm_list {
	struct alarm *alarms; /* owned; NULL = there was no memory for them */
	uint32_t count;
	struct alarm_summary summary;
};

void alarm_list_make(const struct alarms *alarms, struct alarm_list *out);
void alarm_list_free(struct alarm_list *list); /* it is then empty */

#endif

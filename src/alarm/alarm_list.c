/* SPDX-License-Identifier: ISC */
#include "alarm/alarm_list.h"

#include "base/array.h"

#include <stdlib.h>

void
alarm_list_make(const struct alarms *alarms, struct alarm_list *out)
{
	const struct alarm *alarm;
	const struct alarm_summary *summary = alarms_summary(alarms);
	*out = (struct alarm_list){.alarms = array_new(summary->active, sizeof(*out->alarms)),
				   .summary = *summary};
	for (uint32_t i = 0; out->alarms != NULL && (alarm = alarms_at(alarms, i)) != NULL; i++)
		if (alarm->severity != SEVERITY_NORMAL)
			out->alarms[out->count++] = *alarm;
}

void
alarm_list_free(struct alarm_list *list)
{
	free(list->alarms);
	*list = (struct alarm_list){.alarms = NULL};
}

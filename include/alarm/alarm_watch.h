/* SPDX-License-Identifier: ISC */
/*
 * alarm_watch: from the findings of a poll to the alarm engine. Pure.
 */
#ifndef SRCPORTD_ALARM_WATCH_H
#define SRCPORTD_ALARM_WATCH_H

#include "advice/advice.h"
#include "alarm/alarm_list.h"

/* The engine's rules as the configuration has them: without a limit of room, and with nobody to
 * tell yet. */
struct alarm_rules alarm_watch_rules(const struct config *config);

/* Takes the standings of a poll into the engine, plans what is told of them (alarms_plan()), and
 * lists the alarms that are active after it. *out is the caller's to free (alarm_list_free()). */
void alarm_watch(struct alarms *alarms, const struct alarm_rules *rules,
		 const struct alarm_clock *now, const struct scene *scene, struct alarm_list *out);

/* The alarms of a poll that has no past and no future. */
void alarm_watch_once(const struct scene *scene, struct alarm_list *out);

#endif

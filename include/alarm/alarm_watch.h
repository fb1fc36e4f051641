/* SPDX-License-Identifier: ISC */
/*
 * alarm_watch: shows the alarm engine what a poll found, and shows in the poll's rows what the
 * engine makes of it. Pure.
 *
 * Which subjects there are, and what is compared with which level, is decided here:
 *
 *     target   ports of its tightest pool, and its CLOSE_WAIT, by its own levels
 *     peer     its CLOSE_WAIT by closeWait, unless all its pools are targets'
 *     pool     its ports by the general levels, unless it is a target's
 *     local    what bind() can still get, by localCriticalRemaining and localWarningRemaining
 *     host     the free ports, by hostCriticalRemaining and hostWarningRemaining; an empty pool, by
 *              the general levels, while the range offers no port at all
 *     limit    conntrackPercent, filesPercent
 *
 * A pool, peer or target that just saw connect() fail is critical, whatever its levels.
 */
#ifndef SRCPORTD_ALARM_WATCH_H
#define SRCPORTD_ALARM_WATCH_H

#include "alarm/alarm.h"
#include "config/config.h"
#include "count/tally.h"

/* The engine's rules as the configuration has them, without a limit of room. */
struct alarm_rules alarm_watch_rules(const struct config *config);

/* Takes a good poll into the engine. Severity and cause of pools, peers, targets and of the host's
 * limits become what the engine says; tally.alarms become the active alarms, and alarm_summary the
 * engine's. tally must have been made with the targets of config. rules must be those of config and
 * stay until the next call. */
void alarm_watch(struct alarms *alarms, const struct alarm_rules *rules,
		 const struct config *config, const struct alarm_clock *now, struct tally *tally);

/* The same for a poll that has no past and no future: what is at its raise level is in alarm.
 * Without memory the tally stays as it is. */
void alarm_watch_once(const struct config *config, struct tally *tally);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * alarm_run: the daemon's alarms, from a poll to the queue of notifications, and over a restart.
 *
 * What managers know is kept in a file, written when it changes. So a start of srcportd finds out
 * by itself what is news: an alarm of the file that is still there is not told again, one that is
 * gone is told as cleared, and what is not in the file is told as raised. Without the file
 * everything that is active is told.
 *
 * All of it is the collector's but for alarm_run_figures(), which the agent thread calls too.
 */
#ifndef SRCPORTD_ALARM_RUN_H
#define SRCPORTD_ALARM_RUN_H

#include "alarm/alarm_watch.h"
#include "alarm/notifications.h"

struct alarm_run;

/* Reads the file of the configuration, if it names one, into the engine and the hysteresis; an
 * unreadable one is logged and taken for none. notifications and hysteresis must outlive it. NULL
 * with errno ENOMEM. */
struct alarm_run *alarm_run_open(const struct config *config, struct notifications *notifications,
				 struct hysteresis *hysteresis);

/* After a reload: what the configuration says of notifications holds from now on, whether or not a
 * good poll follows. */
void alarm_run_configure(struct alarm_run *run, const struct config *config);

/* Saves and frees; NULL is allowed. */
void alarm_run_close(struct alarm_run *run);

/* The rules for the findings of the next poll, where polls are so many seconds apart: what the
 * configuration says, with the room that alarms leave whose end has yet to be told. */
struct hysteresis_rules alarm_run_rules(struct alarm_run *run, const struct config *config,
					uint32_t interval_s);

/* Takes a good poll in, and lists what is active (alarm_watch.h). */
void alarm_run_poll(struct alarm_run *run, const struct scene *scene, struct alarm_list *out);

/* Posts what is to be told of that poll. Once after each, when its rows are served: who
 * hears of an alarm asks for its row. */
void alarm_run_tell(struct alarm_run *run);

/* Between two polls: takes in what has become of what was posted, posts what may leave by now, and
 * writes the file. When notifications_done_fd() says so, and at the time, in ms of CLOCK_MONOTONIC,
 * of alarm_run_next_ms() (0 = not before). Not between alarm_run_poll() and alarm_run_tell(). */
void alarm_run_again(struct alarm_run *run);
uint64_t alarm_run_next_ms(struct alarm_run *run);

/* Writes the file if its content has changed: after each poll. That it cannot be written is logged
 * when it is news. */
void alarm_run_save(struct alarm_run *run);

/* How old the figures are. */
struct alarm_figures {
	bool stale;  /* too old to judge */
	bool active; /* an alarm says so, which is: */
	struct alarm alarm;
	struct alarm_summary summary;
	uint64_t next_ms; /* when to look again, in ms of CLOCK_MONOTONIC */
};

/* Looks whether the last good poll, or else alarm_run_open(), is at least patience_ms ago. If so,
 * the alarm of it begins, for the reason `why` (empty: no poll has ended), and what is owed is
 * posted, as alarm_run_again() does it: the collector may hang. It is for any thread, and waits for
 * nothing that can block; only when the alarm was there before does it write the file. */
void alarm_run_figures(struct alarm_run *run, uint64_t patience_ms, const char *why,
		       struct alarm_figures *out);

#endif

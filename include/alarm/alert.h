/* SPDX-License-Identifier: ISC */
/*
 * alert: the daemon's alarms, from a poll to the queue of notifications, and over a restart.
 *
 * What managers know is kept in a file, written when it changes. So a start of srcportd finds out
 * by itself what is news: an alarm of the file that is still there is not told again, one that is
 * gone is told as cleared, and what is not in the file is told as raised. Without the file
 * everything that is active is told.
 */
#ifndef SRCPORTD_ALERT_H
#define SRCPORTD_ALERT_H

#include "alarm/notifications.h"
#include "config/config.h"
#include "count/tally.h"

struct alert;

/* Reads the file of the configuration, if it names one; an unreadable one is logged and taken for
 * none. notifications must outlive the alert. NULL with errno ENOMEM. */
struct alert *alert_open(const struct config *config, struct notifications *notifications);

/* Saves and frees; NULL is allowed. */
void alert_close(struct alert *alert);

/* Takes a good poll in: sets severities, alarms and alarm_summary of the tally (alarm_watch.h). */
void alert_poll(struct alert *alert, const struct config *config, struct tally *tally);

/* Posts and logs what is to be told of that poll. Once after each, when its rows are served: who
 * hears of an alarm asks for its row. */
void alert_tell(struct alert *alert);

/* The number of the last notification, which may have been of an earlier life. */
uint32_t alert_sequence(const struct alert *alert);

/* Writes the file if its content has changed: after each poll, and when notifications have arrived.
 * That it cannot be written is logged when it is news. */
void alert_save(struct alert *alert);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * alarm: the alarm engine. At each poll it takes a reading of every subject that is not plainly
 * normal, and says which alarms are active. While what managers were told of one differs from what
 * is, it is owed, and goes out as soon as there is a master agent and the limit allows. Pure: the
 * caller brings readings and clock, takes notifications away, and says what has become of them.
 * Memory is bounded by hysteresis_rules.room and what is configured.
 *
 *     alarms_begin(); alarms_take() for each subject; alarms_end(); alarms_plan();
 *     alarms_notifications(); alarms_fate() for each of these
 */
#ifndef SRCPORTD_ALARM_H
#define SRCPORTD_ALARM_H

#include "alarm/alarm_reading.h"
#include "alarm/budget.h"

/* Under which conditions notifications leave. */
struct alarm_rules {
	uint32_t notify;      /* 1 << (kind - 1) of each kind that is sent */
	bool open;            /* there is a master agent to tell */
	uint32_t sequence;    /* the last number that was given */
	uint32_t room;        /* notifications that can be taken */
	struct budget budget; /* its limit, and what has left */
};

/* A refused notification is tried again after this time. */
#define ALARM_REFUSED_MS 60000

/* What found no memory is tried again after this time. */
#define ALARM_STARVED_MS 1000

/* At the most one NOTIFICATION_SUPPRESSED leaves in this time. */
#define ALARM_SUMMARY_MS 60000

struct alarm_clock {
	uint64_t ms;  /* CLOCK_MONOTONIC */
	int64_t wall; /* seconds since the epoch */
};

struct alarms;

/* Who hears of alarms besides managers; functions may be NULL. */
struct alarm_listener {
	/* Its severity has changed: the worst first. */
	void (*changed)(void *arg, const struct alarm *alarm);
	/* The limit holds back what managers should know of a target, the host or a limit of it:
	 * once for each severity that it has. */
	void (*held)(void *arg, const struct alarm *alarm);
	void *arg;
};

struct alarms *alarms_new(void); /* NULL with errno ENOMEM */
void alarms_free(struct alarms *alarms);
void alarms_listen(struct alarms *alarms, const struct alarm_listener *listener);

/* Starts a poll. */
void alarms_begin(struct alarms *alarms, const struct alarm_clock *now);

/* Takes a subject that is above normal, or has just become normal, at most once a poll. False with
 * errno ENOMEM: it is left out. */
bool alarms_take(struct alarms *alarms, const struct alarm_reading *reading);

/* Ends a poll. A subject that was not taken is normal in it. */
void alarms_end(struct alarms *alarms);

/* The figures have become too old to judge, as the message says: between two polls, or before the
 * first, and any number of times. An alarm of the host begins, unknown, that the end of the next
 * poll ends. False with errno ENOMEM. */
bool alarms_stale(struct alarms *alarms, const struct alarm_clock *now, const char *message);

/* The alarm that the figures are too old, or NULL. */
const struct alarm *alarms_stale_one(const struct alarms *alarms);

/* Works out what leaves now: of that which managers were told otherwise than it is, the worst
 * first, as much as the rules allow. After each poll, and between two whenever something has become
 * of notifications, or time has passed. Before the first poll, only
 * what alarms_stale() began. */
void alarms_plan(struct alarms *alarms, const struct alarm_rules *rules,
		 const struct alarm_clock *now);

/* The notifications of the last plan, in the order in which to send them; valid until the next. */
const struct notification *alarms_notifications(const struct alarms *alarms, uint32_t *count);

/* When another plan may have more to send though nothing else happens, in ms of the clock; 0 = not
 * before. */
uint64_t alarms_next_ms(const struct alarms *alarms);

/* True if the last poll or plan found no memory for something that it had to tell. */
bool alarms_starved(const struct alarms *alarms);

/* What has become of a planned notification that was sent on its way, or was to be: each of the
 * last plan has to be told of before the next. */
void alarms_fate(struct alarms *alarms, const struct notification *notification,
		 enum notification_fate fate, const struct alarm_clock *now);

/* Another master agent is in the place of the one that accepted what it was told: all that is
 * active is told once more, under the same numbers. */
void alarms_repeat(struct alarms *alarms);

/* Alarms of pools, peers and local addresses that are over and whose end is not told yet: they take
 * room as the active ones do. */
uint32_t alarms_ended(const struct alarms *alarms);

/* The figures as of the last alarms_plan(), but for omitted and sent. */
const struct alarm_summary *alarms_summary(const struct alarms *alarms);

/* The alarms, from 0 on, in any order, those included that are over and whose end is not told yet:
 * their severity is normal. NULL behind the last one. */
const struct alarm *alarms_at(const struct alarms *alarms, uint32_t position);

/* What managers surely know of the alarm there: as alarm.told, ALARM_UNSURE while a notification
 * about it is on its way. */
enum severity alarms_known_at(const struct alarms *alarms, uint32_t position);

/* Before the first poll: an alarm of an earlier life, told again as soon as a poll finds it so if
 * it is not what managers were told, and the last number that was used in it. Of two with one
 * number the second gets another. False if memory is out or the subject is there already. */
bool alarms_restore(struct alarms *alarms, const struct alarm *alarm);
void alarms_continue(struct alarms *alarms, uint32_t last_id);
uint32_t alarms_last_id(const struct alarms *alarms);

#endif

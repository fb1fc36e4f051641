/* SPDX-License-Identifier: ISC */
/*
 * alarm: the alarm engine. At each poll it takes a reading of every subject that is not plainly
 * normal, and says which alarms are active and which notifications that makes. Pure: the caller
 * brings readings and clock, and takes notifications away. Memory is bounded by alarm_rules.max
 * and what is configured.
 *
 *     alarms_begin(); alarms_take() for each subject; alarms_end(); alarms_notifications()
 */
#ifndef SRCPORTD_ALARM_H
#define SRCPORTD_ALARM_H

#include "verdict/hysteresis.h"

#define ALARM_MESSAGE_MAX 256

/* Numbers of alarms go round: as part of an OID they take three octets at most, so that what a
 * notification has no say about (its ten names) has a limit. */
#define ALARM_ID_MAX 2097151

/* An alarm as the MIB and the notifications show it. */
struct alarm {
	uint32_t id;       /* 1 to ALARM_ID_MAX, of no other alarm; 0 = not raised yet */
	uint32_t sequence; /* of the last notification about it; 0 = none yet */
	struct alarm_subject subject;
	enum severity severity; /* normal in a notification that it is cleared */
	enum severity told;     /* what managers were told last, normal if nothing; unknown if it
				 * may not have arrived: what it is now is told again */
	enum cause cause;
	struct addr local, peer; /* the subject's, or of a target's tightest pool; zero = none */
	uint16_t port;
	uint32_t used, capacity, remaining, percent, close_wait;
	uint64_t since_ms; /* when it was raised: CLOCK_MONOTONIC, */
	int64_t since;     /* and seconds since the epoch */
	char message[ALARM_MESSAGE_MAX];
};

/* The numbers are those of the notifications in the MIB. */
enum notification_kind {
	NOTIFICATION_CRITICAL = 1,
	NOTIFICATION_WARNING = 2,
	NOTIFICATION_CLEARED = 3,
	NOTIFICATION_SUPPRESSED = 4
};

/* Figures of the engine. */
struct alarm_summary {
	uint32_t active;     /* alarms */
	uint32_t omitted;    /* subjects of the last poll above normal that found no room; for who
			      * knows to count */
	uint32_t sequence;   /* of the last notification, sent or suppressed */
	uint32_t suppressed; /* notifications held back by the storm limit (Counter32: wraps) */
	uint32_t owed;       /* alarms that managers were not told of as they are, and would be */
	uint32_t sent;       /* notifications handed to the master agent; for who sends to count */
	uint32_t unsent;     /* notifications given up: overtaken or lost; same */
	uint32_t lost;       /* those of them that found no room to be kept; same */
};

/* A notification to be sent. */
struct notification {
	enum notification_kind kind;
	enum severity before;         /* what managers knew before it */
	struct alarm alarm;           /* of NOTIFICATION_SUPPRESSED only sequence and message */
	struct alarm_summary summary; /* of NOTIFICATION_SUPPRESSED only */
};

struct alarm_rules {
	uint32_t notify;     /* 1 << (kind - 1) of each kind that is sent */
	uint32_t per_minute; /* notifications; 0 = no limit */
	uint32_t room;       /* notifications that can be taken after this poll; the rest waits */
};

/* The minute of per_minute. */
#define ALARM_WINDOW_MS 60000

struct alarm_clock {
	uint64_t ms;  /* CLOCK_MONOTONIC */
	int64_t wall; /* seconds since the epoch */
};

/* One subject in one poll: what it is, as hysteresis.h has it. */
struct alarm_reading {
	struct alarm_subject subject;
	struct verdict verdict;
	bool fading; /* this poll found less: only its polls are still counted */
	bool absent; /* nothing of it is left; the members below are not used */
	struct addr local, peer;
	uint16_t port;
	uint32_t used, capacity, remaining, percent, close_wait;
	const char *message;
};

struct alarms;

struct alarms *alarms_new(void); /* NULL with errno ENOMEM */
void alarms_free(struct alarms *alarms);

/* Starts a poll. rules must stay until alarms_end(). */
void alarms_begin(struct alarms *alarms, const struct alarm_rules *rules,
		  const struct alarm_clock *now);

/* Takes a subject that is above normal, or has just become normal, at most once a poll. False with
 * errno ENOMEM: it is left out. */
bool alarms_take(struct alarms *alarms, const struct alarm_reading *reading);

/* Ends a poll. A subject that was not taken is normal in it. */
void alarms_end(struct alarms *alarms);

/* Alarms of pools, peers and local addresses that are over and whose end is not told yet: they take
 * room as the active ones do. */
uint32_t alarms_ended(const struct alarms *alarms);

/* What to send after alarms_end(), in the order of importance; valid until alarms_begin(). */
const struct notification *alarms_notifications(const struct alarms *alarms, uint32_t *count);

/* The figures as of the last alarms_end(), but for omitted, sent, unsent and lost. */
const struct alarm_summary *alarms_summary(const struct alarms *alarms);

/* The alarms, from 0 on, in any order, those included that are over and whose end is not told yet:
 * their severity is normal. NULL behind the last one. */
const struct alarm *alarms_at(const struct alarms *alarms, uint32_t position);

/* The active alarms, and the figures. */
struct alarm_list {
	struct alarm *alarms; /* owned; NULL = there was no memory for them */
	uint32_t count;
	struct alarm_summary summary;
};

void alarm_list_make(const struct alarms *alarms, struct alarm_list *out);
void alarm_list_free(struct alarm_list *list); /* it is then empty */

/* Before the first poll: an alarm of an earlier life, told again as soon as a poll finds it so if
 * it is not what managers were told, and the numbers that were used in it. Of two with one
 * number the second gets another. False if memory is out or the subject is there already. */
bool alarms_restore(struct alarms *alarms, const struct alarm *alarm);
void alarms_continue(struct alarms *alarms, uint32_t last_id, uint32_t last_sequence);
uint32_t alarms_last_id(const struct alarms *alarms);

#endif

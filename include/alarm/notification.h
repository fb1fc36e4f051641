/* SPDX-License-Identifier: ISC */
/*
 * notification: an alarm, and what managers are told of it.
 */
#ifndef SRCPORTD_NOTIFICATION_H
#define SRCPORTD_NOTIFICATION_H

#include "count/severity.h"
#include "verdict/alarm_key.h"

#define ALARM_MESSAGE_MAX 256

/* Numbers of alarms go round: as part of an OID they take three octets at most, so that what a
 * notification has no say about (its ten names) has a limit. */
#define ALARM_ID_MAX 2097151

/* Managers may or may not have been told: what it is now is told again. */
#define ALARM_UNSURE ((enum severity)0)

/* An alarm as the MIB and the notifications show it. */
struct alarm {
	uint32_t id;       /* 1 to ALARM_ID_MAX, of no other alarm; 0 = not raised yet */
	uint32_t sequence; /* of the last notification about it; 0 = none yet. Of one that is about
			    * to leave: the number that it will most likely get */
	struct alarm_subject subject;
	enum severity severity; /* normal in a notification that it is cleared */
	enum severity told;     /* what the master agent accepted last, normal if nothing, or
				 * ALARM_UNSURE */
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
	NOTIFICATION_SUPPRESSED = 4,
	NOTIFICATION_UNKNOWN = 5
};

/* The notification that tells of a severity; and whether a mask of 1 << (kind - 1) has it. */
enum notification_kind notification_kind(enum severity severity);
bool notification_is_wanted(uint32_t mask, enum notification_kind kind);

/* The numbers go round, and none of them is 0. */
uint32_t notification_number_after(uint32_t number);

/* Figures of the engine. */
struct alarm_summary {
	uint32_t active;   /* alarms */
	uint32_t omitted;  /* subjects of the last poll above normal that found no room; for who
			    * knows to count */
	uint32_t sequence; /* of the last notification */
	uint32_t owed;     /* alarms that managers were not told of as they are, and will be */
	uint32_t unsent;   /* notifications that something newer overtook before they left */
	uint32_t sent;     /* notifications handed to the master agent; for who sends to count */
};

/* A notification to be sent. */
struct notification {
	enum notification_kind kind;
	bool again; /* it has left before, under its number; else it gets one as it leaves */
	struct alarm alarm;           /* of NOTIFICATION_SUPPRESSED only sequence and message */
	struct alarm_summary summary; /* of NOTIFICATION_SUPPRESSED only */
};

/* What has become of one. */
enum notification_fate {
	FATE_WAITED,   /* it has not left, and is taken back */
	FATE_FLYING,   /* it has left; the rest is not known yet */
	FATE_ACCEPTED, /* by the master agent */
	FATE_REFUSED,  /* by the master agent */
	FATE_LOST      /* nobody knows: that master agent is gone */
};

#endif

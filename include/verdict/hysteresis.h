/* SPDX-License-Identifier: ISC */
/*
 * hysteresis: the severity of a subject from poll to poll: reached when its raise levels have held
 * for so many polls, left when its clear levels have not held for so many. Pure, and bounded by
 * hysteresis_rules.room.
 *
 *     hysteresis_begin(); hysteresis_take() for each subject; hysteresis_end()
 */
#ifndef SRCPORTD_HYSTERESIS_H
#define SRCPORTD_HYSTERESIS_H

#include "count/severity.h"
#include "verdict/alarm_key.h"

struct verdict {
	enum severity severity;
	enum cause cause; /* CAUSE_NONE if the severity is normal */
};

struct hysteresis_rules {
	uint32_t raise_polls, clear_polls;
	uint32_t room; /* pools, also of address translation and of other network namespaces, peers
			* and local addresses that are followed at the same time */
};

/* One subject in one poll, by its levels alone. */
struct hysteresis_reading {
	struct alarm_subject subject;
	struct verdict raise, hold; /* by the raise and by the clear levels */
	bool at_once;               /* raise does not wait for raise_polls */
	uint32_t row;               /* the caller's; LOOKUP_NONE in what is absent */
};

/* A subject that is in alarm, has ceased to be in this poll, or may soon be. */
struct standing {
	struct alarm_subject subject;
	struct verdict verdict;
	struct verdict measured; /* in this poll: by the raise levels or else by the clear ones */
	bool changed;            /* the severity, in this poll */
	bool fading;             /* this poll found less: only its polls are still counted */
	bool held;               /* this poll knows nothing of it: hysteresis_hold() */
	uint32_t row;            /* the reading's; LOOKUP_NONE: it was not taken in this poll */
};

/* The severity of one subject. Zeroed but for severity SEVERITY_NORMAL is the start. */
struct hysteresis_state {
	enum severity severity;
	/* Polls in a row, for [0] warning and [1] critical: at its raise level; below its clear
	 * level. */
	uint16_t above[2], below[2];
};

/* Takes one poll. raise is the severity by the raise levels, hold that by the clear levels; a hold
 * less severe than raise counts as raise. A severity is reached when raise was at least it for
 * raise_polls polls in a row, and left when hold was less for clear_polls in a row; critical is
 * left for warning only in a poll that still holds warning, else the way to normal is waited for,
 * so that a subject that falls at once tells of it once. True if the severity has changed. */
bool hysteresis_step(struct hysteresis_state *state, enum severity raise, enum severity hold,
		     uint32_t raise_polls, uint32_t clear_polls);

struct hysteresis;

struct hysteresis *hysteresis_new(void);             /* NULL with errno ENOMEM */
void hysteresis_free(struct hysteresis *hysteresis); /* NULL is allowed */

/* Before the first poll: a subject had that verdict in an earlier life. False if memory is out or
 * the subject is there already. */
bool hysteresis_restore(struct hysteresis *hysteresis, const struct alarm_subject *subject,
			struct verdict verdict);

/* Starts a poll. */
void hysteresis_begin(struct hysteresis *hysteresis, const struct hysteresis_rules *rules);

/* True if any subject of that kind is followed: only then do normal ones of it have to be taken. */
bool hysteresis_follows(const struct hysteresis *hysteresis, enum alarm_kind kind);

/* Takes a subject, at most once a poll. A subject that is not followed yet and normal costs nothing
 * and need not be taken. Where there is no room for another one, or no memory, the verdict is that
 * of the raise levels, it has no standing, and it is counted in *omitted. */
struct verdict hysteresis_take(struct hysteresis *hysteresis,
			       const struct hysteresis_reading *reading, uint32_t *omitted);

/* What is followed of that kind stays as it was in the last poll: this one could not look. */
void hysteresis_hold(struct hysteresis *hysteresis, enum alarm_kind kind);

/* Ends a poll. A subject that was neither taken nor held is normal in it. Returns the standings of
 * all that are followed, and of those that no longer are since this poll, and their number; the
 * caller frees them. Out of memory, NULL with errno ENOMEM; the severities go on all the same. */
struct standing *hysteresis_end(struct hysteresis *hysteresis, uint32_t *count);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * owners: the survey of who holds the sockets of the pools that it is told, who keeps accepted
 * connections of a server port open that are over, and who has UDP sockets: users, cgroups and
 * processes. It runs between the polls, in small steps, and only while there is something to ask
 * about.
 *
 * The sockets come from a sock_diag dump that the kernel filters; the cgroups' paths from the
 * mounted hierarchy (version 2); the processes from /proc/PID/fd, as far as srcportd may look
 * there: all for root or with CAP_SYS_PTRACE, else the processes of its own user.
 */
#ifndef SRCPORTD_OWNERS_H
#define SRCPORTD_OWNERS_H

#include "base/portset.h"
#include "owners/owner_list.h"

#include <sys/types.h>

struct owners;

/* proc_root and sys_root ("/proc", "/sys") must outlive it. NULL with errno ENOMEM. */
struct owners *owners_new(const char *proc_root, const char *sys_root);
void owners_free(struct owners *owners); /* NULL is allowed */

/* What a survey is of. */
struct owner_subjects {
	struct owner_pool pools[OWNER_POOLS_MAX]; /* the worst first */
	uint32_t count;
	uint16_t server; /* the local port of accepted connections that are over; 0 = none */
	bool udp;        /* UDP sockets on these ports */
	struct portset udp_ports;
};

/* After a poll: starts a survey of these, unless one is under way or the last one was so expensive
 * that it is too soon. Of nothing, forgets the last list. True if a survey was started and the last
 * list does not know all of them: that is worth waiting for, until owners_busy() is false or
 * OWNERS_WAIT_MS are over. */
#define OWNERS_WAIT_MS 3000
bool owners_start(struct owners *owners, const struct owner_subjects *subjects);

/* A survey is under way. */
bool owners_busy(const struct owners *owners);

/* What to wait for before owners_step(): a descriptor that becomes readable, or -1; and the
 * milliseconds after which to go on anyway, or -1. Both -1: no survey is under way. */
int owners_fd(const struct owners *owners);
int owners_wait_ms(const struct owners *owners);

/* Goes on with the survey for about OWNERS_STEP_US. True if it has ended with a new list. */
#define OWNERS_STEP_US 2000
bool owners_step(struct owners *owners);

/* The whole survey at once, for a single report. */
void owners_survey(struct owners *owners, const struct owner_subjects *subjects);

/* The same in another network namespace: by diag sockets that were opened there and are bound, of
 * which those that were used are -1 then, and among processes whose net/sockstat is that inode; 0 =
 * among all. */
#define OWNER_PLACE_SOCKETS 4
struct owner_place {
	int *sockets;
	ino_t inode;
};
void owners_survey_in(struct owners *owners, const struct owner_subjects *subjects,
		      struct owner_place *place);

/* Whether a survey of these would bring news: of what the last list does not know, or, as that is
 * so old, of any. */
#define OWNERS_AGAIN_MS 30000
bool owners_wants(const struct owners *owners, const struct owner_subjects *subjects);

/* The last list, until the next owners_start() or owners_step(); NULL if there is none. */
const struct owner_list *owners_list(const struct owners *owners);

#endif

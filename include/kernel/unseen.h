/* SPDX-License-Identifier: ISC */
/*
 * unseen: how many TCP sockets are in no table of the kernel, and so in no dump. Where bound idle
 * sockets are not listed (before 6.8) these are the ones among which they are; others were never
 * bound, or were refused and are still open. None means that none is bound and idle.
 *
 * The kernel counts all that are allocated, of all network namespaces together; of each namespace
 * that is seen by its processes it says how many are in a table (sockstat.h). What is in one of a
 * namespace that is not seen cannot be told from what is in none.
 */
#ifndef SRCPORTD_UNSEEN_H
#define SRCPORTD_UNSEEN_H

#include "kernel/sockstat.h"

struct unseen_count {
	bool known;       /* it could be counted at all */
	bool complete;    /* every process of the host was looked at for its namespace */
	uint32_t sockets; /* in no table of the namespaces that are seen */
};

struct unseen;

/* NULL with errno ENOMEM. */
struct unseen *unseen_new(void);
void unseen_free(struct unseen *unseen); /* NULL is allowed */

/* Counts them. Namespaces are looked for every UNSEEN_SCAN_MS at most, and only if there is
 * something to tell: one that is new since then makes for more sockets, not for fewer. The answer
 * is recorded, and is the recording's in a replay. */
#define UNSEEN_SCAN_MS 30000
void unseen_count(struct unseen *unseen, const struct procfile_source *source,
		  struct unseen_count *out);

/* Of a recording: "unseen: sockets N complete 0|1". False, with nothing known, for anything else.
 */
bool unseen_parse(const char *text, struct unseen_count *out);

#endif

/* SPDX-License-Identifier: ISC */
/* host: a host made up of sockets, from the census to the findings. */
#ifndef SRCPORTD_TEST_HOST_H
#define SRCPORTD_TEST_HOST_H

#include "verdict/findings.h"

/* A host under examination: sockets go in, numbers and findings come out. */
struct host {
	struct census census;
	struct config config; /* the defaults, but for what a test changes */
	struct tally *tally;
	/* What it takes to conclude from the tally; a test may change it and host_find() again. */
	struct outlooks *outlooks;
	struct failure_marks *marks;
	struct host_state state;
	const struct failure_log *failure_log;
	struct findings *findings;
};

/* host_free() ends what host_begin() began. */
void host_begin(struct host *host, const struct settings *settings, struct origins *origins);
void host_add(struct host *host, enum diag_dump dump, struct diag_socket s);
/* `count` connections in that state from `first` on, every `step`-th port. */
void host_connect(struct host *host, enum tcp_state state, const char *local, const char *peer,
		  uint16_t peer_port, uint16_t first, unsigned count, unsigned step);
/* Works out the tally and what one poll alone concludes from it, anew each time, for targets that
 * outlive the host. */
void host_tally(struct host *host, const struct target *targets, uint32_t count);
/* Only the tally; and only the findings, of a poll alone or of one in a row. */
void host_count(struct host *host, const struct target *targets, uint32_t count);
void host_find(struct host *host);
void host_find_next(struct host *host, struct hysteresis *hysteresis,
		    const struct hysteresis_rules *rules);
void host_free(struct host *host);

/* Rows of the tally; NULL if there is none. */
const struct usage *host_pool(const struct host *host, const char *local, const char *peer,
			      uint16_t port);
const struct peer_tally *host_peer(const struct host *host, const char *peer);
/* What was found of them. */
const struct finding *host_pool_found(const struct host *host, const char *local, const char *peer,
				      uint16_t port);
const struct finding *host_peer_found(const struct host *host, const char *peer);
const struct local_tally *host_local(const struct host *host, const char *address);

/* Limits of a host that has nothing but connection tracking. */
struct limits limits_of_conntrack(int64_t used, int64_t max);

/* Findings for a tally that is made up: every row normal, for the test to change; to be freed by
 * findings_free(). */
struct findings *findings_of(const struct tally *tally);

#endif

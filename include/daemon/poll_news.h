/* SPDX-License-Identifier: ISC */
/*
 * poll_news: that polls fail, and what good ones could not find out, goes to the log: once when it
 * begins, or is so for another reason, and once when it is over.
 */
#ifndef SRCPORTD_POLL_NEWS_H
#define SRCPORTD_POLL_NEWS_H

#include "count/udp.h"
#include "daemon/poll.h"

/* What the log has said; all zero at the start. */
struct poll_news {
	bool unprobed, no_udp;
	struct failure_state failures;
	uint64_t failed_ms; /* when it said last why polls fail (CLOCK_MONOTONIC) */
};

/* A poll has failed, for the reason in why: into stats->error, which has that of the poll before it
 * or nothing. Reasons that take turns are logged now and then only. */
void poll_news_failed(struct poll_news *news, const char *why, struct poll_stats *stats);

/* After POLL_DONE of a poll that counts failures, with the error of the one before it: polls are
 * good again; ports that were to be probed cannot be; and whether failed connect() calls are
 * counted. */
void poll_news_good(struct poll_news *news, struct poll *poll, const struct poll_stats *stats);

/* That UDP ports cannot be counted, also at the start, and when they can be. */
void poll_news_tell_udp(struct poll_news *news, const struct udp_tally *udp);

#endif

/* SPDX-License-Identifier: ISC */
#include "daemon/poll_news.h"

#include "base/clean.h"
#include "base/clock.h"
#include "base/log.h"
#include "failures/failures.h"

#include <stdio.h>
#include <string.h>

/* Between two lines that only differ in why polls fail. */
#define REASON_MS 60000

void
poll_news_failed(struct poll_news *news, const char *why, struct poll_stats *stats)
{
	char error[sizeof(stats->error)];
	clean_text(why, strlen(why), error, sizeof(error));
	uint64_t now_ms = clock_us() / 1000;
	if (stats->error[0] == '\0' ||
	    (strcmp(stats->error, error) != 0 && now_ms - news->failed_ms >= REASON_MS)) {
		log_error("poller", "%s; the last good snapshot stays", why);
		news->failed_ms = now_ms;
	}
	memcpy(stats->error, error, sizeof(error));
}

static void
tell_probing(struct poll_news *news, const char *trouble)
{
	char text[160];
	snprintf(text, sizeof(text), "%s; ports stay in doubt", trouble != NULL ? trouble : "");
	log_condition(&news->unprobed, trouble != NULL, "probe", text, "ports can be probed again");
}

static void
tell_failures(struct poll_news *news, const struct failure_state *now)
{
	const struct failure_state before = news->failures;
	news->failures = *now;
	if (now->available == before.available && strcmp(now->reason, before.reason) == 0)
		return;
	log_info("failures", "failed connect() calls are %scounted%s%s",
		 now->available ? "" : "not ", now->reason[0] != '\0' ? ": " : "", now->reason);
}

void
poll_news_good(struct poll_news *news, struct poll *poll, const struct poll_stats *stats)
{
	if (stats->error[0] != '\0')
		log_info("poller", "polls succeed again");
	tell_probing(news, poll_trouble(poll));
	tell_failures(news, failures_state(poll_failures(poll)));
}

void
poll_news_tell_udp(struct poll_news *news, const struct udp_tally *udp)
{
	char text[sizeof(udp->reason) + 32];
	snprintf(text, sizeof(text), "UDP ports are not counted: %s", udp->reason);
	log_condition(&news->no_udp, !udp->available, "poller", text,
		      "UDP ports are counted again");
}

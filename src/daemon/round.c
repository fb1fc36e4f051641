/* SPDX-License-Identifier: ISC */
#include "daemon/round.h"

#include "base/clock.h"
#include "base/log.h"
#include "count/light.h"
#include "count/origins.h"
#include "count/trend.h"
#include "daemon/probing.h"
#include "kernel/hostlimits.h"
#include "kernel/poller.h"
#include "kernel/procfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct round {
	const struct config *config;
	struct procfile_source source;
	const char *sys_root;
	struct shortage *shortage;
	struct host_state host;
	struct trend *trend;
	struct poller *poller;
	struct origins *origins;
	struct light light;
	struct diag_plan plan; /* of the poll under way, or the last one */
	uint32_t known;        /* of the kernel's features */
	struct failures *failures;
	struct failure_state failures_told; /* what the log says of them */
	struct probing *probe;              /* NULL while probing is off */
	bool probe_trouble;                 /* it has been logged that probing fails */

	bool busy;           /* a dump is under way, into census */
	uint64_t started_us; /* clock_us() */
	struct census census;
	/* Of a poll that has ended and was not taken yet. */
	struct tally *tally;
	struct outlooks *outlooks;
	struct failure_marks *marks;
	uint32_t sockets; /* in the last good poll */
	char error[256];
};

void
round_look(struct round *r)
{
	const struct procfile_source sys = {.root = r->sys_root};
	hostlimits_look(&r->host, &r->source, &sys);
}

struct round *
round_open(const struct options *options, const struct config *config, struct shortage *shortage,
	   char *error, size_t room)
{
	struct round *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		snprintf(error, room, "collector: %s", strerror(errno));
		return NULL;
	}
	r->config = config;
	r->shortage = shortage;
	r->source.root = options->proc_root;
	r->sys_root = options->sys_root;
	if ((r->origins = origins_new()) == NULL || (r->trend = trend_new()) == NULL ||
	    (r->failures = failures_new(r->source.root, r->sys_root)) == NULL) {
		snprintf(error, room, "collector: %s", strerror(errno));
		round_close(r);
		return NULL;
	}
	hostlimits_start(&r->host);
	round_look(r);
	r->poller = poller_open(error, room);
	if (r->poller == NULL) {
		round_close(r);
		return NULL;
	}
	return r;
}

static void
forget(struct round *r)
{
	tally_free(r->tally);
	outlooks_free(r->outlooks);
	failure_marks_free(r->marks);
	r->tally = NULL;
	r->outlooks = NULL;
	r->marks = NULL;
}

void
round_close(struct round *r)
{
	if (r == NULL)
		return;
	if (r->busy)
		census_free(&r->census);
	forget(r);
	origins_free(r->origins);
	trend_free(r->trend);
	failures_free(r->failures);
	light_free(&r->light);
	probing_free(r->probe);
	poller_close(r->poller);
	free(r);
}

bool
round_busy(const struct round *r)
{
	return r->busy;
}

int
round_fd(const struct round *r)
{
	return r->busy ? poller_fd(r->poller) : -1;
}

const char *
round_error(const struct round *r)
{
	return r->error;
}

struct failures *
round_failures(struct round *r)
{
	return r->failures;
}

static enum round_step
fail(struct round *r, const char *why)
{
	if (r->busy)
		census_free(&r->census);
	r->busy = false;
	snprintf(r->error, sizeof(r->error), "%s", why);
	return ROUND_FAILED;
}

/* Begins to keep what probing needs, as the configuration now says. Without memory for it, the
 * ports stay in doubt for this poll. */
static void
plan_probe(struct round *r)
{
	if (!r->config->probe) {
		probing_free(r->probe);
		r->probe = NULL;
		return;
	}
	if (r->probe == NULL)
		r->probe = probing_new();
	shortage_note(r->shortage, SHORTAGE_PROBE, r->probe != NULL && census_watch(&r->census));
}

/* Settles ports in doubt. Logged when it becomes impossible, and when it is possible again. */
static void
settle(struct round *r)
{
	if (r->probe == NULL || r->census.keys == NULL)
		return;
	const char *trouble =
	    probing_run(r->probe, &r->census, r->config->probe_max, PROBING_POLL_US);
	if (trouble != NULL && !r->probe_trouble)
		log_error("probe", "%s; ports stay in doubt", trouble);
	if (trouble == NULL && r->probe_trouble)
		log_info("probe", "ports can be probed again");
	r->probe_trouble = trouble != NULL;
}

/* Counts failed connect() calls. Logged when it begins, ends, or is impossible for another reason.
 */
static void
count_failures(struct round *r)
{
	const struct failure_state *now = failures_state(r->failures);
	const struct failure_state before = r->failures_told;
	failures_poll(r->failures, r->config->failures);
	failure_log_mark(failures_log(r->failures), r->tally, clock_us() / 1000, r->marks);
	r->failures_told = *now;
	if (now->available == before.available && strcmp(now->reason, before.reason) == 0)
		return;
	log_info("failures", "failed connect() calls are %scounted%s%s",
		 now->available ? "" : "not ", now->reason[0] != '\0' ? ": " : "", now->reason);
}

/* Takes the numbers of a good poll and lets the census go. */
static enum round_step
finish(struct round *r)
{
	r->known |= poller_features(r->poller);
	census_learn(&r->census, &r->known);
	settle(r);
	forget(r);
	r->tally = tally_make(&r->census, r->config->targets, r->config->target_count);
	if (r->tally != NULL) {
		r->outlooks = outlooks_new(r->tally);
		r->marks = failure_marks_new(r->tally);
	}
	if (r->outlooks == NULL || r->marks == NULL)
		return fail(r, "out of memory");
	count_failures(r);
	origins_commit(r->origins, &r->census.listening, &r->census.any, !r->plan.light);
	if (!r->plan.light)
		light_keep(&r->light, &r->census);
	r->sockets = (uint32_t)r->tally->totals.sockets;
	census_free(&r->census);
	r->busy = false;
	shortage_note(r->shortage, SHORTAGE_TREND,
		      trend_take(r->trend, r->tally, clock_us() / 1000, r->outlooks));
	return ROUND_DONE;
}

static enum round_step
step(struct round *r, enum poller_step result)
{
	switch (result) {
	case POLLER_MORE: return ROUND_MORE;
	case POLLER_DONE: return finish(r);
	case POLLER_FAILED: break;
	}
	return fail(r, poller_error(r->poller));
}

enum round_step
round_begin(struct round *r, bool urgent)
{
	struct settings settings;
	char error[256];
	if (procfile_settings(&r->source, &settings, error, sizeof(error)) != NULL)
		return fail(r, error);
	r->started_us = clock_us();
	hostlimits_poll(&r->host, &r->source, &settings);
	origins_begin(r->origins);
	census_init(&r->census, &settings, r->origins);
	r->busy = true;
	plan_probe(r);
	r->plan = light_plan(&r->light, &settings, r->sockets, urgent);
	if (r->plan.light && !light_patch(&r->light, &r->census))
		return fail(r, "out of memory");
	return step(r, poller_begin(r->poller, &r->plan, census_take, &r->census, NULL));
}

enum round_step
round_read(struct round *r)
{
	return step(r, poller_read(r->poller));
}

enum round_step
round_give_up(struct round *r)
{
	return step(r, poller_give_up(r->poller));
}

struct findings *
round_take(struct round *r, struct hysteresis *hysteresis, const struct hysteresis_rules *rules,
	   struct tally **tally, struct poll_stats *stats)
{
	const struct evidence evidence = {.tally = r->tally,
					  .outlooks = r->outlooks,
					  .marks = r->marks,
					  .failures = failures_state(r->failures),
					  .failure_log = failures_log(r->failures),
					  .host = &r->host};
	uint64_t end_us = clock_us();
	stats->made_ms = end_us / 1000;
	stats->duration_us = (uint32_t)(end_us - r->started_us);
	stats->sockets = r->sockets;
	stats->carried = r->plan.light ? light_sockets(&r->light) : 0;
	stats->light = r->plan.light ? r->light.age : 0;
	struct findings *findings = findings_make(&evidence, r->config, hysteresis, rules);
	if (findings != NULL) {
		*tally = r->tally;
		r->tally = NULL;
	}
	forget(r);
	return findings;
}

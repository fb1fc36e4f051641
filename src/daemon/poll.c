/* SPDX-License-Identifier: ISC */
#include "daemon/poll.h"

#include "base/clock.h"
#include "count/census_take.h"
#include "count/evidence.h"
#include "count/stamps.h"
#include "daemon/nat_watch.h"
#include "daemon/poll_past.h"
#include "daemon/poll_source.h"
#include "daemon/probe_stage.h"
#include "daemon/udp_stage.h"
#include "kernel/hostlimits.h"
#include "kernel/natenv.h"
#include "kernel/poller.h"
#include "kernel/replay.h"
#include "verdict/conclude.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From one look at the NAT around the host to the next. */
#define LOOK_MS 60000

struct poll {
	const struct options *options;
	const struct config *config;
	struct port_watch *ports;  /* NULL = no port is asked about */
	uint64_t udp_us;           /* as in struct poll_setup */
	const struct visit *visit; /* NULL = the own network namespace */
	struct unseen_count there; /* of a visit */
	const struct space_pools *spaces;
	struct poll_source from;

	/* From poll to poll. */
	struct host_state host;
	uint64_t looked_ms;
	struct poll_past past;
	struct kept *kept;
	struct udp_stage udp;
	struct kernel_habits habits;
	uint32_t known; /* of the kernel's features */
	struct unseen *unseen;
	struct failures *failures; /* NULL = they are not counted */
	struct probe_stage probe;
	struct nat_watch nat;
	bool nat_alarm; /* a pool of address translation was in alarm */

	/* Of the poll under way, or the last one. */
	bool busy; /* the census is there */
	bool anew; /* it was begun anew */
	bool asked_stamps;
	uint64_t started_us;
	struct diag_plan plan;
	struct census census;
	/* Of a poll that has ended and was not taken yet. */
	struct tally *tally;
	struct outlooks *outlooks;
	struct failure_marks *marks;
	char error[512];
};

void
poll_look(struct poll *p)
{
	/* A recording holds /sys beside /proc. Both are looked at now and then only. */
	struct procfile_source proc = p->from.files, sys;
	p->looked_ms = clock_us() / 1000;
	/* What is there is around the own namespace. */
	if (p->visit != NULL)
		return;
	proc.kept = NULL;
	sys = proc;
	sys.root = p->options->sys_root;
	hostlimits_look(&p->host, &proc, &sys);
	/* A recording has none of them. */
	if (p->from.replay == NULL)
		sources_read(&p->host.sources);
}

/* Docker may have been started since. */
static void
look_in_time(struct poll *p)
{
	if (p->past.origins != NULL && clock_us() / 1000 - p->looked_ms >= LOOK_MS)
		poll_look(p);
}

/* What goes on from poll to poll; what one poll alone needs not is not there. */
static bool
open_parts(struct poll *p, const struct poll_setup *setup)
{
	const struct options *options = setup->options;
	if ((p->unseen = unseen_new()) == NULL)
		return false;
	if (setup->history && (!poll_past_open(&p->past) || (p->kept = kept_new()) == NULL))
		return false;
	return !setup->failures ||
	       (p->failures = failures_new(options->proc_root, options->sys_root)) != NULL;
}

struct poll *
poll_open(const struct poll_setup *setup, char *error, size_t room)
{
	struct poll *p = calloc(1, sizeof(*p));
	if (p == NULL || !open_parts(p, setup)) {
		snprintf(error, room, "poll: %s", strerror(errno));
		poll_close(p);
		return NULL;
	}
	p->options = setup->options;
	p->config = setup->config;
	p->ports = setup->ports;
	p->visit = setup->visit;
	p->there = setup->unseen;
	p->spaces = setup->spaces;
	p->udp_us = setup->udp_us;
	p->known = setup->features & (FEATURES_SEEN | UINT32_C(1) << FEATURE_LETS_GO);
	if (!poll_source_open(&p->from, setup->options, p->kept, setup->visit, error, room)) {
		poll_close(p);
		return NULL;
	}
	p->habits = poll_source_habits(&p->from);
	nat_watch_init(&p->nat, p->habits.nat_evicts);
	if (p->habits.letting_go == LETS_GO)
		p->known |= UINT32_C(1) << FEATURE_LETS_GO;
	hostlimits_start(&p->host);
	poll_look(p);
	return p;
}

static void
forget(struct poll *p)
{
	tally_free(p->tally);
	outlooks_free(p->outlooks);
	failure_marks_free(p->marks);
	p->tally = NULL;
	p->outlooks = NULL;
	p->marks = NULL;
}

void
poll_close(struct poll *p)
{
	if (p == NULL)
		return;
	if (p->busy)
		census_free(&p->census);
	forget(p);
	poll_source_close(&p->from);
	poll_past_free(&p->past);
	kept_free(p->kept);
	failures_free(p->failures);
	unseen_free(p->unseen);
	probe_stage_free(&p->probe);
	nat_watch_free(&p->nat);
	free(p);
}

bool
poll_busy(const struct poll *p)
{
	return p->busy;
}

int
poll_fd(const struct poll *p)
{
	return p->busy ? poller_fd(p->from.poller) : -1;
}

const char *
poll_error(const struct poll *p)
{
	return p->error;
}

uint32_t
poll_features(const struct poll *p)
{
	return p->known;
}

const char *
poll_trouble(const struct poll *p)
{
	return p->probe.trouble;
}

struct failures *
poll_failures(struct poll *p)
{
	return p->failures;
}

static enum poll_step
fail(struct poll *p, const char *why)
{
	if (p->busy)
		census_free(&p->census);
	p->busy = false;
	snprintf(p->error, sizeof(p->error), "%s", why);
	poll_source_end(&p->from, false, p->known, p->error, sizeof(p->error));
	return POLL_FAILED;
}

/* Works out the numbers of a census, and what goes with their rows. False with errno ENOMEM. */
static bool
count(struct poll *p)
{
	forget(p);
	p->tally = tally_make(&p->census, p->config->targets, p->config->target_count);
	if (p->tally == NULL)
		return false;
	p->outlooks = outlooks_new(p->tally);
	p->marks = failure_marks_new(p->tally);
	return p->outlooks != NULL && p->marks != NULL;
}

/* What of a good poll the next ones know. */
static void
remember(struct poll *p, uint64_t now_ms)
{
	poll_past_take(&p->past, &p->census, p->tally, p->plan.light, now_ms, p->outlooks);
	if (p->past.origins == NULL)
		return;
	unsigned grown = udp_stage_keep(&p->udp, &p->past.light, &p->census, &p->tally->udp,
					p->host.sockstat.udp, p->started_us / 1000);
	if (grown > p->outlooks->growth)
		p->outlooks->growth = grown;
}

/* Bound idle sockets that this kernel has not listed. */
static void
count_unseen(struct poll *p)
{
	struct unseen_count count = p->there;
	if (p->census.features >> FEATURE_BOUND_IDLE & 1)
		return;
	if (p->visit == NULL)
		unseen_count(p->unseen, &p->from.files, &count);
	census_unseen(&p->census, &count);
}

/* A replay has taken it with its sockets. */
static void
look_at_nat(struct poll *p)
{
	/* What is translated in there is not looked at. */
	if (p->visit != NULL)
		return;
	if (p->past.origins != NULL)
		nat_watch_poll(&p->nat, &p->host, &p->from.files, p->config, p->nat_alarm);
	else if (p->from.replay != NULL)
		nat_watch_replayed(&p->nat, &p->host, replay_has_conntrack(p->from.replay));
	else if (p->ports == NULL)
		nat_watch_once(&p->nat, &p->host, &p->from.files, p->config);
}

/* All sockets are in the census: the stages behind it, which then goes. */
static enum poll_step
finish(struct poll *p)
{
	if (p->from.poller != NULL)
		p->known |= poller_features(p->from.poller);
	census_learn(&p->census, &p->known);
	count_unseen(p);
	if (!stamps_settle(&p->census) || !evidence_weigh(&p->census))
		return fail(p, "out of memory");
	look_at_nat(p);
	char why[sizeof(p->error)];
	if (!poll_source_end(&p->from, true, p->known, why, sizeof(why)))
		return fail(p, why);
	probe_stage_settle(&p->probe, &p->census, p->past.origins != NULL, p->config->probe_max);
	if ((p->ports != NULL && !port_watch_end(p->ports, &p->census)) || !count(p))
		return fail(p, "out of memory");
	uint64_t now_ms = clock_us() / 1000;
	if (p->failures != NULL) {
		failures_poll(p->failures, p->config->failures);
		failure_log_mark(failures_log(p->failures), p->tally, now_ms, p->marks);
	}
	remember(p, now_ms);
	census_free(&p->census);
	p->busy = false;
	return POLL_DONE;
}

/* A diag_take: into the census, and to who watches ports. */
static bool
take_watched(void *arg, enum diag_dump dump, const struct diag_socket *socket)
{
	struct poll *p = arg;
	return port_watch_add(p->ports, dump, socket) && census_add(&p->census, dump, socket);
}

/* A recording's kernel cannot be asked any more, and another namespace is only looked at. */
static bool
may_probe(const struct poll *p)
{
	return p->config->probe && p->from.replay == NULL && p->visit == NULL;
}

static void
begin_census(struct poll *p, const struct settings *settings)
{
	census_init(&p->census, settings, p->past.origins);
	p->census.letting_go = p->habits.letting_go;
	p->census.udp_held.own = &p->host.sources;
	p->census.node_ports = p->host.nat >> NAT_CNI & 1;
	p->busy = true;
	probe_stage_begin(&p->probe, may_probe(p), &p->census);
}

static enum poller_step
ask(struct poll *p)
{
	bool watched = p->ports != NULL;
	return poller_begin(p->from.poller, &p->plan, watched ? take_watched : census_take,
			    watched ? (void *)p : &p->census, p->from.files.record);
}

/* The same settings, another plan or another moment. False with errno ENOMEM. */
static bool
begin_anew(struct poll *p)
{
	struct settings settings = p->census.settings;
	census_free(&p->census);
	begin_census(p, &settings);
	if (p->ports != NULL)
		port_watch_again(p->ports);
	p->plan.alone = false;
	p->asked_stamps = false;
	p->anew = true;
	return !p->plan.light || light_patch(&p->past.light, &p->census);
}

/* True if there is a connection whose port bind() may have been given, and it was not asked which
 * are; or if a listener has come that may have accepted what was taken for outgoing. That once: who
 * listens now and then does not keep us from an end. A recording holds one poll. */
static bool
is_wrong(const struct poll *p, enum poller_step result)
{
	if (p->plan.alone && p->census.full)
		return true;
	return result == POLLER_DONE && p->census.late && !p->anew && p->from.files.record == NULL;
}

static enum poll_step
finish_without_udp(struct poll *p, const char *why)
{
	udp_stage_none(&p->udp, &p->census, why);
	return finish(p);
}

static enum poll_step
step(struct poll *p, enum poller_step result)
{
	if (result != POLLER_FAILED && is_wrong(p, result)) {
		if (!begin_anew(p))
			return fail(p, "out of memory");
		result = ask(p);
	}
	if (result == POLLER_DONE && !p->asked_stamps) {
		uint16_t ports[DIAG_ASKED_MAX];
		unsigned count = stamps_ask(&p->census, ports);
		p->asked_stamps = true;
		if (count > 0)
			result = poller_ask(p->from.poller, ports, count);
	}
	if (result == POLLER_DONE)
		result = udp_stage_ask(&p->udp, p->from.poller, &p->census,
				       p->from.files.record != NULL);
	switch (result) {
	case POLLER_MORE: return POLL_MORE;
	case POLLER_DONE:
		udp_stage_take(&p->udp, p->from.poller, &p->past.light, &p->census);
		return finish(p);
	case POLLER_FAILED: break;
	}
	/* The connections are all there. */
	if (p->udp.asked && p->from.files.record == NULL)
		return finish_without_udp(p, poller_error(p->from.poller));
	return fail(p, poller_error(p->from.poller));
}

static enum poll_step
replay(struct poll *p)
{
	char error[sizeof(p->error)];
	bool watched = p->ports != NULL;
	nat_watch_replay(&p->nat, &p->host);
	replay_conntrack(p->from.replay, nat_census_take, &p->nat.census);
	replay_rules(p->from.replay, &p->nat.census.rules);
	if (replay_read(p->from.replay, watched ? take_watched : census_take,
			watched ? (void *)p : &p->census, &p->census.features, error,
			sizeof(error)) != NULL)
		return fail(p, error);
	p->census.udp_held.available = replay_has(p->from.replay, DIAG_UDP);
	if (!p->census.udp_held.available)
		udp_none(&p->census.udp_held, "the recording has no UDP sockets");
	return finish(p);
}

enum poll_step
poll_begin(struct poll *p, bool urgent)
{
	struct settings settings = p->from.replayed;
	char error[256];
	if (p->from.replay == NULL &&
	    procfile_settings(&p->from.files, &settings, error, sizeof(error)) != NULL)
		return fail(p, error);
	settings.fin_wait2_kept = p->habits.fin_wait2_kept;
	p->started_us = clock_us();
	p->anew = p->asked_stamps = false;
	look_in_time(p);
	hostlimits_poll(&p->host, &p->from.files, &settings);
	if (p->visit != NULL)
		p->host.limits.value[LIMIT_FILES] = LIMIT_ABSENT;
	if (p->past.origins != NULL)
		origins_begin(p->past.origins);
	begin_census(p, &settings);
	const struct light_moment moment = {.now_ms = p->started_us / 1000,
					    .sockets = p->past.sockets,
					    .outside = sockstat_elsewhere(&p->host.sockstat),
					    .udp = p->host.sockstat.udp,
					    .urgent = urgent};
	p->plan = light_plan(&p->past.light, &settings, &moment);
	if (p->plan.light && !light_patch(&p->past.light, &p->census))
		return fail(p, "out of memory");
	udp_stage_begin(&p->udp, light_plan_udp(&p->past.light, &settings, &moment));
	if (p->ports != NULL) {
		p->ports->settings = &p->census.settings;
		p->plan.range = port_watch_span(p->ports, &p->plan.range);
	}
	if (p->from.replay != NULL)
		return replay(p);
	if (!p->plan.light && p->visit == NULL && !(p->known & UINT32_C(1) << FEATURE_BOUND_IDLE))
		poller_test(p->from.poller, &p->census.settings,
			    p->past.complete ? &p->past.taken : NULL);
	return step(p, ask(p));
}

enum poll_step
poll_read(struct poll *p)
{
	if (udp_stage_is_slow(&p->udp, p->udp_us)) {
		poller_give_up(p->from.poller);
		return finish_without_udp(p, "it takes the kernel too long to list them: ss -uan "
					     "shows which port has very many");
	}
	return step(p, poller_read(p->from.poller));
}

enum poll_step
poll_give_up(struct poll *p)
{
	return step(p, poller_give_up(p->from.poller));
}

enum poll_step
poll_run(struct poll *p)
{
	enum poll_step result = poll_begin(p, true);
	while (result == POLL_MORE)
		result = poll_read(p);
	return result;
}

struct findings *
poll_take(struct poll *p, struct hysteresis *hysteresis, const struct hysteresis_rules *rules,
	  struct tally **tally, struct poll_stats *stats)
{
	struct evidence evidence = {.tally = p->tally,
				    .outlooks = p->outlooks,
				    .marks = p->marks,
				    .host = &p->host,
				    .nat = &p->nat.state,
				    .spaces = p->spaces};
	if (p->failures != NULL) {
		evidence.failures = failures_state(p->failures);
		evidence.failure_log = failures_log(p->failures);
	}
	uint64_t end_us = clock_us();
	stats->made_ms = end_us / 1000;
	stats->duration_us =
	    p->from.replay != NULL ? 0 : (uint32_t)(end_us - p->started_us) - p->nat.duration_us;
	stats->beside_us = p->nat.spent_us;
	stats->sockets = p->past.sockets;
	stats->carried = p->plan.light ? light_sockets(&p->past.light) : 0;
	stats->light = p->plan.light ? p->past.light.age : 0;
	struct findings *findings = hysteresis != NULL
					? conclude_poll(&evidence, p->config, hysteresis, rules)
					: conclude_once(&evidence, p->config);
	p->nat_alarm = findings != NULL && findings_nat_alarmed(findings);
	if (findings != NULL) {
		*tally = p->tally;
		p->tally = NULL;
	}
	forget(p);
	return findings;
}

/* SPDX-License-Identifier: ISC */
#include "collector.h"

#include "alert.h"
#include "failures.h"
#include "hostwatch.h"
#include "log.h"
#include "memory.h"
#include "monotonic.h"
#include "owners.h"
#include "poller.h"
#include "probe.h"
#include "procfile.h"
#include "reload.h"
#include "shortage.h"
#include "signals.h"
#include "snapshot.h"
#include "trend.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const char subsystem[] = "collector";

struct collector {
	struct config *config;
	const struct options *options;
	struct door *door;
	struct service *service;
	struct procfile_source source;
	const char *sys_root;
	struct host_state host;
	struct trend *trend;
	struct alert *alert;
	struct poller *poller;
	struct memory *memory;
	struct carry carry;
	struct failures *failures;
	struct failure_state failures_told; /* what the log says of them */
	struct owners *owners;
	struct probe *probe; /* NULL while probing is off */
	bool probe_trouble;  /* it has been logged that probing fails */
	int timer_fd;
	int signal_fd;
	bool stopping;

	struct shortage shortage;
	bool late;           /* it has been logged that polls take too long */
	bool polling;        /* a dump is under way, into census */
	uint64_t started_us; /* monotonic_us() */
	uint64_t cpu_us;     /* thread_cpu_us() at that time */
	struct census census;
	struct tally *tally; /* of a poll that waits for a survey of owners, since made_ms */
	bool due;            /* the next poll waits for that one */
	struct poll_stats stats;
	unsigned percent;      /* the highest of the last good poll */
	struct snapshot *last; /* the published one; holds a reference */
};

/* Polls from now on every `seconds`, the first time after `first_ns` or, if that is 0, after
 * `seconds`. */
static bool
arm_timer(struct collector *c, long first_ns, uint32_t seconds)
{
	struct itimerspec spec = {.it_interval = {.tv_sec = seconds}};
	spec.it_value = spec.it_interval;
	if (first_ns != 0)
		spec.it_value = (struct timespec){.tv_nsec = first_ns};
	c->stats.interval_s = seconds;
	return timerfd_settime(c->timer_fd, 0, &spec, NULL) == 0;
}

/* What changes so seldom that it is not read at each poll. */
static void
look_around(struct collector *c)
{
	const struct procfile_source sys = {.root = c->sys_root};
	hostwatch_look(&c->host, &c->source, &sys);
}

/* What is served until the first poll has ended, which takes seconds on a host with very many
 * sockets: a severity that is unknown. A manager that found no module at all might not ask again.
 */
static bool
publish_nothing(struct collector *c)
{
	struct snapshot *nothing = snapshot_repeat(NULL, &c->stats);
	if (nothing == NULL)
		return false;
	c->last = snapshot_hold(nothing);
	door_publish(c->door, nothing);
	return true;
}

/* False with the errno of what failed. */
static bool
open_parts(struct collector *c)
{
	return (c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) >= 0 &&
	       (c->signal_fd = signals_open()) >= 0 && (c->memory = memory_new()) != NULL &&
	       (c->trend = trend_new()) != NULL &&
	       (c->failures = failures_new(c->source.root, c->sys_root)) != NULL &&
	       (c->owners = owners_new(c->source.root, c->sys_root)) != NULL &&
	       (c->alert = alert_open(c->config, door_notices(c->door))) != NULL &&
	       arm_timer(c, 1, c->config->pace.usual_s);
}

struct collector *
collector_open(const struct options *options, struct config *config, struct door *door,
	       struct service *service, char *error, size_t room)
{
	struct collector *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		snprintf(error, room, "collector: %s", strerror(errno));
		return NULL;
	}
	c->config = config;
	c->options = options;
	c->door = door;
	c->service = service;
	c->source.root = options->proc_root;
	c->sys_root = options->sys_root;
	c->signal_fd = c->timer_fd = -1;
	if (!open_parts(c)) {
		snprintf(error, room, "collector: %s", strerror(errno));
		collector_close(c);
		return NULL;
	}
	hostwatch_start(&c->host);
	look_around(c);
	c->poller = poller_open(error, room);
	if (c->poller == NULL || !publish_nothing(c)) {
		collector_close(c);
		return NULL;
	}
	return c;
}

void
collector_close(struct collector *c)
{
	if (c == NULL)
		return;
	if (c->polling)
		census_free(&c->census);
	if (c->timer_fd >= 0)
		close(c->timer_fd);
	if (c->signal_fd >= 0)
		close(c->signal_fd);
	snapshot_release(c->last);
	memory_free(c->memory);
	trend_free(c->trend);
	alert_close(c->alert);
	failures_free(c->failures);
	owners_free(c->owners);
	tally_free(c->tally);
	carry_free(&c->carry);
	probe_free(c->probe);
	poller_close(c->poller);
	free(c);
}

/* Every poll ends here. */
static void
publish(struct collector *c, struct snapshot *snapshot)
{
	shortage_note(&c->shortage, SHORTAGE_SNAPSHOT, snapshot != NULL);
	if (snapshot != NULL) {
		snapshot_release(c->last);
		c->last = snapshot_hold(snapshot);
		door_publish(c->door, snapshot);
	}
	service_polled(c->service, c->stats.interval_s, c->last);
}

/* The last good rows stay; the error count and text change. Logged when it is news. */
static void
poll_failed(struct collector *c, const char *why)
{
	if (c->polling)
		census_free(&c->census);
	c->polling = false;
	c->stats.errors++;
	if (strncmp(c->stats.error, why, sizeof(c->stats.error) - 1) != 0)
		log_error("poller", "%s; the last good snapshot stays", why);
	snprintf(c->stats.error, sizeof(c->stats.error), "%s", why);
	publish(c, snapshot_repeat(c->last, &c->stats));
}

/* Sets the time until the next poll from what this one found and cost. */
static void
set_pace(struct collector *c, const struct snapshot *snapshot)
{
	struct pace_state state = {.severity = snapshot->severity,
				   .percent = snapshot->extremes.highest_percent,
				   .percent_before = c->percent,
				   .cpu_us = c->stats.cpu_us};
	c->percent = state.percent;
	uint32_t seconds = pace_next(&c->config->pace, &state);
	if (seconds != c->stats.interval_s && arm_timer(c, 0, seconds))
		log_debug("poller", "the next polls are %u s apart", seconds);
}

/* Begins to keep what probing needs, as the configuration now says. Without memory for it, the
 * ports stay in doubt for this poll. */
static void
plan_probe(struct collector *c)
{
	if (!c->config->probe) {
		probe_free(c->probe);
		c->probe = NULL;
		return;
	}
	if (c->probe == NULL)
		c->probe = probe_new();
	shortage_note(&c->shortage, SHORTAGE_PROBE, c->probe != NULL && census_watch(&c->census));
}

/* Settles ports in doubt. Logged when it becomes impossible, and when it is possible again. */
static void
settle(struct collector *c)
{
	if (c->probe == NULL || c->census.keys == NULL)
		return;
	const char *trouble = probe_run(c->probe, &c->census, c->config->probe_max);
	if (trouble != NULL && !c->probe_trouble)
		log_error("probe", "%s; ports stay in doubt", trouble);
	if (trouble == NULL && c->probe_trouble)
		log_info("probe", "ports can be probed again");
	c->probe_trouble = trouble != NULL;
}

/* Counts failed connect() calls. Logged when it begins, ends, or is impossible for another reason.
 */
static void
count_failures(struct collector *c, struct tally *tally)
{
	const struct failure_state *now = &tally->failures;
	const struct failure_state before = c->failures_told;
	failures_poll(c->failures, tally, c->config->failures);
	c->failures_told = *now;
	if (now->available == before.available && strcmp(now->reason, before.reason) == 0)
		return;
	log_info("failures", "failed connect() calls are %scounted%s%s",
		 now->available ? "" : "not ", now->reason[0] != '\0' ? ": " : "", now->reason);
}

/* Takes the numbers of a good poll and lets the census go. NULL if memory is out. */
static struct tally *
finish_census(struct collector *c)
{
	settle(c);
	struct tally *tally = tally_make(&c->census, &c->config->levels.raise, c->config->targets,
					 c->config->target_count);
	if (tally == NULL)
		return NULL;
	count_failures(c, tally);
	memory_commit(c->memory, &c->census.listening, &c->census.any, !c->carry.light);
	if (!c->carry.light)
		carry_keep_inbound(&c->carry, &c->census);
	c->stats.carried = carry_sockets(&c->carry);
	c->stats.sockets = (uint32_t)tally->totals.sockets;
	census_free(&c->census);
	c->polling = false;
	hostlimits_judge(&c->host, c->config->limits);
	tally->host = c->host;
	shortage_note(&c->shortage, SHORTAGE_TREND,
		      trend_take(c->trend, tally, monotonic_us() / 1000));
	return tally;
}

/* Publishes the poll that is in c->tally, if there is one. */
static void
conclude(struct collector *c)
{
	struct tally *tally = c->tally;
	if (tally == NULL)
		return;
	c->tally = NULL;
	tally->owners = c->config->owners ? owners_list(c->owners) : NULL;
	alert_poll(c->alert, c->config, tally);
	struct snapshot *snapshot = snapshot_build(tally, &c->stats, &c->config->rows);
	tally_free(tally);
	if (snapshot != NULL)
		set_pace(c, snapshot);
	publish(c, snapshot);
	alert_save(c->alert);
	if (c->due)
		arm_timer(c, 1, c->stats.interval_s);
	c->due = false;
}

/* Logged when polls begin to take longer than the interval, and when they no longer do. */
static void
note_time(struct collector *c, uint64_t duration_us)
{
	bool late = duration_us >= (uint64_t)c->stats.interval_s * 1000000;
	if (late && !c->late)
		log_warn("poller",
			 "a poll takes longer than the interval of %u s: polls are left out",
			 c->stats.interval_s);
	if (!late && c->late)
		log_info("poller", "polls end within their interval again");
	c->late = late;
}

/* A poll that found new trouble is held back for a moment, so that what it tells names who is
 * behind it. */
static void
poll_done(struct collector *c)
{
	struct tally *tally = finish_census(c);
	if (tally == NULL) {
		poll_failed(c, "out of memory");
		return;
	}
	if (c->stats.error[0] != '\0')
		log_info("poller", "polls succeed again");
	c->stats.error[0] = '\0';
	c->stats.polls++;
	uint64_t end_us = monotonic_us();
	c->stats.made_ms = end_us / 1000;
	c->stats.duration_us = (uint32_t)(end_us - c->started_us);
	c->stats.cpu_us = (uint32_t)(thread_cpu_us() - c->cpu_us);
	note_time(c, c->stats.duration_us);
	c->tally = tally;
	if (!c->config->owners || !owners_start(c->owners, tally))
		conclude(c);
}

static void
poll_step(struct collector *c, enum poller_step step)
{
	if (step == POLLER_FAILED)
		poll_failed(c, poller_error(c->poller));
	else if (step == POLLER_DONE)
		poll_done(c);
}

static void
poll_begin(struct collector *c)
{
	struct settings settings;
	char error[256];
	if (c->polling)
		return;
	c->due = c->tally != NULL;
	if (c->due)
		return;
	if (procfile_settings(&c->source, &settings, error, sizeof(error)) != NULL) {
		poll_failed(c, error);
		return;
	}
	bool urgent = c->last != NULL && c->last->severity != SEVERITY_NORMAL;
	c->started_us = monotonic_us();
	c->cpu_us = thread_cpu_us();
	hostwatch_poll(&c->host, &c->source, &settings);
	memory_begin(c->memory);
	census_init(&c->census, &settings, c->memory);
	c->polling = true;
	plan_probe(c);
	carry_plan(&c->carry, &settings, c->stats.sockets, urgent);
	if (!census_carry(&c->census, &c->carry)) {
		poll_failed(c, "out of memory");
		return;
	}
	poll_step(c, poller_begin(c->poller, &c->census, NULL));
}

static void
on_timer(struct collector *c)
{
	uint64_t expirations;
	if (read(c->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		poll_begin(c);
}

/* New levels are judged at once: by the poll that is under way, or by one that starts now. */
static void
reload(struct collector *c)
{
	service_reloading(c->service);
	conclude(c); /* while its targets are there */
	look_around(c);
	if (reload_config(c->config, c->options) && !c->polling)
		arm_timer(c, 1, c->config->pace.usual_s);
	service_reloaded(c->service);
}

static void
on_signal(struct collector *c)
{
	for (;;) {
		switch (signals_next(c->signal_fd)) {
		case ORDER_NONE: return;
		case ORDER_STOP: c->stopping = true; break;
		case ORDER_RELOAD: reload(c); break;
		case ORDER_POLL: poll_begin(c); break;
		}
	}
}

/* A pool that begins to fail is told of at once, but polls stay a second apart. */
static void
on_failures(struct collector *c)
{
	uint64_t since_ms = monotonic_us() / 1000 - c->stats.made_ms;
	long wait_ms = since_ms < 1000 ? 1000 - (long)since_ms : 0;
	if (failures_ready(c->failures) && !arm_timer(c, wait_ms * 999999 + 1, c->stats.interval_s))
		log_error(subsystem, "timer: %s", strerror(errno));
}

static void
on_owners(struct collector *c)
{
	owners_step(c->owners);
	if (!owners_busy(c->owners) || monotonic_us() / 1000 >= c->stats.made_ms + OWNERS_WAIT_MS)
		conclude(c);
}

/* How long to wait for an event; -1 = for ever. */
static int
wait_ms(const struct collector *c)
{
	int limit_ms = owners_wait_ms(c->owners);
	if (c->polling)
		return POLLER_TIMEOUT_S * 1000;
	return c->tally != NULL && limit_ms > OWNERS_WAIT_MS ? OWNERS_WAIT_MS : limit_ms;
}

/* Nothing has happened for so long. */
static void
on_silence(struct collector *c)
{
	if (c->polling)
		poll_step(c, poller_give_up(c->poller));
	else
		on_owners(c);
}

/* Managers know more than before. */
static void
on_arrival(struct collector *c)
{
	notices_drain(notices_done_fd(door_notices(c->door)));
	alert_save(c->alert);
}

int
collector_run(struct collector *c)
{
	while (!c->stopping) {
		struct pollfd fds[] = {
		    {.fd = c->timer_fd, .events = POLLIN},
		    {.fd = c->signal_fd, .events = POLLIN},
		    {.fd = c->polling ? poller_fd(c->poller) : -1, .events = POLLIN},
		    {.fd = c->polling ? -1 : failures_fd(c->failures), .events = POLLIN},
		    {.fd = c->polling ? -1 : owners_fd(c->owners), .events = POLLIN},
		    {.fd = notices_done_fd(door_notices(c->door)), .events = POLLIN},
		};
		int ready = poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms(c));
		if (ready < 0 && errno != EINTR) {
			log_error(subsystem, "poll: %s", strerror(errno));
			return EXIT_FAILED;
		}
		if (ready == 0)
			on_silence(c);
		if (ready <= 0)
			continue;
		if (fds[2].revents != 0)
			poll_step(c, poller_read(c->poller));
		if (fds[1].revents != 0)
			on_signal(c);
		if (fds[0].revents != 0)
			on_timer(c);
		if (fds[3].revents != 0)
			on_failures(c);
		if (fds[4].revents != 0)
			on_owners(c);
		if (fds[5].revents != 0)
			on_arrival(c);
	}
	alert_save(c->alert);
	return EXIT_OK;
}

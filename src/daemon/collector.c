/* SPDX-License-Identifier: ISC */
#include "daemon/collector.h"

#include "alarm/alarm_run.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sentence.h"
#include "config/config_load.h"
#include "daemon/pace.h"
#include "daemon/poll.h"
#include "daemon/poll_news.h"
#include "daemon/signals.h"
#include "kernel/poller.h"
#include "owners/owners.h"
#include "verdict/survey.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char subsystem[] = "collector";

/* From one full poll because of failures to the next. */
#define FAILED_FULL_MS 10000

struct collector {
	struct config *config;
	const struct options *options;
	struct published *published;
	struct service *service;
	struct namespace_watch *namespaces;
	struct poll *poll;
	struct hysteresis *hysteresis;
	struct alarm_run *alarm_run;
	struct owners *owners;
	struct pace pace;
	bool crowded; /* it has been logged that poll(2) fails */
	int signal_fd;
	bool stopping;

	/* What the log says. */
	bool starved;
	struct poll_news news;
	/* Of a poll that waits for a survey of owners, since made_ms; NULL = there is none. */
	struct tally *tally;
	struct findings *findings;
	bool due;          /* the next poll waits for that one */
	bool urgent;       /* it looks at everything */
	bool failed;       /* so it shall, as connect() calls fail: */
	uint64_t full_ms;  /* when that made it do so last */
	uint64_t cpu_us;   /* clock_cpu_us() up to which polls have been charged */
	uint64_t heard_ms; /* when the poll under way began, or was last answered */
	struct poll_stats stats;
	struct snapshot *last; /* the published one, never NULL once open; holds a reference */
};

/* Polls at once, and then every `seconds`. */
static void
begin_soon(struct collector *c, uint32_t seconds)
{
	if (!pace_set(&c->pace, 0, seconds))
		log_error(subsystem, "timer: %s", strerror(errno));
}

/* What is served until the first poll has ended, which takes seconds on a host with very many
 * sockets: a severity that is unknown, and a number that goes on. A manager that found no module at
 * all might not ask again.
 */
static bool
publish_nothing(struct collector *c)
{
	c->stats.interval_s = c->pace.interval_s;
	struct alarm_figures figures;
	alarm_run_figures(c->alarm_run, UINT64_MAX, "", &figures);
	struct snapshot *nothing = snapshot_repeat(NULL, &c->stats, &figures);
	if (nothing == NULL)
		return false;
	c->last = snapshot_hold(nothing);
	published_set(c->published, nothing);
	return true;
}

/* False with the errno of what failed. */
static bool
open_parts(struct collector *c, const char *sys_root)
{
	return pace_open(&c->pace) && (c->signal_fd = signals_open()) >= 0 &&
	       (c->owners = owners_new(c->options->proc_root, sys_root)) != NULL &&
	       (c->hysteresis = hysteresis_new()) != NULL &&
	       (c->alarm_run = alarm_run_open(c->config, published_notifications(c->published),
					      c->hysteresis)) != NULL &&
	       pace_set(&c->pace, 0, c->config->pace.usual_s);
}

struct collector *
collector_open(const struct options *options, struct config *config,
	       const struct collector_parts *parts, char *error, size_t room)
{
	struct collector *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		snprintf(error, room, "collector: %s", strerror(errno));
		return NULL;
	}
	c->config = config;
	c->options = options;
	c->published = parts->published;
	c->service = parts->service;
	c->namespaces = parts->namespaces;
	c->signal_fd = c->pace.fd = -1;
	if (!open_parts(c, options->sys_root)) {
		snprintf(error, room, "collector: %s", strerror(errno));
		collector_close(c);
		return NULL;
	}
	const struct poll_setup setup = {.options = options,
					 .config = config,
					 .history = true,
					 .failures = true,
					 .spaces = namespace_watch_pools(c->namespaces),
					 .udp_us = POLL_UDP_US};
	c->poll = poll_open(&setup, error, room);
	if (c->poll == NULL || !publish_nothing(c)) {
		collector_close(c);
		return NULL;
	}
	failures_name(poll_failures(c->poll), namespace_watch_found(c->namespaces));
	return c;
}

struct alarm_run *
collector_alarms(struct collector *c)
{
	return c->alarm_run;
}

void
collector_close(struct collector *c)
{
	if (c == NULL)
		return;
	pace_close(&c->pace);
	if (c->signal_fd >= 0)
		close(c->signal_fd);
	snapshot_release(c->last);
	alarm_run_close(c->alarm_run);
	owners_free(c->owners);
	hysteresis_free(c->hysteresis);
	findings_free(c->findings);
	tally_free(c->tally);
	poll_close(c->poll);
	free(c);
}

/* Every poll ends here. */
static void
publish(struct collector *c, struct snapshot *snapshot)
{
	log_condition(&c->starved, snapshot == NULL, "memory", "out of memory: the last rows stay",
		      "enough again: new rows are served again");
	if (snapshot != NULL) {
		snapshot_release(c->last);
		c->last = snapshot_hold(snapshot);
		published_set(c->published, snapshot);
	}
	service_polled(c->service, c->pace.interval_s, c->last);
}

/* The last good rows stay; the error count and text change, and in the end the severity. */
static void
on_failed(struct collector *c)
{
	const char *why = poll_error(c->poll);
	c->stats.errors++;
	/* Nobody has to pay for it: as a part of the next good one's price it would put off the one
	 * after that, for as long as trouble lasted before. */
	c->cpu_us = clock_cpu_us();
	poll_news_failed(&c->news, why, &c->stats);
	c->stats.interval_s = c->pace.interval_s;
	struct alarm_figures figures;
	alarm_run_figures(c->alarm_run, snapshot_patience_ms(&c->stats), c->stats.error, &figures);
	publish(c, snapshot_repeat(c->last, &c->stats, &figures));
}

/* What this thread has used since the last poll, good or not, is the price of this one. */
static void
charge(struct collector *c)
{
	uint64_t cpu_us = clock_cpu_us();
	c->stats.cpu_us = (uint32_t)(cpu_us - c->cpu_us);
	c->cpu_us = cpu_us;
}

/* A pool that begins to fail is told of at once, but polls stay a second apart. Bound sockets that
 * a light poll would not see may be why it fails; but whoever lets one pool after the other fail
 * does not make every poll a full one. It may have begun beside the poll that has just ended. */
static void
hurry(struct collector *c)
{
	if (!failures_begun(poll_failures(c->poll)))
		return;
	c->failed = true;
	if (!pace_hurry(&c->pace, &c->config->pace, clock_us() / 1000, c->stats.made_ms,
			c->stats.cpu_us - c->stats.beside_us))
		log_error(subsystem, "timer: %s", strerror(errno));
}

/* Publishes the poll that is in c->findings, if there is one. */
static void
conclude(struct collector *c)
{
	if (c->findings == NULL)
		return;
	const struct scene scene = {c->findings, c->config->owners ? owners_list(c->owners) : NULL,
				    c->config->owners, namespace_watch_list(c->namespaces)};
	struct alarm_list alarms;
	alarm_run_poll(c->alarm_run, &scene, &alarms);
	charge(c);
	struct snapshot *snapshot =
	    snapshot_build(&scene, &alarms, &c->stats, &c->config->rows, c->last);
	alarm_list_free(&alarms);
	findings_free(c->findings);
	tally_free(c->tally);
	c->findings = NULL;
	c->tally = NULL;
	if (snapshot != NULL) {
		pace_follow(&c->pace, &c->config->pace, snapshot, clock_us() / 1000);
		snapshot->poll.interval_s = c->pace.interval_s;
	}
	publish(c, snapshot);
	alarm_run_tell(c->alarm_run);
	alarm_run_save(c->alarm_run);
	if (c->due)
		begin_soon(c, c->pace.interval_s);
	c->due = false;
	hurry(c);
}

/* True if who holds the sockets is looked for, and that is worth waiting for. */
static bool
survey(struct collector *c)
{
	struct owner_subjects subjects;
	if (!c->config->owners)
		return false;
	survey_choose(c->findings, false, &subjects);
	return owners_start(c->owners, &subjects);
}

/* A poll that found new trouble is held back for a moment, so that what it tells names who is
 * behind it. */
static void
on_done(struct collector *c)
{
	poll_news_good(&c->news, c->poll, &c->stats);
	c->stats.error[0] = '\0';
	c->stats.polls++;
	struct hysteresis_rules rules =
	    alarm_run_rules(c->alarm_run, c->config, c->pace.interval_s);
	namespace_watch_poll(c->namespaces, c->config, poll_features(c->poll));
	c->findings = poll_take(c->poll, c->hysteresis, &rules, &c->tally, &c->stats);
	const struct namespace_cost beside = namespace_watch_cost(c->namespaces);
	c->stats.beside_us += beside.cpu_us;
	c->stats.duration_us -= beside.duration_us;
	log_debug("poller", "%s poll: %u sockets, %u of them carried, in %u us",
		  c->stats.light != 0 ? "light" : "full", c->stats.sockets, c->stats.carried,
		  c->stats.duration_us);
	pace_note(&c->pace, c->stats.duration_us);
	if (c->findings == NULL) {
		publish(c, NULL);
		return;
	}
	poll_news_tell_udp(&c->news, &c->findings->tally->udp);
	if (!survey(c))
		conclude(c);
}

static void
go_on(struct collector *c, enum poll_step step)
{
	if (step == POLL_FAILED)
		on_failed(c);
	else if (step == POLL_DONE)
		on_done(c);
}

static void
begin(struct collector *c)
{
	if (poll_busy(c->poll))
		return;
	c->due = c->findings != NULL;
	if (c->due)
		return;
	bool urgent = c->urgent || c->last->severity != SEVERITY_NORMAL;
	c->urgent = false;
	c->heard_ms = clock_us() / 1000;
	if (c->failed && c->heard_ms - c->full_ms >= FAILED_FULL_MS) {
		urgent = true;
		c->failed = false;
		c->full_ms = c->heard_ms;
	}
	go_on(c, poll_begin(c->poll, urgent));
}

/* New levels are judged at once: by the poll that is under way, or by one that starts now. */
static void
reload(struct collector *c)
{
	service_reloading(c->service);
	conclude(c); /* while its targets are there */
	poll_look(c->poll);
	c->urgent = true;
	if (config_load_again(c->config, c->options)) {
		alarm_run_configure(c->alarm_run, c->config);
		if (!poll_busy(c->poll))
			begin_soon(c, c->config->pace.usual_s);
	}
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
		case ORDER_POLL:
			c->urgent = true;
			begin(c);
			break;
		}
	}
}

static void
on_failures(struct collector *c)
{
	failures_ready(poll_failures(c->poll));
	/* What is held back decides first when the next poll comes. */
	if (c->findings == NULL)
		hurry(c);
}

static void
on_owners(struct collector *c)
{
	owners_step(c->owners);
	if (!owners_busy(c->owners) || clock_us() / 1000 >= c->stats.made_ms + OWNERS_WAIT_MS)
		conclude(c);
}

/* How long the poll under way, or who is looked for, may keep silent; -1 = for ever. */
static int
silence_ms(const struct collector *c)
{
	if (poll_busy(c->poll))
		return clock_until(c->heard_ms + POLLER_TIMEOUT_S * 1000);
	int limit_ms = owners_wait_ms(c->owners);
	if (c->findings == NULL)
		return limit_ms;
	int held_ms = clock_until(c->stats.made_ms + OWNERS_WAIT_MS);
	return limit_ms < held_ms ? limit_ms : held_ms;
}

/* How long to wait for an event; -1 = for ever. Always up to a moment, however many other events
 * come before it: the timer of polls alone may bring one every second. */
static int
wait_ms(const struct collector *c)
{
	int limit_ms = silence_ms(c);
	uint64_t next_ms = alarm_run_next_ms(c->alarm_run);
	if (next_ms == 0)
		return limit_ms;
	int told_ms = clock_until(next_ms);
	return limit_ms >= 0 && limit_ms < told_ms ? limit_ms : told_ms;
}

/* Alarms that the limit held back may be told of now. */
static void
tell_owed(struct collector *c)
{
	uint64_t next_ms = alarm_run_next_ms(c->alarm_run);
	if (next_ms != 0 && clock_us() / 1000 >= next_ms)
		alarm_run_again(c->alarm_run);
}

/* No event has come in the time of wait_ms(). */
static void
on_silence(struct collector *c)
{
	if (!poll_busy(c->poll))
		on_owners(c);
	else if (silence_ms(c) == 0)
		go_on(c, poll_give_up(c->poll));
}

/* Managers know more than before, or there is another one to tell. */
static void
on_arrival(struct collector *c)
{
	notifications_drain(notifications_done_fd(published_notifications(c->published)));
	alarm_run_again(c->alarm_run);
}

static void
on_answer(struct collector *c)
{
	c->heard_ms = clock_us() / 1000;
	go_on(c, poll_read(c->poll));
}

static void
on_timer(struct collector *c)
{
	if (pace_due(&c->pace))
		begin(c);
}

/* What an event is awaited on, and who is told of it. */
struct source {
	int fd; /* -1 = not now */
	void (*handle)(struct collector *c);
};

#define SOURCES 6

/* In the order in which they are served: what a poll under way has been answered comes before an
 * order or a timer that may begin the next. */
static void
list_sources(const struct collector *c, struct source out[static SOURCES])
{
	bool busy = poll_busy(c->poll);
	const struct source sources[SOURCES] = {
	    {poll_fd(c->poll), on_answer},
	    {c->signal_fd, on_signal},
	    {c->pace.fd, on_timer},
	    {busy ? -1 : failures_fd(poll_failures(c->poll)), on_failures},
	    {busy ? -1 : owners_fd(c->owners), on_owners},
	    {notifications_done_fd(published_notifications(c->published)), on_arrival},
	};
	memcpy(out, sources, sizeof(sources));
}

/* As poll(2). Where this process may have fewer descriptors than are awaited it fails (EINVAL):
 * then each of them is looked at now and then, as none of them waits for long. */
static int
await(struct collector *c, struct pollfd fds[static SOURCES])
{
	static const struct timespec moment = {.tv_nsec = 100000000};
	int ready = poll(fds, SOURCES, wait_ms(c));
	bool crowded = ready < 0 && errno == EINVAL;
	log_condition(&c->crowded, crowded, subsystem,
		      "poll: the limit of open files is below those that are open: raise it",
		      "the limit of open files is enough again");
	if (!crowded)
		return ready;
	nanosleep(&moment, NULL);
	for (unsigned i = 0; i < SOURCES; i++)
		fds[i].revents = fds[i].fd >= 0 ? POLLIN : 0;
	return SOURCES;
}

int
collector_run(struct collector *c)
{
	c->cpu_us = clock_cpu_us();
	while (!c->stopping) {
		struct source sources[SOURCES];
		struct pollfd fds[SOURCES];
		list_sources(c, sources);
		for (unsigned i = 0; i < SOURCES; i++)
			fds[i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
		int ready = await(c, fds);
		if (ready < 0 && errno != EINTR) {
			log_error(subsystem, "poll: %s", strerror(errno));
			return EXIT_FAILED;
		}
		if (ready == 0)
			on_silence(c);
		for (unsigned i = 0; ready > 0 && i < SOURCES; i++)
			if (fds[i].revents != 0)
				sources[i].handle(c);
		tell_owed(c);
	}
	alarm_run_save(c->alarm_run);
	return EXIT_OK;
}

/* SPDX-License-Identifier: ISC */
#include "collector.h"

#include "log.h"
#include "memory.h"
#include "monotonic.h"
#include "poller.h"
#include "procfile.h"
#include "snapshot.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const char subsystem[] = "collector";

struct collector {
	struct config *config;
	struct door *door;
	struct procfile_source source;
	struct poller *poller;
	struct memory *memory;
	int timer_fd;
	int signal_fd;
	bool stopping;

	bool polling;          /* a dump is under way, into census */
	uint64_t started_us;   /* CLOCK_MONOTONIC */
	struct census census;
	struct poll_stats stats;
	struct snapshot *last; /* the published one; holds a reference */
};

static bool
open_signals(struct collector *c)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	c->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->signal_fd >= 0;
}

/* The first poll is due at once. */
static bool
arm_timer(struct collector *c)
{
	const struct itimerspec spec = {.it_value = {.tv_nsec = 1},
	                                .it_interval = {.tv_sec = c->config->interval_s}};
	c->stats.interval_s = c->config->interval_s;
	return timerfd_settime(c->timer_fd, 0, &spec, NULL) == 0;
}

struct collector *
collector_open(const struct options *options, struct config *config, struct door *door, char *error,
               size_t room)
{
	struct collector *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		snprintf(error, room, "collector: %s", strerror(errno));
		return NULL;
	}
	c->config = config;
	c->door = door;
	c->source.root = options->proc_root;
	c->signal_fd = -1;
	c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->memory = memory_new();
	if (c->timer_fd < 0 || c->memory == NULL || !open_signals(c) || !arm_timer(c)) {
		snprintf(error, room, "collector: %s", strerror(errno));
		collector_close(c);
		return NULL;
	}
	c->poller = poller_open(error, room);
	if (c->poller == NULL) {
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
	poller_close(c->poller);
	free(c);
}

static void
publish(struct collector *c, struct snapshot *snapshot)
{
	if (snapshot == NULL) {
		log_error(subsystem, "out of memory: the last snapshot stays");
		return;
	}
	snapshot_release(c->last);
	c->last = snapshot_hold(snapshot);
	door_publish(c->door, snapshot);
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

static void
poll_done(struct collector *c)
{
	uint64_t end = monotonic_us();
	struct tally *tally = tally_make(&c->census, &c->config->levels.raise, c->config->targets,
	                                 c->config->target_count);
	if (tally == NULL) {
		poll_failed(c, "out of memory");
		return;
	}
	memory_commit(c->memory, &c->census.listening, &c->census.any);
	census_free(&c->census);
	c->polling = false;
	if (c->stats.error[0] != '\0')
		log_info("poller", "polls succeed again");
	c->stats.error[0] = '\0';
	c->stats.polls++;
	c->stats.made_ms = end / 1000;
	c->stats.duration_us = (uint32_t)(end - c->started_us);
	c->stats.sockets = (uint32_t)tally->totals.sockets;
	publish(c, snapshot_build(tally, &c->stats, &c->config->rows));
	tally_free(tally);
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
	if (c->polling) {
		log_warn("poller", "a poll takes longer than the interval of %u s: one is left out",
		         c->config->interval_s);
		return;
	}
	if (procfile_settings(&c->source, &settings, error, sizeof(error)) != NULL) {
		poll_failed(c, error);
		return;
	}
	memory_begin(c->memory);
	census_init(&c->census, &settings, c->memory);
	c->polling = true;
	c->started_us = monotonic_us();
	poll_step(c, poller_begin(c->poller, &c->census, NULL));
}

static void
on_timer(struct collector *c)
{
	uint64_t expirations;
	if (read(c->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		poll_begin(c);
}

static void
on_signal(struct collector *c)
{
	struct signalfd_siginfo info;
	while (read(c->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			c->stopping = true;
	}
}

int
collector_run(struct collector *c)
{
	while (!c->stopping) {
		struct pollfd fds[] = {
		    {.fd = c->timer_fd, .events = POLLIN},
		    {.fd = c->signal_fd, .events = POLLIN},
		    {.fd = c->polling ? poller_fd(c->poller) : -1, .events = POLLIN},
		};
		int ready = poll(fds, 3, c->polling ? POLLER_TIMEOUT_S * 1000 : -1);
		if (ready < 0 && errno != EINTR) {
			log_error(subsystem, "poll: %s", strerror(errno));
			return EXIT_FAILED;
		}
		if (ready == 0)
			poll_step(c, poller_give_up(c->poller));
		if (ready <= 0)
			continue;
		if (fds[2].revents != 0)
			poll_step(c, poller_read(c->poller));
		if (fds[1].revents != 0)
			on_signal(c);
		if (fds[0].revents != 0)
			on_timer(c);
	}
	return EXIT_OK;
}

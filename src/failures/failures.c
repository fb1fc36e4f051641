/* SPDX-License-Identifier: ISC */
#include "failures/failures.h"

#include "base/clock.h"
#include "failures/failure_cpu.h"
#include "failures/failure_place.h"
#include "kernel/procfile.h"
#include "kernel/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Rings are read no more often than that, so that a storm of failures does not become one of
 * wake-ups. */
#define DRAIN_INTERVAL_MS 100

/* Samples taken at a time: what all rings of a large host hold. */
#define DRAIN_MAX 8192

struct failures {
	const char *sys_root;
	struct failure_format format;
	bool samples; /* rings are open */
	int epoll_fd; /* the rings */
	int timer_fd; /* in their place while resting */
	bool resting;
	bool begun; /* a pool of our own namespace has begun to fail, and nobody was told */
	struct failure_cpu *cpus; /* those that are counted */
	uint32_t cpu_count;
	struct portset online;    /* the processors, as a set of numbers */
	uint32_t taken;           /* samples so far */
	uint64_t past, past_lost; /* of processors that went offline */
	struct failure_places places;
	struct failure_log log;
	struct failure_state state;
};

struct failures *
failures_new(const char *proc_root, const char *sys_root)
{
	struct failures *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->sys_root = sys_root;
	f->places.proc_root = proc_root;
	f->places.sys_root = sys_root;
	f->epoll_fd = -1;
	f->timer_fd = -1;
	return f;
}

/* The last count of a processor stays in the sum. */
static void
drop_cpu(struct failures *f, uint32_t i)
{
	uint64_t count, lost;
	if (failure_cpu_read(&f->cpus[i], &count, &lost)) {
		f->past += count;
		f->past_lost += lost;
	}
	failure_cpu_close(&f->cpus[i]);
	f->cpus[i] = f->cpus[--f->cpu_count];
}

static void
stop(struct failures *f)
{
	while (f->cpu_count > 0)
		drop_cpu(f, f->cpu_count - 1);
	free(f->cpus);
	f->cpus = NULL;
	portset_clear(&f->online);
	if (f->epoll_fd >= 0)
		close(f->epoll_fd);
	if (f->timer_fd >= 0)
		close(f->timer_fd);
	f->epoll_fd = f->timer_fd = -1;
	f->resting = false;
}

void
failures_free(struct failures *f)
{
	if (f == NULL)
		return;
	stop(f);
	free(f);
}

void
failures_name(struct failures *f, const struct namespaces *spaces)
{
	f->places.spaces = spaces;
}

int
failures_fd(const struct failures *f)
{
	return f->resting ? f->timer_fd : f->epoll_fd;
}

static bool
refuse(struct failures *f, const char *what, const char *why)
{
	char reason[sizeof(f->state.reason)];
	snprintf(reason, sizeof(reason), "%s: %s", what, why);
	strcpy(f->state.reason, reason);
	f->state.available = false;
	stop(f);
	return false;
}

/* Where tracefs is mounted: /sys/kernel/tracing, or below debugfs on an older system. */
static bool
read_format(struct failures *f)
{
	static const char *const mount[] = {"kernel/tracing", "kernel/debug/tracing"};
	const struct procfile_source source = {.root = f->sys_root};
	char text[8192], name[128];
	long length = -1;
	for (size_t i = 0; length < 0 && i < 2; i++) {
		snprintf(name, sizeof(name), "%s/events/sock/inet_sock_set_state/format", mount[i]);
		length = procfile_read(&source, name, text, sizeof(text));
		if (length < 0 && errno == EACCES)
			break;
	}
	if (length < 0 && errno == EACCES)
		return refuse(
		    f, "tracefs is not readable",
		    "run as root, or remount it with a gid= and mode= that let srcportd in");
	if (length < 0 && procfile_read(&source, "kernel/tracing/events/enable", text, 8) > 0)
		return refuse(f, "tracepoint sock:inet_sock_set_state",
			      "this kernel does not have it (4.16 and later do)");
	if (length < 0 && errno == ENOENT)
		return refuse(f, "tracefs is not mounted",
			      "mount -t tracefs tracefs /sys/kernel/tracing");
	if (length < 0)
		return refuse(f, name, strerror(errno));
	const char *expected = failure_format_parse(text, (size_t)length, &f->format);
	return expected == NULL || refuse(f, name, expected);
}

static bool
watch(struct failures *f, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	return epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Counts a processor that is not counted yet. 0 or an errno. */
static int
add_cpu(struct failures *f, int number)
{
	struct failure_cpu *cpus = realloc(f->cpus, (f->cpu_count + 1) * sizeof(*cpus));
	if (cpus == NULL)
		return ENOMEM;
	f->cpus = cpus;
	struct failure_cpu *cpu = &cpus[f->cpu_count];
	int error = failure_cpu_open(cpu, number, &f->format, f->samples);
	if (error != 0)
		return error;
	if (f->samples && !watch(f, cpu->fd)) {
		error = errno;
		failure_cpu_close(cpu);
		return error;
	}
	f->cpu_count++;
	return 0;
}

/* Brings the counters in line with the processors that are online. 0 or an errno. */
static int
follow_cpus(struct failures *f)
{
	const struct procfile_source source = {.root = f->sys_root};
	char text[4096];
	struct portset online, gone, come;
	long length = procfile_read(&source, "devices/system/cpu/online", text, sizeof(text));
	if (length < 0)
		return errno;
	/* The same form of list: numbers and spans of them. */
	if (settings_parse_ports(text, (size_t)length, &online) != NULL)
		return EINVAL;
	gone = f->online;
	portset_andnot(&gone, &online);
	for (uint32_t i = f->cpu_count; i-- > 0;)
		if (portset_has(&gone, (uint16_t)f->cpus[i].cpu))
			drop_cpu(f, i);
	come = online;
	portset_andnot(&come, &f->online);
	for (int cpu = portset_next(&come, 0); cpu >= 0;
	     cpu = portset_next(&come, (uint32_t)cpu + 1)) {
		int error = add_cpu(f, cpu);
		if (error == ENODEV) /* went offline meanwhile */
			portset_del(&online, (uint16_t)cpu);
		else if (error != 0)
			return error;
	}
	f->online = online;
	return 0;
}

static int
open_counters(struct failures *f, bool samples)
{
	stop(f);
	f->samples = samples;
	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	f->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (f->epoll_fd < 0 || f->timer_fd < 0)
		return errno;
	return follow_cpus(f);
}

static bool
start(struct failures *f)
{
	if (!read_format(f))
		return false;
	int error = open_counters(f, true);
	const char *without = "";
	if (error == EPERM || error == EACCES) {
		/* Where perf_event_paranoid allows it, a count needs less privilege than samples
		 * do. */
		without = "pools and processes are not named: that needs CAP_PERFMON";
		error = open_counters(f, false);
	}
	if (error == EPERM || error == EACCES)
		return refuse(f, "perf_event_open", "it needs CAP_PERFMON");
	if (error != 0)
		return refuse(f, "perf_event_open", strerror(error));
	snprintf(f->state.reason, sizeof(f->state.reason), "%s", without);
	f->state.available = true;
	return true;
}

static void
drain(struct failures *f)
{
	struct failure_sample sample;
	uint32_t limit = f->taken + DRAIN_MAX;
	uint64_t now_ms = clock_us() / 1000;
	failure_places_begin(&f->places);
	for (uint32_t i = 0; i < f->cpu_count; i++) {
		while (f->taken != limit && failure_cpu_next(&f->cpus[i], &f->format, &sample)) {
			const struct failure_process process =
			    failure_places_find(&f->places, &sample, now_ms);
			bool first = failure_log_add(&f->log, &sample, &process);
			f->begun |= first && process.place != FAILED_ELSEWHERE;
			f->taken++;
		}
	}
}

void
failures_ready(struct failures *f)
{
	static const struct itimerspec rest = {
	    .it_value = {.tv_nsec = DRAIN_INTERVAL_MS * 1000000L}};
	struct epoll_event events[16];
	uint64_t expirations;
	uint32_t before = f->taken;
	/* Which ring it was is not looked at: the kernel tells it only once, and the caller's
	 * poll(2) may have been that once. */
	if (!f->resting)
		epoll_wait(f->epoll_fd, events, 16, 0);
	else if (read(f->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;
	drain(f);
	f->resting = f->taken != before && timerfd_settime(f->timer_fd, 0, &rest, NULL) == 0;
}

bool
failures_begun(struct failures *f)
{
	bool begun = f->begun;
	f->begun = false;
	return begun;
}

static void
describe_last(struct failures *f)
{
	struct failure_state *state = &f->state;
	const struct failed_pool *last = failure_log_last(&f->log);
	char local[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	if (last == NULL)
		return;
	state->last_ms = last->last_ms;
	state->forgot_ms = f->log.forgot_ms;
	state->pid = last->pid;
	memcpy(state->process, last->process, sizeof(state->process));
	bool elsewhere = last->place == FAILED_ELSEWHERE;
	snprintf(state->pool, sizeof(state->pool), "%s to %s%s%s", addr_text(&last->local, local),
		 addr_port_text(&last->peer, last->port, peer),
		 elsewhere ? " in another network namespace: " : "", elsewhere ? last->space : "");
}

static bool
read_counters(struct failures *f)
{
	uint64_t total = f->past, all_lost = f->past_lost, count, lost;
	for (uint32_t i = 0; i < f->cpu_count; i++) {
		if (!failure_cpu_read(&f->cpus[i], &count, &lost))
			return refuse(f, "perf counter", strerror(errno));
		total += count;
		all_lost += lost;
	}
	f->state.total = total;
	f->state.lost = all_lost;
	return true;
}

void
failures_poll(struct failures *f, bool wanted)
{
	if (!wanted) {
		refuse(f, "switched off", "failures no");
	} else if (f->state.available) {
		int error = follow_cpus(f);
		if (error != 0)
			refuse(f, "perf_event_open", strerror(error));
	} else {
		start(f);
	}
	if (f->state.available && read_counters(f)) {
		drain(f);
		describe_last(f);
	}
}

const struct failure_state *
failures_state(const struct failures *f)
{
	return &f->state;
}

struct failure_log *
failures_log(struct failures *f)
{
	return &f->log;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/sentence.h"
#include "daemon/background.h"
#include "daemon/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const char subsystem[] = "service";

/* The least that the watchdog waits beyond two intervals: a poll may take long on a busy host. */
#define WATCHDOG_SLACK_S 30

int
service_start(struct service *service, const struct options *options)
{
	char error[512];
	*service = (struct service){.notify.fd = -1, .pidfile.fd = -1, .parent = -1};
	if (options->background) {
		service->parent = background_fork();
		log_open(LOG_TO_SYSLOG, options->verbose);
		if (service->parent < 0) {
			log_error(subsystem, "cannot detach: %s", strerror(errno));
			return EXIT_FAILED;
		}
	}
	if (!signals_hold()) {
		log_error(subsystem, "signals: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if (!sdnotify_open(&service->notify, error, sizeof(error)))
		log_warn(subsystem, "%s; the service manager is told nothing", error);
	enum pidfile_result result =
	    pidfile_take(options->pid_file, &service->pidfile, error, sizeof(error));
	if (result == PIDFILE_TAKEN)
		return EXIT_OK;
	log_error(subsystem, "%s", error);
	return result == PIDFILE_RUNNING ? EXIT_RUNNING : EXIT_FAILED;
}

/* What `systemctl status` shows. */
static void
describe(const struct snapshot *s, char *status, size_t room)
{
	if (s == NULL)
		snprintf(status, room, "no poll so far: out of memory");
	else if (s->poll.error[0] != '\0')
		snprintf(status, room, "the last poll failed: %s", s->poll.error);
	else
		snprintf(status, room,
			 "%s: %" PRIu32 " socket%s, %" PRIu32 " of %" PRIu32
			 " source ports held by none; %" PRIu32 " poll%s, one every %" PRIu32 " s",
			 severity_name(s->severity), s->poll.sockets, number_s(s->poll.sockets),
			 s->range.free, s->range.in_use + s->range.free, s->poll.polls,
			 number_s(s->poll.polls), s->poll.interval_s);
}

static uint64_t
watchdog_us(const struct service *service, uint32_t interval_s)
{
	uint64_t needed = (UINT64_C(2) * interval_s + WATCHDOG_SLACK_S) * 1000000;
	return needed > service->notify.watchdog_us ? needed : service->notify.watchdog_us;
}

void
service_polled(struct service *service, uint32_t interval_s, const struct snapshot *snapshot)
{
	char status[256], message[512];
	background_ready(service->parent);
	service->parent = -1;
	if (service->notify.fd < 0)
		return;
	describe(snapshot, status, sizeof(status));
	int length = snprintf(message, sizeof(message), "%sSTATUS=%s\n",
			      service->ready ? "" : "READY=1\n", status);
	/* The interval may have changed since the last time. */
	if (service->notify.watchdog_us != 0)
		snprintf(message + length, sizeof(message) - (size_t)length,
			 "WATCHDOG=1\nWATCHDOG_USEC=%" PRIu64 "\n",
			 watchdog_us(service, interval_s));
	/* A READY that did not arrive is sent again with the next poll. */
	if (sdnotify_send(&service->notify, message))
		service->ready = true;
	else
		log_debug(subsystem, "service manager: %s", strerror(errno));
}

void
service_reloading(struct service *service)
{
	char message[64];
	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", clock_us());
	sdnotify_send(&service->notify, message);
}

void
service_reloaded(struct service *service)
{
	/* Before the first poll it is not ready; that poll will say so. */
	if (service->ready)
		sdnotify_send(&service->notify, "READY=1\n");
}

void
service_stopping(struct service *service)
{
	sdnotify_send(&service->notify, "STOPPING=1\n");
}

void
service_end(struct service *service)
{
	pidfile_drop(&service->pidfile);
	sdnotify_close(&service->notify);
	if (service->parent >= 0)
		close(service->parent);
}

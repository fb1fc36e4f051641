/* SPDX-License-Identifier: ISC */
/*
 * service: the daemon toward whoever started it: a service manager that is told how it fares
 * (sd_notify), a shell that waits for -d, and a second srcportd that must not run.
 */
#ifndef SRCPORTD_SERVICE_H
#define SRCPORTD_SERVICE_H

#include "config/options.h"
#include "daemon/pidfile.h"
#include "daemon/sdnotify.h"
#include "snmp/snapshot.h"

struct service {
	struct sdnotify notify;
	struct pidfile pidfile;
	int parent; /* of background_fork(); -1 = none waits */
	bool ready; /* the service manager knows */
};

/* What comes before everything else: has signals wait (signals_hold()), detaches (-d; messages go
 * to syslog from then on), locks the pid file, finds the service manager. Call before any thread is
 * started. Returns EXIT_OK, or the exit status for what it has logged; service_end() is needed in
 * both cases. */
int service_start(struct service *service, const struct options *options);

/* A poll has ended, well or not: the first one makes the daemon ready, each feeds the watchdog,
 * whose patience is made to fit the interval. snapshot is the current one, or NULL if there is none
 * yet. */
void service_polled(struct service *service, uint32_t interval_s, const struct snapshot *snapshot);

/* Before and after the configuration is read again. */
void service_reloading(struct service *service);
void service_reloaded(struct service *service);

/* The loop was left, everything else is still to be closed. */
void service_stopping(struct service *service);

/* Last: gives up the pid file. */
void service_end(struct service *service);

#endif

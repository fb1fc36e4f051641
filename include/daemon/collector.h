/* SPDX-License-Identifier: ISC */
/*
 * collector: the daemon's main thread: one poll(2) loop over its timer, its signals and netlink. It
 * polls the kernel, works out a snapshot and publishes it. It never calls Net-SNMP and
 * never waits for snmpd.
 */
#ifndef SRCPORTD_COLLECTOR_H
#define SRCPORTD_COLLECTOR_H

#include "config/config.h"
#include "config/options.h"
#include "daemon/namespace_watch.h"
#include "daemon/service.h"
#include "snmp/published.h"

struct collector;

/* Opens everything that the loop needs. Call signals_hold() before it, and start no other thread in
 * between. options, config (which SIGHUP replaces in place), and the parts must outlive the
 * collector. NULL with one line in error. */
struct collector_parts {
	struct published *published;
	struct service *service; /* hears of every poll */
	struct namespace_watch *namespaces;
};

struct collector *collector_open(const struct options *options, struct config *config,
				 const struct collector_parts *parts, char *error, size_t room);

/* Its alarms, which live as long as it does: for the agent thread. */
struct alarm_run *collector_alarms(struct collector *collector);

/* Runs until SIGTERM or SIGINT. SIGUSR1 polls at once, unless a poll is under way. Returns the exit
 * status. */
int collector_run(struct collector *collector);

void collector_close(struct collector *collector); /* NULL is allowed */

#endif

/* SPDX-License-Identifier: ISC */
/*
 * namespace_watch: the other network namespaces of the host from poll to poll: looked for now and
 * then, their sockets counted from outside at each poll, and those looked at in which anything
 * could be at a level, the nearest first, one more in turn (namespace_pace.h). Nothing of them is
 * open between two polls.
 */
#ifndef SRCPORTD_NAMESPACE_WATCH_H
#define SRCPORTD_NAMESPACE_WATCH_H

#include "advice/namespace_view.h"
#include "config/options.h"

/* So long what was counted stands where a namespace cannot be entered any more. */
#define NAMESPACE_WATCH_KEPT_MS 300000

/* The longest that looks of one poll take together, but for the last of them. */
#define NAMESPACE_WATCH_SLICE_US 200000

struct namespace_watch;

/* Starts the process that enters them, if the configuration wants them to be looked at and it may,
 * and then gives up for the whole process what only that one needs: before there are threads, and
 * before Net-SNMP is started. NULL with errno ENOMEM. options must live as long. */
struct namespace_watch *namespace_watch_open(const struct options *options,
					     const struct config *config);
void namespace_watch_close(struct namespace_watch *watch); /* NULL is allowed */

/* After each good poll of the own namespace, with what that has seen of the kernel. */
void namespace_watch_poll(struct namespace_watch *watch, const struct config *config,
			  uint32_t features);

/* What the last one took: CPU time of this thread, and time. */
struct namespace_cost {
	uint32_t cpu_us, duration_us;
};
struct namespace_cost namespace_watch_cost(const struct namespace_watch *watch);

/* Pools that are at a level or were, for the findings, and all namespaces. What is in both stays as
 * it is until the next namespace_watch_poll(). */
const struct space_pools *namespace_watch_pools(const struct namespace_watch *watch);
/* Which there are, likewise; changes in place. */
const struct namespaces *namespace_watch_found(const struct namespace_watch *watch);
const struct namespace_list *namespace_watch_list(const struct namespace_watch *watch);

#endif

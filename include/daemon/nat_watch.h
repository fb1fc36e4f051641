/* SPDX-License-Identifier: ISC */
/*
 * nat_watch: the pools of address translation from poll to poll: read when it is time to
 * (nat_pace.h), kept in between.
 */
#ifndef SRCPORTD_NAT_WATCH_H
#define SRCPORTD_NAT_WATCH_H

#include "config/config.h"
#include "count/nat_state.h"
#include "daemon/nat_look.h"

/* So long the last pools stand where the table cannot be read for another reason than privilege. */
#define NAT_WATCH_KEPT_MS 300000

struct nat_watch {
	struct nat_census census; /* empty if it is not available */
	struct nat_state state;
	char why[NAT_REASON_MAX];
	uint64_t looked_ms;             /* CLOCK_MONOTONIC when it was tried last; 0 = never */
	uint64_t cost_us;               /* CPU time that it took */
	uint64_t cpu_us;                /* clock_cpu_us() at its end */
	uint32_t duration_us, spent_us; /* in this poll: time, and CPU time */
	uint32_t dropped;               /* state.drops.total at its end */
	bool told;                      /* the log says how it is: */
	bool was_available;
};

/* evicts: see struct nat_census. */
void nat_watch_init(struct nat_watch *watch, bool evicts);
void nat_watch_free(struct nat_watch *watch);

/* One poll of the daemon: reads the table if it is due, and names who is behind the holders of
 * pools if owners may be named. alarm: a pool was in alarm so far. */
void nat_watch_poll(struct nat_watch *watch, const struct host_state *host,
		    const struct procfile_source *proc, const struct config *config, bool alarm);

/* A poll without history: reads the table, and names who is behind holders; answers go to
 * proc->record, unless that is NULL. */
void nat_watch_once(struct nat_watch *watch, const struct host_state *host,
		    const struct procfile_source *proc, const struct config *config);

/* Before the entries of a recording are handed to watch->census. */
void nat_watch_replay(struct nat_watch *watch, const struct host_state *host);

/* The same of a recording, whose entries are in watch->census already, if it has any. */
void nat_watch_replayed(struct nat_watch *watch, const struct host_state *host, bool recorded);

#endif

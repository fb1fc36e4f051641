/* SPDX-License-Identifier: ISC */
#include "daemon/nat_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/nat_holder.h"
#include "daemon/nat_pace.h"

#include <string.h>

static const char untracked[] = "connections are not tracked here";

void
nat_watch_init(struct nat_watch *w, bool evicts)
{
	*w = (struct nat_watch){.state.reason = ""};
	nat_census_init(&w->census, evicts);
}

void
nat_watch_free(struct nat_watch *w)
{
	nat_census_free(&w->census);
}

static void
set_available(struct nat_watch *w)
{
	w->state.census = &w->census;
	w->state.reason = "";
	w->state.lost = false;
	w->state.read_ms = clock_us() / 1000;
}

static void
set_absent(struct nat_watch *w, const char *reason, bool lost)
{
	nat_census_free(&w->census);
	w->state.census = NULL;
	w->state.lost = lost;
	w->state.reason = reason;
}

static bool
is_tracked(const struct host_state *host)
{
	return host->limits.value[LIMIT_CONNTRACK] != LIMIT_ABSENT;
}

/* It may be a moment's trouble: the last pools stand for a while, and their age says so. */
static void
fail(struct nat_watch *w, const char *why)
{
	bool refused = strcmp(why, CONNTRACK_NO_PRIVILEGE) == 0;
	bool recent =
	    w->state.census != NULL && clock_us() / 1000 - w->state.read_ms < NAT_WATCH_KEPT_MS;
	if (!refused && recent)
		return;
	snprintf(w->why, sizeof(w->why), "%s%s", why,
		 refused ? ": the drop-in probe.conf gives it to the service" : "");
	set_absent(w, w->why, true);
}

static uint32_t
established_s(const struct host_state *host)
{
	int64_t value = host->limits.value[LIMIT_ESTABLISHED];
	return value == LIMIT_ABSENT ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void
look(struct nat_watch *w, const struct host_state *host, const struct procfile_source *proc,
     const struct config *config)
{
	struct nat_census census;
	char why[NAT_LOOK_WHY_MAX];
	uint64_t start_us = clock_us(), start_cpu_us = clock_cpu_us();
	nat_census_init(&census, w->census.evicts);
	census.established_s = established_s(host);
	const char *error = nat_look(&census, proc, NULL, why);
	if (error != NULL) {
		fail(w, error);
	} else {
		nat_census_free(&w->census);
		w->census = census;
		if (config->owners)
			nat_holder_name(&w->census, proc, config);
		set_available(w);
	}
	uint64_t end_us = clock_us();
	w->looked_ms = end_us / 1000;
	w->dropped = w->state.drops.total;
	w->cpu_us = clock_cpu_us();
	w->cost_us = w->cpu_us - start_cpu_us;
	w->spent_us = (uint32_t)w->cost_us;
	w->duration_us = (uint32_t)(end_us - start_us);
	log_debug("nat", "%u pools, in %u us", w->census.count, w->duration_us);
}

/* Said when it is news. */
static void
tell(struct nat_watch *w)
{
	bool available = w->state.census != NULL;
	if (w->told && w->was_available == available)
		return;
	if (available)
		log_info("nat", "pools of address translation are counted%s",
			 w->census.as_text ? ", from /proc/net/nf_conntrack" : "");
	else
		log_info("nat", "pools of address translation are not counted: %s",
			 w->state.reason);
	w->told = true;
	w->was_available = available;
}

static bool
is_due(const struct nat_watch *w, const struct host_state *host, unsigned cpu_percent, bool alarm)
{
	const struct nat_moment moment = {.since_ms = clock_us() / 1000 - w->looked_ms,
					  .cost_us = w->cost_us,
					  .polls_us = clock_cpu_us() - w->cpu_us,
					  .entries = (uint64_t)host->limits.value[LIMIT_CONNTRACK],
					  .cpu_percent = cpu_percent,
					  .alarm = alarm || w->state.drops.total != w->dropped};
	if (w->looked_ms == 0)
		return true;
	return w->state.census == NULL ? nat_pace_again(&moment) : nat_pace_due(&moment);
}

void
nat_watch_poll(struct nat_watch *w, const struct host_state *host,
	       const struct procfile_source *proc, const struct config *config, bool alarm)
{
	nat_drops_take(&w->state.drops, host);
	w->spent_us = w->duration_us = 0;
	if (!is_tracked(host)) {
		set_absent(w, untracked, false);
		w->looked_ms = 0;
		return;
	}
	if (!config->owners)
		nat_holder_hide(&w->census);
	if (is_due(w, host, config->pace.cpu_percent, alarm)) {
		look(w, host, proc, config);
		tell(w);
	}
}

void
nat_watch_once(struct nat_watch *w, const struct host_state *host,
	       const struct procfile_source *proc, const struct config *config)
{
	char why[NAT_LOOK_WHY_MAX];
	nat_drops_take(&w->state.drops, host);
	if (!is_tracked(host)) {
		set_absent(w, untracked, false);
		return;
	}
	w->census.established_s = established_s(host);
	const char *error = nat_look(&w->census, proc, proc->record, why);
	if (error == NULL) {
		nat_holder_name(&w->census, proc, config);
		set_available(w);
		return;
	}
	snprintf(w->why, sizeof(w->why), "%s", error);
	set_absent(w, w->why, false);
}

void
nat_watch_replay(struct nat_watch *w, const struct host_state *host)
{
	w->census.established_s = established_s(host);
}

void
nat_watch_replayed(struct nat_watch *w, const struct host_state *host, bool recorded)
{
	if (!is_tracked(host)) {
		set_absent(w, untracked, false);
	} else if (!recorded) {
		set_absent(w, "it is not in the recording", false);
	} else {
		nat_census_end(&w->census);
		set_available(w);
	}
}

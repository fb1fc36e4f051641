/* SPDX-License-Identifier: ISC */
#include "config/config.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#ifndef SRCPORT_OID_ROOT
#define SRCPORT_OID_ROOT 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7777
#endif

#ifndef SRCPORTD_STATEDIR
#define SRCPORTD_STATEDIR "/var/lib/srcportd"
#endif

const struct pace_limits config_pace_auto = {
    .by_cost = true, .least_s = 1, .usual_s = 2, .most_s = 30, .cpu_percent = 2};

void
config_init(struct config *config)
{
	static const uint32_t root[] = {SRCPORT_OID_ROOT};
	_Static_assert(sizeof(root) <= sizeof(config->base_oid), "SRCPORT_OID_ROOT too long");
	memset(config, 0, sizeof(*config));
	strcpy(config->agentx_socket, "/var/agentx/master");
	memcpy(config->base_oid, root, sizeof(root));
	config->base_oid_length = sizeof(root) / sizeof(root[0]);
	strcpy(config->state_file, SRCPORTD_STATEDIR "/alarms");
	config->pace = config_pace_auto;
	config->levels = level_band_default;
	config->local = config->host = level_band_off;
	config->udp = udp_band_default;
	config->inbound = level_band_off;
	config->inbound.raise.close_wait = level_band_default.raise.close_wait;
	config->inbound.clear.close_wait = level_band_default.clear.close_wait;
	config->local.raise.warning_remaining = LOCAL_WARNING_BINDERS;
	config->local.clear.warning_remaining = LOCAL_WARNING_BINDERS + 1;
	for (unsigned rule = 0; rule < LIMIT_RULES; rule++)
		config->limits[rule] = limit_band_default;
	config->nat = level_band_nat;
	config->raise_polls = 1;
	config->rows = (struct row_limits){
	    .pools = 1000, .peers = 1000, .locals = 256, .nat = 200, .namespaces = 500};
	config->max_alarms = 1000;
	config->notify = NOTIFY_ALL;
	config->notifications_per_minute = 60;
	config->probe_max = 1000;
	config->failures = true;
	config->owners = true;
}

bool
config_add_target(struct config *config, const struct target *target)
{
	struct target *bigger =
	    realloc(config->targets, (config->target_count + 1) * sizeof(*config->targets));
	if (bigger == NULL)
		return false;
	config->targets = bigger;
	config->targets[config->target_count++] = *target;
	return true;
}

bool
config_add_alias(struct config *config, const struct namespace_alias *alias)
{
	struct namespace_alias *bigger =
	    realloc(config->aliases, (config->alias_count + 1) * sizeof(*config->aliases));
	if (bigger == NULL)
		return false;
	config->aliases = bigger;
	config->aliases[config->alias_count++] = *alias;
	return true;
}

bool
config_add_namespace_levels(struct config *config, const struct namespace_levels *levels)
{
	uint32_t count = config->namespace_level_count;
	struct namespace_levels *bigger =
	    realloc(config->namespace_levels, (count + 1) * sizeof(*bigger));
	if (bigger == NULL)
		return false;
	config->namespace_levels = bigger;
	bigger[config->namespace_level_count++] = *levels;
	return true;
}

static void
put_critical(struct levels *to, const struct levels *from)
{
	to->critical_percent = from->critical_percent;
	to->critical_remaining = from->critical_remaining;
}

static void
put_warning(struct levels *to, const struct levels *from)
{
	to->warning_percent = from->warning_percent;
	to->warning_remaining = from->warning_remaining;
}

void
config_put_levels(struct level_band *to, const struct namespace_levels *from)
{
	if (from->critical) {
		put_critical(&to->raise, &from->levels.raise);
		put_critical(&to->clear, &from->levels.clear);
	}
	if (from->warning) {
		put_warning(&to->raise, &from->levels.raise);
		put_warning(&to->clear, &from->levels.clear);
	}
	if (from->close_wait) {
		to->raise.close_wait = from->levels.raise.close_wait;
		to->clear.close_wait = from->levels.clear.close_wait;
	}
}

static bool
is_off(uint32_t percent, uint32_t remaining)
{
	return percent == LEVEL_PERCENT_OFF && remaining == 0;
}

/* What bind() can get has levels of its own; but who wants to hear nothing hears nothing. */
static void
silence(struct level_band *local, const struct namespace_levels *by)
{
	const struct levels *at = &by->levels.raise;
	if (by->critical && is_off(at->critical_percent, at->critical_remaining))
		local->raise.critical_remaining = local->clear.critical_remaining = 0;
	if (by->warning && is_off(at->warning_percent, at->warning_remaining))
		local->raise.warning_remaining = local->clear.warning_remaining = 0;
}

const struct config *
config_of_namespace(const struct config *config, const char *name, struct config *own)
{
	for (uint32_t i = 0; i < config->namespace_level_count; i++) {
		const struct namespace_levels *levels = &config->namespace_levels[i];
		if (fnmatch(levels->match, name, 0) != 0)
			continue;
		*own = *config;
		config_put_levels(&own->levels, levels);
		config_put_levels(&own->udp, levels);
		silence(&own->local, levels);
		return own;
	}
	return config;
}

void
config_free(struct config *config)
{
	free(config->namespace_levels);
	config->namespace_levels = NULL;
	config->namespace_level_count = 0;
	free(config->aliases);
	config->aliases = NULL;
	config->alias_count = 0;
	free(config->targets);
	config->targets = NULL;
	config->target_count = 0;
}

/* SPDX-License-Identifier: ISC */
#include "config/config.h"

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

void
config_free(struct config *config)
{
	free(config->aliases);
	config->aliases = NULL;
	config->alias_count = 0;
	free(config->targets);
	config->targets = NULL;
	config->target_count = 0;
}

/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#ifndef SRCPORT_OID_ROOT
#define SRCPORT_OID_ROOT 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7777
#endif

void
config_init(struct config *config)
{
	static const uint32_t root[] = {SRCPORT_OID_ROOT};
	_Static_assert(sizeof(root) / sizeof(root[0]) <= CONFIG_OID_MAX, "SRCPORT_OID_ROOT too long");
	memset(config, 0, sizeof(*config));
	strcpy(config->agentx_socket, "/var/agentx/master");
	memcpy(config->base_oid, root, sizeof(root));
	config->base_oid_length = sizeof(root) / sizeof(root[0]);
	config->pace = (struct pace){.least_s = 5, .usual_s = 10, .most_s = 30, .cpu_percent = 2};
	config->levels = level_band_default;
	config->rows = (struct row_limits){.pools = 1000, .peers = 1000, .locals = 256};
}

const char *
config_set_base_oid(struct config *config, const char *text)
{
	static const char expected[] = "expected an OID such as 1.3.6.1.4.1.8072.9999.9999.7777";
	uint32_t oid[CONFIG_OID_MAX], length = 0;
	const char *at = *text == '.' ? text + 1 : text;
	for (;;) {
		char *end;
		if (*at < '0' || *at > '9' || length == CONFIG_OID_MAX)
			return expected;
		unsigned long long sub = strtoull(at, &end, 10);
		if (sub > UINT32_MAX)
			return expected;
		oid[length++] = (uint32_t)sub;
		if (*end == '\0')
			break;
		if (*end != '.')
			return expected;
		at = end + 1;
	}
	if (length < 2)
		return expected;
	memcpy(config->base_oid, oid, length * sizeof(oid[0]));
	config->base_oid_length = length;
	return NULL;
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

void
config_free(struct config *config)
{
	free(config->targets);
	config->targets = NULL;
	config->target_count = 0;
}

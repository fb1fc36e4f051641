/* SPDX-License-Identifier: ISC */
/*
 * config: what the operator decides: everything that srcportd.conf can say, with its defaults.
 */
#ifndef SRCPORTD_CONFIG_H
#define SRCPORTD_CONFIG_H

#include "level.h"
#include "pace.h"
#include "snapshot.h"
#include "target.h"

#define CONFIG_PATH_MAX 108 /* sun_path of a unix socket */
#define CONFIG_OID_MAX  32

struct config {
	char agentx_socket[CONFIG_PATH_MAX];
	uint32_t base_oid[CONFIG_OID_MAX]; /* where the module is registered */
	uint32_t base_oid_length;
	struct pace pace; /* from one poll to the next */
	struct level_band levels; /* of pools, peers, and targets that do not say otherwise */
	struct row_limits rows;
	struct target *targets; /* owned */
	uint32_t target_count;
};

/* Sets every value to its default; targets are none. */
void config_init(struct config *config);

/* Parses a dotted OID of 2 to CONFIG_OID_MAX sub-identifiers into base_oid. NULL, or what was expected
 * (static text); the OID is then as it was. */
const char *config_set_base_oid(struct config *config, const char *text);

/* Adds a target. False with errno ENOMEM. */
bool config_add_target(struct config *config, const struct target *target);

void config_free(struct config *config);

#endif

/* SPDX-License-Identifier: ISC */
#include "reload.h"

#include "config_load.h"
#include "log.h"
#include "sentence.h"

#include <string.h>

static void
complain(void *arg, const char *line)
{
	(void)arg;
	log_error("config", "%s", line);
}

/* The agent thread has them already, and so does the state file. */
static void
keep_start_values(struct config *now, const struct config *before)
{
	const char *token = config_needs_restart(before, now);
	if (token == NULL)
		return;
	log_warn("config", "%s has changed: that takes effect at the next start", token);
	memcpy(now->agentx_socket, before->agentx_socket, sizeof(now->agentx_socket));
	memcpy(now->base_oid, before->base_oid, sizeof(now->base_oid));
	now->base_oid_length = before->base_oid_length;
	memcpy(now->state_file, before->state_file, sizeof(now->state_file));
}

bool
reload_config(struct config *config, const struct options *options)
{
	struct config fresh;
	if (config_load(&fresh, options, complain, NULL) != EXIT_OK) {
		log_error("config", "not reloaded: the configuration before it stays in force");
		config_free(&fresh);
		return false;
	}
	keep_start_values(&fresh, config);
	config_free(config);
	*config = fresh;
	log_info("config", "reloaded: %u target%s", config->target_count,
		 number_s(config->target_count));
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/reload.h"

#include "base/log.h"
#include "base/sentence.h"
#include "config/config_load.h"

static void
complain(void *arg, const char *line)
{
	(void)arg;
	log_error("config", "%s", line);
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
	/* The agent thread has them already, and so does the state file. */
	const char *kept = config_keep_start(&fresh, config);
	if (kept != NULL)
		log_warn("config", "%s has changed: that takes effect at the next start", kept);
	config_free(config);
	*config = fresh;
	log_info("config", "reloaded: %u target%s", config->target_count,
		 number_s(config->target_count));
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "config/config_load.h"

#include "base/clean.h"
#include "base/log.h"
#include "base/sentence.h"

#ifndef SRCPORTD_CONFDIR
#define SRCPORTD_CONFDIR "/etc/snmp"
#endif

static const char default_file[] = SRCPORTD_CONFDIR "/srcportd.conf";

/* A value of the command line goes the way of a line of the file. */
static bool
apply(struct config *config, const char *option, const char *token, const char *value,
      config_complain *complain, void *arg)
{
	char error[320], line[360];
	if (value == NULL || config_set(config, token, value, error, sizeof(error)))
		return true;
	snprintf(line, sizeof(line), "%s: %s", option, error);
	clean_text(line, sizeof(line), line, sizeof(line));
	complain(arg, line);
	return false;
}

int
config_load(struct config *config, const struct options *options, config_complain *complain,
	    void *arg)
{
	const char *file = options->config_file != NULL ? options->config_file : default_file;
	config_init(config);
	unsigned errors = config_read(config, file, options->config_file == NULL, complain, arg);
	config->probe |= options->probe;
	if (options->interval_s != 0) {
		config->pace.least_s = config->pace.usual_s = config->pace.most_s =
		    options->interval_s;
		config->pace.by_cost = false;
		config->pace.cpu_percent = 0; /* who names an interval wants that one */
	}
	bool socket =
	    apply(config, "--agentx-socket", "agentXSocket", options->agentx_socket, complain, arg);
	bool oid = apply(config, "--base-oid", "baseOID", options->base_oid, complain, arg);
	if (errors != 0)
		return EXIT_BAD_CONFIG;
	return socket && oid ? EXIT_OK : EXIT_USAGE;
}

static void
log_it(void *arg, const char *line)
{
	(void)arg;
	log_error("config", "%s", line);
}

bool
config_load_again(struct config *config, const struct options *options)
{
	struct config fresh;
	if (config_load(&fresh, options, log_it, NULL) != EXIT_OK) {
		log_error("config", "not reloaded: the configuration before it stays in force");
		config_free(&fresh);
		return false;
	}
	/* The agent thread has them already, and so does the state file. */
	const char *kept = config_keep_start(&fresh, config);
	if (kept != NULL)
		log_warn("config",
			 "%s has changed: that takes effect at the next start: restart srcportd",
			 kept);
	config_free(config);
	*config = fresh;
	log_info("config", "reloaded: %u target%s", config->target_count,
		 number_s(config->target_count));
	return true;
}

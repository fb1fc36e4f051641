/* SPDX-License-Identifier: ISC */
#include "collector.h"
#include "log.h"
#include "once.h"

#include <stdlib.h>
#include <string.h>

#ifndef SRCPORTD_VERSION
#define SRCPORTD_VERSION "unknown"
#endif

/* The command line overrides the configuration. */
static void
apply_options(struct config *config, const struct options *options)
{
	if (options->agentx_socket != NULL)
		snprintf(config->agentx_socket, sizeof(config->agentx_socket), "%s",
		         options->agentx_socket);
	if (options->interval_s != 0)
		config->interval_s = options->interval_s;
}

static int
run_daemon(const struct options *options, struct config *config)
{
	char error[512];
	int status = EXIT_FAILED;
	log_open(getenv("JOURNAL_STREAM") != NULL ? LOG_TO_JOURNAL : LOG_TO_STDERR, options->verbose);
	struct door *door = door_new();
	struct collector *collector = NULL;
	if (door != NULL)
		collector = collector_open(options, config, door, error, sizeof(error));
	else
		snprintf(error, sizeof(error), "out of memory");
	if (collector == NULL) {
		log_error("main", "%s", error);
	} else {
		log_info("main", "srcportd " SRCPORTD_VERSION " polls every %u s", config->interval_s);
		status = collector_run(collector);
		log_info("main", "stopped");
	}
	collector_close(collector);
	if (door != NULL)
		door_free(door);
	return status;
}

static int
dispatch(const struct options *options, struct config *config)
{
	switch (options->mode) {
	case RUN_HELP: options_help(stdout); return EXIT_OK;
	case RUN_VERSION: puts("srcportd " SRCPORTD_VERSION); return EXIT_OK;
	case RUN_ONCE: return once_run(options, config);
	case RUN_CHECK_CONFIG:
	case RUN_DUMP_CONFIG:
	case RUN_DAEMON: break;
	}
	return run_daemon(options, config);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct config config;
	char error[512];
	if (options_parse(argc, argv, &options, error, sizeof(error)) != NULL) {
		fprintf(stderr, "srcportd: %s\n", error);
		return EXIT_USAGE;
	}
	config_init(&config);
	apply_options(&config, &options);
	int status = dispatch(&options, &config);
	config_free(&config);
	return status;
}

/* SPDX-License-Identifier: ISC */
#include "agent.h"
#include "background.h"
#include "collector.h"
#include "log.h"
#include "once.h"
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SRCPORTD_VERSION
#define SRCPORTD_VERSION "unknown"
#endif

/* The command line overrides the configuration. False with a line on standard error. */
static bool
apply_options(struct config *config, const struct options *options)
{
	if (options->agentx_socket != NULL) {
		if (strlen(options->agentx_socket) >= sizeof(config->agentx_socket)) {
			fprintf(stderr, "srcportd: --agentx-socket: expected at most %zu octets\n",
			        sizeof(config->agentx_socket) - 1);
			return false;
		}
		strcpy(config->agentx_socket, options->agentx_socket);
	}
	if (options->interval_s != 0) {
		config->pace.least_s = options->interval_s;
		config->pace.usual_s = options->interval_s;
		config->pace.most_s = options->interval_s;
	}
	const char *expected = NULL;
	if (options->base_oid != NULL)
		expected = config_set_base_oid(config, options->base_oid);
	if (expected != NULL)
		fprintf(stderr, "srcportd: --base-oid: found \"%s\", %s\n", options->base_oid, expected);
	return expected == NULL;
}

/* Runs the collector in this thread and the agent beside it. */
static int
collect_and_serve(struct collector *collector, const struct config *config, struct door *door,
                  struct service *service)
{
	const struct agent_config agent_config = {.socket = config->agentx_socket,
	                                          .base = config->base_oid,
	                                          .base_length = config->base_oid_length};
	struct agent *agent = agent_start(&agent_config, door);
	if (agent == NULL) {
		log_error("main", "agent thread: %s", strerror(errno));
		return EXIT_FAILED;
	}
	log_info("main", "srcportd " SRCPORTD_VERSION " polls every %u to %u s",
	         config->pace.least_s, config->pace.most_s);
	int status = collector_run(collector);
	service_stopping(service);
	if (!agent_stop(agent)) {
		log_warn("main", "snmpd does not let go of the AgentX session; ending without it");
		service_end(service);
		_exit(status);
	}
	log_info("main", "stopped");
	return status;
}

static int
run_daemon(const struct options *options, struct config *config, struct service *service)
{
	char error[512] = "out of memory";
	int status = EXIT_FAILED;
	struct door *door = door_new();
	struct collector *collector = NULL;
	if (door != NULL)
		collector = collector_open(options, config, door, service, error, sizeof(error));
	if (collector == NULL)
		log_error("main", "%s", error);
	else
		status = collect_and_serve(collector, config, door, service);
	collector_close(collector);
	if (door != NULL)
		door_free(door);
	return status;
}

static int
start_daemon(const struct options *options, struct config *config)
{
	struct service service;
	int status = service_start(&service, options);
	if (status == EXIT_OK)
		status = run_daemon(options, config, &service);
	service_end(&service);
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
	return start_daemon(options, config);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct config config;
	char error[512];
	background_fill_standard();
	if (options_parse(argc, argv, &options, error, sizeof(error)) != NULL) {
		fprintf(stderr, "srcportd: %s\n", error);
		return EXIT_USAGE;
	}
	config_init(&config);
	int status = apply_options(&config, &options) ? dispatch(&options, &config) : EXIT_USAGE;
	config_free(&config);
	return status;
}

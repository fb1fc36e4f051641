/* SPDX-License-Identifier: ISC */
#include "base/clean.h"
#include "base/log.h"
#include "config/config_load.h"
#include "daemon/background.h"
#include "daemon/collector.h"
#include "daemon/once.h"
#include "daemon/service.h"
#include "report/report.h"
#include "snmp/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SRCPORTD_VERSION
#define SRCPORTD_VERSION "unknown"
#endif

static void
log_start(const struct pace_limits *pace)
{
	if (pace->least_s == pace->most_s)
		log_info("main", "srcportd " SRCPORTD_VERSION " polls every %u s", pace->most_s);
	else
		log_info("main", "srcportd " SRCPORTD_VERSION " polls every %u to %u s",
			 pace->least_s, pace->most_s);
}

/* Runs the collector in this thread and the agent beside it. */
static int
collect_and_serve(struct collector *collector, const struct config *config,
		  struct published *published, struct service *service)
{
	const struct agent_config agent_config = {.socket = config->agentx_socket,
						  .base = config->base_oid,
						  .base_length = config->base_oid_length,
						  .alarms = collector_alarms(collector)};
	struct agent *agent = agent_start(&agent_config, published);
	if (agent == NULL) {
		log_error("main", "agent thread: %s", strerror(errno));
		return EXIT_FAILED;
	}
	log_start(&config->pace);
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
	struct published *published = published_new();
	struct namespace_watch *namespaces = namespace_watch_open(options, config);
	const struct collector_parts parts = {published, service, namespaces};
	struct collector *collector = NULL;
	if (published != NULL && namespaces != NULL)
		collector = collector_open(options, config, &parts, error, sizeof(error));
	if (collector == NULL)
		log_error("main", "%s", error);
	else
		status = collect_and_serve(collector, config, published, service);
	collector_close(collector);
	namespace_watch_close(namespaces);
	if (published != NULL)
		published_free(published);
	return status;
}

struct complaints {
	const struct options *options;
	unsigned count;
};

/* With --format nagios, the one line that a scheduler reads has the first. */
static void
complain(void *arg, const char *line)
{
	struct complaints *c = arg;
	if (log_is_journal())
		log_error("config", "%s", line);
	else
		fprintf(stderr, "srcportd: %s\n", line);
	if (c->count++ == 0 && c->options->mode == RUN_ONCE && c->options->format == FORMAT_NAGIOS)
		report_nagios_unknown(line, stdout);
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
run(const struct options *options, struct config *config)
{
	switch (options->mode) {
	case RUN_ONCE: return once_run(options, config);
	case RUN_CHECK_CONFIG: puts("the configuration is good"); return EXIT_OK;
	case RUN_DUMP_CONFIG: config_dump(config, stdout); return EXIT_OK;
	default: return start_daemon(options, config);
	}
}

/* The status with which to end: what was printed has to have gone out, too. A report has looked
 * after itself, and has said so in its own form. */
static int
printed(enum run_mode mode, int status)
{
	if (mode == RUN_ONCE || (fflush(stdout) == 0 && !ferror(stdout)))
		return status;
	fprintf(stderr, "srcportd: standard output: %s\n", strerror(errno));
	return EXIT_FAILED;
}

/* Options that need no configuration. False if there is none of them. */
static bool
tell(enum run_mode mode)
{
	switch (mode) {
	case RUN_HELP: options_help(stdout); return true;
	case RUN_VERSION: puts("srcportd " SRCPORTD_VERSION); return true;
	case RUN_COMPLETE: options_complete(stdout); return true;
	default: return false;
	}
}

int
main(int argc, char **argv)
{
	struct options options;
	struct config config;
	char error[512];
	background_fill_standard();
	if (options_parse(argc, argv, &options, error, sizeof(error)) != NULL) {
		clean_text(error, sizeof(error), error, sizeof(error));
		fprintf(stderr, "srcportd: %s\n", error);
		if (options.format != FORMAT_NAGIOS)
			return EXIT_USAGE;
		report_nagios_unknown(error, stdout);
		return REPORT_PLUGIN_UNKNOWN;
	}
	if (tell(options.mode))
		return printed(options.mode, EXIT_OK);
	log_open(log_is_journal() ? LOG_TO_JOURNAL : LOG_TO_STDERR, options.verbose);
	struct complaints complaints = {.options = &options};
	int status = config_load(&config, &options, complain, &complaints);
	if (status == EXIT_OK)
		status = run(&options, &config);
	else if (options.mode == RUN_ONCE && options.format == FORMAT_NAGIOS)
		status = REPORT_PLUGIN_UNKNOWN;
	config_free(&config);
	return printed(options.mode, status);
}

/* SPDX-License-Identifier: ISC */
#include "daemon/once.h"

#include "alarm/alarm_watch.h"
#include "base/array.h"
#include "base/clean.h"
#include "base/clock.h"
#include "daemon/namespace_look.h"
#include "daemon/namespace_rows.h"
#include "daemon/once_targets.h"
#include "daemon/poll.h"
#include "owners/owners.h"
#include "report/report.h"
#include "report/report_port.h"
#include "verdict/survey.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pools that the text names. */
#define TEXT_POOLS 20

/* Other network namespaces: which there are, and what is known of each. */
struct others {
	struct namespaces found;
	struct namespace_view *views;
	struct namespace_report report;
};

struct once {
	const struct options *options;
	struct config config;    /* with the targets that are asked about */
	bool namespaces;         /* other ones are looked at */
	struct visitor *visitor; /* NULL = there is none */
	char no_visitor[128];    /* why */
	struct poll *poll;
	struct port_watch ports; /* with --port */
	struct others others;
	struct space_pools spaces; /* what they have toward targets */
	/* What it found. */
	struct findings *findings;
	struct tally *tally;
	struct poll_stats stats;
	char error[512];
};

static bool
complain(struct once *once, const char *what, const char *why)
{
	snprintf(once->error, sizeof(once->error), "%s: %s", what, why);
	return false;
}

/* Counts failures for as long as it was asked to; where that cannot be done, not at all. */
static void
watch(struct failures *failures, uint32_t seconds)
{
	uint64_t end_ms = clock_us() / 1000 + seconds * UINT64_C(1000), now_ms;
	failures_poll(failures, true);
	while (failures_fd(failures) >= 0 && (now_ms = clock_us() / 1000) < end_ms) {
		struct pollfd fd = {.fd = failures_fd(failures), .events = POLLIN};
		if (poll(&fd, 1, (int)(end_ms - now_ms)) > 0)
			failures_ready(failures);
	}
}

static void
free_others(struct others *others)
{
	for (uint32_t i = 0; others->views != NULL && i < others->found.count; i++)
		namespace_view_free(&others->views[i]);
	free(others->views);
	namespaces_free(&others->found);
}

/* Looks at all of them: who asks for a target wants to know of it in each; a plugin only whether it
 * is at a level. False with errno ENOMEM;
 * what is there is to be freed. */
static bool
look_at_others(struct once *once)
{
	struct others *out = &once->others;
	const struct options *options = once->options;
	const struct procfile_source source = {.root = options->proc_root};
	struct namespace_door door = {once->visitor, options->proc_root, 0};
	const struct namespace_entrance entrance = namespace_door_entrance(&door);
	uint64_t cost_us;
	if (!namespaces_find(&source, NAMESPACES_RUN, &once->config, NULL, &entrance,
			     &out->found) ||
	    (out->views = array_new(out->found.count, sizeof(*out->views))) == NULL)
		return false;
	unsigned surveys = 0;
	struct namespace_task task = {.visitor = once->visitor,
				      .no_visitor = once->no_visitor,
				      .options = options,
				      .config = &once->config,
				      .features = poll_features(once->poll),
				      .unplaced = out->found.unplaced,
				      .placed = out->found.complete,
				      .once = true,
				      .surveys = &surveys,
				      .all = options->target_count > 0 &&
					     options->format != FORMAT_NAGIOS};
	for (uint32_t i = 0; i < out->found.count; i++) {
		struct namespace_survey survey = {.owners = NULL};
		task.survey = &survey;
		bool good = namespace_look(&task, &out->found.rows[i], &out->views[i], &cost_us);
		/* It counts on: of no more namespaces than a daemon would keep. */
		unsigned all = surveys;
		namespace_survey_end(&survey, &all);
		if (!good)
			return false;
	}
	namespace_rows_targets(out->views, out->found.count, &once->config, &once->spaces);
	qsort(out->views, out->found.count, sizeof(*out->views), namespace_view_compare);
	out->report = (struct namespace_report){out->views, out->found.count, out->found.complete};
	return true;
}

/* Where ports cannot be probed, the report says what is in doubt, and standard error why. */
static bool
collect(struct once *once)
{
	const struct options *options = once->options;
	once->config.failures = options->watch_s != 0;
	const struct poll_setup setup = {.options = options,
					 .config = &once->config,
					 .failures = once->config.failures,
					 .spaces = &once->spaces,
					 .ports = options->ask_ports ? &once->ports : NULL};
	once->poll = poll_open(&setup, once->error, sizeof(once->error));
	if (once->poll == NULL)
		return false;
	if (setup.failures)
		watch(poll_failures(once->poll), options->watch_s);
	if (poll_run(once->poll) != POLL_DONE) {
		snprintf(once->error, sizeof(once->error), "%s", poll_error(once->poll));
		return false;
	}
	if (poll_trouble(once->poll) != NULL)
		fprintf(stderr, "srcportd: --probe: %s\n", poll_trouble(once->poll));
	uint64_t begin_us = clock_us();
	if (once->namespaces && !look_at_others(once))
		return complain(once, "report", strerror(errno));
	uint64_t beside_us = clock_us() - begin_us;
	once->findings = poll_take(once->poll, NULL, NULL, &once->tally, &once->stats);
	if (options->replay == NULL)
		once->stats.duration_us -= (uint32_t)beside_us;
	return once->findings != NULL || complain(once, "report", strerror(errno));
}

/* A recording has no processes. Without memory for it the report goes without owners. */
static struct owners *
survey(const struct once *once)
{
	struct owner_subjects subjects;
	const struct options *options = once->options;
	if (options->replay != NULL || !once->config.owners)
		return NULL;
	struct owners *owners = owners_new(options->proc_root, options->sys_root);
	/* The plugin's line names owners only where something is wrong. */
	bool asked = options->target_count > 0 && options->format != FORMAT_NAGIOS;
	survey_choose(once->findings, asked, &subjects);
	if (owners != NULL)
		owners_survey(owners, &subjects);
	return owners;
}

static int
put_report(const struct once *once, const struct report *report)
{
	if (once->options->format == FORMAT_JSON)
		report_json(report, stdout);
	else if (once->options->format == FORMAT_NAGIOS)
		return report_nagios(report, stdout);
	else
		report_text(report, stdout);
	return EXIT_OK;
}

/* Who has the sockets of the ports asked about; NULL if nobody is looked for. To be freed. */
static struct socket_owner *
find_owners(const struct once *once, bool *whole)
{
	const struct options *options = once->options;
	const struct port_watch *watch = &once->ports;
	if (options->replay != NULL || !once->config.owners)
		return NULL;
	struct socket_owner *owners = array_new(watch->holder_count, sizeof(*owners));
	for (uint32_t i = 0; owners != NULL && i < watch->holder_count; i++) {
		owners[i].inode = watch->holders[i].inode;
		owners[i].cgroup = watch->holders[i].cgroup;
	}
	*whole = owners != NULL && socket_owner_find(options->proc_root, options->sys_root, owners,
						     watch->holder_count);
	return owners;
}

/* The answer to --port. Returns as print_report() does. */
static int
print_ports(struct once *once)
{
	struct port_report report = {.watch = &once->ports};
	struct socket_owner *owners = find_owners(once, &report.owners_whole);
	report.owners = owners;
	if (once->options->format == FORMAT_JSON)
		report_port_json(&report, stdout);
	else
		report_port_text(&report, stdout);
	free(owners);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_OK;
	complain(once, "standard output", strerror(errno));
	return -1;
}

/* Returns the exit status, or -1 with what went wrong in once->error. */
static int
print_report(struct once *once)
{
	struct report_order order = {.pools = NULL};
	if (!report_order_make(once->tally, &order)) {
		complain(once, "report", strerror(errno));
		report_order_free(&order);
		return -1;
	}
	struct owners *owners = survey(once);
	const struct scene scene = {.findings = once->findings,
				    .owners = owners != NULL ? owners_list(owners) : NULL,
				    .surveyed = owners != NULL};
	struct alarm_list alarms;
	alarm_watch_once(&scene, &alarms);
	const struct report report = {.scene = &scene,
				      .order = &order,
				      .alarms = &alarms,
				      .config = &once->config,
				      .namespaces = once->namespaces ? &once->others.report : NULL,
				      .duration_us = once->stats.duration_us,
				      .watched_s = once->options->watch_s,
				      .when = once->options->replay != NULL ? 0 : time(NULL),
				      .pool_limit = TEXT_POOLS,
				      .everything = once->options->target_count == 0};
	int status = put_report(once, &report);
	alarm_list_free(&alarms);
	owners_free(owners);
	report_order_free(&order);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(once, "standard output", strerror(errno));
		return -1;
	}
	return status;
}

/* Says why there is no report, where whoever asked looks for it: a scheduler at standard output, if
 * that takes anything. Returns the exit status. */
static int
give_up(const struct options *options, const char *why, int status)
{
	bool nagios = options->format == FORMAT_NAGIOS;
	FILE *out = nagios && !ferror(stdout) ? stdout : stderr;
	char text[sizeof(((struct once *)0)->error)];
	if (nagios)
		return report_nagios_unknown(why, out);
	clean_text(why, strlen(why), text, sizeof(text));
	fprintf(out, "srcportd: %s\n", text);
	return status;
}

/* Whether the report is about other network namespaces too: if it is asked to, or by the
 * configuration where it has a place for them. */
static bool
look_elsewhere(const struct options *options, const struct config *config)
{
	return options->namespaces ||
	       (config->namespaces && options->replay == NULL && !options->ask_ports);
}

int
once_run(const struct options *options, const struct config *config)
{
	struct once *once = calloc(1, sizeof(*once));
	if (once == NULL)
		return give_up(options, "out of memory", EXIT_FAILED);
	once->options = options;
	once->ports.asked = options->ports;
	once->namespaces = look_elsewhere(options, config);
	if (once->namespaces && (once->visitor = visitor_start(options->proc_root, false)) == NULL)
		snprintf(once->no_visitor, sizeof(once->no_visitor), "no process to enter it: %s",
			 strerror(errno));
	int status = once_targets(options, config, &once->config, once->error, sizeof(once->error));
	if (status == EXIT_OK &&
	    (!collect(once) ||
	     (status = options->ask_ports ? print_ports(once) : print_report(once)) < 0))
		status = EXIT_FAILED;
	if (once->error[0] != '\0')
		status = give_up(options, once->error, status);
	findings_free(once->findings);
	namespace_rows_free(&once->spaces);
	free_others(&once->others);
	tally_free(once->tally);
	poll_close(once->poll);
	visitor_end(once->visitor);
	port_watch_free(&once->ports);
	free(once->config.targets);
	free(once);
	return status;
}

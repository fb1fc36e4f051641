/* SPDX-License-Identifier: ISC */
#include "daemon/once.h"

#include "alarm/alarm_watch.h"
#include "base/clean.h"
#include "base/clock.h"
#include "daemon/probing.h"
#include "failures/failures.h"
#include "kernel/hostlimits.h"
#include "kernel/poller.h"
#include "kernel/procfile.h"
#include "kernel/recording.h"
#include "kernel/replay.h"
#include "owners/owners.h"
#include "report/report.h"
#include "verdict/survey.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pools that the text names. */
#define TEXT_POOLS 20

struct once {
	const struct options *options;
	const struct config *config;
	struct procfile_source source;
	struct host_state host;
	struct census census;
	struct failures *failures; /* NULL = they are not counted */
	uint32_t duration_us;
	char error[512];
};

static bool
complain(struct once *once, const char *what, const char *why)
{
	snprintf(once->error, sizeof(once->error), "%s: %s", what, why);
	return false;
}

/* What stands in files, from the kernel or from the recording. A recording holds /sys beside /proc.
 */
static void
look_around(struct once *once, const struct settings *settings)
{
	struct procfile_source sys = once->source;
	sys.root = once->options->sys_root;
	hostlimits_start(&once->host);
	hostlimits_look(&once->host, &once->source, &sys);
	hostlimits_poll(&once->host, &once->source, settings);
}

/* Asks about every port in doubt that there is time for. Where that cannot be done, the report says
 * what is in doubt, and standard error why. */
static void
settle(struct once *once)
{
	struct probing *probe = probing_new();
	const char *trouble = strerror(ENOMEM);
	if (probe != NULL)
		trouble = probing_run(probe, &once->census, UINT32_MAX, PROBING_ONCE_US);
	if (trouble != NULL)
		fprintf(stderr, "srcportd: --probe: %s\n", trouble);
	probing_free(probe);
}

static bool
poll_kernel(struct once *once)
{
	struct settings settings;
	if (procfile_settings(&once->source, &settings, once->error, sizeof(once->error)) != NULL)
		return false;
	look_around(once, &settings);
	census_init(&once->census, &settings, NULL);
	if (once->config->probe && !census_watch(&once->census))
		return complain(once, "--probe", strerror(errno));
	struct poller *poller = poller_open(once->error, sizeof(once->error));
	if (poller == NULL)
		return false;
	uint64_t start = clock_us();
	const struct diag_plan plan = {.range = settings.range};
	FILE *record = once->source.record;
	enum poller_step step = poller_begin(poller, &plan, census_take, &once->census, record);
	while (step == POLLER_MORE)
		step = poller_read(poller);
	if (step == POLLER_DONE) {
		uint32_t known = poller_features(poller);
		census_learn(&once->census, &known);
		if (record != NULL &&
		    (!recording_features(record, known) || !recording_end(record)))
			complain(once, "recording", strerror(errno));
	}
	if (step == POLLER_DONE && once->config->probe)
		settle(once);
	once->duration_us = (uint32_t)(clock_us() - start);
	if (step == POLLER_FAILED)
		complain(once, "sock_diag", poller_error(poller));
	poller_close(poller);
	return step == POLLER_DONE;
}

static bool
replay(struct once *once)
{
	struct settings settings;
	struct replay *replay = replay_open(once->options->replay, &once->source, &settings,
					    once->error, sizeof(once->error));
	if (replay == NULL)
		return false;
	look_around(once, &settings);
	census_init(&once->census, &settings, NULL);
	bool good = replay_read(replay, census_take, &once->census, &once->census.features,
				once->error, sizeof(once->error)) == NULL;
	replay_close(replay);
	return good;
}

/* Fills the census from the kernel or from a recording. */
static bool
collect(struct once *once)
{
	const struct options *options = once->options;
	if (options->replay != NULL)
		return replay(once);
	once->source = (struct procfile_source){.root = options->proc_root};
	if (options->record == NULL)
		return poll_kernel(once);

	once->source.record = fopen(options->record, "we");
	if (once->source.record == NULL || !recording_begin(once->source.record))
		return complain(once, options->record, strerror(errno));
	bool good = poll_kernel(once);
	bool written = ferror(once->source.record) == 0;
	if (fclose(once->source.record) != 0 || !written)
		return complain(once, options->record, "it could not be written whole");
	return good;
}

/* The command line's targets, or else the configuration's. NULL with a message and the exit status,
 * or an array to free. */
static struct target *
choose_targets(struct once *once, uint32_t *count, int *status)
{
	const struct options *options = once->options;
	uint32_t given = (uint32_t)options->target_count;
	*count = given > 0 ? given : once->config->target_count;
	struct target *targets = calloc(*count + 1, sizeof(*targets));
	if (targets == NULL) {
		*status = EXIT_FAILED;
		complain(once, "targets", strerror(errno));
		return NULL;
	}
	if (given == 0 && *count > 0)
		memcpy(targets, once->config->targets, *count * sizeof(*targets));
	for (uint32_t i = 0; i < given; i++) {
		targets[i].levels = once->config->levels;
		const char *expected = target_parse(options->targets[i], &targets[i]);
		if (expected != NULL) {
			snprintf(once->error, sizeof(once->error),
				 "TARGET: found \"%s\", expected %s", options->targets[i],
				 expected);
			*status = EXIT_USAGE;
			free(targets);
			return NULL;
		}
	}
	return targets;
}

/* Counts for as long as it was asked to; where that cannot be done, not at all. */
static void
watch(struct once *once)
{
	uint64_t end_ms = clock_us() / 1000 + once->options->watch_s * UINT64_C(1000), now_ms;
	once->failures = failures_new(once->options->proc_root, once->options->sys_root);
	if (once->failures == NULL)
		return;
	failures_poll(once->failures, true);
	while (failures_fd(once->failures) >= 0 && (now_ms = clock_us() / 1000) < end_ms) {
		struct pollfd fd = {.fd = failures_fd(once->failures), .events = POLLIN};
		if (poll(&fd, 1, (int)(end_ms - now_ms)) > 0)
			failures_ready(once->failures);
	}
}

/* What is concluded from the poll alone; NULL without memory for it. */
static struct findings *
conclude(struct once *once, const struct tally *tally)
{
	struct outlooks *outlooks = outlooks_new(tally);
	struct failure_marks *marks = failure_marks_new(tally);
	struct evidence evidence = {
	    .tally = tally, .outlooks = outlooks, .marks = marks, .host = &once->host};
	struct findings *findings = NULL;
	if (once->failures != NULL) {
		failures_poll(once->failures, true);
		evidence.failures = failures_state(once->failures);
		evidence.failure_log = failures_log(once->failures);
	}
	if (outlooks != NULL && marks != NULL) {
		if (once->failures != NULL)
			failure_log_mark(failures_log(once->failures), tally, clock_us() / 1000,
					 marks);
		findings = findings_once(&evidence, once->config);
	}
	outlooks_free(outlooks);
	failure_marks_free(marks);
	return findings;
}

/* A recording has no processes. Without memory for it the report goes without owners. */
static struct owners *
survey(const struct once *once, const struct findings *findings)
{
	struct owner_pool pools[OWNER_POOLS_MAX];
	if (once->options->replay != NULL || !once->config->owners)
		return NULL;
	struct owners *owners = owners_new(once->source.root, once->options->sys_root);
	/* The plugin's line names owners only where something is wrong. */
	bool asked = once->options->target_count > 0 && once->options->format != FORMAT_NAGIOS;
	if (owners != NULL)
		owners_survey(owners, pools, survey_choose(findings, asked, pools));
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

/* Returns the exit status, or -1 with what went wrong in once->error. */
static int
print_report(struct once *once, const struct tally *tally)
{
	struct findings *findings = conclude(once, tally);
	struct report_order order = {.pools = NULL};
	if (findings == NULL || !report_order_make(tally, &order)) {
		findings_free(findings);
		complain(once, "report", strerror(errno));
		return -1;
	}
	struct owners *owners = survey(once, findings);
	const struct scene scene = {findings, owners != NULL ? owners_list(owners) : NULL};
	struct alarm_list alarms;
	alarm_watch_once(&scene, &alarms);
	const struct report report = {.scene = &scene,
				      .order = &order,
				      .alarms = &alarms,
				      .config = once->config,
				      .duration_us = once->duration_us,
				      .watched_s =
					  once->failures != NULL ? once->options->watch_s : 0,
				      .when = once->options->replay != NULL ? 0 : time(NULL),
				      .pool_limit = TEXT_POOLS,
				      .everything = once->options->target_count == 0};
	int status = put_report(once, &report);
	alarm_list_free(&alarms);
	owners_free(owners);
	report_order_free(&order);
	findings_free(findings);
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

int
once_run(const struct options *options, const struct config *config)
{
	struct once *once = calloc(1, sizeof(*once));
	if (once == NULL)
		return give_up(options, "out of memory", EXIT_FAILED);
	once->options = options;
	once->config = config;
	int status = EXIT_FAILED;
	uint32_t count;
	struct target *targets = choose_targets(once, &count, &status);
	if (targets != NULL) {
		if (options->watch_s != 0)
			watch(once);
		struct tally *tally = NULL;
		if (collect(once)) {
			tally = tally_make(&once->census, targets, count);
			if (tally == NULL)
				complain(once, "report", strerror(errno));
			else if ((status = print_report(once, tally)) < 0)
				status = EXIT_FAILED;
		}
		tally_free(tally);
		census_free(&once->census);
		procfile_free_copies(&once->source);
		failures_free(once->failures);
	}
	if (once->error[0] != '\0')
		status = give_up(options, once->error, status);
	free(targets);
	free(once);
	return status;
}

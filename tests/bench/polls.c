/* SPDX-License-Identifier: ISC */
/*
 * polls: what a poll of srcportd's own costs: the collector's work from the first request to the
 * finished snapshot, without the agent. Prints, a line a round, CPU and wall microseconds, sockets,
 * pools and the resident kilobytes of the process.
 */
#include "base/clock.h"
#include "count/light.h"
#include "count/origins.h"
#include "kernel/poller.h"
#include "kernel/procfile.h"
#include "snmp/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

static long
resident_kb(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2)
		exit(1);
	fclose(file);
	return resident * 4;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	char error[256];
	struct procfile_source source = {.root = "/proc"};
	struct poller *poller = poller_open(error, sizeof(error));
	struct origins *origins = origins_new();
	static struct census census;
	static struct light light;
	uint64_t sockets = 0;
	struct row_limits limits = {1000, 1000, 256};
	static struct config config;
	static struct host_state host;
	const struct alarm_list none = {.alarms = NULL};
	config_init(&config);
	hostlimits_init(&host.limits);
	hostlimits_init(&host.earlier);
	for (int i = 0; i < rounds; i++) {
		uint64_t cpu = clock_cpu_us(), wall = clock_us();
		struct settings settings;
		if (poller == NULL || origins == NULL ||
		    procfile_settings(&source, &settings, error, sizeof(error)) != NULL)
			return 1;
		origins_begin(origins);
		census_init(&census, &settings, origins);
		struct diag_plan plan = light_plan(&light, &settings, sockets, false);
		if (plan.light && !light_patch(&light, &census))
			return 1;
		enum poller_step step =
		    poller_begin(poller, &plan, census_take, &census, NULL);
		while (step == POLLER_MORE)
			step = poller_read(poller);
		if (step != POLLER_DONE)
			return 1;
		struct tally *tally = tally_make(&census, NULL, 0);
		struct outlooks *outlooks = tally != NULL ? outlooks_new(tally) : NULL;
		const struct evidence evidence = {
		    .tally = tally, .outlooks = outlooks, .host = &host};
		struct findings *findings =
		    outlooks != NULL ? findings_once(&evidence, &config) : NULL;
		const struct scene scene = {.findings = findings};
		origins_commit(origins, &census.listening, &census.any, true);
		if (!plan.light)
			light_keep(&light, &census);
		sockets = census.sockets;
		struct poll_stats stats = {0};
		struct snapshot *snapshot =
		    findings != NULL ? snapshot_build(&scene, &none, &stats, &limits, NULL) : NULL;
		if (snapshot == NULL)
			return 1;
		cpu = clock_cpu_us() - cpu;
		wall = clock_us() - wall;
		printf("%llu %llu %llu %u %ld\n", (unsigned long long)cpu, (unsigned long long)wall,
		       (unsigned long long)census.sockets, census.pool_count, resident_kb());
		census_free(&census);
		findings_free(findings);
		outlooks_free(outlooks);
		tally_free(tally);
		snapshot_release(snapshot);
	}
	poller_close(poller);
	origins_free(origins);
	light_free(&light);
	return 0;
}

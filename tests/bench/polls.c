/* SPDX-License-Identifier: ISC */
/*
 * polls: what a poll of srcportd's own costs: the collector's work from the first request to the
 * finished snapshot, without the agent.
 *
 *     polls [ROUNDS [TARGETS]]
 *
 * Each target is one peer address of a load. Prints, a line a round, CPU and wall microseconds,
 * sockets, pools and the resident kilobytes of the process.
 */
#include "base/clock.h"
#include "daemon/poll.h"

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

static struct snapshot *
poll_once(struct poll *polls, const struct config *config, uint32_t *pools)
{
	const struct alarm_list none = {.alarms = NULL};
	struct poll_stats stats = {0};
	struct tally *tally = NULL;
	enum poll_step step = poll_begin(polls, false);
	while (step == POLL_MORE)
		step = poll_read(polls);
	struct findings *findings =
	    step == POLL_DONE ? poll_take(polls, NULL, NULL, &tally, &stats) : NULL;
	if (findings == NULL)
		exit(1);
	const struct scene scene = {.findings = findings};
	struct snapshot *snapshot = snapshot_build(&scene, &none, &stats, &config->rows, NULL);
	if (snapshot == NULL)
		exit(1);
	*pools = tally->pool_count;
	findings_free(findings);
	tally_free(tally);
	return snapshot;
}

static void
make_targets(struct config *config, uint32_t count)
{
	config->targets = calloc(count + 1, sizeof(*config->targets));
	if (config->targets == NULL)
		exit(1);
	for (uint32_t i = 0; i < count; i++) {
		char text[32];
		struct target *target = &config->targets[i];
		target->levels = config->levels;
		snprintf(text, sizeof(text), "127.1.%u.%u", i >> 8 & 255, i & 255);
		if (target_parse(text, target) != NULL)
			exit(1);
	}
	config->target_count = count;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	char error[512];
	const struct options options = {.proc_root = "/proc", .sys_root = "/sys"};
	struct config config;
	config_init(&config);
	make_targets(&config, argc > 2 ? (uint32_t)atoi(argv[2]) : 0);
	const struct poll_setup setup = {.options = &options, .config = &config, .history = true};
	struct poll *polls = poll_open(&setup, error, sizeof(error));
	if (polls == NULL)
		return 1;
	for (int i = 0; i < rounds; i++) {
		uint64_t cpu = clock_cpu_us(), wall = clock_us();
		uint32_t pools;
		struct snapshot *snapshot = poll_once(polls, &config, &pools);
		cpu = clock_cpu_us() - cpu;
		wall = clock_us() - wall;
		printf("%llu %llu %u %u %ld\n", (unsigned long long)cpu, (unsigned long long)wall,
		       snapshot->poll.sockets, pools, resident_kb());
		snapshot_release(snapshot);
	}
	poll_close(polls);
	free(config.targets);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "fuzz.h"

#include "alarm/alarm_watch.h"
#include "count/evidence.h"
#include "report/report.h"
#include "verdict/conclude.h"

#include <sys/mman.h>
#include <unistd.h>

const char *
fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;
	if (fd < 0) {
		fd = memfd_create("input", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	CLAIM(fd >= 0 && ftruncate(fd, 0) == 0);
	CLAIM(size == 0 || pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

static void
check_pool(const struct tally *tally, const struct pool_tally *pool)
{
	const struct usage *u = &pool->usage;
	CLAIM(u->used + u->remaining == tally->range.capacity);
	CLAIM(u->uncertain <= u->remaining);
	CLAIM(u->percent <= 100 && (u->percent == 100) == (u->remaining == 0));
	CLAIM(u->recyclable <= u->states.of[STATE_TIME_WAIT]);
}

struct findings *
fuzz_findings(const struct tally *tally, const struct config *config)
{
	struct host_state state = {.nat = 0};
	struct outlooks *outlooks = outlooks_new(tally);
	const struct evidence evidence = {.tally = tally, .outlooks = outlooks, .host = &state};
	hostlimits_init(&state.limits);
	hostlimits_init(&state.earlier);
	CLAIM(outlooks != NULL);
	struct findings *findings = conclude_once(&evidence, config);
	CLAIM(findings != NULL);
	outlooks_free(outlooks);
	return findings;
}

static void
put_reports(const struct tally *tally)
{
	static FILE *nowhere;
	struct config config;
	struct report_order order;
	struct alarm_list alarms;
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	config_init(&config);
	struct findings *findings = fuzz_findings(tally, &config);
	const struct scene scene = {.findings = findings};
	alarm_watch_once(&scene, &alarms);
	CLAIM(nowhere != NULL && report_order_make(tally, &order));
	const struct report report = {.scene = &scene,
				      .order = &order,
				      .alarms = &alarms,
				      .config = &config,
				      .pool_limit = 20,
				      .everything = true};
	report_json(&report, nowhere);
	report_text(&report, nowhere);
	report_nagios(&report, nowhere);
	report_order_free(&order);
	alarm_list_free(&alarms);
	findings_free(findings);
}

void
fuzz_report(struct census *census)
{
	CLAIM(evidence_weigh(census));
	struct target target = {.levels = level_band_default};
	CLAIM(target_parse("10.0.0.0/8:443", &target) == NULL);
	struct tally *tally = tally_make(census, &target, 1);
	CLAIM(tally != NULL);
	const struct range_tally *r = &tally->range;
	CLAIM(r->reserved + r->listening + r->bound + r->capacity <= r->size);
	CLAIM(r->free <= r->capacity + r->bound + r->listening);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		check_pool(tally, &tally->pools[i]);
	put_reports(tally);
	tally_free(tally);
}

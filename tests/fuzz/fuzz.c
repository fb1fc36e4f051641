/* SPDX-License-Identifier: ISC */
#include "fuzz.h"

#include "report/report.h"

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

void
fuzz_report(const struct census *census)
{
	static FILE *nowhere;
	struct target target = {.levels = level_band_default};
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	CLAIM(nowhere != NULL && target_parse("10.0.0.0/8:443", &target) == NULL);
	struct tally *tally = tally_make(census, &levels_default, &target, 1);
	CLAIM(tally != NULL);
	tally_sort(tally);
	const struct range_tally *r = &tally->range;
	CLAIM(r->reserved + r->listening + r->bound + r->capacity <= r->size);
	CLAIM(r->free <= r->capacity + r->bound + r->listening);
	for (uint32_t i = 0; i < tally->pool_count; i++)
		check_pool(tally, &tally->pools[i]);
	struct config config;
	config_init(&config);
	const struct report report = {.tally = tally, .config = &config, .pool_limit = 20};
	report_json(&report, nowhere);
	report_text(&report, nowhere);
	report_nagios(&report, nowhere);
	tally_free(tally);
}

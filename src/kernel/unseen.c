/* SPDX-License-Identifier: ISC */
#include "kernel/unseen.h"

#include "base/clock.h"
#include "base/words.h"
#include "kernel/neighbours.h"
#include "kernel/recording.h"

#include <stdlib.h>

/* How often sockets are counted at most, one count after the other; how many that agree are enough;
 * and from how many namespaces on there is one count only. */
#define LOOKS 9
#define AGREE 3
#define MANY  16

/* Its share of time at most: one in a thousand. */
#define SHARE 1000

struct unseen {
	struct neighbours neighbours;
	uint64_t next_ms; /* when they are looked for again */
};

static const char record_name[] = "unseen";

struct unseen *
unseen_new(void)
{
	return calloc(1, sizeof(struct unseen));
}

void
unseen_free(struct unseen *unseen)
{
	if (unseen == NULL)
		return;
	neighbours_free(&unseen->neighbours);
	free(unseen);
}

static void
scan_in_time(struct unseen *u, const struct procfile_source *source)
{
	uint64_t start_us = clock_us();
	if (start_us / 1000 < u->next_ms)
		return;
	neighbours_scan(&u->neighbours, source);
	uint64_t cost_us = clock_us() - start_us;
	uint64_t wait_ms = cost_us * SHARE / 1000;
	u->next_ms = start_us / 1000 + (wait_ms > UNSEEN_SCAN_MS ? wait_ms : UNSEEN_SCAN_MS);
}

/* Sockets in the tables of the other namespaces. One whose process has gone, or is another's by
 * now, counts for nothing. */
static int64_t
in_use_elsewhere(struct unseen *u, const struct procfile_source *source)
{
	int64_t sum = 0;
	for (uint32_t i = 0; i < u->neighbours.count; i++) {
		const struct neighbour *n = &u->neighbours.of[i];
		struct sockstat stat;
		if (!neighbours_is_there(n, source))
			continue;
		sockstat_read(source, n->process, &stat);
		if (stat.in_use > 0)
			sum += stat.in_use;
	}
	return sum;
}

/* One look: how many more are allocated than are in a table. Each number is of a moment of its own:
 * of the other namespaces at least what they had both before and after is in the count of all. */
static int64_t
look(struct unseen *u, const struct procfile_source *source)
{
	struct sockstat stat;
	sockstat_read(source, 0, &stat);
	if (sockstat_elsewhere(&stat) <= 0)
		return sockstat_elsewhere(&stat);
	scan_in_time(u, source);
	int64_t before = in_use_elsewhere(u, source);
	sockstat_read(source, 0, &stat);
	int64_t left = sockstat_elsewhere(&stat), after = in_use_elsewhere(u, source);
	if (left == SOCKSTAT_ABSENT)
		return left;
	left -= before < after ? before : after;
	return left > 0 ? left : 0;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Of several looks the one in the middle: a socket that is made or closed at that moment counts one
 * too many or too few, and is not there in most of them. */
static int64_t
look_often(struct unseen *u, const struct procfile_source *source)
{
	int64_t seen[LOOKS];
	unsigned count = 0;
	bool agree = true;
	while (count < LOOKS && !(agree && count >= AGREE) &&
	       !(count > 0 && u->neighbours.count > MANY)) {
		seen[count] = look(u, source);
		agree &= seen[count] == seen[0];
		count++;
	}
	qsort(seen, count, sizeof(seen[0]), compare);
	return seen[count / 2];
}

static void
keep(const struct procfile_source *source, const struct unseen_count *count)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "unseen: sockets %u complete %d\n",
			      count->sockets, count->complete);
	if (source->record != NULL && count->known)
		recording_file(source->record, record_name, text, (size_t)length);
	else if (source->record != NULL)
		recording_absent(source->record, record_name);
}

bool
unseen_parse(const char *text, struct unseen_count *out)
{
	int64_t sockets = words_named(text, "unseen:", "sockets");
	int64_t complete = words_named(text, "unseen:", "complete");
	*out = (struct unseen_count){.known = false};
	if (sockets < 0 || sockets > UINT32_MAX || complete < 0 || complete > 1)
		return false;
	*out = (struct unseen_count){true, complete == 1, (uint32_t)sockets};
	return true;
}

static void
count_again(struct unseen *u, const struct procfile_source *source, struct unseen_count *out)
{
	struct procfile_source quiet = *source;
	quiet.record = NULL;
	quiet.kept = NULL; /* an open file of another namespace would keep that alive */
	*out = (struct unseen_count){.known = false};
	int64_t left = look_often(u, &quiet);
	if (left < 0)
		return;
	*out = (struct unseen_count){true, left == 0 || u->neighbours.complete,
				     left < UINT32_MAX ? (uint32_t)left : UINT32_MAX};
}

void
unseen_count(struct unseen *u, const struct procfile_source *source, struct unseen_count *out)
{
	char text[64];
	if (source->replay) {
		if (procfile_read(source, record_name, text, sizeof(text)) < 0 ||
		    !unseen_parse(text, out))
			*out = (struct unseen_count){.known = false};
		return;
	}
	count_again(u, source, out);
	keep(source, out);
}

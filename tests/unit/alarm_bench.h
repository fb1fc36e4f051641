/* SPDX-License-Identifier: ISC */
/* alarm_bench: an alarm engine on the bench: what it is told of pools of 100 ports, and what it
 * tells. */
#ifndef SRCPORTD_TEST_ALARM_BENCH_H
#define SRCPORTD_TEST_ALARM_BENCH_H

#include "alarm/alarm.h"
#include "support.h"

/* An engine with a clock of its own that moves ten seconds a poll. */
struct bench {
	struct alarms *alarms;
	struct alarm_rules rules;
	struct alarm_clock now;
	char told[4096]; /* of the last poll: "KIND key;" for each notification */
};

/* Engine without limits, which raises and clears after so many polls; to be freed by
 * alarms_free(). */
void bench_begin(struct bench *b, uint32_t raise_polls, uint32_t clear_polls);

/* One poll: what bench_take() is told between the two. */
void bench_poll_begin(struct bench *b);
void bench_poll_end(struct bench *b);

/* A pool of 100 ports: critical from 95 in use (clear below 90), warning from 80 (75). */
enum severity bench_take(struct bench *b, const char *key, uint32_t used);

/* A poll with `count` pools that have so many ports in use; what it told. */
const char *bench_poll_many(struct bench *b, unsigned count, uint32_t used);

#endif

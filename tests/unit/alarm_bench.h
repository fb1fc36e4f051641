/* SPDX-License-Identifier: ISC */
/* alarm_bench: hysteresis and alarm engine on the bench: what they are told of pools of 100 ports,
 * and what they tell. */
#ifndef SRCPORTD_TEST_ALARM_BENCH_H
#define SRCPORTD_TEST_ALARM_BENCH_H

#include "alarm/alarm.h"
#include "support.h"

/* An engine with a clock of its own that moves ten seconds a poll. */
struct bench {
	struct alarms *alarms;
	struct hysteresis *hysteresis;
	struct alarm_rules rules;
	uint32_t raise_polls, clear_polls, max;
	uint32_t used[512]; /* of what was taken in this poll */
	uint32_t taken;
	uint32_t omitted; /* in it */
	struct alarm_clock now;
	uint32_t told_count; /* notifications of the last poll; none without memory for it */
	char told[4096];     /* of the last poll: "KIND key;" for each notification */
	enum notification_fate fate; /* what becomes of each */
};

/* Engine without limits, which raises and clears after so many polls. */
void bench_begin(struct bench *b, uint32_t raise_polls, uint32_t clear_polls);
void bench_end(struct bench *b);

/* An alarm of an earlier life. */
bool bench_restore(struct bench *b, const struct alarm *alarm);

/* One poll: what bench_take() is told between the two. */
void bench_poll_begin(struct bench *b);
void bench_poll_end(struct bench *b);

/* Plans, and has what is planned meet b->fate: a poll ends with it. */
void bench_tell(struct bench *b);

/* Nothing is in alarm, and managers know it. */
bool bench_is_over(const struct bench *b);

/* A pool of 100 ports: critical from 95 in use (clear below 90), warning from 80 (75). */
enum severity bench_take(struct bench *b, const char *key, uint32_t used);

/* A poll with `count` pools that have so many ports in use; what it told. */
const char *bench_poll_many(struct bench *b, unsigned count, uint32_t used);

#endif

/* SPDX-License-Identifier: ISC */
#include "daemon/probing.h"

#include "base/sentence.h"
#include "count/probe_cache.h"
#include "kernel/probe_udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ports asked about in one go, at most: all that there are. */
#define BATCH 65536

struct probing {
	struct probe_cache cache;
	bool works; /* the last time it did */
	char trouble[128];
	struct probe_question questions[BATCH];
};

struct probing *
probing_new(void)
{
	return calloc(1, sizeof(struct probing));
}

void
probing_free(struct probing *p)
{
	if (p == NULL)
		return;
	probe_cache_free(&p->cache);
	free(p);
}

static const char *
complain(struct probing *p, const char *step)
{
	snprintf(p->trouble, sizeof(p->trouble), "cannot probe ports: %s: %s", step,
		 strerror(errno));
	return p->trouble;
}

static const char *
complain_of_time(struct probing *p, uint32_t left)
{
	char number[NUMBER_TEXT_MAX];
	snprintf(p->trouble, sizeof(p->trouble),
		 "cannot probe ports: there was no time for %s of them", number_text(left, number));
	return p->trouble;
}

const char *
probing_run(struct probing *p, struct census *census, uint32_t most, uint64_t budget_us)
{
	if (census->keys == NULL || !probe_cache_begin(&p->cache, census)) {
		errno = ENOMEM;
		return complain(p, "memory");
	}
	uint32_t chosen =
	    probe_cache_choose(&p->cache, census, p->questions, most < BATCH ? most : BATCH);
	uint32_t questions = chosen;
	const char *step;
	/* With nothing to ask about, one question to see whether it could. */
	if (chosen == 0 && !p->works) {
		p->questions[0] = (struct probe_question){.port = census->settings.range.low};
		questions = 1;
	}
	uint32_t asked =
	    probe_ask(p->questions, questions, chosen > 0 ? budget_us : UINT64_MAX, &step);
	p->works = step == NULL;
	if (chosen > 0)
		probe_cache_answer(&p->cache, census, p->questions, asked);
	if (step != NULL)
		return complain(p, step);
	census->features |= UINT32_C(1) << FEATURE_PROBE;
	return asked < questions ? complain_of_time(p, questions - asked) : NULL;
}

const char *
probing_run_udp(struct probing *p, struct udp_census *census, uint32_t most, uint64_t budget_us)
{
	struct portset doubts;
	const char *step;
	uint32_t count = 0;
	udp_doubts(census, &doubts);
	for (int port = portset_next(&doubts, 0); port >= 0 && count < most;
	     port = portset_next(&doubts, (uint32_t)port + 1))
		p->questions[count++] = (struct probe_question){.port = (uint16_t)port};
	uint32_t asked = probe_udp_ask(p->questions, count, budget_us, &step);
	for (uint32_t i = 0; i < asked; i++)
		if (p->questions[i].answer != PROBE_UNKNOWN)
			udp_settle(census, p->questions[i].port,
				   p->questions[i].answer == PROBE_BLOCKED);
	if (step != NULL)
		return complain(p, step);
	return asked < count ? complain_of_time(p, count - asked) : NULL;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/probing.h"

#include "base/sentence.h"
#include "count/probe_cache.h"
#include "count/udp_answers.h"
#include "kernel/probe_udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ports asked about in one go, at most: all that there are. */
#define BATCH 65536

struct probing {
	struct probe_cache cache;
	struct udp_answers udp;
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
	udp_answers_free(&p->udp);
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
	const char *step;
	if (!census->available)
		return NULL;
	if (census->doubts == NULL || !udp_answers_recall(&p->udp, census)) {
		errno = ENOMEM;
		return complain(p, "memory");
	}
	uint32_t count =
	    udp_answers_choose(&p->udp, census, p->questions, most < BATCH ? most : BATCH);
	uint32_t asked = probe_udp_ask(p->questions, count, budget_us, &step);
	udp_answers_take(&p->udp, census, p->questions, asked);
	if (step != NULL)
		return complain(p, step);
	return asked < count ? complain_of_time(p, count - asked) : NULL;
}

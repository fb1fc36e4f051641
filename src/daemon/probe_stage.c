/* SPDX-License-Identifier: ISC */
#include "daemon/probe_stage.h"

void
probe_stage_begin(struct probe_stage *stage, bool allowed, struct census *census)
{
	stage->allowed = allowed;
	if (!allowed) {
		probe_stage_free(stage);
		stage->trouble = NULL;
		return;
	}
	if (stage->probing == NULL)
		stage->probing = probing_new();
	census_watch(census);
	udp_watch(&census->udp_held);
}

void
probe_stage_settle(struct probe_stage *stage, struct census *census, bool again, uint32_t most)
{
	uint32_t count = again ? most : UINT32_MAX;
	uint64_t budget_us = again ? PROBING_POLL_US : PROBING_ONCE_US;
	stage->trouble = NULL;
	if (stage->probing == NULL) {
		if (stage->allowed)
			stage->trouble = "cannot probe ports: out of memory";
		return;
	}
	const char *udp = probing_run_udp(stage->probing, &census->udp_held, count, budget_us);
	const char *tcp = probing_run(stage->probing, census, count, budget_us);
	stage->trouble = tcp != NULL ? tcp : udp;
}

void
probe_stage_free(struct probe_stage *stage)
{
	probing_free(stage->probing);
	stage->probing = NULL;
}

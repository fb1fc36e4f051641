/* SPDX-License-Identifier: ISC */
/*
 * probe_stage: whether and how a poll probes the ports that its census leaves in doubt
 * (probing.h).
 */
#ifndef SRCPORTD_PROBE_STAGE_H
#define SRCPORTD_PROBE_STAGE_H

#include "daemon/probing.h"

/* All zero before the first poll. */
struct probe_stage {
	bool allowed;
	struct probing *probing; /* NULL while it is not allowed, or memory is lacking */
	const char *trouble;     /* why ports that were to be probed stay in doubt; NULL = none */
};

/* A poll begins whose census is new; allowed: it is to probe. The census then keeps what that
 * needs; without memory for it, the ports stay in doubt for this poll. */
void probe_stage_begin(struct probe_stage *stage, bool allowed, struct census *census);

/* Settles ports in doubt of the complete census: at most `most` of them, within PROBING_POLL_US, if
 * there is a poll after this one (again); else all, within PROBING_ONCE_US. */
void probe_stage_settle(struct probe_stage *stage, struct census *census, bool again,
			uint32_t most);

void probe_stage_free(struct probe_stage *stage);

#endif

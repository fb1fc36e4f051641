/* SPDX-License-Identifier: ISC */
/*
 * udp_stage: what a poll asks about UDP sockets once it has all connections, and what of the
 * answers goes on from poll to poll. It may stay without an answer: the connections count then.
 */
#ifndef SRCPORTD_UDP_STAGE_H
#define SRCPORTD_UDP_STAGE_H

#include "count/census.h"
#include "count/light.h"
#include "count/udp.h"
#include "kernel/poller.h"

/* All zero before the first poll; it holds nothing that has to be freed. */
struct udp_stage {
	/* From poll to poll. */
	struct portset services; /* UDP ports, as the last answer had them */
	struct portset given;    /* the same of DIAG_UDP_GIVEN, */
	uint64_t given_ms;       /* and when that was (CLOCK_MONOTONIC); 0 = never */
	struct udp_before before;
	/* Of the poll under way. */
	bool asked, asked_given;
	bool kept;       /* sockets are not asked for: the light poll's copy has them */
	uint64_t cpu_us; /* clock_cpu_us() as they were asked for */
};

/* A poll begins. kept: see above. */
void udp_stage_begin(struct udp_stage *stage, bool kept);

/* Puts the next question that is due to the poller, which has answered all others. POLLER_DONE if
 * there is none. recorded: the answers go into a recording, which then gets all of them. */
enum poller_step udp_stage_ask(struct udp_stage *stage, struct poller *poller,
			       const struct census *census, bool recorded);

/* True if the answer has taken this thread udp_us of CPU time or more; 0 = it may take any. */
bool udp_stage_is_slow(const struct udp_stage *stage, uint64_t udp_us);

/* All UDP sockets are in the census, or the kernel did not list them (which the census then says),
 * or `light` lends those that it has kept. */
void udp_stage_take(struct udp_stage *stage, struct poller *poller, struct light *light,
		    struct census *census);

/* There was no whole answer, for the reason in why: the ports are those of the last one. */
void udp_stage_none(const struct udp_stage *stage, struct census *census, const char *why);

/* A poll was good that began at started_ms (CLOCK_MONOTONIC), with udp as its numbers and `sockets`
 * UDP sockets of the host (sockstat): what light ones after it take over, or what this one was lent
 * goes back. Returns udp_growth() since the poll before. */
unsigned udp_stage_keep(struct udp_stage *stage, struct light *light, struct census *census,
			const struct udp_tally *udp, int64_t sockets, uint64_t started_ms);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * udp_answers: which UDP ports in doubt are worth a probe, and what earlier probes found. Pure.
 *
 * Whether such a port is in the way depends on the sockets in doubt that hold it. So an answer is
 * kept with their key (struct udp_doubt), and dropped when that changes.
 */
#ifndef SRCPORTD_UDP_ANSWERS_H
#define SRCPORTD_UDP_ANSWERS_H

#include "count/udp.h"
#include "kernel/probe.h"

/* Polls after which an answer is asked for again: soon after the first time, as the sockets may
 * have changed between the dump and the probe, and then rarely. */
#define UDP_CONFIRM 1
#define UDP_REST    60

struct udp_answer {
	uint64_t key;   /* of the sockets that it is about */
	uint8_t answer; /* enum probe_answer */
	uint8_t rest;   /* polls until it is asked again */
};

/* Zero at the start. */
struct udp_answers {
	struct udp_answer *ports; /* by port; NULL = none yet */
	uint16_t turn;            /* where those that are not settled begin */
};

/* Settles the ports of the census, which is watched, that an earlier answer is about. False with
 * errno ENOMEM. */
bool udp_answers_recall(struct udp_answers *answers, struct udp_census *census);

/* Chooses at most `most` ports to ask about: those in doubt, by turns; then answers that are due
 * again. Returns their number. */
uint32_t udp_answers_choose(const struct udp_answers *answers, const struct udp_census *census,
			    struct probe_question *questions, uint32_t most);

/* Keeps what was answered, and settles these ports. */
void udp_answers_take(struct udp_answers *answers, struct udp_census *census,
		      const struct probe_question *questions, uint32_t count);

void udp_answers_free(struct udp_answers *answers); /* frees what it owns */

#endif

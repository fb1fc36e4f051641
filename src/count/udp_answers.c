/* SPDX-License-Identifier: ISC */
#include "count/udp_answers.h"

#include <stdlib.h>

#define PORTS 65536

bool
udp_answers_recall(struct udp_answers *answers, struct udp_census *census)
{
	if (answers->ports == NULL)
		answers->ports = calloc(PORTS, sizeof(*answers->ports));
	if (answers->ports == NULL)
		return false;
	const struct portset *ports = &census->doubtful.ports;
	for (int port = portset_next(ports, 0); port >= 0;
	     port = portset_next(ports, (uint32_t)port + 1)) {
		struct udp_answer *a = &answers->ports[port];
		if (a->answer == PROBE_UNKNOWN || a->key != census->doubts[port].key)
			continue;
		if (a->rest > 0)
			a->rest--;
		udp_settle(census, (uint16_t)port, a->answer == PROBE_BLOCKED);
	}
	return true;
}

/* Adds ports of the set, from one on, while there is room. */
static uint32_t
choose(const struct portset *ports, uint32_t from, struct probe_question *questions, uint32_t count,
       uint32_t most)
{
	for (int port = portset_next(ports, from); port >= 0 && count < most;
	     port = portset_next(ports, (uint32_t)port + 1))
		questions[count++] = (struct probe_question){.port = (uint16_t)port};
	return count;
}

uint32_t
udp_answers_choose(const struct udp_answers *answers, const struct udp_census *census,
		   struct probe_question *questions, uint32_t most)
{
	struct portset below, above, due;
	udp_doubts(census, &above);
	below = above;
	portset_clear(&due);
	portset_add_range(&due, 0, answers->turn);
	portset_and(&below, &due);
	portset_andnot(&above, &due);
	uint32_t count = choose(&above, 0, questions, 0, most);
	count = choose(&below, 0, questions, count, most);
	portset_clear(&due);
	for (int port = portset_next(&census->doubtful.ports, 0); port >= 0;
	     port = portset_next(&census->doubtful.ports, (uint32_t)port + 1)) {
		const struct udp_answer *a = &answers->ports[port];
		if (a->answer != PROBE_UNKNOWN && a->rest == 0 &&
		    a->key == census->doubts[port].key)
			portset_add(&due, (uint16_t)port);
	}
	/* Where an IPv4 socket stands as well, there is no doubt. */
	portset_andnot(&due, &census->v4.ports);
	portset_andnot(&due, &census->wild.ports);
	return choose(&due, 0, questions, count, most);
}

void
udp_answers_take(struct udp_answers *answers, struct udp_census *census,
		 const struct probe_question *questions, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct probe_question *q = &questions[i];
		struct udp_answer *a = &answers->ports[q->port];
		const uint64_t key = census->doubts[q->port].key;
		answers->turn = q->port;
		if (q->answer == PROBE_UNKNOWN)
			continue;
		bool again = a->key == key && a->answer == q->answer;
		*a = (struct udp_answer){
		    .key = key, .answer = q->answer, .rest = again ? UDP_REST : UDP_CONFIRM};
		udp_settle(census, q->port, q->answer == PROBE_BLOCKED);
	}
}

void
udp_answers_free(struct udp_answers *answers)
{
	free(answers->ports);
	answers->ports = NULL;
}

/* SPDX-License-Identifier: ISC */
/*
 * figures: whether what is published has become too old to judge. For the agent thread, as the
 * collector may hang; when polls fail but end, the collector finds the same.
 */
#ifndef SRCPORTD_FIGURES_H
#define SRCPORTD_FIGURES_H

#include "snmp/published.h"

struct figures {
	struct published *published;
	struct alarm_run *alarms;
	uint64_t next_ms;  /* when to look again; 0 = at once */
	bool doubted;      /* they were too old at the last look */
	uint64_t again_ms; /* when to publish again how old they are */
};

/* Looks if it is time to, and when figures are too old, publishes that they are, while it is so: a
 * severity that is unknown, and the alarm. The notification of it goes to the published queue.
 * Returns in how many ms to look again. */
int figures_look(struct figures *figures);

#endif

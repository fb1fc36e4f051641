/* SPDX-License-Identifier: ISC */
/*
 * agent: the thread that owns every call of Net-SNMP. It connects to the AgentX master agent,
 * serves SRCPORT-MIB from the published snapshot, and comes back by itself when the master
 * agent went away. It judges whether the figures are too old (figures.h): it lives when the
 * collector hangs.
 *
 * Each call of Net-SNMP may block for as long as snmpd does not answer, connect() even for ever. So
 * nothing outside this thread calls it, and nothing outside waits for this thread.
 */
#ifndef SRCPORTD_AGENT_H
#define SRCPORTD_AGENT_H

#include "snmp/published.h"

/* Sub-identifiers that the OID of the module may have. */
#define AGENT_BASE_MAX 64

/* Seconds between two attempts to reach a master agent that is away, and between two pings of a
 * silent one that is there. */
#define AGENT_RETRY_S 2

struct agent_config {
	const char *socket;   /* path of a unix socket, or another AgentX address of Net-SNMP */
	const uint32_t *base; /* OID of srcPortMIB */
	size_t base_length;   /* 1..AGENT_BASE_MAX */
	struct alarm_run *alarms;
};

struct agent;

/* Starts the thread, with all signals blocked. The configuration is copied; what is published and
 * the alarms must stay until agent_stop() has returned true. At most once in the life of a process:
 * Net-SNMP has one global state. Sets MIBS and MIBDIRS in the environment, so start no thread
 * before that reads it. Whether a master agent can be reached makes no difference: it is logged,
 * here and at every change. NULL with errno EINVAL (base), ENAMETOOLONG (socket), ENOMEM, EMFILE,
 * EAGAIN. */
struct agent *agent_start(const struct agent_config *config, struct published *published);

/* Takes leave of the master agent, ends the thread and frees the agent; NULL is allowed. True
 * within three seconds; or false after them: then the thread still hangs in Net-SNMP, and neither
 * the agent nor what is published may be freed: end the process. */
bool agent_stop(struct agent *agent);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * agent_notify: notifications from the published queue to the master agent. For the agent
 * thread only.
 *
 * A notification is an AgentX Notify that the master agent answers when it has read it. At most
 * AGENT_NOTIFY_WINDOW wait for their answer: with more in either direction snmpd and a subagent can
 * block each other for ever. None is sent a second time while the master agent lives: what was
 * written to its socket it will read. When another one comes in its place, the alarm engine is
 * told: it repeats what is in alarm, at the pace that the limit allows.
 */
#ifndef SRCPORTD_AGENT_NOTIFY_H
#define SRCPORTD_AGENT_NOTIFY_H

#include "snmp/published.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#define AGENT_NOTIFY_WINDOW 8

/* A Notify that is not answered in this time, on a link that is still up, has arrived: since then
 * the master agent has answered a ping, and it reads in order. */
#define AGENT_NOTIFY_PATIENCE_MS 10000

struct agent_notify {
	struct published *published;
	const oid *base; /* OID of srcPortMIB */
	size_t base_length;

	netsnmp_session *session; /* NULL while there is none */
	bool fresh;               /* it was opened since the last pump */
	struct {
		long request;
		uint64_t sent_ms;
	} flight[AGENT_NOTIFY_WINDOW]; /* those not answered, the oldest first */
	unsigned flying;
	bool known;       /* there was a master agent before, */
	int64_t began_cs; /* which began at that time of our monotonic clock */
	long refusal;     /* AgentX error of the last answer, logged when it changes */
};

/* base is not copied. */
void agent_notify_init(struct agent_notify *notify, struct published *published, const oid *base,
		       size_t base_length);

/* The session with a master agent was opened; was closed. */
void agent_notify_up(struct agent_notify *notify, netsnmp_session *session);
void agent_notify_down(struct agent_notify *notify);

/* While another agent serves the module: it tells of the same. */
void agent_notify_hold(struct agent_notify *notify);

/* Sends what the window allows. To be called once a turn, never from a callback of Net-SNMP. */
void agent_notify_pump(struct agent_notify *notify);

/* True if nothing is left to be sent or answered, or nobody is there to send it to. */
bool agent_notify_idle(const struct agent_notify *notify);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * agent_claim: the place in the tree of OIDs that only one agent can have, and whether it is ours.
 * For the agent thread only.
 *
 * Net-SNMP registers what it serves with each new master agent, but keeps the answer to itself: of
 * a refusal it writes to its log, which depending on its version nobody hears. So what it registers
 * is the least that there is, AGENT_CLAIM_LEAST; and the subtree is claimed by a Register of our
 * own at the usual priority (RFC 2741, 6.2.3), whose answer comes to us. Where a subtree has
 * several registrations the master agent asks the one of the highest priority, so that this one
 * decides.
 */
#ifndef SRCPORTD_AGENT_CLAIM_H
#define SRCPORTD_AGENT_CLAIM_H

#include <stdbool.h>

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

/* The lowest priority that a registration can have. */
#define AGENT_CLAIM_LEAST 255

/* AgentX error of a subtree that somebody else has (RFC 2741, 6.2.16). */
#define AGENT_CLAIM_DUPLICATE 263

/* Seconds from the first attempt to the second while it is refused, each time twice as many, and
 * how many at most: snmpd writes a line to its log for every one. */
#define AGENT_CLAIM_FIRST_S 2
#define AGENT_CLAIM_MOST_S  30

enum claim_state {
	CLAIM_OPEN,    /* not asked for, or not answered yet */
	CLAIM_GRANTED, /* ours until the session ends */
	CLAIM_REFUSED
};

struct agent_claim {
	const oid *root;
	size_t root_length;

	netsnmp_session *session; /* with the master agent, NULL while there is none */
	bool fresh;               /* it is new, nothing has been asked yet */
	enum claim_state state;
	long refusal;    /* AgentX error of a refusal */
	bool asked;      /* an answer is awaited, */
	long request;    /* to this one */
	unsigned wait_s; /* from the next attempt to the one after it */
	unsigned alarm;  /* goes off when that is due; 0 = not set */
};

/* root is not copied. */
void agent_claim_init(struct agent_claim *claim, const oid *root, size_t root_length);

/* The session with a master agent was opened; was closed. Callbacks of Net-SNMP may call these. */
void agent_claim_up(struct agent_claim *claim, netsnmp_session *session);
void agent_claim_down(struct agent_claim *claim);

/* Asks for the subtree where that is due: at once on a new session, and later again for what was
 * refused. To be called once a turn, never from a callback of Net-SNMP. The answer comes with a
 * later turn. */
void agent_claim_step(struct agent_claim *claim);

#endif

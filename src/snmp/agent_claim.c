/* SPDX-License-Identifier: ISC */
#include "snmp/agent_claim.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>

/* Type of the Register PDU (RFC 2741, 6.1); Net-SNMP installs no header that has it. */
#define AGENTX_REGISTER 3

/* No answer is late: asked a second time, a master agent that was only slow would refuse us for our
 * own sake. If it is dead the session ends, with which the library forgets the request. */
#define PATIENCE_US (1000L * 1000000L)

void
agent_claim_init(struct agent_claim *claim, const oid *root, size_t root_length)
{
	*claim = (struct agent_claim){.root = root, .root_length = root_length};
}

void
agent_claim_up(struct agent_claim *claim, netsnmp_session *session)
{
	agent_claim_down(claim);
	claim->session = session;
	claim->fresh = true;
	claim->wait_s = AGENT_CLAIM_FIRST_S;
}

void
agent_claim_down(struct agent_claim *claim)
{
	claim->session = NULL;
	claim->state = CLAIM_OPEN;
	claim->asked = false;
}

static int
on_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *arg)
{
	struct agent_claim *claim = arg;
	(void)session;
	if (!claim->asked || request != claim->request)
		return 1; /* of a session that has ended */
	claim->asked = false;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		return 1;
	claim->refusal = pdu->errstat;
	claim->state = pdu->errstat == 0 ? CLAIM_GRANTED : CLAIM_REFUSED;
	return 1;
}

/* What cannot be sent now is sent with the next attempt. */
static void
ask(struct agent_claim *claim)
{
	netsnmp_session *session = claim->session;
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_REGISTER);
	if (pdu == NULL)
		return;
	pdu->version = session->version;
	pdu->sessid = session->sessid;
	pdu->priority = DEFAULT_MIB_PRIORITY;
	claim->request = pdu->reqid;
	claim->asked = true;

	long usual = session->timeout;
	session->timeout = PATIENCE_US;
	bool sent = snmp_add_null_var(pdu, claim->root, claim->root_length) != NULL &&
		    snmp_async_send(session, pdu, on_answer, claim) != 0;
	if (!sent) {
		snmp_free_pdu(pdu);
		claim->asked = false;
	}
	if (claim->session == session) /* sending may have ended it */
		session->timeout = usual;
}

/* The library forgets an alarm that has gone off. */
static void
on_alarm(unsigned alarm, void *arg)
{
	struct agent_claim *claim = arg;
	(void)alarm;
	claim->alarm = 0;
}

static void
cancel(struct agent_claim *claim)
{
	if (claim->alarm != 0)
		snmp_alarm_unregister(claim->alarm);
	claim->alarm = 0;
}

void
agent_claim_step(struct agent_claim *claim)
{
	bool wanted = claim->session != NULL && claim->state != CLAIM_GRANTED;
	if (claim->fresh || !wanted)
		cancel(claim);
	claim->fresh = false;
	if (!wanted || claim->alarm != 0)
		return;
	claim->alarm = snmp_alarm_register(claim->wait_s, 0, on_alarm, claim);
	claim->wait_s *= 2;
	if (claim->wait_s > AGENT_CLAIM_MOST_S)
		claim->wait_s = AGENT_CLAIM_MOST_S;
	if (!claim->asked)
		ask(claim);
}

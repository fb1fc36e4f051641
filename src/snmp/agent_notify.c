/* SPDX-License-Identifier: ISC */
#include "snmp/agent_notify.h"

#include "base/clock.h"
#include "base/log.h"
#include "snmp/agent_serve.h"
#include "snmp/mib_columns.h"
#include "snmp/notification_pdu.h"

/* Two master agents do not begin within this time of each other. */
#define SAME_CS 50

/* Type of the Notify PDU (RFC 2741, 6.1); Net-SNMP installs no header that has it. */
#define AGENTX_NOTIFY 12

static const oid pdu_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

void
agent_notify_init(struct agent_notify *n, struct published *published, const oid *base,
		  size_t base_length)
{
	memset(n, 0, sizeof(*n));
	n->published = published;
	n->base = base;
	n->base_length = base_length;
}

void
agent_notify_up(struct agent_notify *n, netsnmp_session *session)
{
	n->session = session;
	n->fresh = true;
	n->flying = 0;
}

void
agent_notify_down(struct agent_notify *n)
{
	n->session = NULL;
	n->flying = 0;
	agent_notify_hold(n);
}

void
agent_notify_hold(struct agent_notify *n)
{
	notifications_open(published_notifications(n->published), false);
}

/* What has become of the oldest. */
static void
settle(struct agent_notify *n, enum notification_fate fate)
{
	n->flying--;
	memmove(n->flight, n->flight + 1, n->flying * sizeof(n->flight[0]));
	notifications_done(published_notifications(n->published), fate);
}

/* The master agent answers in the order in which it reads: with an answer, all before it have
 * arrived too. */
static void
answered(struct agent_notify *n, long request, enum notification_fate fate)
{
	unsigned at = 0;
	while (at < n->flying && n->flight[at].request != request)
		at++;
	if (at == n->flying)
		return;
	while (at-- > 0)
		settle(n, FATE_ACCEPTED);
	settle(n, fate);
}

/* Called by Net-SNMP with an answer, or for want of one; a time-out says nothing yet. */
static int
on_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *arg)
{
	struct agent_notify *n = arg;
	(void)session;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || n->session == NULL)
		return 1;
	if (pdu->errstat != n->refusal && pdu->errstat != 0)
		log_warn(
		    "agent",
		    "the master agent refuses notifications: AgentX error %ld; see snmpd's log",
		    pdu->errstat);
	n->refusal = pdu->errstat;
	answered(n, request, pdu->errstat == 0 ? FATE_ACCEPTED : FATE_REFUSED);
	return 1;
}

static bool
add_bind(const struct agent_notify *n, netsnmp_pdu *pdu, const struct pdu_bind *bind)
{
	oid name[MAX_OID_LEN];
	size_t length = n->base_length;
	memcpy(name, n->base, length * sizeof(name[0]));
	name[length++] = MIB_COLUMNS_OBJECTS;
	for (size_t i = 0; i < bind->length; i++)
		name[length++] = bind->sub[i];

	netsnmp_variable_list *vb =
	    snmp_varlist_add_variable(&pdu->variables, name, length, ASN_NULL, NULL, 0);

	return vb != NULL && agent_serve_set_value(vb, &bind->value);
}

/* NULL if memory is out. */
static netsnmp_pdu *
make_pdu(const struct agent_notify *n, const struct notification *notification)
{
	struct pdu_bind binds[PDU_BINDS_MAX];
	uint32_t base[MAX_OID_LEN];
	oid type[MAX_OID_LEN];
	size_t length = n->base_length;
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_NOTIFY);
	if (pdu == NULL)
		return NULL;
	pdu->version = n->session->version;
	pdu->sessid = n->session->sessid;
	for (size_t i = 0; i < length; i++) {
		base[i] = (uint32_t)n->base[i];
		type[i] = n->base[i];
	}
	type[length++] = 0; /* srcPortNotifications */
	type[length++] = notification->kind;

	size_t count = pdu_binds(notification, pdu_oid_octets(base, n->base_length), binds);
	bool whole =
	    snmp_varlist_add_variable(&pdu->variables, pdu_oid, OID_LENGTH(pdu_oid), ASN_OBJECT_ID,
				      type, length * sizeof(type[0])) != NULL;

	for (size_t i = 0; i < count && whole; i++)
		whole = add_bind(n, pdu, &binds[i]);
	if (whole)
		return pdu;
	snmp_free_pdu(pdu);
	return NULL;
}

/* False if nothing was written to the master agent's socket. */
static bool
send_notification(struct agent_notify *n, const struct notification *notification)
{
	netsnmp_pdu *pdu = make_pdu(n, notification);
	if (pdu == NULL)
		return false;

	long request = pdu->reqid;

	if (snmp_async_send(n->session, pdu, on_answer, n) == 0) {
		snmp_free_pdu(pdu);
		return false;
	}
	n->flight[n->flying].request = request;
	n->flight[n->flying++].sent_ms = clock_us() / 1000;
	return true;
}

/* The first thing on a new session: is it the master agent that we know? One that was only stopped
 * for a while still began when it did, and has everything that was written to it. */
static void
greet(struct agent_notify *n)
{
	struct notifications *queue = published_notifications(n->published);
	int64_t began_cs = (int64_t)(clock_us() / 10000) - (int64_t)netsnmp_get_agent_uptime();
	bool same = n->known && llabs(began_cs - n->began_cs) < SAME_CS;
	if (same)
		notifications_resume(queue);
	else if (n->known)
		notifications_renew(queue);
	n->fresh = false;
	n->known = true;
	n->began_cs = began_cs;
}

void
agent_notify_pump(struct agent_notify *n)
{
	struct notifications *queue = published_notifications(n->published);
	struct notification notification;
	if (n->session == NULL)
		return;
	if (n->fresh)
		greet(n);
	notifications_open(queue, true);

	uint64_t now_ms = clock_us() / 1000;

	while (n->flying > 0 && now_ms - n->flight[0].sent_ms >= AGENT_NOTIFY_PATIENCE_MS)
		settle(n, FATE_ACCEPTED);
	while (n->session != NULL && n->flying < AGENT_NOTIFY_WINDOW &&
	       notifications_take(queue, now_ms, &notification)) {
		if (!send_notification(n, &notification)) {
			notifications_return(queue);
			break;
		}
		notifications_sent(queue);
	}
}

bool
agent_notify_idle(const struct agent_notify *n)
{
	return n->session == NULL || notifications_idle(published_notifications(n->published));
}

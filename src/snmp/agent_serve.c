/* SPDX-License-Identifier: ISC */
#include "snmp/agent_serve.h"

#include "base/clock.h"
#include "snmp/agent_claim.h"

static const u_char asn_types[] = {
    [MIB_INTEGER] = ASN_INTEGER, [MIB_GAUGE] = ASN_GAUGE,    [MIB_COUNTER] = ASN_COUNTER,
    [MIB_TICKS] = ASN_TIMETICKS, [MIB_TEXT] = ASN_OCTET_STR, [MIB_BITS] = ASN_OCTET_STR,
};

/* Where a requested name lies. */
enum place { BEFORE_ROOT, BELOW_ROOT, AFTER_ROOT };

/* Copies what follows the root to sub (room for MIBTREE_OID_MAX). */
static enum place
split_name(const netsnmp_variable_list *vb, const netsnmp_handler_registration *reg, uint32_t *sub,
	   size_t *length)
{
	size_t depth = reg->rootoid_len;
	*length = 0;
	if (netsnmp_oid_is_subtree(reg->rootoid, depth, vb->name, vb->name_length) != 0)
		return snmp_oid_compare(vb->name, vb->name_length, reg->rootoid, depth) < 0
			   ? BEFORE_ROOT
			   : AFTER_ROOT;
	for (size_t i = depth; i < vb->name_length && *length < MIBTREE_OID_MAX; i++)
		sub[(*length)++] = vb->name[i] < UINT32_MAX ? (uint32_t)vb->name[i] : UINT32_MAX;
	return BELOW_ROOT;
}

bool
agent_serve_set_value(netsnmp_variable_list *vb, const struct mib_value *value)
{
	/* Net-SNMP wants every number as a long; an Integer32 with its sign. */
	u_long number = (u_long)value->number;
	if (value->type == MIB_INTEGER)
		number = (u_long)(long)(int32_t)value->number;

	if (value->type == MIB_TEXT || value->type == MIB_BITS)
		return snmp_set_var_typed_value(vb, asn_types[value->type], value->octets,
						value->length) == 0;
	return snmp_set_var_typed_value(vb, asn_types[value->type], &number, sizeof(number)) == 0;
}

static void
answer_get(const struct agent_serve *serve, const struct mib_view *view,
	   const netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
	   netsnmp_request_info *request)
{
	static const int errors[] = {
	    [MIB_NO_OBJECT] = SNMP_NOSUCHOBJECT,
	    [MIB_NO_INSTANCE] = SNMP_NOSUCHINSTANCE,
	};
	netsnmp_variable_list *vb = request->requestvb;
	uint32_t sub[MIBTREE_OID_MAX];
	size_t length;
	struct mib_value value;
	enum mib_result result = MIB_NO_OBJECT;
	if (split_name(vb, reg, sub, &length) == BELOW_ROOT)
		result = mibtree_get(serve->tree, view, sub, length, &value);
	if (result != MIB_FOUND)
		netsnmp_set_request_error(info, request, errors[result]);
	else if (!agent_serve_set_value(vb, &value))
		netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
}

/* A request that nothing follows stays as it is: Net-SNMP then goes on to the next subtree. */
static void
answer_next(const struct agent_serve *serve, const struct mib_view *view,
	    const netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
	    netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	uint32_t sub[MIBTREE_OID_MAX], found[MIBTREE_OID_MAX];
	size_t length, depth = reg->rootoid_len;
	oid name[MAX_OID_LEN];
	struct mib_value value;
	if (split_name(vb, reg, sub, &length) == AFTER_ROOT)
		return;
	if (mibtree_next(serve->tree, view, sub, length, request->inclusive != 0, found, &length,
			 &value) != MIB_FOUND ||
	    depth + length > MAX_OID_LEN)
		return;
	memcpy(name, reg->rootoid, depth * sizeof(name[0]));
	for (size_t i = 0; i < length; i++)
		name[depth + i] = found[i];
	if (snmp_set_var_objid(vb, name, depth + length) != 0 || !agent_serve_set_value(vb, &value))
		netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
}

/* One snapshot for all requests of a call: what one packet asks for belongs together. */
static int
handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg,
       netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	struct agent_serve *serve = handler->myvoid;
	struct snapshot *snapshot = published_get(serve->published);
	struct mib_view view = {
	    .snapshot = snapshot,
	    .now_ms = clock_us() / 1000,
	    .started_ms = serve->started_ms,
	    .uptime_cs = (uint32_t)netsnmp_get_agent_uptime(),
	    .hint = &serve->hint,
	    .stamp_cs = serve->stamp_cs,
	};
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		if (r->processed)
			continue;
		if (info->mode == MODE_GET)
			answer_get(serve, &view, reg, info, r);
		else if (info->mode == MODE_GETNEXT)
			answer_next(serve, &view, reg, info, r);
		else
			netsnmp_set_request_error(info, r, SNMP_ERR_NOTWRITABLE);
	}
	snapshot_release(snapshot);
	return SNMP_ERR_NOERROR;
}

bool
agent_serve_register(struct agent_serve *serve, const oid *root, size_t root_length)
{
	netsnmp_handler_registration *reg = netsnmp_create_handler_registration(
	    "srcPortObjects", handle, root, root_length, HANDLER_CAN_RONLY);
	if (reg == NULL)
		return false;
	reg->handler->myvoid = serve;
	reg->priority = AGENT_CLAIM_LEAST;
	return netsnmp_register_handler(reg) == MIB_REGISTERED_OK;
}

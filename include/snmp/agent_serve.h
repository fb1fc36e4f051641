/* SPDX-License-Identifier: ISC */
/*
 * agent_serve: answers to GET and GETNEXT from the published snapshot. For the agent thread
 * only.
 */
#ifndef SRCPORTD_AGENT_SERVE_H
#define SRCPORTD_AGENT_SERVE_H

#include "snmp/mibtree.h"
#include "snmp/published.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

/* What is served from where. Not copied: must live as long as Net-SNMP does. */
struct agent_serve {
	const struct mibtree *tree;
	struct published *published;
	uint64_t started_ms;           /* CLOCK_MONOTONIC when the program was started */
	uint32_t hint;                 /* see struct mib_view */
	uint32_t stamp_cs[MIB_STAMPS]; /* the same */
};

/* Registers the tree below root with Net-SNMP, as one read-only subtree, which it is to register
 * with the master agent at the lowest priority (agent_claim). False if Net-SNMP refused. */
bool agent_serve_register(struct agent_serve *serve, const oid *root, size_t root_length);

/* Gives a varbind a value, and the type that goes with it. False if memory is out. */
bool agent_serve_set_value(netsnmp_variable_list *vb, const struct mib_value *value);

#endif

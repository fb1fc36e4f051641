/* SPDX-License-Identifier: ISC */
/*
 * constant: the cheapest AgentX subagent that Net-SNMP allows: a table of ROWS rows whose index is
 * that of srcPortPoolTable for IPv4 and whose every value is 42. The next row follows from the one asked
 * for; nothing is looked up. What a walk of it costs is what Net-SNMP costs.
 *
 *     constant SOCKET ROWS TABLE-OID      (row i: peer 10.0.x.y, port 80, local 10.0.0.1)
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <stdbool.h>

#define FIRST_COLUMN 6
#define LAST_COLUMN  24
#define INDEX_LENGTH 13

static oid root[MAX_OID_LEN];
static size_t root_length;
static unsigned rows;

/* The row and column that come after a name; false at the end of the table. */
static bool
next_of(const oid *name, size_t length, bool inclusive, unsigned *column, unsigned *row)
{
	*column = FIRST_COLUMN;
	*row = 0;
	if (length < root_length + 2 || name[root_length + 1] < FIRST_COLUMN)
		return true;
	*column = (unsigned)name[root_length + 1];
	if (length == root_length + 2 + INDEX_LENGTH) {
		const oid *index = name + root_length + 2;
		*row = (unsigned)(index[4] * 256 + index[5]) + !inclusive;
	}
	if (*row >= rows) {
		*row = 0;
		++*column;
	}
	return *column <= LAST_COLUMN;
}

static int
handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
       netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	u_long value = 42;
	(void)handler;
	(void)registration;
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		netsnmp_variable_list *v = r->requestvb;
		unsigned column, row;
		if (r->processed)
			continue;
		if (info->mode == MODE_GETNEXT) {
			if (!next_of(v->name, v->name_length, r->inclusive, &column, &row))
				continue;
			oid name[MAX_OID_LEN];
			const oid index[INDEX_LENGTH] = {1, 4, 10, 0, row / 256, row % 256, 80,
			                                 1, 4, 10, 0, 0,         1};
			memcpy(name, root, root_length * sizeof(oid));
			name[root_length] = 1;
			name[root_length + 1] = column;
			memcpy(name + root_length + 2, index, sizeof(index));
			snmp_set_var_objid(v, name, root_length + 2 + INDEX_LENGTH);
		}
		snmp_set_var_typed_value(v, ASN_GAUGE, &value, sizeof(value));
	}
	return SNMP_ERR_NOERROR;
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	setenv("MIBS", "", 1);
	rows = (unsigned)atoi(argv[2]);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_enable_subagent();
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
	init_agent("constant");
	root_length = MAX_OID_LEN;
	if (read_objid(argv[3], root, &root_length) == 0)
		return 2;
	netsnmp_register_handler(netsnmp_create_handler_registration(
	    "constant", handle, root, root_length, HANDLER_CAN_RONLY));
	init_snmp("constant");
	for (;;)
		agent_check_and_process(1);
}

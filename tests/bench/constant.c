/* SPDX-License-Identifier: ISC */
/*
 * constant: the cheapest AgentX subagent that Net-SNMP allows: two tables of ROWS rows whose
 * indexes are those of srcPortPeerTable and srcPortPoolTable for IPv4 and whose every value is 42.
 * The next row follows from the one asked for; nothing is looked up. What a walk of it costs is
 * what Net-SNMP costs.
 *
 *     constant SOCKET ROWS OBJECTS-OID      (row i: peer 10.0.x.y, port 80, local 10.0.0.1)
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <stdbool.h>

#define FIRST_COLUMN 3
#define LAST_COLUMN  24
#define INDEX_MAX    13

struct table {
	oid number;          /* below OBJECTS-OID */
	size_t index_length; /* of the octets below, row number included */
	oid root[MAX_OID_LEN];
	size_t root_length;
};

static unsigned rows;

/* The row and column that come after a name; false at the end of the table. */
static bool
next_of(const struct table *t, const netsnmp_variable_list *v, bool inclusive, unsigned *column,
	unsigned *row)
{
	*column = FIRST_COLUMN;
	*row = 0;
	if (v->name_length < t->root_length + 2 || v->name[t->root_length + 1] < FIRST_COLUMN)
		return true;
	*column = (unsigned)v->name[t->root_length + 1];
	if (v->name_length == t->root_length + 2 + t->index_length) {
		const oid *index = v->name + t->root_length + 2;
		*row = (unsigned)(index[4] * 256 + index[5]) + !inclusive;
	}
	if (*row >= rows) {
		*row = 0;
		++*column;
	}
	return *column <= LAST_COLUMN;
}

static void
name_row(const struct table *t, netsnmp_variable_list *v, unsigned column, unsigned row)
{
	oid name[MAX_OID_LEN];
	const oid index[INDEX_MAX] = {1, 4, 10, 0, row / 256, row % 256, 80, 1, 4, 10, 0, 0, 1};
	memcpy(name, t->root, t->root_length * sizeof(oid));
	name[t->root_length] = 1;
	name[t->root_length + 1] = column;
	memcpy(name + t->root_length + 2, index, t->index_length * sizeof(oid));
	snmp_set_var_objid(v, name, t->root_length + 2 + t->index_length);
}

static int
handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
       netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct table *table = handler->myvoid;
	u_long value = 42;
	(void)registration;
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		netsnmp_variable_list *v = r->requestvb;
		unsigned column, row;
		if (r->processed)
			continue;
		if (info->mode == MODE_GETNEXT) {
			if (!next_of(table, v, r->inclusive, &column, &row))
				continue;
			name_row(table, v, column, row);
		}
		snmp_set_var_typed_value(v, ASN_GAUGE, &value, sizeof(value));
	}
	return SNMP_ERR_NOERROR;
}

static void
serve(struct table *table, const char *objects)
{
	table->root_length = MAX_OID_LEN - 1;
	if (read_objid(objects, table->root, &table->root_length) == 0)
		exit(2);
	table->root[table->root_length++] = table->number;
	netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
	    "constant", handle, table->root, table->root_length, HANDLER_CAN_RONLY);
	registration->handler->myvoid = table;
	netsnmp_register_handler(registration);
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
	static struct table peers = {.number = 11, .index_length = 6};
	static struct table pools = {.number = 12, .index_length = 13};
	serve(&peers, argv[3]);
	serve(&pools, argv[3]);
	init_snmp("constant");
	for (;;)
		agent_check_and_process(1);
}

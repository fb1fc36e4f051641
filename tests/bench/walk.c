/* SPDX-License-Identifier: ISC */
/*
 * walk: walks columns of a table over SNMPv2c without printing them, and times it.
 *
 *     walk ADDRESS next|bulk REPETITIONS OID...       prints varbinds, rows and wall microseconds
 *     walk ADDRESS get COUNT OID                      prints the p50, p95, p99 and worst
 * microseconds
 *
 * With several OIDs each request asks for all the columns at once.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/clock.h"

#include <stdbool.h>

#define COLUMNS_MAX 32

struct column {
	oid root[MAX_OID_LEN], at[MAX_OID_LEN];
	size_t root_length, at_length;
	bool done;
};

static netsnmp_session *session;
static struct column columns[COLUMNS_MAX];
static int column_count;

static void
die(const char *what)
{
	fprintf(stderr, "walk: %s\n", what);
	exit(1);
}

static void
open_session(char *address)
{
	netsnmp_session s;
	setenv("MIBS", "", 1);
	snmp_sess_init(&s);
	init_snmp("walk");
	s.version = SNMP_VERSION_2c;
	s.peername = address;
	s.community = (u_char *)"public";
	s.community_len = 6;
	s.timeout = 30 * 1000000L;
	session = snmp_open(&s);
	if (session == NULL)
		die("no session");
}

static void
parse_column(const char *text, struct column *column)
{
	column->root_length = MAX_OID_LEN;
	if (read_objid(text, column->root, &column->root_length) == 0)
		die(text);
	column->at_length = column->root_length;
	memcpy(column->at, column->root, sizeof(column->at));
}

static netsnmp_pdu *
ask(netsnmp_pdu *request)
{
	netsnmp_pdu *answer;
	if (snmp_synch_response(session, request, &answer) != STAT_SUCCESS ||
	    answer->errstat != SNMP_ERR_NOERROR)
		die("no answer");
	return answer;
}

/* Takes the varbinds of one answer, in turn for each column; returns how many were still inside. */
static unsigned
take(const netsnmp_pdu *answer, int *const order, int asked)
{
	unsigned inside = 0;
	int i = 0;
	for (const netsnmp_variable_list *v = answer->variables; v != NULL;
	     v = v->next_variable, i = (i + 1) % asked) {
		struct column *c = &columns[order[i]];
		if (c->done)
			continue;
		if (v->type == SNMP_ENDOFMIBVIEW || v->name_length < c->root_length ||
		    snmp_oid_compare(v->name, c->root_length, c->root, c->root_length) != 0) {
			c->done = true;
			continue;
		}
		if (snmp_oid_compare(v->name, v->name_length, c->at, c->at_length) <= 0)
			die("OID not increasing");
		memcpy(c->at, v->name, v->name_length * sizeof(oid));
		c->at_length = v->name_length;
		inside++;
	}
	return inside;
}

static void
walk(bool bulk, long repetitions)
{
	unsigned varbinds = 0;
	uint64_t start = clock_us();
	for (;;) {
		int order[COLUMNS_MAX], asked = 0;
		netsnmp_pdu *request = snmp_pdu_create(bulk ? SNMP_MSG_GETBULK : SNMP_MSG_GETNEXT);
		if (bulk) {
			request->non_repeaters = 0;
			request->max_repetitions = repetitions;
		}
		for (int i = 0; i < column_count; i++) {
			if (columns[i].done)
				continue;
			order[asked++] = i;
			snmp_add_null_var(request, columns[i].at, columns[i].at_length);
		}
		if (asked == 0) {
			snmp_free_pdu(request);
			break;
		}
		netsnmp_pdu *answer = ask(request);
		varbinds += take(answer, order, asked);
		snmp_free_pdu(answer);
	}
	printf("%u %u %llu\n", varbinds, varbinds / (unsigned)column_count,
	       (unsigned long long)(clock_us() - start));
}

static int
compare_times(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void
gets(long count)
{
	uint32_t *took = calloc((size_t)count, sizeof(*took));
	for (long i = 0; i < count; i++) {
		netsnmp_pdu *request = snmp_pdu_create(SNMP_MSG_GET);
		snmp_add_null_var(request, columns[0].root, columns[0].root_length);
		uint64_t start = clock_us();
		snmp_free_pdu(ask(request));
		took[i] = (uint32_t)(clock_us() - start);
	}
	qsort(took, (size_t)count, sizeof(*took), compare_times);
	printf("%u %u %u %u\n", took[count / 2], took[count * 95 / 100], took[count * 99 / 100],
	       took[count - 1]);
	free(took);
}

int
main(int argc, char **argv)
{
	if (argc < 5 || argc - 4 > COLUMNS_MAX)
		return 2;
	open_session(argv[1]);
	column_count = argc - 4;
	for (int i = 0; i < column_count; i++)
		parse_column(argv[4 + i], &columns[i]);
	long number = atol(argv[3]);
	if (strcmp(argv[2], "get") == 0)
		gets(number);
	else
		walk(strcmp(argv[2], "bulk") == 0, number);
	snmp_close(session);
	return 0;
}

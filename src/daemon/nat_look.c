/* SPDX-License-Identifier: ISC */
#include "daemon/nat_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An entry that a filter passes over costs a sixth of one that is sent. For more addresses than
 * this, one answer with everything is the cheaper one. */
#define FILTERED_MAX 3

static const char *
ask(struct conntrack *conntrack, struct nat_census *census, FILE *record)
{
	struct conntrack_question question = {.dump = CONNTRACK_TRANSLATED};
	const char *error = conntrack_read(conntrack, &question, nat_census_take, census, record);
	question.dump = CONNTRACK_HOLDERS;
	if (error != NULL || census->outside_count > FILTERED_MAX)
		return error != NULL
			   ? error
			   : conntrack_read(conntrack, &question, nat_census_take, census, record);
	for (uint32_t i = 0; error == NULL && i < 2 * census->outside_count; i++) {
		question.outside = &census->outsides[i / 2].address;
		question.original = i % 2 == 1;
		error = conntrack_read(conntrack, &question, nat_census_take, census, record);
	}
	return error;
}

/* What was answered, for the recording. */
struct tape {
	char *octets;
	size_t length;
	FILE *file;
};

static const char *
ask_taped(struct conntrack *conntrack, struct nat_census *census, FILE *record)
{
	struct tape tape = {.octets = NULL};
	tape.file = open_memstream(&tape.octets, &tape.length);
	if (tape.file == NULL)
		return "out of memory";
	const char *error = ask(conntrack, census, tape.file);
	if (fclose(tape.file) != 0)
		error = "out of memory";
	if (error == NULL)
		fwrite(tape.octets, 1, tape.length, record);
	free(tape.octets);
	return error;
}

const char *
nat_look(struct nat_census *census, FILE *record, char why[static NAT_LOOK_WHY_MAX])
{
	struct conntrack *conntrack = conntrack_open();
	if (conntrack == NULL) {
		snprintf(why, NAT_LOOK_WHY_MAX, "netlink socket: %s", strerror(errno));
		return why;
	}
	const char *error =
	    record != NULL ? ask_taped(conntrack, census, record) : ask(conntrack, census, NULL);
	if (error != NULL) {
		snprintf(why, NAT_LOOK_WHY_MAX, "%s", error);
		nat_census_free(census);
		error = why;
	} else {
		nat_census_end(census);
	}
	conntrack_close(conntrack);
	return error;
}

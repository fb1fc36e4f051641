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

/* What was answered, for the recording, which has it whole or not at all. */
struct tape {
	char *octets;
	size_t length;
	FILE *file;
};

/* NULL with errno. */
static FILE *
tape_begin(struct tape *tape)
{
	*tape = (struct tape){.octets = NULL};
	tape->file = open_memstream(&tape->octets, &tape->length);
	return tape->file;
}

/* False with errno. */
static bool
tape_end(struct tape *tape, bool whole, FILE *record)
{
	bool good = fclose(tape->file) == 0;
	if (good && whole)
		fwrite(tape->octets, 1, tape->length, record);
	free(tape->octets);
	return good;
}

static const char *
ask_taped(struct conntrack *conntrack, struct nat_census *census, FILE *record)
{
	struct tape tape;
	if (tape_begin(&tape) == NULL)
		return "out of memory";
	const char *error = ask(conntrack, census, tape.file);
	return tape_end(&tape, error == NULL, record) ? error : "out of memory";
}

/* Without them there is what connections show. So often they may change while they are read. */
#define RULES_TRIES 3

static void
ask_rules(struct nat_rules *rules, FILE *record)
{
	struct tape tape = {.octets = NULL};
	int error = EINTR;
	for (int i = 0; error == EINTR && i < RULES_TRIES; i++) {
		if (record != NULL && tape_begin(&tape) == NULL)
			return;
		error = nat_rules_read(rules, tape.file);
		if (record != NULL && !tape_end(&tape, error == 0, record))
			rules->known = false;
	}
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
		if (census->count > 0)
			ask_rules(&census->rules, record);
		nat_census_end(census);
	}
	conntrack_close(conntrack);
	return error;
}

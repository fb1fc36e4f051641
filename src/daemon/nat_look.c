/* SPDX-License-Identifier: ISC */
#include "daemon/nat_look.h"

#include "kernel/conntrack_text.h"
#include "kernel/modules.h"
#include "kernel/nat_legacy.h"

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
ask_rules(const struct procfile_source *proc, struct nat_rules *rules, FILE *record)
{
	struct tape tape = {.octets = NULL};
	int error = EINTR;
	for (int i = 0; error == EINTR && i < RULES_TRIES; i++) {
		if (record != NULL && tape_begin(&tape) == NULL)
			return;
		error = nat_rules_read(proc, rules, tape.file);
		if (record != NULL && !tape_end(&tape, error == 0, record))
			rules->known = false;
	}
	if (rules->known)
		nat_legacy_read(proc, rules, record);
}

/* NULL, or one line, in `why` or static. */
static const char *
ask_netlink(struct nat_census *census, FILE *record, char why[static NAT_LOOK_WHY_MAX])
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
		error = why;
	}
	conntrack_close(conntrack);
	return error;
}

/* What was gathered is dropped. */
static void
begin_anew(struct nat_census *census)
{
	uint32_t established_s = census->established_s;
	nat_census_free(census);
	census->established_s = established_s;
}

/* Twice, for holders are only told from what is translated. */
static const char *
read_text(struct nat_census *census, const struct procfile_source *proc)
{
	const char *error =
	    conntrack_text_read(proc, CONNTRACK_TRANSLATED, nat_census_take, census);
	if (error == NULL && census->count > 0)
		error = conntrack_text_read(proc, CONNTRACK_HOLDERS, nat_census_take, census);
	if (error != NULL)
		begin_anew(census);
	census->as_text = error == NULL;
	return error;
}

/* A table of connections without ctnetlink, which a question would load. */
static bool
lacks_netlink(const struct procfile_source *proc)
{
	return modules_lack(proc, "nf_conntrack", "nf_conntrack_netlink");
}

static bool
is_denied(const char *error)
{
	return strcmp(error, CONNTRACK_TEXT_DENIED) == 0;
}

static const char *
take_table(struct nat_census *census, const struct procfile_source *proc, FILE *record,
	   char why[static NAT_LOOK_WHY_MAX])
{
	const char *text = CONNTRACK_TEXT_DENIED;
	if (lacks_netlink(proc) && (text = read_text(census, proc)) == NULL)
		return NULL;
	const char *error = ask_netlink(census, record, why);
	if (error == NULL)
		return NULL;
	begin_anew(census);
	if (is_denied(text))
		text = read_text(census, proc);
	return text == NULL || !is_denied(text) ? text : error;
}

const char *
nat_look(struct nat_census *census, const struct procfile_source *proc, FILE *record,
	 char why[static NAT_LOOK_WHY_MAX])
{
	const char *error = take_table(census, proc, record, why);
	if (error != NULL)
		return error;
	if (census->count > 0)
		ask_rules(proc, &census->rules, census->as_text ? NULL : record);
	nat_census_end(census);
	return NULL;
}

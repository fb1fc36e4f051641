/* SPDX-License-Identifier: ISC */
#include "kernel/replay.h"

#include "kernel/nat_legacy.h"
#include "kernel/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct replay {
	const char *path;
	struct procfile_source *source;
	FILE *file;
	struct record record; /* the last one read */
	struct diag_taker taker;
	unsigned dump;          /* the dump that the last datagram belonged to */
	bool open;              /* that dump has not ended yet */
	bool ended[DIAG_DUMPS]; /* an NLMSG_DONE was seen */
	struct conntrack_taker conntrack;
	bool has_conntrack;      /* the same for the table of connections */
	struct nat_rules *rules; /* where they go; NULL = nowhere */
	struct nat_rules passed_over;
	char reason[160]; /* why it is refused */
};

static bool
refuse(struct replay *r, const char *why)
{
	snprintf(r->reason, sizeof(r->reason), "%s", why);
	return false;
}

static const char *
complain(const struct replay *r, char *error, size_t room)
{
	snprintf(error, room, "%s: %s", r->path, r->reason);
	return error;
}

/* The next record that is no file; files go into the source. False for one that cannot be. */
static bool
next_record(struct replay *r)
{
	for (;;) {
		switch (recording_next(r->file, &r->record)) {
		case RECORD_FILE:
		case RECORD_ABSENT:
			if (!procfile_add_copy(r->source, r->record.name,
					       r->record.kind == RECORD_FILE ? r->record.data
									     : NULL,
					       r->record.length))
				return refuse(r, "out of memory");
			break;
		case RECORD_BROKEN: return refuse(r, "it is cut short or not a recording");
		case RECORD_CLOCK:
			r->taker.from_ms = r->record.from_ms;
			r->taker.to_ms = r->record.to_ms;
			break;
		case RECORD_FEATURES:
		case RECORD_DUMP:
		case RECORD_END: return true;
		}
	}
}

/* All files come before the first dump: its reader needs the range. */
static bool
read_files(struct replay *r, struct settings *settings)
{
	if (!recording_open(r->file))
		return refuse(r, "expected the first line \"srcportd-recording 1\"");
	do
		if (!next_record(r))
			return false;
	while (r->record.kind == RECORD_FEATURES);
	return procfile_settings(r->source, settings, r->reason, sizeof(r->reason)) == NULL;
}

struct replay *
replay_open(const char *path, struct procfile_source *source, struct settings *settings,
	    char *error, size_t room)
{
	struct replay *r = calloc(1, sizeof(*r));
	*source = (struct procfile_source){.replay = true};
	if (r == NULL) {
		snprintf(error, room, "%s: %s", path, strerror(errno));
		return NULL;
	}
	r->path = path;
	r->source = source;
	r->file = fopen(path, "re");
	if (r->file == NULL)
		refuse(r, strerror(errno));
	else if (read_files(r, settings))
		return r;
	complain(r, error, room);
	replay_close(r);
	return NULL;
}

void
replay_close(struct replay *r)
{
	if (r == NULL)
		return;
	recording_free(&r->record);
	if (r->file != NULL)
		fclose(r->file);
	free(r);
}

/* The end of one dump: the next may begin, or the recording end. */
static bool
must_have_ended(struct replay *r)
{
	return !r->open || refuse(r, "a dump does not end");
}

static bool
is_of_conntrack(unsigned dump)
{
	return dump == CONNTRACK_TRANSLATED || dump == CONNTRACK_HOLDERS;
}

/* Nobody wants it. */
static bool
pass_over(void *arg, enum conntrack_dump dump, const struct conntrack_entry *entry)
{
	(void)arg;
	(void)dump;
	(void)entry;
	return true;
}

void
replay_rules(struct replay *r, struct nat_rules *out)
{
	r->rules = out;
}

void
replay_conntrack(struct replay *r, conntrack_take *take, void *arg)
{
	r->conntrack = (struct conntrack_taker){.take = take, .arg = arg};
}

bool
replay_has_conntrack(const struct replay *r)
{
	return r->has_conntrack;
}

/* Of holders there may be several answers, or none where no source is translated. */
static void
end_dump(struct replay *r)
{
	if (r->dump < DIAG_DUMPS) {
		r->ended[r->dump] = true;
		r->taker.beyond = false;
	}
	r->has_conntrack |= r->dump == CONNTRACK_TRANSLATED;
	r->rules->known |= r->dump == NAT_RULES_DUMP;
}

/* What takes the messages of the dump, and its argument; NULL for one that is not known. */
static dump_take *
taker_of(struct replay *r, unsigned dump, void **arg)
{
	*arg = dump < DIAG_DUMPS ? (void *)&r->taker : &r->conntrack;
	if (dump == NAT_RULES_DUMP)
		*arg = r->rules;
	if (dump == NAT_RULES_DUMP)
		return nat_rules_take;
	return dump < DIAG_DUMPS       ? diag_take_message
	       : is_of_conntrack(dump) ? conntrack_take_message
				       : NULL;
}

/* Rules of iptables-legacy, which are no netlink. */
static bool
take_legacy(struct replay *r)
{
	const struct record *record = &r->record;
	uint8_t family = record->number == NAT_LEGACY_V4 ? AF_INET : AF_INET6;
	if (record->number < r->dump || !must_have_ended(r))
		return refuse(r, "a dump is out of order or too short");
	r->dump = record->number;
	r->rules->known = true;
	r->rules->unread |= record->length == 0;
	return nat_legacy_take(r->rules, family, record->data, record->length) == 0 ||
	       refuse(r, "a dump is not what a kernel answers");
}

static bool
take_dump(struct replay *r)
{
	if (r->record.number == NAT_LEGACY_V4 || r->record.number == NAT_LEGACY_V6)
		return take_legacy(r);
	const struct record *record = &r->record;
	void *arg;
	dump_take *take = taker_of(r, record->number, &arg);
	if (take == NULL || record->number < r->dump || record->length < sizeof(struct nlmsghdr))
		return refuse(r, "a dump is out of order or too short");
	if (record->number != r->dump && !must_have_ended(r))
		return false;
	r->dump = record->number;
	r->taker.dump = record->number;
	r->conntrack.dump = record->number;
	/* A recording has the numbers of its own poll; within a datagram they must agree. */
	const struct nlmsghdr *first = record->data;
	int error;
	enum dump_result result = dump_check(record->data, record->length, first->nlmsg_seq,
					     first->nlmsg_pid, take, arg, &error);
	if (result == DUMP_BROKEN || result == DUMP_REFUSED)
		return refuse(r, error == ENOMEM ? "out of memory"
						 : "a dump is not what a kernel answers");
	r->open = result != DUMP_DONE;
	if (result == DUMP_DONE)
		end_dump(r);
	return true;
}

static bool
finish(struct replay *r)
{
	if (!r->ended[DIAG_HOLDERS] || !r->ended[DIAG_SOCKETS])
		r->open = true; /* it did not even begin */
	return must_have_ended(r);
}

const char *
replay_read(struct replay *r, diag_take *take, void *arg, uint32_t *features, char *error,
	    size_t room)
{
	r->taker.take = take;
	r->taker.arg = arg;
	if (r->conntrack.take == NULL)
		r->conntrack.take = pass_over;
	if (r->rules == NULL)
		r->rules = &r->passed_over;
	bool good = true;
	while (good && r->record.kind != RECORD_END) {
		if (r->record.kind == RECORD_FEATURES)
			*features |= r->record.number;
		else
			good = take_dump(r);
		good = good && next_record(r);
	}
	return good && finish(r) ? NULL : complain(r, error, room);
}

bool
replay_has(const struct replay *r, enum diag_dump dump)
{
	return r->ended[dump];
}

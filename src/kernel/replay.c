/* SPDX-License-Identifier: ISC */
#include "kernel/replay.h"

#include "kernel/dump.h"
#include "kernel/recording.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

struct replay {
	struct procfile_source *source;
	struct census *census;
	bool started;           /* the settings are read, the census is begun */
	unsigned dump;          /* the dump that the last datagram belonged to */
	bool open;              /* that dump has not ended yet */
	bool ended[DIAG_DUMPS]; /* an NLMSG_DONE was seen */
	char *error;
	size_t room;
};

static const char *
complain(struct replay *r, const char *what)
{
	snprintf(r->error, r->room, "%s", what);
	return r->error;
}

/* All files come before the first dump: the census needs the range. */
static const char *
start(struct replay *r)
{
	struct settings settings;
	if (procfile_settings(r->source, &settings, r->error, r->room) != NULL)
		return r->error;
	census_init(r->census, &settings, NULL);
	r->started = true;
	return NULL;
}

/* The end of one dump: the next may begin, or the recording end. */
static const char *
must_have_ended(struct replay *r)
{
	return r->open ? complain(r, "a dump does not end") : NULL;
}

static const char *
take_dump(struct replay *r, const struct record *record)
{
	if (!r->started && start(r) != NULL)
		return r->error;
	if (record->number >= DIAG_DUMPS || record->number < r->dump ||
	    record->length < sizeof(struct nlmsghdr))
		return complain(r, "a dump is out of order or too short");
	if (record->number != r->dump && must_have_ended(r) != NULL)
		return r->error;
	r->dump = record->number;
	/* A recording has the numbers of its own poll; within a datagram they must agree. */
	const struct nlmsghdr *first = record->data;
	int error;
	enum dump_result result = dump_take(record->data, record->length, first->nlmsg_seq,
					    first->nlmsg_pid, r->dump, r->census, &error);
	if (result == DUMP_BROKEN || result == DUMP_REFUSED)
		return complain(r, error == ENOMEM ? "out of memory"
						   : "a dump is not what a kernel answers");
	r->open = result != DUMP_DONE;
	if (result == DUMP_DONE)
		r->ended[r->dump] = true;
	return NULL;
}

static const char *
finish(struct replay *r)
{
	if (!r->ended[DIAG_HOLDERS] || !r->ended[DIAG_SOCKETS])
		r->open = true; /* it did not even begin */
	return must_have_ended(r);
}

static const char *
take_records(struct replay *r, FILE *file, struct record *record)
{
	if (!recording_open(file))
		return complain(r, "expected the first line \"srcportd-recording 1\"");
	for (;;) {
		switch (recording_next(file, record)) {
		case RECORD_FILE:
		case RECORD_ABSENT:
			if (!procfile_add_copy(r->source, record->name,
					       record->kind == RECORD_FILE ? record->data : NULL,
					       record->length))
				return complain(r, "out of memory");
			break;
		case RECORD_FEATURES:
			if (r->started)
				r->census->features |= record->number;
			break;
		case RECORD_DUMP:
			if (take_dump(r, record) != NULL)
				return r->error;
			break;
		case RECORD_END: return finish(r);
		case RECORD_BROKEN: return complain(r, "it is cut short or not a recording");
		}
	}
}

const char *
replay_read(const char *path, struct procfile_source *source, struct census *census, char *error,
	    size_t room)
{
	*source = (struct procfile_source){.replay = true};
	memset(census, 0, sizeof(*census));
	char reason[160] = "";
	struct replay r = {
	    .source = source, .census = census, .error = reason, .room = sizeof(reason)};
	struct record record = {0};
	FILE *file = fopen(path, "re");
	const char *failed = NULL;
	if (file == NULL) {
		failed = complain(&r, strerror(errno));
	} else {
		failed = take_records(&r, file, &record);
		fclose(file);
	}
	recording_free(&record);
	if (failed == NULL)
		return NULL;
	snprintf(error, room, "%s: %s", path, reason);
	return error;
}

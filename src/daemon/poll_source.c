/* SPDX-License-Identifier: ISC */
#include "daemon/poll_source.h"

#include "kernel/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool
open_inside(struct poll_source *source, struct visit *visit, char *error, size_t room)
{
	int sockets[VISIT_SOCKETS];
	source->files.root = source->options->proc_root;
	source->files.inside = &visit->inside;
	for (unsigned i = 0; i < VISIT_SOCKETS; i++) {
		sockets[i] = visit->sockets[i];
		visit->sockets[i] = -1;
	}
	source->poller = poller_open_inside(sockets, VISIT_SOCKETS, error, room);
	return source->poller != NULL;
}

bool
poll_source_open(struct poll_source *source, const struct options *options, struct kept *kept,
		 struct visit *visit, char *error, size_t room)
{
	struct procfile_source *files = &source->files;
	source->options = options;
	if (visit != NULL)
		return open_inside(source, visit, error, room);
	if (options->replay != NULL) {
		source->replay =
		    replay_open(options->replay, files, &source->replayed, error, room);
		return source->replay != NULL;
	}
	files->root = options->proc_root;
	files->kept = kept;
	if (options->record != NULL) {
		files->record = fopen(options->record, "we");
		if (files->record == NULL || !recording_begin(files->record)) {
			snprintf(error, room, "%s: %s", options->record, strerror(errno));
			return false;
		}
	}
	source->poller = poller_open(error, room);
	return source->poller != NULL;
}

void
poll_source_close(struct poll_source *source)
{
	if (source->files.record != NULL)
		fclose(source->files.record);
	procfile_free_copies(&source->files);
	poller_close(source->poller);
	replay_close(source->replay);
}

struct kernel_habits
poll_source_habits(const struct poll_source *source)
{
	char release[128], version[256];
	struct procfile_source once = source->files;
	once.kept = NULL;
	if (procfile_read(&once, "sys/kernel/osrelease", release, sizeof(release)) < 0)
		release[0] = '\0';
	if (procfile_read(&once, "sys/kernel/version", version, sizeof(version)) < 0)
		version[0] = '\0';
	return feature_habits(release, version);
}

bool
poll_source_end(struct poll_source *source, bool whole, uint32_t features, char *error, size_t room)
{
	FILE *file = source->files.record;
	source->files.record = NULL;
	if (file == NULL)
		return true;
	bool written = !whole || (recording_features(file, features) && recording_end(file));
	written = !ferror(file) && written;
	written = fclose(file) == 0 && written;
	if (!written)
		snprintf(error, room, "%s: it could not be written whole", source->options->record);
	return written;
}

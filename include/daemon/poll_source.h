/* SPDX-License-Identifier: ISC */
/*
 * poll_source: where polls come from: files and sockets of the own network namespace or of another
 * one, or a recording; and the recording that is made of them.
 */
#ifndef SRCPORTD_POLL_SOURCE_H
#define SRCPORTD_POLL_SOURCE_H

#include "config/options.h"
#include "kernel/feature.h"
#include "kernel/kept.h"
#include "kernel/poller.h"
#include "kernel/procfile.h"
#include "kernel/replay.h"
#include "kernel/visitor.h"

/* All zero before it is opened. Either poller or replay is there. */
struct poll_source {
	const struct options *options;
	struct procfile_source files; /* files.record: the recording that is made, or NULL */
	struct poller *poller;
	struct replay *replay;
	struct settings replayed; /* those of the recording */
};

/* Opens a recording to replay, or the kernel and a recording to make, as the options say; or what a
 * visit has opened, whose sockets it takes. options, kept (may be NULL) and visit (NULL = none)
 * must outlive it. False with a line in error; poll_source_close() is still to be called. */
bool poll_source_open(struct poll_source *source, const struct options *options, struct kept *kept,
		      struct visit *visit, char *error, size_t room);
void poll_source_close(struct poll_source *source);

/* What the version of the kernel tells; it does not change. */
struct kernel_habits poll_source_habits(const struct poll_source *source);

/* Ends the recording, if one is made: of a whole poll, with the features of the kernel that are
 * known. False with a line in error if it could not be written whole. */
bool poll_source_end(struct poll_source *source, bool whole, uint32_t features, char *error,
		     size_t room);

#endif

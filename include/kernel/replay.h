/* SPDX-License-Identifier: ISC */
/*
 * replay: a recording in the place of the kernel.
 */
#ifndef SRCPORTD_REPLAY_H
#define SRCPORTD_REPLAY_H

#include "count/census.h"
#include "kernel/procfile.h"

/* Reads a recording from `path` into a fresh census, which the caller frees also on error, and
 * its files into source (procfile_free_copies()). NULL on success; else one line in error. */
const char *replay_read(const char *path, struct procfile_source *source, struct census *census,
			char *error, size_t room);

#endif

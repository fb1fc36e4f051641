/* SPDX-License-Identifier: ISC */
/*
 * replay: a recording in the place of the kernel: first its files and settings, then its sockets.
 */
#ifndef SRCPORTD_REPLAY_H
#define SRCPORTD_REPLAY_H

#include "kernel/conntrack.h"
#include "kernel/diag.h"
#include "kernel/nat_rules.h"
#include "kernel/procfile.h"

struct replay;

/* Opens the recording at path, which must outlive it, and reads it up to its first dump: its files
 * go into source, which the caller frees also on error (procfile_free_copies()) and which must
 * outlive it too, and the settings that they hold into *settings. NULL with one line in error. */
struct replay *replay_open(const char *path, struct procfile_source *source,
			   struct settings *settings, char *error, size_t room);
void replay_close(struct replay *replay); /* NULL is allowed */

/* Before replay_read(): where the entries of its table of connections go; without it they are
 * passed over. True after it if the recording has it. */
void replay_conntrack(struct replay *replay, conntrack_take *take, void *arg);
bool replay_has_conntrack(const struct replay *replay);

/* Before replay_read(): where its rules of translation go, all zero at first. */
void replay_rules(struct replay *replay, struct nat_rules *out);

/* Hands every socket of its dumps to `take`, in the order of enum diag_dump, and adds to *features
 * what the recording says of its kernel. NULL on success; else one line in error: what was handed
 * over must then be dropped. Once only. */
const char *replay_read(struct replay *replay, diag_take *take, void *arg, uint32_t *features,
			char *error, size_t room);

/* After that: whether the recording has that dump, whole. */
bool replay_has(const struct replay *replay, enum diag_dump dump);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * procfile: the text of small files under /proc and /sys, from the kernel, from a directory that
 * stands for one of them, or from a recording; and the settings that stand in them.
 */
#ifndef SRCPORTD_PROCFILE_H
#define SRCPORTD_PROCFILE_H

#include "kernel/kept.h"
#include "kernel/settings.h"

#include <stdio.h>

/* Where files come from, and where a copy goes. There is one for /proc and one for /sys; both may
 * write to one recording, and a replay's copies serve both: no name below the one is a name below
 * the other. */
struct procfile_source {
	const char *root;             /* a directory in the place of /proc or /sys */
	FILE *record;                 /* a recording to which every answer is added; NULL = none */
	bool replay;                  /* read from copies, never from root */
	struct procfile_copy *copies; /* a replay's files; owned */
	struct kept *kept; /* what is read each time stays open there; NULL = nothing does */
	const struct procfile_inside *inside; /* NULL = the reader's own network namespace */
};

/* Another network namespace than the reader's, whose files stand in the place of the reader's. */
struct procfile_inside {
	uint32_t
	    process; /* one in it, whose net/ is read; 0 = none is: of net/ there is only this: */
	int sockstat[2]; /* net/sockstat and net/sockstat6, opened inside; -1 = not there */
	int ipv4;        /* sys/net/ipv4, opened inside */
	int netfilter;   /* sys/net/netfilter; -1 = it has none */
};

/* One file of a replay. */
struct procfile_copy {
	struct procfile_copy *next;
	char *name;
	char *text; /* NULL = absent */
	size_t length;
};

/* Reads the file `name` (relative, "sys/net/ipv4/...") whole into buf, NUL-terminated. Returns its
 * length, or -1 with errno: ENOENT, EACCES, ... as open(2) and read(2) say, EFBIG if it does not
 * fit in `room` - 1. */
long procfile_read(const struct procfile_source *source, const char *name, char *buf, size_t room);

/* Opens it to be read line by line, for what may be long: nothing of it goes into a recording, and
 * a replay has none (ENOENT). NULL with errno. */
FILE *procfile_stream(const struct procfile_source *source, const char *name);

/* The names in the directory `name`, one a line, in no order and without "." and "..", written to
 * buf and NUL-terminated; as procfile_read() in all else. Names with a space or a control character
 * are left out. */
long procfile_list(const struct procfile_source *source, const char *name, char *buf, size_t room);

/* Reads the settings of the network namespace. NULL on success; else one line that says what, where
 * and what was expected, in a buffer of the caller (error, room). The range and the reserved list
 * must be there; a poll can do without the others: SETTING_ABSENT, or SETTING_UNKNOWN. */
const char *procfile_settings(const struct procfile_source *source, struct settings *out,
			      char *error, size_t room);

/* Adds a file to a replay. False with errno ENOMEM. text NULL = absent. */
bool procfile_add_copy(struct procfile_source *source, const char *name, const char *text,
		       size_t length);
void procfile_free_copies(struct procfile_source *source);

#endif

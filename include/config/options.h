/* SPDX-License-Identifier: ISC */
/*
 * options: the command line, from one table that --help and the shell completions are made from
 * too.
 */
#ifndef SRCPORTD_OPTIONS_H
#define SRCPORTD_OPTIONS_H

#include "base/portset.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, but for --format nagios, which uses the plugin codes 0 to 3. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,     /* it could not do what it was asked to: kernel, files, memory */
	EXIT_USAGE = 2,      /* the command line */
	EXIT_BAD_CONFIG = 3, /* the configuration */
	EXIT_RUNNING = 4     /* another srcportd is running */
};

enum run_mode {
	RUN_DAEMON,
	RUN_ONCE,
	RUN_CHECK_CONFIG,
	RUN_DUMP_CONFIG,
	RUN_HELP,
	RUN_VERSION,
	RUN_COMPLETE
};

enum report_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_NAGIOS };

struct options {
	enum run_mode mode;
	enum report_format format;
	bool background;           /* -d */
	bool verbose;              /* -v */
	const char *config_file;   /* NULL = the default, which may be missing */
	const char *agentx_socket; /* NULL = from the configuration */
	const char *base_oid;      /* NULL = from the configuration */
	bool probe;                /* besides what the configuration says */
	const char *proc_root;
	const char *sys_root;
	const char *record;   /* NULL = none */
	const char *replay;   /* NULL = the kernel */
	const char *pid_file; /* NULL = none */
	uint32_t watch_s;     /* --watch; 0 = not */
	bool resolve;         /* a TARGET may be a host's name */
	bool namespaces;      /* --namespaces */
	bool ask_ports;       /* --port, */
	struct portset ports; /* and which: 1 to 65535, at least one */
	uint32_t interval_s;  /* 0 = from the configuration */
	const char *const *targets;
	int target_count;
};

/* Parses argv as getopt_long() does: options may stand behind targets, and be shortened as long as
 * it is clear which is meant. NULL on success; else one line in error that says what was found and
 * expected, and *out holds what could be understood. argv is put in order; strings in *out are
 * its. */
const char *options_parse(int argc, char **argv, struct options *out, char *error, size_t room);

/* Writes the help text. */
void options_help(FILE *out);

/* Writes the table for the shell completions, a line each: "--name:-n:VALUE:what it is". Only the
 * last may have a colon in it. */
void options_complete(FILE *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * config_parse: srcportd.conf and its drop-ins, read whole; and the way back.
 *
 * A file is lines of `token value...`, as snmpd.conf has them; the tokens are in config_tokens.h.
 * After PATH the files PATH.d/NAME.conf are read in the order of their names; what a later file
 * says replaces what an earlier one said, but within one file a token appears once. Targets add up.
 */
#ifndef SRCPORTD_CONFIG_PARSE_H
#define SRCPORTD_CONFIG_PARSE_H

#include "config/config.h"

#include <stdio.h>

#define CONFIG_TARGETS_MAX 10000

/* Told each error, as one line without its end: "FILE:LINE: TOKEN: found ..., expected ...". */
typedef void config_complain(void *arg, const char *line);

/* Reads path and its drop-ins into *config, which config_init() has set. A missing path is an error
 * unless optional. Every error in all files is told, equal ones once with their number. Returns the
 * number of all; if it is not 0, config holds nothing to rely on, but must still be freed. */
unsigned config_read(struct config *config, const char *path, bool optional,
		     config_complain *complain, void *arg);

/* Sets one token, not a target, as a line of a file would. False with "found ..., expected ..." in
 * error. */
bool config_set(struct config *config, const char *token, const char *value, char *error,
		size_t room);

/* Writes every token with the value in force, in a form that config_read() reads back. */
void config_dump(const struct config *config, FILE *out);

/* Puts the values of `before` in the place of those that are read at the start only: agentXSocket,
 * baseOID, stateFile, and namespaces unless that is now no. Returns the name of one that was
 * another, or NULL. */
const char *config_keep_start(struct config *now, const struct config *before);

#endif

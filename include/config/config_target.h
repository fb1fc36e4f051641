/* SPDX-License-Identifier: ISC */
/*
 * config_target: the `target` line of srcportd.conf:
 *
 *     target NAME SPEC [port N] [critical LEVEL] [warning LEVEL] [closeWait LEVEL]
 *
 * Pure.
 */
#ifndef SRCPORTD_CONFIG_TARGET_H
#define SRCPORTD_CONFIG_TARGET_H

#include "config/config.h"
#include "config/config_words.h"
#include "count/target.h"

#include <stdio.h>

/* Parses what follows the token. `inherited` are the levels that the line does not name. A level
 * with a percent sign is a percentage, one without is a number of ports that remain; naming either
 * kind for a severity turns the inherited one of the other kind off, unless the line names both.
 * False with a fault, which names the token of an inherited level that the line contradicts. */
bool config_target_parse(struct config_words *words, const struct level_band *inherited,
			 struct target *out, struct config_fault *fault);

/* The same for levels alone, up to the end of the line: which of them it names. They inherit
 * nothing. */
bool config_levels_parse(struct config_words *words, struct namespace_levels *out,
			 struct config_fault *fault);

/* Whether they go together with those that they inherit. False with a fault as above. */
bool config_levels_check(const struct namespace_levels *own, const struct level_band *inherited,
			 struct config_fault *fault);
void config_levels_dump(const struct namespace_levels *levels, FILE *out);

/* Writes the whole line, every level included, as config_target_parse() reads it back. */
void config_target_dump(const struct target *target, FILE *out);

#endif

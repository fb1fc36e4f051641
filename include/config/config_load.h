/* SPDX-License-Identifier: ISC */
/*
 * config_load: the configuration in force: defaults, then srcportd.conf, then the command line.
 */
#ifndef SRCPORTD_CONFIG_LOAD_H
#define SRCPORTD_CONFIG_LOAD_H

#include "config/config_parse.h"
#include "config/options.h"

/* Fills *config, which is then to be freed in any case. Every error is told. Returns EXIT_OK,
 * EXIT_BAD_CONFIG, or EXIT_USAGE for a value of the command line; only EXIT_OK leaves a config to
 * use. */
int config_load(struct config *config, const struct options *options, config_complain *complain,
		void *arg);

/* Reads it again, for a program that runs, and puts it in the place of the old one, but for tokens
 * that are read at the start only, of which the log says so. Where there is any error each is
 * logged, and the old one stays as it is: false. */
bool config_load_again(struct config *config, const struct options *options);

#endif

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

#endif

/* SPDX-License-Identifier: ISC */
/*
 * once_targets: what a single report is about: the targets of the command line, or those of the
 * configuration.
 */
#ifndef SRCPORTD_ONCE_TARGETS_H
#define SRCPORTD_ONCE_TARGETS_H

#include "config/options.h"

/* Addresses that are taken of one host's name. */
#define ONCE_ADDRESSES_MAX 64

/* *out becomes the configuration with the targets to report on in an array of its own, which is to
 * be freed also on error. A TARGET is an address or a net, or the name of a target of the
 * configuration, which then has its levels; with --resolve also a host's name, with a port behind
 * it if there is one: each of its addresses is a target of that name. EXIT_OK, or the exit status
 * with a line in error. */
int once_targets(const struct options *options, const struct config *config, struct config *out,
		 char *error, size_t room);

#endif

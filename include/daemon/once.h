/* SPDX-License-Identifier: ISC */
/*
 * once: one poll, one report.
 */
#ifndef SRCPORTD_ONCE_H
#define SRCPORTD_ONCE_H

#include "config/options.h"

/* Polls (or replays), reports on stdout; what goes wrong is one line on stderr. Targets of the
 * command line take the place of the configuration's. Returns the exit status: enum exit_status, or
 * the plugin code for --format nagios (3 if there is nothing to report). */
int once_run(const struct options *options, const struct config *config);

#endif

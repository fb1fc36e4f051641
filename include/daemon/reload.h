/* SPDX-License-Identifier: ISC */
/*
 * reload: a new configuration in the place of the old one, or none at all.
 */
#ifndef SRCPORTD_RELOAD_H
#define SRCPORTD_RELOAD_H

#include "config/config.h"
#include "config/options.h"

/* Reads everything again. If there is any error each is logged and *config stays as it is: false.
 * Else *config is replaced, but for tokens that are read at the start only: they keep their values,
 * and the log says so. */
bool reload_config(struct config *config, const struct options *options);

#endif

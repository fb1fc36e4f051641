/* SPDX-License-Identifier: ISC */
/*
 * hostwatch: what surrounds the sockets, from poll to poll: the limits of the host anew each time,
 * the NAT around it once.
 */
#ifndef SRCPORTD_HOSTWATCH_H
#define SRCPORTD_HOSTWATCH_H

#include "kernel/hostlimits.h"

/* Nothing is known yet. */
void hostwatch_start(struct host_state *host);

/* Looks at the NAT around the host: at the start, and when the configuration is read again. sys
 * stands for /sys. */
void hostwatch_look(struct host_state *host, const struct procfile_source *proc,
		    const struct procfile_source *sys);

/* Reads the limits for a poll with these settings; those of the poll before become `earlier`. */
void hostwatch_poll(struct host_state *host, const struct procfile_source *proc,
		    const struct settings *settings);

#endif

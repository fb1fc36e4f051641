/* SPDX-License-Identifier: ISC */
/*
 * report_port: who holds the ports that were asked about, and whether connect() and bind() can take
 * them, for a person or a program.
 */
#ifndef SRCPORTD_REPORT_PORT_H
#define SRCPORTD_REPORT_PORT_H

#include "count/port_watch.h"
#include "owners/socket_owner.h"

#include <stdio.h>

struct port_report {
	const struct port_watch *watch; /* after port_watch_end() */
	const struct socket_owner
	    *owners;       /* one for each of its holders; NULL = nobody was looked for */
	bool owners_whole; /* every process was looked at, of those that may be */
};

/* Connections of one port that the text names, the first in the order of the watch. */
#define REPORT_PORT_CONNECTIONS 10

/* A paragraph a port; ports side by side that nobody has and that are judged alike have one. */
void report_port_text(const struct port_report *report, FILE *out);

/* {"ports":[...],"omitted":N}: an object a socket, and one for a port without any. Documented in
 * srcportd(8). */
void report_port_json(const struct port_report *report, FILE *out);

/* What connect() and bind() can do with a port and why, in words, as both forms have it. Each
 * returns what is to be freed; NULL with errno ENOMEM. */
char *report_port_connect(const struct port_report *report, const struct port_state *state);
char *report_port_bind(const struct port_report *report, const struct port_state *state);

#endif

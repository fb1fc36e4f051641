/* SPDX-License-Identifier: ISC */
/*
 * conntrack_text: the kernel's table of connections as text, net/nf_conntrack below /proc, for
 * where ctnetlink is not to be had: whoever may read the file (0440, root's) needs no capability.
 *
 * It says the same as conntrack.h, but for two things that only matter to what may be given up
 * (IPS_DYING, IPS_FIXED_TIMEOUT), and nothing is filtered. Before Linux 6.16 (5e4d107abd79) the
 * kernel looks for its place from the start for each page of text: while entries come and go it may
 * pass over some, and the time grows with the square of their number.
 *
 * Source: net/netfilter/nf_conntrack_standalone.c, ct_seq_show().
 */
#ifndef SRCPORTD_CONNTRACK_TEXT_H
#define SRCPORTD_CONNTRACK_TEXT_H

#include "kernel/conntrack.h"
#include "kernel/procfile.h"

enum conntrack_line {
	CONNTRACK_LINE_ENTRY,
	CONNTRACK_LINE_OTHER, /* of a protocol that is none of an entry's */
	CONNTRACK_LINE_BROKEN /* the kernel writes no such line */
};

/* One line, whose spaces are overwritten. A source is translated if the answer goes elsewhere than
 * the question came from (nf_nat_setup_info()). */
enum conntrack_line conntrack_line(char *line, struct conntrack_entry *out);

/* Reads it, for no longer than a second, and hands over all its entries as those of that dump;
 * those of a read that failed must be dropped. NULL on success, else why not: static. */
#define CONNTRACK_TEXT_DENIED "net/nf_conntrack cannot be read"
const char *conntrack_text_read(const struct procfile_source *proc, enum conntrack_dump dump,
				conntrack_take *take, void *arg);

#endif

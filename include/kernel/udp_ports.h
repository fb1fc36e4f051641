/* SPDX-License-Identifier: ISC */
/*
 * udp_ports: the ports on which UDP services wait, from /proc/net/udp and udp6: sockets that are
 * connected to nobody. A wider range would be theirs no more, as UDP takes its ports from it too.
 */
#ifndef SRCPORTD_UDP_PORTS_H
#define SRCPORTD_UDP_PORTS_H

#include "base/portset.h"
#include "kernel/procfile.h"

/* Octets of one of the files that are read at most: some 8,000 sockets. Beyond, its ports are not
 * known. */
#define UDP_PORTS_ROOM (1024 * 1024)

/* Adds the ports of one file's text (udp_seq_show(), udp6_seq_show(): addresses and ports in
 * hexadecimal); lines that are none of its are passed over. */
void udp_ports_parse(const char *text, struct portset *out);

/* Sets the ports of both files, read in chunks of what is there. A file that cannot be read has
 * none; false if so, or for want of memory. */
bool udp_ports_read(const struct procfile_source *source, struct portset *out);

#endif

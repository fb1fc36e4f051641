/* SPDX-License-Identifier: ISC */
/*
 * namespaces: the other network namespaces of the host, with a name, and a bound of what is used in
 * each, as it can be had from outside and without privilege.
 *
 * No pool of a namespace holds more ports than there are sockets in its tables and in TIME_WAIT:
 * TCP and TCP6 inuse and tw of its sockstat (sockstat_seq_show()). Its range cannot be read from
 * outside, and is not the host's (inet_init_net()).
 */
#ifndef SRCPORTD_NAMESPACES_H
#define SRCPORTD_NAMESPACES_H

#include "kernel/procfile.h"
#include "owners/namespace_name.h"

#include <sys/types.h>

struct namespace_row {
	char name[NAMESPACE_NAME_MAX]; /* unlike all others */
	enum namespace_kind kind;
	uint32_t process;    /* the oldest */
	ino_t inode;         /* of its net/sockstat, as struct neighbour has it */
	int64_t udp;         /* UDP sockets that have a port; SOCKSTAT_ABSENT likewise */
	int64_t connections; /* TCP sockets: the bound; SOCKSTAT_ABSENT = cannot be read */
};

struct namespaces {
	struct namespace_row *rows; /* the most connections first, then by name */
	uint32_t count;
	/* TCP sockets of the host in no table of any namespace here, as bound idle ones are; or
	 * SOCKSTAT_ABSENT. Each may be in any of them. */
	int64_t unplaced;
	bool complete; /* false: processes may be hidden, or there are too many */
};

/* Looks for them in /proc, and for their names in run_netns ("/run/netns"), which may be missing,
 * and in the configuration. Keeps nothing open, records nothing. False with errno ENOMEM, and then
 * there are none. */
bool namespaces_find(const struct procfile_source *source, const char *run_netns,
		     const struct config *config, struct namespaces *out);
void namespaces_free(struct namespaces *namespaces);

#endif

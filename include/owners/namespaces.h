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

#include "base/lookup.h"
#include "kernel/neighbours.h"
#include "owners/namespace_name.h"

/* Where ip-netns(8) keeps names. */
#define NAMESPACES_RUN "/run/netns"

struct namespace_row {
	char name[NAMESPACE_NAME_MAX]; /* unlike all others */
	enum namespace_kind kind;
	uint32_t process;    /* the oldest */
	ino_t inode;         /* of its net/sockstat, as struct neighbour has it */
	int64_t udp;         /* UDP sockets that have a port; SOCKSTAT_ABSENT likewise */
	int64_t connections; /* TCP sockets: the bound; SOCKSTAT_ABSENT = cannot be read */
	bool aliased;        /* the name is from the configuration */
	bool gone;           /* namespaces_count() did not find its process */
	uint64_t started;    /* process_started() of the process */
	uint64_t cookie;     /* SO_NETNS_COOKIE; 0 = nobody asked for it */
	uint32_t before;     /* its row in an earlier list, or LOOKUP_NONE */
};

/* The file that stands for a namespace, as its name in /run/netns does; and its cookie, 0 = not
 * known. */
struct namespace_identity {
	dev_t device;
	ino_t inode;
	uint64_t cookie;
};

struct namespaces {
	struct namespace_row *rows; /* the most connections first, then by name */
	uint32_t count;
	/* TCP sockets of the host in no table of any namespace here, as bound idle ones are; or
	 * SOCKSTAT_ABSENT. Each may be in any of them. */
	int64_t unplaced;
	bool complete; /* false: processes may be hidden, or there are too many */
};

/* What is known from before. A namespace that was there keeps its name, whatever others and other
 * names there are by now: the same inode and the same process, or, as inodes are given again, the
 * same cookie. */
struct namespaces_past {
	const struct namespaces *last;
	/* False if it cannot be told. */
	bool (*identify)(void *arg, const struct neighbour *neighbour,
			 struct namespace_identity *out);
	void *arg;
};

/* Looks for them in /proc, and for their names in run_netns ("/run/netns"), which may be missing,
 * and in the configuration. past: NULL = there is none; what is to be told by links of /proc takes
 * PTRACE_MODE_READ. Keeps nothing open, records nothing. False with errno ENOMEM, and then there
 * are none. */
bool namespaces_find(const struct procfile_source *source, const char *run_netns,
		     const struct config *config, const struct namespaces_past *past,
		     struct namespaces *out);

/* Counts their sockets again, in place. False if the process of one has gone, or is in another
 * namespace by now: that one is `gone`, and it is time to look for them again. */
bool namespaces_count(const struct procfile_source *source, struct namespaces *namespaces);
void namespaces_free(struct namespaces *namespaces);

#endif

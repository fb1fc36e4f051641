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
#include "kernel/sockstat.h"
#include "owners/namespace_name.h"

/* Where ip-netns(8) keeps names. */
#define NAMESPACES_RUN "/run/netns"

struct namespace_row {
	char name[NAMESPACE_NAME_MAX]; /* unlike all others */
	enum namespace_kind kind;
	uint32_t process;                /* the oldest; 0 = none is in it, and then: */
	char mount[NEIGHBOUR_MOUNT_MAX]; /* the path of its name */
	ino_t inode;                     /* of its net/sockstat, as struct neighbour has it */
	ino_t file;                      /* of the file that stands for it; 0 = not known */
	int64_t udp;         /* UDP sockets that have a port; SOCKSTAT_ABSENT likewise */
	int64_t connections; /* TCP sockets: the bound; SOCKSTAT_ABSENT = cannot be read */
	bool aliased;        /* the name is from the configuration */
	bool gone;           /* namespaces_count() did not find its process */
	uint64_t started;    /* process_started() of the process */
	uint64_t cookie;     /* SO_NETNS_COOKIE; 0 = nobody asked for it */
	uint32_t before;     /* its row in an earlier list, or LOOKUP_NONE */
};

/* The file that stands for a namespace, as its name in /run/netns does; its cookie, 0 = not known;
 * the inode of its net/sockstat; and, where no process is in it, what stands there. */
struct namespace_identity {
	dev_t device;
	ino_t inode;
	uint64_t cookie;
	ino_t files;
	struct sockstat sockstat;
};

/* How a namespace is entered: false if it cannot be. */
struct namespace_entrance {
	bool (*identify)(void *arg, const struct neighbour *neighbour,
			 struct namespace_identity *out);
	void *arg;
};

struct namespaces {
	struct namespace_row *rows; /* the most connections first, then by name */
	uint32_t count;
	/* TCP sockets of the host in no table of any namespace here, as bound idle ones are; or
	 * SOCKSTAT_ABSENT. Each may be in any of them. */
	int64_t unplaced;
	bool complete; /* false: processes may be hidden, or there are too many */
};

/* Looks for them in /proc, and in run_netns ("/run/netns"), which may be missing, for the names
 * that people gave: one that no process is in is found by its name, if it can be entered. last:
 * what was found before; NULL = nothing. entrance: NULL = there is none, and what is to be told by
 * links of /proc takes PTRACE_MODE_READ. Keeps nothing open, records nothing. False with errno
 * ENOMEM, and then there are none. A namespace that was there before keeps its name, whatever
 * others and other names there are by now: the same inode and the same process, or, as inodes are
 * given again, the same cookie; where that is not known, the same file. */
bool namespaces_find(const struct procfile_source *source, const char *run_netns,
		     const struct config *config, const struct namespaces *last,
		     const struct namespace_entrance *entrance, struct namespaces *out);

/* Counts their sockets again, in place. False if the process of one has gone, or is in another
 * namespace by now, or its name stands for another: that one is `gone`, and it is time to look for
 * them again. */
bool namespaces_count(const struct procfile_source *source,
		      const struct namespace_entrance *entrance, struct namespaces *namespaces);
void namespaces_free(struct namespaces *namespaces);

/* How it is entered; of the row, which must live as long. */
struct neighbour namespaces_neighbour(const struct namespace_row *row);

/* How nsenter(1) gets there: "-t 4711 -n", or "--net=/run/netns/blue", in quotes where a shell
 * would take it apart; a name with a quote of its own as "--net=?". Returns buf. */
#define NAMESPACES_WAY_MAX (NEIGHBOUR_MOUNT_MAX + 16)
const char *namespaces_way(const struct namespace_row *row, char buf[static NAMESPACES_WAY_MAX]);

/* False if its process has gone, is another's by now or has gone elsewhere, or its name stands for
 * another. */
bool namespaces_is_there(const struct procfile_source *source, const struct namespace_row *row);

#endif

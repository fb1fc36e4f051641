/* SPDX-License-Identifier: ISC */
/*
 * owner_list: who holds the sockets of the pools in warning or worse, UDP sockets where their ports
 * are short, and who keeps accepted connections open that are over, as a survey found it
 * (owners.h). Pure.
 */
#ifndef SRCPORTD_OWNER_LIST_H
#define SRCPORTD_OWNER_LIST_H

#include "base/addr.h"
#include "count/target.h"
#include "kernel/process.h"
#include "owners/cgroup.h"

#include <stddef.h>

#define OWNER_POOLS_MAX 16 /* pools of one survey */
#define OWNER_UDP_MAX   2
#define OWNER_ROWS_MAX  16 /* owners of one pool, those with the most connections */

/* How much is known of an owner; the numbers are srcPortOwnerKind of the MIB. */
enum owner_kind {
	OWNER_PROCESS = 1, /* one process, with user and cgroup */
	OWNER_GROUP = 2,   /* user and cgroup; the process may not be looked at, or was not found */
	OWNER_NOBODY = 3   /* the kernel alone: TIME_WAIT, orphans, connections not yet complete */
};

struct owner {
	struct addr local, peer; /* the pool, */
	uint16_t port;
	uint32_t number;   /* and its place among the pool's owners, from 1 on */
	uint64_t taken_ms; /* CLOCK_MONOTONIC of the survey */
	enum owner_kind kind;
	uint32_t connections;
	uint32_t close_wait;
	uint32_t uid;                   /* of the socket; 0 for OWNER_NOBODY */
	uint32_t pid;                   /* 0 = not known */
	uint32_t open_files;            /* of the process; 0 = not known */
	struct file_limits files;       /* RLIMIT_NOFILE of the process; 0 = not known */
	uint64_t cgroup;                /* its number; 0 = not known */
	char process[PROCESS_NAME_MAX]; /* clean text, "" = not known */
	char path[CGROUP_PATH_MAX];     /* of the cgroup, clean text, "" = not known */
	char unit[CGROUP_WORDS_MAX];    /* cgroup_words() of it */
};

struct owner_pool {
	struct addr local, peer;
	uint16_t port;
	uint32_t connections; /* at the time of the survey: every state */
	uint32_t close_wait;
	uint32_t first, count; /* its owners in owner_list.owners, the most connections first */
};

struct owner_list {
	bool complete; /* every process that may be looked at was, within the budget */
	struct owner_pool pools[OWNER_POOLS_MAX];
	uint32_t pool_count;
	struct owner *owners; /* owned */
	uint32_t owner_count;
	/* Accepted connections that are over (struct leaked) of one server port, which is its port;
	 * 0 = nobody asked. Its owners come behind owner_count: they are of no pool. */
	struct owner_pool server;
	/* UDP sockets on ports that autobind chooses from: those that an IPv4 caller meets, or may,
	 * and those that one of IPv6 alone meets. Their owners come last. */
	bool has_udp; /* somebody asked */
	struct owner_pool udp[OWNER_UDP_MAX];
};

void owner_list_free(struct owner_list *list); /* NULL is allowed */

/* Which pools a question is about. */
struct owner_question {
	bool server;                 /* the list's server port, if it is `port`, and no pool */
	uint32_t udp;                /* the first so many of the list's `udp`, and no pool */
	const struct addr *local;    /* NULL = any */
	const struct addr *peer;     /* NULL = any */
	const struct target *target; /* NULL = any; else the peers that are the target's */
	uint16_t port;               /* 0 = any */
	bool close_wait;             /* who holds most of those in CLOSE_WAIT, not of all */
};

/* The owner that holds the most, in words: "payments.service (pid 812 java)", "payments.service (3
 * processes, the first is pid 812 java)", "java (pid 812)", "a process of uid 1000". Processes of
 * one cgroup other than the root are one owner. Returns buf, which is empty if no owner is known or
 * if what the kernel alone holds is more than all that owners hold. list may be NULL. */
#define OWNER_TEXT_MAX (CGROUP_WORDS_MAX + PROCESS_NAME_MAX + 72)
const char *owner_holder(const struct owner_list *list, const struct owner_question *question,
			 char buf[static OWNER_TEXT_MAX]);

/* One owner in the same words. Returns buf. */
const char *owner_text(const struct owner *owner, char buf[static OWNER_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * socket_owner: which processes have some sockets open, and in which units or containers they are:
 * one walk over the open files of all processes that may be looked at.
 */
#ifndef SRCPORTD_SOCKET_OWNER_H
#define SRCPORTD_SOCKET_OWNER_H

#include "kernel/process.h"
#include "owners/cgroup.h"

struct socket_owner {
	/* Set by the caller. */
	uint32_t inode;  /* 0 = no process can have it open */
	uint64_t cgroup; /* of the socket; 0 = not known */
	/* Found. */
	uint32_t pid;                   /* the lowest that has it open; 0 = not known */
	uint32_t processes;             /* that have it open */
	char process[PROCESS_NAME_MAX]; /* clean text, "" = not known */
	char unit[CGROUP_WORDS_MAX];    /* cgroup_words(), "" = not known */
};

/* CPU time that a search may take. */
#define SOCKET_OWNER_BUDGET_US 2000000

/* Looks for the owners of `count` sockets, in any order. False if not every process was looked at,
 * as that took too long or there was no memory: what was found stands. */
bool socket_owner_find(const char *proc_root, const char *sys_root, struct socket_owner *owners,
		       uint32_t count);

#endif

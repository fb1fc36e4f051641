/* SPDX-License-Identifier: ISC */
/*
 * visitor: a process of its own that goes into other network namespaces, opens there what a poll
 * needs, and hands it over (SCM_RIGHTS). Whoever asks it stays where it is.
 *
 * A netlink socket answers for the namespace that it was made in, and a directory of /proc/sys/net
 * shows the one of the process that opened it, whoever uses them. A socket keeps its namespace
 * alive, with all interfaces in it (struct net is counted); the directories do not. So all are to
 * be closed as soon as they have been read. The process holds nothing but its own namespace, to
 * which it returns.
 *
 * It needs CAP_SYS_PTRACE (PTRACE_MODE_READ for /proc/PID/ns/net), and CAP_SYS_ADMIN in its own
 * user namespace and in the one that owns the other (netns_install()). Only the process needs them.
 */
#ifndef SRCPORTD_VISITOR_H
#define SRCPORTD_VISITOR_H

#include "kernel/neighbours.h"
#include "kernel/visit.h"

#define VISITOR_WHY_MAX 128

/* How long an answer is waited for. */
#define VISITOR_TIMEOUT_S 5

struct visitor;

/* Starts the process, by fork(2): before the caller has threads. root: where /proc is, which must
 * live as long. It ends with the caller. A lasting one keeps no capability but the two, and nothing
 * that is open here; behind it another process waits, which starts it again should it be killed.
 * NULL with errno. */
struct visitor *visitor_start(const char *root, bool lasting);
/* Waits for its end; kills it if it is stuck. NULL is allowed. */
void visitor_end(struct visitor *visitor);

/* How often a lasting one was started again; and whether it can still be asked: not if it did not
 * answer in time, or nobody is there to start it again. */
uint32_t visitor_restarts(const struct visitor *visitor);
bool visitor_is_there(const struct visitor *visitor);

/* Has it go there. False with one line in why: it cannot be entered, is another by now, or the
 * process does not answer; then nothing is open. */
bool visitor_go(struct visitor *visitor, const struct neighbour *neighbour, struct visit *out,
		char why[static VISITOR_WHY_MAX]);

#endif

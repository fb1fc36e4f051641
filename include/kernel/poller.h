/* SPDX-License-Identifier: ISC */
/*
 * poller: asks the kernel for its TCP sockets over netlink (sock_diag) and feeds a census, one
 * datagram at a time, so that an event loop can do other things in between.
 */
#ifndef SRCPORTD_POLLER_H
#define SRCPORTD_POLLER_H

#include "count/census.h"

#include <stdio.h>

enum poller_step {
	POLLER_MORE,  /* wait until poller_fd() is readable, then poller_read() */
	POLLER_DONE,  /* the census is complete */
	POLLER_FAILED /* poller_error() says why; the census must be dropped */
};

struct poller;

/* A poller in the calling thread's network namespace, where it stays. NULL with a line in error
 * (EPROTONOSUPPORT: the kernel has no sock_diag; EMFILE; ENOMEM ...). */
struct poller *poller_open(char *error, size_t room);
void poller_close(struct poller *poller); /* NULL is allowed */

/* The descriptor to wait for. It may change with every poller_begin(). */
int poller_fd(const struct poller *poller);

/* Starts a poll into census, which must be fresh and outlive the poll. Datagrams are added to
 * record (NULL = no recording). A poll that is still under way is given up. */
enum poller_step poller_begin(struct poller *poller, struct census *census, FILE *record);

/* Reads one datagram; waits for it for at most POLLER_TIMEOUT_S. An interrupted wait (EINTR) goes
 * on. MSG_TRUNC, NLMSG_ERROR, a wrong sequence number or port id, and a dump that does not end are
 * failures. */
#define POLLER_TIMEOUT_S 5
enum poller_step poller_read(struct poller *poller);

/* Gives up a poll that did not go on in time: always POLLER_FAILED. */
enum poller_step poller_give_up(struct poller *poller);

/* Why the last step failed: one line. */
const char *poller_error(const struct poller *poller);

#endif

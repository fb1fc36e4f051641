/* SPDX-License-Identifier: ISC */
/*
 * poller: asks the kernel for its TCP sockets over netlink (sock_diag), by one plan a poll, and
 * hands each of them to a function: one datagram at a time, so that an event loop can do other
 * things in between.
 */
#ifndef SRCPORTD_POLLER_H
#define SRCPORTD_POLLER_H

#include "kernel/diag.h"
#include "kernel/settings.h"

enum poller_step {
	POLLER_MORE,  /* wait until poller_fd() is readable, then poller_read() */
	POLLER_DONE,  /* every socket of the plan has been handed over */
	POLLER_FAILED /* poller_error() says why; what was handed over must be dropped */
};

struct poller;

/* A poller in the calling thread's network namespace, where it stays. NULL with a line in error
 * (EPROTONOSUPPORT: the kernel has no sock_diag; EMFILE; ENOMEM ...). */
struct poller *poller_open(char *error, size_t room);

/* One in another network namespace, with sockets that were opened there, as dump_adopt() has them.
 */
struct poller *poller_open_inside(const int *sockets, unsigned count, char *error, size_t room);
void poller_close(struct poller *poller); /* NULL is allowed */

/* The descriptor to wait for. It may change with each step. */
int poller_fd(const struct poller *poller);

/* Has the full poll that begins next find out whether the kernel lists bound idle sockets, and what
 * it says of one, if it is not known yet: by one of our own, which is not handed over
 * (specimen_bind()). Where none can be bound it stays open until a later poll. settings and taken
 * must live as long as that poll. */
void poller_test(struct poller *poller, const struct settings *settings,
		 const struct portset *taken);

/* Starts a poll: sockets are handed to `take`, dump by dump in the order of enum diag_dump, until
 * it ends; the plan is copied. Datagrams are added to record (NULL = no recording). A poll that is
 * still under way is given up. */
enum poller_step poller_begin(struct poller *poller, const struct diag_plan *plan, diag_take *take,
			      void *arg, FILE *record);

/* Reads one datagram; waits for it for at most POLLER_TIMEOUT_S. What is no whole answer to this
 * poll, as dump_read() has it, is a failure. */
#define POLLER_TIMEOUT_S 5
enum poller_step poller_read(struct poller *poller);

/* After the good end of a poll: one dump more of it, DIAG_STAMPS, of these local ports
 * (DIAG_ASKED_MAX at most). A kernel that refuses it answers nothing. */
enum poller_step poller_ask(struct poller *poller, const uint16_t *ports, unsigned count);

/* After the good end of a poll, and of poller_ask(): DIAG_UDP. A kernel without udp_diag answers
 * nothing. */
enum poller_step poller_ask_udp(struct poller *poller);

/* After the good end of that: DIAG_UDP_GIVEN. A kernel that refuses it answers nothing. */
enum poller_step poller_ask_udp_given(struct poller *poller);

/* After the good end of poller_ask_udp(): the errno with which the kernel refused it, ENOENT
 * without udp_diag; 0 = it did not. */
int poller_no_udp(const struct poller *poller);

/* Gives up a poll that did not go on in time: always POLLER_FAILED. */
enum poller_step poller_give_up(struct poller *poller);

/* What the kernel was seen to be able to do: a mask of 1 << enum kernel_feature. */
uint32_t poller_features(const struct poller *poller);

/* Why the last step failed: one line. */
const char *poller_error(const struct poller *poller);

#endif

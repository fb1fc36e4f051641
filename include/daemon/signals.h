/* SPDX-License-Identifier: ISC */
/*
 * signals: what a daemon is told by signals, as something to read.
 */
#ifndef SRCPORTD_SIGNALS_H
#define SRCPORTD_SIGNALS_H

#include <stdbool.h>

enum order {
	ORDER_NONE,
	ORDER_STOP,   /* SIGTERM, SIGINT */
	ORDER_RELOAD, /* SIGHUP */
	ORDER_POLL    /* SIGUSR1 */
};

/* Keeps these signals waiting until they are read, in this thread and those it starts, and has a
 * closed pipe be an error and not the end. First thing in a daemon: a signal that comes before
 * would end it. False with errno. */
bool signals_hold(void);

/* A descriptor that is readable when a signal waits; -1 with errno. */
int signals_open(void);

/* The next one, or ORDER_NONE. */
enum order signals_next(int fd);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * sdnotify: the sd_notify(3) protocol: one datagram of NAME=VALUE lines to the socket that the
 * service manager names in NOTIFY_SOCKET. Nothing of systemd is needed to build or to run.
 */
#ifndef SRCPORTD_SDNOTIFY_H
#define SRCPORTD_SDNOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct sdnotify {
	int fd;               /* a connected datagram socket; -1 = nobody to tell */
	uint64_t watchdog_us; /* WATCHDOG_USEC, if it is meant for this process; 0 = none */
};

/* Reads NOTIFY_SOCKET ("/path" or "@abstract"), WATCHDOG_USEC and WATCHDOG_PID, and takes them out
 * of the environment. Call before any thread is started. False, with one line in error, if there is
 * a socket that cannot be used; what follows then does nothing. */
bool sdnotify_open(struct sdnotify *notify, char *error, unsigned room);

/* Sends one message. True also where there is nobody to tell. False with errno; it waits for a full
 * socket for a second at most. */
bool sdnotify_send(const struct sdnotify *notify, const char *message);

/* Nobody is told any more. */
void sdnotify_close(struct sdnotify *notify);

#endif

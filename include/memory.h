/* SPDX-License-Identifier: ISC */
/*
 * memory: what earlier polls learned of a socket, by its cookie, and of ports whose listener has
 * gone. The kernel keeps a socket's cookie into its TIME_WAIT, where nothing else tells any more how
 * the port was chosen. Pure.
 */
#ifndef SRCPORTD_MEMORY_H
#define SRCPORTD_MEMORY_H

#include "portset.h"

#include <stdint.h>

/* How a socket came by its port. */
enum origin {
	ORIGIN_UNKNOWN = 0,
	ORIGIN_BLOCKS = 1,  /* bind() or a listener: the port is blocked while the socket lives */
	ORIGIN_CONNECT = 2  /* connect() chose it */
};

struct memory;

#endif

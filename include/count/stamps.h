/* SPDX-License-Identifier: ISC */
/*
 * stamps: which peers use TCP timestamps. Pure.
 *
 * connect() takes a TIME_WAIT over only if its connection had them (tcp_twsk_unique()), and that a
 * TIME_WAIT does not show. A connection of the same peer that is still established does, if it is
 * asked for; what one has shown is remembered of its peer. To oneself they are used as net.ipv4.
 * tcp_timestamps says.
 */
#ifndef SRCPORTD_STAMPS_H
#define SRCPORTD_STAMPS_H

#include "count/census.h"

/* Of peers that are not known, and have TIME_WAIT that only timestamps keep or free, the first ones
 * (DIAG_ASKED_MAX at most): sets a local port of an established connection of each, and returns
 * their number. */
unsigned stamps_ask(const struct census *census, uint16_t ports[static DIAG_ASKED_MAX]);

/* Decides about these TIME_WAIT in a complete census: of peers without timestamps they hold their
 * ports, of those with them they do not, and of unknown ones they may. Once. False with errno
 * ENOMEM. */
bool stamps_settle(struct census *census);

#endif

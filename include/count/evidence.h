/* SPDX-License-Identifier: ISC */
/*
 * evidence: of sockets that do not tell whether connect() or bind(address, 0) chose their port,
 * what the order in which the two take ports says. Pure.
 *
 * connect() takes the even offsets from the low end of the range first, and an odd one only where
 * its pool has no even one left (__inet_hash_connect()). bind(address, 0) takes the odd ones first,
 * and an even one where none is left at its address; with SO_REUSEADDR it does so in the lower half
 * of the range, and then in the upper one (inet_csk_find_open_port(), attempt_half).
 */
#ifndef SRCPORTD_EVIDENCE_H
#define SRCPORTD_EVIDENCE_H

#include "count/census.h"

/* Of a pool's even offsets, one in so many may have become free again while others of its sockets
 * are at odd ones, and nothing is concluded from it: connections end at any time. */
#define EVIDENCE_CHURN 200

/* Adds to census.ambiguous, of a complete census: the odd offsets of each pool that has even ones
 * free, or at whose local address somebody was seen to bind first; and, at these addresses, the
 * even ones of each half of the range of which a quarter of the odd ones or more are held, there or
 * at all: one that binds first comes to even ones where no odd one is left, and many may have ended
 * since; and the even ones of each pool there that holds clearly more odd ones: there may have been
 * more yet. Sockets at odd offsets that are explained are connect()'s from the next poll on, the
 * others stay in doubt, as far as there is memory. Once: what probes settle after that stays so.
 * False with errno ENOMEM. */
bool evidence_weigh(struct census *census);

#endif

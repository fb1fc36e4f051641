/* SPDX-License-Identifier: ISC */
/*
 * advice_udp: how a UDP pool stands, and what to do, as a sentence. Pure.
 */
#ifndef SRCPORTD_ADVICE_UDP_H
#define SRCPORTD_ADVICE_UDP_H

#include "advice/remedy.h"

/* Of the row at that position of the findings' tally, with who has the most sockets if that is
 * known and they fill it. Returns out. */
const char *advice_udp(const struct scene *scene, uint32_t position, char out[static ADVICE_MAX]);

#endif

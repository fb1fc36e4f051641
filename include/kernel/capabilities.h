/* SPDX-License-Identifier: ISC */
/*
 * capabilities: those of the calling thread (capabilities(7)), as masks of 1 << CAP_....
 */
#ifndef SRCPORTD_CAPABILITIES_H
#define SRCPORTD_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

/* True if all of them are in effect. */
bool capabilities_has(uint64_t mask);

/* Gives all others up, for good: from every set of the thread, and so of threads and processes that
 * it starts. False with errno. */
bool capabilities_limit(uint64_t mask);

#endif

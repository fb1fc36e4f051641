/* SPDX-License-Identifier: ISC */
/*
 * shortage: out of memory, told once for each thing that suffers from it, and once when it is
 * over.
 */
#ifndef SRCPORTD_SHORTAGE_H
#define SRCPORTD_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

enum shortage_of { SHORTAGE_SNAPSHOT, SHORTAGE_TREND, SHORTAGE_PROBE, SHORTAGES };

struct shortage {
	uint32_t told; /* mask of 1 << enum shortage_of; 0 at the start */
};

/* Logs what has changed since the last call for the same thing. */
void shortage_note(struct shortage *shortage, enum shortage_of what, bool enough);

#endif

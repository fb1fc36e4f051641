/* SPDX-License-Identifier: ISC */
/*
 * naming: who holds the ports and who saw connect() fail, for an advice about a pool, a peer or a
 * target. Pure.
 */
#ifndef SRCPORTD_NAMING_H
#define SRCPORTD_NAMING_H

#include "advice/advice.h"
#include "owners/owner_list.h"

/* What the advice is about: NULL and 0 = any. */
struct naming_subject {
	const struct addr *local, *peer;
	uint16_t port;
	const struct target *target;
};

/* The words; they must live as long as the advice is used. */
struct naming {
	char holder[OWNER_TEXT_MAX];
	char failed[FAILURE_PROCESS_MAX + 24];
};

/* Sets holder and failed of the advice from what the tally knows. advice->usage must be set: for a
 * leak, the holder is who has most of those in CLOSE_WAIT. */
void naming_put(const struct tally *tally, const struct naming_subject *subject,
		struct advice *advice, struct naming *naming);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * nat_look: one look at the source address translation of this network namespace: the kernel's
 * table of connections into pools.
 */
#ifndef SRCPORTD_NAT_LOOK_H
#define SRCPORTD_NAT_LOOK_H

#include "count/nat_census.h"
#include "kernel/procfile.h"

/* Asks the kernel: which sources are translated, then who has ports of their outside addresses. The
 * answers go to `record` (NULL = nowhere) if they are whole. Where ctnetlink refuses, or a question
 * would load it, the table is read as text below `proc`, which no recording has. `census` is as
 * nat_census_init() left it, and afterwards as after nat_census_end(), or empty. NULL on success,
 * else why it is not available: one line, in `why` or static. */
#define NAT_LOOK_WHY_MAX 160
const char *nat_look(struct nat_census *census, const struct procfile_source *proc, FILE *record,
		     char why[static NAT_LOOK_WHY_MAX]);

#endif

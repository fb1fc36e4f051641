/* SPDX-License-Identifier: ISC */
/*
 * namespace_rows: what looks at other network namespaces have found, as the findings of a poll take
 * it: pools and addresses that are at a level or were, and what each has toward targets. Pure.
 */
#ifndef SRCPORTD_NAMESPACE_ROWS_H
#define SRCPORTD_NAMESPACE_ROWS_H

#include "advice/namespace_view.h"

/* Lists what is in the views, which must live as long. Views of a gone namespace have nothing more.
 * For want of memory there is nothing. *out is to be freed. */
void namespace_rows_pools(const struct namespace_view *views, uint32_t count,
			  const struct config *config, struct space_pools *out);
void namespace_rows_ports(const struct namespace_view *views, uint32_t count,
			  struct space_pools *out);
void namespace_rows_targets(const struct namespace_view *views, uint32_t count,
			    const struct config *config, struct space_pools *out);
void namespace_rows_free(struct space_pools *pools);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * netns_rows: the other network namespaces as rows of a snapshot, made from what is known of each.
 * Pure.
 */
#ifndef SRCPORTD_NETNS_ROWS_H
#define SRCPORTD_NETNS_ROWS_H

#include "snmp/rows.h"

/* srcPortNetns. */
struct netns_figures {
	bool available;
	char reason[192]; /* why not, or what is missing */
	uint32_t namespaces, exacts, omitted, omitted_pools;
	enum severity severity; /* the worst of those whose range is known */
	char message[ADVICE_MAX];
};

struct netns_rows {
	struct netns_figures figures;
	struct netns_row *rows;
	uint32_t count;
	struct netns_row *ranges; /* of these rows, those that are counted */
	uint32_t range_count;
	struct netns_pool_row *pools; /* above normal */
	uint32_t pool_count;
	uint32_t *index_store[NETNS_ROW_TABLES];
};

/* Makes them; of the rows of `last` see rows_take(). *out is all zero before, and netns_rows_free()
 * is for it also if this is false, with errno ENOMEM. */
bool netns_rows_take(const struct scene *scene, uint32_t limit, uint32_t pool_limit,
		     const struct netns_rows *last, struct netns_rows *out);
void netns_rows_free(struct netns_rows *rows);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * row_kind: what the rows of each table are like: how they are ordered and encoded, and what
 * entitles them to be there when not all fit. Pure.
 */
#ifndef SRCPORTD_ROW_KIND_H
#define SRCPORTD_ROW_KIND_H

#include "advice/advice.h"
#include "advice/namespace_view.h"
#include "alarm/alarm_list.h"

/* An OID suffix, encoded once when the snapshot is built. */
struct row_index {
	const uint32_t *sub; /* in the store of rows_take() */
	uint32_t length;
};

struct pool_row {
	struct row_index index; /* first member of every row: the table server relies on it */
	struct pool_tally t;
	struct finding f;
};

struct peer_row {
	struct row_index index;
	struct peer_tally t;
	struct finding f;
};

struct local_row {
	struct row_index index;
	struct local_tally t;
	enum severity severity;
};

struct target_row {
	struct row_index index;
	struct target_tally t; /* t.target is spec */
	struct finding f;
	struct target spec;
};

struct nat_row {
	struct row_index index;
	struct nat_pool t;
	struct verdict f;
};

struct alarm_row {
	struct row_index index;
	struct alarm t;
};

struct owner_row {
	struct row_index index;
	struct owner t;
};

struct udp_local_row {
	struct row_index index;
	struct udp_row t;
	struct verdict verdict;
};

/* What bindresvport() can still get at a local address. */
struct low_local {
	struct addr address;
	uint32_t used, remaining;
	enum severity severity;
};

struct low_row {
	struct row_index index;
	struct low_local t;
};

/* What is known of another network namespace. */
struct netns_tally {
	char name[NAMESPACE_NAME_MAX];
	uint32_t kind;  /* SrcPortNetnsKind */
	uint32_t exact; /* TruthValue */
	bool counted;
	bool bounded; /* connections are known */
	uint32_t process, connections, most_used;
	uint32_t failures; /* failure_log_space() */
	uint64_t made_ms;
	enum severity severity;
	enum cause cause;
	char worst[NAMESPACE_POOL_TEXT];
	char message[ADVICE_MAX];
	/* If it was counted: */
	uint32_t low, high, pools, least_remaining, uncertain, capacity, percent;
};

struct netns_row {
	struct row_index index;
	struct netns_tally t;
};

struct netns_pool_tally {
	char name[NAMESPACE_NAME_MAX]; /* of the namespace */
	struct pool_tally pool;
};

struct netns_pool_row {
	struct row_index index;
	struct netns_pool_tally t;
	struct verdict f;
};

enum row_table {
	ROWS_OF_POOLS,
	ROWS_OF_PEERS,
	ROWS_OF_LOCALS,
	ROWS_OF_TARGETS,
	ROWS_OF_ALARMS,
	ROWS_OF_OWNERS,
	ROWS_OF_UDP_LOCALS,
	ROWS_OF_LOWS,
	ROWS_OF_NAT,
	/* Those of netns_rows.h: */
	ROWS_OF_NETNS,
	ROWS_OF_NETNS_RANGES,
	ROWS_OF_NETNS_POOLS,
	ROW_TABLES
};

#define NETNS_ROW_TABLES (ROW_TABLES - ROWS_OF_NETNS)

/* What decides which rows a full table shows. */
struct claim {
	enum severity severity;
	bool targeted; /* the operator named it */
	uint32_t remaining, capacity;
	uint32_t hash; /* of its key */
};

/* A row is a struct row_index; at tally_offset a copy of a tally, or of what else the table is
 * about; and at found_offset one of what was found of it, if found_size is not 0. */
struct row_kind {
	size_t row_size, tally_offset, tally_size, found_offset, found_size, index_max;
	struct claim (*claim)(const void *tally, const void *found); /* NULL: none is left out */
	int (*compare)(const void *row, const void *other);          /* MIB order */
	size_t (*encode)(const void *row, uint32_t *out); /* the OID suffix; its length */
};

extern const struct row_kind row_kinds[ROW_TABLES];

#endif

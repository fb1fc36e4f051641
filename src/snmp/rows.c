/* SPDX-License-Identifier: ISC */
#include "snmp/rows.h"

#include "base/array.h"
#include "base/lookup.h"
#include "base/ranking.h"
#include "snmp/row_kind.h"

#include <stdlib.h>
#include <string.h>

/* The hashes of the keys of the last snapshot's rows. Of two keys with one hash the wrong one may
 * be taken for such a row: it then only stays a little longer. */
static bool
find_incumbents(const struct row_kind *kind, const struct rows *last, struct lookup *out)
{
	for (uint32_t i = 0; i < last->count; i++) {
		const char *row = (const char *)last->rows + i * kind->row_size;
		struct claim claim =
		    kind->claim(row + kind->tally_offset, row + kind->found_offset);
		if (!lookup_enter(out, claim.hash, i))
			return false;
	}
	return true;
}

static bool
is_incumbent(const struct lookup *incumbents, uint32_t hash)
{
	uint32_t cursor = hash;
	return lookup_next(incumbents, hash, &cursor) != LOOKUP_NONE;
}

/* The smaller, the sooner it has a row: what is in alarm, what belongs to a target, the rest; among
 * these the fewest remaining. Who has a row keeps it until another has fewer remaining by more than
 * ROWS_MARGIN_PERCENT, and the hash breaks ties: the choice does not change without a reason. */
static uint64_t
rank(const struct claim *c, bool incumbent)
{
	uint64_t order = c->severity >= SEVERITY_CRITICAL  ? 0
			 : c->severity == SEVERITY_WARNING ? 1
			 : c->targeted                     ? 2
							   : 3;
	uint64_t margin = incumbent ? 0 : (uint64_t)c->capacity * ROWS_MARGIN_PERCENT / 100;
	return order << 60 | (c->remaining + margin) << 32 | (uint64_t)!incumbent << 31 |
	       c->hash >> 1;
}

/* Candidates for a table that is too small for all, those first that have a row; NULL with errno
 * ENOMEM. */
static struct candidate *
choose(const struct row_kind *kind, const struct tallies *all, const struct rows *last)
{
	struct lookup incumbents = {0};
	struct candidate *c = calloc(all->count, sizeof(*c));
	const char *tally = all->tallies, *found = all->found;
	bool good = c != NULL && find_incumbents(kind, last, &incumbents);
	for (uint32_t i = 0; good && i < all->count; i++) {
		struct claim claim =
		    kind->claim(tally + i * kind->tally_size, found + i * kind->found_size);
		bool incumbent = is_incumbent(&incumbents, claim.hash);
		c[i] = (struct candidate){i == all->first ? 0 : rank(&claim, incumbent), i};
	}
	lookup_free(&incumbents);
	if (good) {
		ranking_first(c, all->count, all->limit);
		return c;
	}
	free(c);
	return NULL;
}

/* Copies the chosen tallies, or all if none were, into rows in MIB order; NULL with errno ENOMEM.
 */
static void *
copy_rows(const struct row_kind *kind, const struct tallies *all, const struct candidate *chosen,
	  uint32_t count)
{
	const char *tally = all->tallies, *found = all->found;
	char *rows = array_new(count, kind->row_size);
	if (rows == NULL)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		size_t position = chosen != NULL ? chosen[i].position : i;
		char *row = rows + i * kind->row_size;
		memcpy(row + kind->tally_offset, tally + position * kind->tally_size,
		       kind->tally_size);
		if (kind->found_size != 0)
			memcpy(row + kind->found_offset, found + position * kind->found_size,
			       kind->found_size);
	}
	qsort(rows, count, kind->row_size, kind->compare);
	return rows;
}

/* Encodes every row's OID suffix into one store, which is returned; NULL with errno ENOMEM. */
static uint32_t *
encode_rows(const struct row_kind *kind, void *rows, uint32_t count)
{
	uint32_t *store = array_new(count, kind->index_max * sizeof(*store));
	if (store == NULL)
		return NULL;
	size_t used = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct row_index *index = (void *)((char *)rows + i * kind->row_size);
		index->length = (uint32_t)kind->encode(index, store + used);
		used += index->length;
	}
	/* Give back what short (IPv4) suffixes did not need, then point the rows at it. */
	uint32_t *fitted = realloc(store, (used + 1) * sizeof(*store));
	const uint32_t *sub = store = fitted != NULL ? fitted : store;
	for (uint32_t i = 0; i < count; i++) {
		struct row_index *index = (void *)((char *)rows + i * kind->row_size);
		index->sub = sub;
		sub += index->length;
	}
	return store;
}

bool
rows_take(enum row_table table, const struct tallies *all, const struct rows *last,
	  struct rows *out)
{
	const struct row_kind *kind = &row_kinds[table];
	struct candidate *chosen = NULL;
	uint32_t count = all->count;
	if (kind->claim != NULL && all->count > all->limit) {
		count = all->limit;
		chosen = choose(kind, all, last);
		if (chosen == NULL)
			return false;
	}
	void *rows = copy_rows(kind, all, chosen, count);
	free(chosen);
	uint32_t *store = rows != NULL ? encode_rows(kind, rows, count) : NULL;
	if (store == NULL) {
		free(rows);
		return false;
	}
	*out = (struct rows){.rows = rows, .count = count, .index_store = store};
	return true;
}

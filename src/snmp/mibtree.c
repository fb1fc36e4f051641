/* SPDX-License-Identifier: ISC */
#include "snmp/mibtree.h"

#include <string.h>

/* Sub-identifier of the conceptual row below a table. */
#define ENTRY 1

/* The instance of every scalar. */
static const uint32_t scalar_index[] = {0};

int
mibtree_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
	for (size_t i = 0; i < a_length && i < b_length; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return a_length == b_length ? 0 : a_length < b_length ? -1 : 1;
}

uint32_t
mibtree_age_s(const struct mib_view *view, uint64_t when_ms)
{
	uint64_t age_s = view->now_ms > when_ms ? (view->now_ms - when_ms) / 1000 : 0;
	return age_s < UINT32_MAX ? (uint32_t)age_s : UINT32_MAX;
}

/* The moment is worked out anew each time from two clocks. It has moved by more than this only if
 * sysUpTime was set anew, or it is another one. */
#define STAMP_JITTER_CS 50

/* sysUpTime belongs to the master agent, which may be younger than the moment: then 0, as if that
 * had been at the last restart of sysUpTime (RFC 2579, TimeStamp). Else the value stays what it
 * was: to a manager, each change is a restart of the counters. */
uint32_t
mibtree_stamp(const struct mib_view *view, enum mib_stamp stamp, uint64_t when_ms)
{
	uint64_t past_cs = view->now_ms > when_ms ? (view->now_ms - when_ms) / 10 : 0;
	uint32_t then_cs = past_cs < view->uptime_cs ? (uint32_t)(view->uptime_cs - past_cs) : 0;
	if (view->stamp_cs == NULL)
		return then_cs;

	uint32_t *kept = &view->stamp_cs[stamp];

	if (*kept == 0 || then_cs > *kept + STAMP_JITTER_CS || *kept > then_cs + STAMP_JITTER_CS)
		*kept = then_cs;
	return *kept;
}

static struct mib_rows
rows_of(const struct mib_table *table, const struct mib_view *view)
{
	return view->snapshot == NULL ? (struct mib_rows){0} : table->rows(view->snapshot);
}

static const void *
row_at(const struct mib_rows *rows, uint32_t position)
{
	return (const char *)rows->first + position * rows->stride;
}

static struct row_index
index_of(const struct mib_table *table, const void *row)
{
	return table->scalars ? (struct row_index){scalar_index, 1}
			      : *(const struct row_index *)row;
}

static int
compare_row(const struct mib_table *table, const struct mib_rows *rows, uint32_t position,
	    const uint32_t *key, size_t length)
{
	struct row_index index = index_of(table, row_at(rows, position));
	return mibtree_compare(index.sub, index.length, key, length);
}

/* Position of the first row whose index is >= key; rows->count if there is none. Looks at the hint
 * and its neighbour before it halves: a walk asks for what comes after the row it got last, and
 * each row that is not looked at is a cache miss less. */
static uint32_t
lower_bound(const struct mib_table *table, const struct mib_rows *rows, const uint32_t *hint,
	    const uint32_t *key, size_t length)
{
	uint32_t low = 0, high = rows->count;
	if (hint != NULL && *hint < rows->count) {
		if (compare_row(table, rows, *hint, key, length) < 0)
			low = *hint + 1;
		else if (*hint == 0 || compare_row(table, rows, *hint - 1, key, length) < 0)
			return *hint;
		else
			high = *hint - 1;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare_row(table, rows, middle, key, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t
number_at(const void *place, size_t size)
{
	uint8_t n8;
	uint16_t n16;
	uint32_t n32;
	uint64_t n64 = 0;
	switch (size) {
	case sizeof(n8): memcpy(&n8, place, size); return n8;
	case sizeof(n16): memcpy(&n16, place, size); return n16;
	case sizeof(n32): memcpy(&n32, place, size); return n32;
	default: memcpy(&n64, place, sizeof(n64)); return n64;
	}
}

/* BITS as octets: as many as the highest bit needs, at least one. */
static void
encode_bits(struct mib_value *value)
{
	value->length = 1;
	memset(value->octets, 0, sizeof(uint32_t));
	for (unsigned bit = 0; bit < 32; bit++) {
		if (!(value->number >> bit & 1))
			continue;
		value->octets[bit / 8] = (char)(value->octets[bit / 8] | 0x80 >> bit % 8);
		value->length = bit / 8 + 1;
	}
}

static bool
read_value(const struct mib_column *column, const struct mib_view *view, const void *row,
	   struct mib_value *value)
{
	const char *place = (const char *)row + column->offset;
	value->type = column->type == MIB_TRUTH ? MIB_INTEGER : column->type;
	value->number = 0;
	value->length = 0;
	if (column->get != NULL) {
		if (!column->get(view, row, value))
			return false;
	} else if (column->type == MIB_TRUTH) {
		value->number = number_at(place, column->size) != 0 ? 1 : 2;
	} else if (column->type == MIB_TEXT) {
		size_t room =
		    column->size < sizeof(value->octets) ? column->size : sizeof(value->octets);
		value->length = strnlen(place, room - 1);
		memcpy(value->octets, place, value->length);
	} else {
		uint64_t number = number_at(place, column->size);
		bool negative = number > INT64_MAX;
		if ((column->type == MIB_COUNTER || column->type == MIB_GAUGE) && negative)
			return false;
		if (column->type == MIB_GAUGE && number > UINT32_MAX)
			number = UINT32_MAX;
		if (column->type == MIB_INTEGER && !negative && number > INT32_MAX)
			number = INT32_MAX;
		value->number = (uint32_t)number;
	}
	if (column->type == MIB_BITS)
		encode_bits(value);
	return true;
}

/* True if a column can have instances in this view. */
static bool
has_instances(const struct mib_column *column, const struct mib_view *view)
{
	return column->where == NULL || (view->snapshot != NULL && column->where(view->snapshot));
}

/* Position of the first table whose arc is >= arc. */
static size_t
table_from(const struct mibtree *tree, uint32_t arc)
{
	size_t i = 0;
	while (i < tree->table_count && tree->tables[i].arc < arc)
		i++;
	return i;
}

/* Position of the first column whose number is >= number. */
static size_t
column_from(const struct mib_table *table, uint32_t number)
{
	size_t i = 0;
	while (i < table->column_count && table->columns[i].number < number)
		i++;
	return i;
}

enum mib_result
mibtree_get(const struct mibtree *tree, const struct mib_view *view, const uint32_t *sub,
	    size_t length, struct mib_value *value)
{
	size_t t = length > 0 ? table_from(tree, sub[0]) : tree->table_count;
	if (t == tree->table_count || tree->tables[t].arc != sub[0])
		return MIB_NO_OBJECT;

	const struct mib_table *table = &tree->tables[t];
	size_t at = table->scalars ? 1 : 2; /* where the column is */

	if (length <= at || (!table->scalars && sub[1] != ENTRY))
		return MIB_NO_OBJECT;

	size_t c = column_from(table, sub[at]);

	if (c == table->column_count || table->columns[c].number != sub[at])
		return MIB_NO_OBJECT;
	if (!has_instances(&table->columns[c], view))
		return MIB_NO_INSTANCE;

	struct mib_rows rows = rows_of(table, view);
	const uint32_t *key = sub + at + 1;
	size_t key_length = length - at - 1;
	uint32_t r = lower_bound(table, &rows, view->hint, key, key_length);

	if (r == rows.count)
		return MIB_NO_INSTANCE;

	const void *row = row_at(&rows, r);
	struct row_index index = index_of(table, row);

	if (mibtree_compare(index.sub, index.length, key, key_length) != 0 ||
	    !read_value(&table->columns[c], view, row, value))
		return MIB_NO_INSTANCE;
	return MIB_FOUND;
}

/* Where a search begins: a table, a column of it, and what the index must exceed there. The key
 * holds in that column only; in all others every row comes after what was asked for. */
struct start {
	size_t table, column;
	const uint32_t *key;
	size_t key_length;
};

static struct start
find_start(const struct mibtree *tree, const uint32_t *sub, size_t length)
{
	struct start start = {0};
	if (length == 0)
		return start;
	start.table = table_from(tree, sub[0]);
	if (start.table == tree->table_count || tree->tables[start.table].arc != sub[0])
		return start;

	const struct mib_table *table = &tree->tables[start.table];
	size_t at = 1; /* where the column is */

	if (!table->scalars) {
		if (length > 1 && sub[1] > ENTRY)
			start.table++;
		if (length == 1 || sub[1] != ENTRY)
			return start;
		at = 2;
	}
	if (length <= at)
		return start;
	start.column = column_from(table, sub[at]);
	if (start.column < table->column_count && table->columns[start.column].number == sub[at]) {
		start.key = sub + at + 1;
		start.key_length = length - at - 1;
	}
	return start;
}

/* Writes the identifier of an instance. False if it would be too long for one. */
static bool
write_oid(const struct mib_table *table, const struct mib_column *column, struct row_index index,
	  uint32_t *out, size_t *length)
{
	size_t n = 0;
	if (index.length > MIBTREE_OID_MAX - 3)
		return false;
	out[n++] = table->arc;
	if (!table->scalars)
		out[n++] = ENTRY;
	out[n++] = column->number;
	memcpy(out + n, index.sub, index.length * sizeof(*out));
	*length = n + index.length;
	return true;
}

/* Position of the first row after the key, or at it too if inclusive. */
static uint32_t
row_after(const struct mib_table *table, const struct mib_rows *rows, const uint32_t *hint,
	  const struct start *start, bool inclusive)
{
	uint32_t r = lower_bound(table, rows, hint, start->key, start->key_length);
	if (r == rows->count || inclusive)
		return r;

	int order = compare_row(table, rows, r, start->key, start->key_length);

	return order == 0 ? r + 1 : r;
}

enum mib_result
mibtree_next(const struct mibtree *tree, const struct mib_view *view, const uint32_t *sub,
	     size_t length, bool inclusive, uint32_t *found, size_t *found_length,
	     struct mib_value *value)
{
	struct start start = find_start(tree, sub, length);
	size_t c = start.column;
	for (size_t t = start.table; t < tree->table_count; t++, c = 0) {
		const struct mib_table *table = &tree->tables[t];
		struct mib_rows rows = rows_of(table, view);

		for (; c < table->column_count; c++) {
			const struct mib_column *column = &table->columns[c];
			uint32_t r = start.key != NULL
					 ? row_after(table, &rows, view->hint, &start, inclusive)
					 : 0;

			start.key = NULL;
			for (; r < rows.count && has_instances(column, view); r++) {
				const void *row = row_at(&rows, r);

				if (!read_value(column, view, row, value) ||
				    !write_oid(table, column, index_of(table, row), found,
					       found_length))
					continue;
				if (view->hint != NULL)
					*view->hint = r;
				return MIB_FOUND;
			}
		}
	}
	return MIB_END;
}

bool
mibtree_true(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->number = 1; /* TruthValue */
	return true;
}

bool
mibtree_empty(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	out->length = 0;
	return true;
}

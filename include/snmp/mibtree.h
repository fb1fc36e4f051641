/* SPDX-License-Identifier: ISC */
/*
 * mibtree: GET and GETNEXT over a module that is described by tables of columns. Pure; knows
 * nothing of SNMP packets.
 *
 * The tree lies below one OID that only the caller knows. Object identifiers here are what follows
 * it:
 *
 *     scalars   arc . column . 0
 *     table     arc . 1 . column . index
 *
 * A search compares sub-identifiers and never decodes an index: whatever a manager asks for, short,
 * long or absurd, has a place in the order.
 */
#ifndef SRCPORTD_MIBTREE_H
#define SRCPORTD_MIBTREE_H

#include "snmp/snapshot.h"

#define MIBTREE_OID_MAX 128 /* sub-identifiers of an object identifier (RFC 2578, 3.5) */

enum mib_type {
	MIB_INTEGER, /* INTEGER, Integer32, enumerations; one of 8 octets is signed, and cut to 2^31
			- 1 */
	MIB_GAUGE, /* Gauge32 and Unsigned32: the same on the wire; a larger number is cut to 2^32 -
		      1; one of 8 octets that is negative is not there */
	MIB_COUNTER, /* Counter32; a larger number wraps; one of 8 octets that is negative is not
			there */
	MIB_TICKS,   /* TimeTicks and TimeStamp */
	MIB_TEXT,    /* SnmpAdminString: a char array with a NUL */
	MIB_BITS,    /* BITS; bit 0 of the number is the first bit of the first octet */
	MIB_TRUTH    /* of a column: a bool, which becomes a value of MIB_INTEGER, a TruthValue */
};

/* A value. Numbers are in `number`, text and bits in the first `length` octets of `octets`. */
struct mib_value {
	enum mib_type type;
	uint32_t number;
	size_t length;
	char octets[256];
};

/* The moments from which counters count, each a DiscontinuityTime. */
enum mib_stamp {
	MIB_STAMP_START,     /* srcPortPollDiscontinuityTime */
	MIB_STAMP_CONNTRACK, /* srcPortLimitsDiscontinuityTime */
	MIB_STAMP_FAILURES,  /* srcPortFailuresDiscontinuityTime */
	MIB_STAMPS
};

/* What a search looks at: one snapshot and one moment. */
struct mib_view {
	const struct snapshot *snapshot; /* NULL: there are no rows */
	uint64_t now_ms;                 /* CLOCK_MONOTONIC */
	uint64_t started_ms;             /* the same clock when the program was started */
	uint32_t uptime_cs;              /* sysUpTime now */
	uint32_t *hint; /* where the last search ended, so that a walk finds its next
			   row at once; any number is right; NULL = none */
	/* What each of MIB_STAMPS was at the last look, 0 before the first; NULL = not kept. */
	uint32_t *stamp_cs;
};

/* Rows in the order of their indexes. Those of a table begin with struct row_index; those of
 * scalars (at most one) need not. */
struct mib_rows {
	const void *first;
	uint32_t count;
	size_t stride;
};

struct mib_column {
	uint32_t number;
	enum mib_type type;
	/* Where the value is in a row, and how large: an unsigned number of 1, 2, 4 or 8 octets, or
	 * the room of a text. Used if get is NULL. */
	size_t offset, size;
	/* Writes number, or octets and length. False if this row has no such instance. */
	bool (*get)(const struct mib_view *view, const void *row, struct mib_value *out);
	/* False if the column has no instance at all; NULL = always true. Never called with NULL.
	 */
	bool (*where)(const struct snapshot *snapshot);
};

/* The same with where, and without. */
#define MIB_COLUMN_WHERE(number, type, row, member, where)                                         \
	{                                                                                          \
		(number), (type), offsetof(row, member), sizeof(((row *)0)->member), NULL, (where) \
	}
#define MIB_COMPUTED_WHERE(number, type, get, where)                                               \
	{                                                                                          \
		(number), (type), 0, 0, (get), (where)                                             \
	}
#define MIB_COLUMN(number, type, row, member) MIB_COLUMN_WHERE(number, type, row, member, NULL)
#define MIB_COMPUTED(number, type, get)       MIB_COMPUTED_WHERE(number, type, get, NULL)

struct mib_table {
	uint32_t arc;
	bool scalars;
	struct mib_rows (*rows)(const struct snapshot *snapshot); /* never called with NULL */
	const struct mib_column *columns;                         /* in ascending order of number */
	size_t column_count;
};

struct mibtree {
	const struct mib_table *tables; /* in ascending order of arc */
	size_t table_count;
};

enum mib_result {
	MIB_FOUND,
	MIB_NO_OBJECT,   /* noSuchObject: no readable column has this prefix */
	MIB_NO_INSTANCE, /* noSuchInstance: the column exists, the row does not */
	MIB_END          /* endOfMibView: nothing follows */
};

/* The value of exactly sub[0..length). MIB_FOUND, MIB_NO_OBJECT or MIB_NO_INSTANCE; *value is set
 * only if found. */
enum mib_result mibtree_get(const struct mibtree *tree, const struct mib_view *view,
			    const uint32_t *sub, size_t length, struct mib_value *value);

/* The first instance after sub[0..length), or at it too if inclusive. MIB_FOUND or MIB_END; if
 * found, its identifier is in found (room for MIBTREE_OID_MAX), *found_length and *value. found may
 * be sub. */
enum mib_result mibtree_next(const struct mibtree *tree, const struct mib_view *view,
			     const uint32_t *sub, size_t length, bool inclusive, uint32_t *found,
			     size_t *found_length, struct mib_value *value);

/* For the Available and Reason of a group that is always there: true, and zero length. Both return
 * true. */
bool mibtree_true(const struct mib_view *view, const void *row, struct mib_value *out);
bool mibtree_empty(const struct mib_view *view, const void *row, struct mib_value *out);

/* Whole seconds from a moment of CLOCK_MONOTONIC to the view's; 0 if it lies ahead. */
uint32_t mibtree_age_s(const struct mib_view *view, uint64_t when_ms);

/* sysUpTime at a moment of CLOCK_MONOTONIC; 0 if the master agent is younger. sysUpTime and the
 * clock do not tick together: the value stays what the view keeps of it, unless it has moved by
 * more than that. */
uint32_t mibtree_stamp(const struct mib_view *view, enum mib_stamp stamp, uint64_t when_ms);

/* Order of object identifiers: <0, 0, >0. */
int mibtree_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length);

#endif

/* SPDX-License-Identifier: ISC */
#include "snmp/mib_owners.h"

#include <string.h>

_Static_assert(OWNER_TEXT_MAX <= sizeof(((struct mib_value *)0)->octets), "a name is a value");

/* srcPortFailures */

static bool
counts(const struct snapshot *s)
{
	return s->failures.available;
}

/* There was a failure whose pool is known, */
static bool
knows_last(const struct snapshot *s)
{
	return counts(s) && s->failures.last_ms != 0;
}

/* and whose process is. */
static bool
knows_process(const struct snapshot *s)
{
	return knows_last(s) && s->failures.pid != 0;
}

static bool
knows_name(const struct snapshot *s)
{
	return knows_last(s) && s->failures.process[0] != '\0';
}

static bool
get_last_age(const struct mib_view *view, const void *row, struct mib_value *out)
{
	out->number = mibtree_age_s(view, ((const struct snapshot *)row)->failures.last_ms);
	return true;
}

static bool
get_failures_start(const struct mib_view *view, const void *row, struct mib_value *out)
{
	uint64_t forgot_ms = ((const struct snapshot *)row)->failures.forgot_ms;
	uint64_t since_ms = forgot_ms != 0 ? forgot_ms : view->started_ms;
	out->number = mibtree_stamp(view, MIB_STAMP_FAILURES, since_ms);
	return true;
}

/* srcPortOwners */

static bool
get_owners_reason(const struct mib_view *view, const void *row, struct mib_value *out)
{
	static const char off[] = "switched off: owners no, in srcportd.conf";
	(void)view;
	if (!((const struct snapshot *)row)->surveyed) {
		out->length = sizeof(off) - 1;
		memcpy(out->octets, off, out->length);
	}
	return true;
}

/* srcPortOwnerTable */

static const struct owner *
owner_of(const void *row)
{
	return &((const struct owner_row *)row)->t;
}

static bool
get_name(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->length = strlen(owner_text(owner_of(row), out->octets));
	return true;
}

static bool
get_user(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = owner_of(row)->kind == OWNER_NOBODY ? UINT32_MAX : owner_of(row)->uid;
	return true;
}

static bool
get_age(const struct mib_view *view, const void *row, struct mib_value *out)
{
	out->number = mibtree_age_s(view, owner_of(row)->taken_ms);
	return true;
}

/* srcPortOwnerProcessTable: of the rows of srcPortOwnerTable those of processes that lived when
 * they were looked at. */

static bool
is_known(const void *row)
{
	const struct owner *owner = owner_of(row);
	return owner->pid != 0 && owner->open_files != 0 && owner->files.hard != 0;
}

static bool
get_pid(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = owner_of(row)->pid;
	return is_known(row);
}

static bool
get_process(const struct mib_view *view, const void *row, struct mib_value *out)
{
	const char *process = owner_of(row)->process;
	(void)view;
	out->length = strlen(process);
	memcpy(out->octets, process, out->length);
	return is_known(row);
}

static bool
get_open_files(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = owner_of(row)->open_files;
	return is_known(row);
}

/* PROCESS_UNLIMITED, too, is the largest number there is. */
static uint32_t
clamp(uint64_t limit)
{
	return limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

static bool
get_limit(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = clamp(owner_of(row)->files.soft);
	return is_known(row);
}

static bool
get_hard_limit(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = clamp(owner_of(row)->files.hard);
	return is_known(row);
}

/* One line an object. */
/* clang-format off */

#define FAILURES(number, type, member, where) \
    MIB_COLUMN_WHERE(number, type, struct snapshot, failures.member, where)

const struct mib_column mib_failure_columns[MIB_FAILURE_COLUMNS] = {
    MIB_COLUMN(1, MIB_TRUTH, struct snapshot, failures.available),
    FAILURES(2, MIB_TEXT, reason, NULL),
    FAILURES(3, MIB_COUNTER, total, counts),
    FAILURES(4, MIB_COUNTER, lost, counts),
    MIB_COMPUTED_WHERE(5, MIB_GAUGE, get_last_age, knows_last),
    FAILURES(6, MIB_TEXT, pool, knows_last),
    FAILURES(7, MIB_GAUGE, pid, knows_process),
    FAILURES(8, MIB_TEXT, process, knows_name),
    MIB_COMPUTED_WHERE(9, MIB_TICKS, get_failures_start, counts),
};

#define OWNER(number, type, member) MIB_COLUMN(number, type, struct owner_row, t.member)

const struct mib_column mib_owner_columns[MIB_OWNER_COLUMNS] = {
    MIB_COMPUTED(6, MIB_TEXT, get_name),
    OWNER(7, MIB_GAUGE, connections),
    OWNER(22, MIB_GAUGE, close_wait),
    OWNER(40, MIB_INTEGER, kind),
    MIB_COMPUTED(41, MIB_GAUGE, get_user),
    OWNER(44, MIB_TEXT, unit),
    OWNER(45, MIB_TEXT, path),
    MIB_COMPUTED(49, MIB_GAUGE, get_age),
};

const struct mib_column mib_owners_columns[MIB_OWNERS_COLUMNS] = {
    MIB_COLUMN(1, MIB_TRUTH, struct snapshot, surveyed),
    MIB_COMPUTED(2, MIB_TEXT, get_owners_reason),
};

const struct mib_column mib_process_columns[MIB_PROCESS_COLUMNS] = {
    MIB_COMPUTED(42, MIB_GAUGE, get_pid),
    MIB_COMPUTED(43, MIB_TEXT, get_process),
    MIB_COMPUTED(46, MIB_GAUGE, get_open_files),
    MIB_COMPUTED(47, MIB_GAUGE, get_limit),
    MIB_COMPUTED(48, MIB_GAUGE, get_hard_limit),
};

/* clang-format on */

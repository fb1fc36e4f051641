/* SPDX-License-Identifier: ISC */
#include "snmp/notification_pdu.h"

#include "base/sentence.h"
#include "snmp/mib_alarms.h"
#include "snmp/mib_columns.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The OBJECTS clauses of mibs/SRCPORT-MIB.txt. */
static const uint32_t alarm_objects[] = {
    MIB_ALARM_SEVERITY, MIB_ALARM_KEY,      MIB_ALARM_MESSAGE,   MIB_ALARM_NAMESPACE,
    MIB_ALARM_USED,     MIB_ALARM_CAPACITY, MIB_ALARM_REMAINING, MIB_ALARM_PERCENT,
    MIB_ALARM_CAUSE,    MIB_ALARM_SEQUENCE,
};
#define ALARM_MESSAGE 2 /* position of the message */

/* srcPortSystemActiveAlarms, ...Sequence, ...Owed, ...Message. */
static const uint32_t system_objects[] = {6, 8, 10, 2};
#define SYSTEM_MESSAGE 3
#define SYSTEM_GROUP   1

_Static_assert(COUNT(alarm_objects) <= PDU_BINDS_MAX, "PDU_BINDS_MAX is too small");

static size_t
sub_octets(uint32_t sub)
{
	size_t octets = 1;
	while ((sub >>= 7) != 0)
		octets++;
	return octets;
}

size_t
pdu_oid_octets(const uint32_t *sub, size_t length)
{
	size_t octets = 1; /* the first two numbers share one */
	for (size_t i = 2; i < length; i++)
		octets += sub_octets(sub[i]);
	return octets;
}

/* Tag, length and content. */
static size_t
tagged(size_t content)
{
	size_t length = content < 128 ? 1 : content < 256 ? 2 : 3;
	return 1 + length + content;
}

/* Content of a number: positive integers have their highest bit clear. */
static size_t
number_octets(uint32_t number)
{
	size_t octets = 1;
	while (number > 0x7f) {
		number >>= 8;
		octets++;
	}
	return octets;
}

size_t
pdu_bind_octets(const struct pdu_bind *bind, size_t base_octets)
{
	size_t oid = base_octets + sub_octets(MIB_COLUMNS_OBJECTS);
	for (size_t i = 0; i < bind->length; i++)
		oid += sub_octets(bind->sub[i]);
	bool text = bind->value.type == MIB_TEXT;
	size_t value = text ? bind->value.length : number_octets(bind->value.number);
	return tagged(tagged(oid) + tagged(value));
}

/* A snapshot that has nothing in it but the notification. */
static void
stage(const struct notification *notification, struct snapshot *s, struct alarm_row *row,
      uint32_t *index)
{
	memset(s, 0, sizeof(*s));
	*index = notification->alarm.id;
	*row = (struct alarm_row){.index = {index, 1}, .t = notification->alarm};
	s->alarms = row;
	s->alarm_count = 1;
	s->alarm_summary = notification->summary;
	memcpy(s->message, notification->alarm.message, sizeof(s->message));
}

/* Leaves out of the message what does not fit with all other bindings: parts of it, or, where not
 * even the first fits, words. */
static void
fit(struct pdu_bind *binds, size_t count, size_t message, size_t base_octets)
{
	struct mib_value *value = &binds[message].value;
	size_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += pdu_bind_octets(&binds[i], base_octets);
	if (all <= PDU_OCTETS_MAX)
		return;
	size_t over = all - PDU_OCTETS_MAX;
	size_t left = value->length > over ? value->length - over : 0;
	size_t whole = sentence_shorten(value->octets, value->length, value->octets, left);
	if (whole > 0) {
		value->length = whole;
		return;
	}
	left = left > 3 ? left - 3 : 0;
	while (left > 0 && value->octets[left] != ' ')
		left--;
	memcpy(value->octets + left, "...", 3);
	value->length = left + 3;
}

size_t
pdu_binds(const struct notification *notification, size_t base_octets,
	  struct pdu_bind out[static PDU_BINDS_MAX])
{
	bool summary = notification->kind == NOTIFICATION_SUPPRESSED;
	const uint32_t *objects = summary ? system_objects : alarm_objects;
	size_t count = summary ? COUNT(system_objects) : COUNT(alarm_objects);
	struct snapshot snapshot;
	struct alarm_row row;
	uint32_t index;
	stage(notification, &snapshot, &row, &index);
	const struct mib_view view = {.snapshot = &snapshot};
	for (size_t i = 0; i < count; i++) {
		struct pdu_bind *bind = &out[i];
		if (summary)
			*bind =
			    (struct pdu_bind){.sub = {SYSTEM_GROUP, objects[i], 0}, .length = 3};
		else
			*bind = (struct pdu_bind){.sub = {MIB_ALARM_TABLE, 1, objects[i], index},
						  .length = 4};
		mibtree_get(&mib_columns_tree, &view, bind->sub, bind->length, &bind->value);
	}
	fit(out, count, summary ? SYSTEM_MESSAGE : ALARM_MESSAGE, base_octets);
	return count;
}

/* SPDX-License-Identifier: ISC */
/* manager: what a manager reads of a snapshot, object by object. */
#ifndef SRCPORTD_TEST_MANAGER_H
#define SRCPORTD_TEST_MANAGER_H

#include "snmp/mib_columns.h"
#include "support.h"

struct oid {
	uint32_t sub[MIBTREE_OID_MAX];
	size_t length;
};

/* "12.1.7" */
struct oid oid(const char *text);
void assert_oid(const struct oid *o, const char *expected);

/* When it reads: the times of its view. A test sets them before its first look. */
extern struct mib_view manager_when;

enum mib_result manager_get(const struct snapshot *s, const char *text, struct mib_value *value);

void assert_number(const struct snapshot *s, const char *text, enum mib_type type,
		   uint32_t expected);
void assert_octets(const struct snapshot *s, const char *text, enum mib_type type,
		   const char *expected, size_t length);
void assert_text(const struct snapshot *s, const char *text, const char *expected);

/* It is an object, and has no such instance. */
void assert_absent(const struct snapshot *s, const char *text);

#endif

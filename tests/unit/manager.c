/* SPDX-License-Identifier: ISC */
#include "manager.h"

struct mib_view manager_when;

struct oid
oid(const char *text)
{
	struct oid o = {.length = 0};
	for (char *end; *text != '\0'; text = *end == '.' ? end + 1 : end)
		o.sub[o.length++] = (uint32_t)strtoul(text, &end, 10);
	return o;
}

void
assert_oid(const struct oid *o, const char *expected)
{
	struct oid e = oid(expected);
	assert_int_equal(mibtree_compare(o->sub, o->length, e.sub, e.length), 0);
}

enum mib_result
manager_get(const struct snapshot *s, const char *text, struct mib_value *value)
{
	struct mib_view view = manager_when;
	struct oid o = oid(text);
	view.snapshot = s;
	return mibtree_get(&mib_columns_tree, &view, o.sub, o.length, value);
}

static struct mib_value
value_of(const struct snapshot *s, const char *text, enum mib_type type)
{
	struct mib_value value;
	if (manager_get(s, text, &value) != MIB_FOUND)
		fail_msg("%s is not there", text);
	assert_int_equal(value.type, type);
	return value;
}

void
assert_number(const struct snapshot *s, const char *text, enum mib_type type, uint32_t expected)
{
	assert_int_equal(value_of(s, text, type).number, expected);
}

void
assert_octets(const struct snapshot *s, const char *text, enum mib_type type, const char *expected,
	      size_t length)
{
	struct mib_value value = value_of(s, text, type);
	assert_int_equal(value.length, length);
	assert_memory_equal(value.octets, expected, length);
}

void
assert_text(const struct snapshot *s, const char *text, const char *expected)
{
	assert_octets(s, text, MIB_TEXT, expected, strlen(expected));
}

void
assert_absent(const struct snapshot *s, const char *text)
{
	struct mib_value value;
	if (manager_get(s, text, &value) != MIB_NO_INSTANCE)
		fail_msg("%s is there, or is no object", text);
}

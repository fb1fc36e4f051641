/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "snmp/mib_columns.h"
#include "snmp/mib_optional.h"

#include <stdio.h>
#include <stdlib.h>

/* "7.1.0" */
static enum mib_result
get(const struct snapshot *s, const char *text, struct mib_value *value)
{
	const struct mib_view view = {.snapshot = s};
	uint32_t sub[MIBTREE_OID_MAX];
	size_t length = 0;
	for (char *end; *text != '\0'; text = *end == '.' ? end + 1 : end)
		sub[length++] = (uint32_t)strtoul(text, &end, 10);
	return mibtree_get(&mib_columns_tree, &view, sub, length, value);
}

/* What later versions fill says that it is not there, and is no number. */
static void
a_group_says_that_it_is_not_there(void **state)
{
	static const char reason[] = "not available in this version";
	static const unsigned groups[] = {MIB_UDP_GROUP,     MIB_NAT_GROUP,     MIB_NETNS_GROUP,
					  MIB_INBOUND_GROUP, MIB_HYGIENE_GROUP, MIB_LOW_GROUP};
	const struct snapshot s = {.poll.made_ms = 1};
	struct mib_value value;
	char text[16];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		snprintf(text, sizeof(text), "%u.1.0", groups[i]);
		assert_int_equal(get(&s, text, &value), MIB_FOUND);
		assert_int_equal(value.type, MIB_INTEGER);
		assert_int_equal(value.number, 2);
		snprintf(text, sizeof(text), "%u.2.0", groups[i]);
		assert_int_equal(get(&s, text, &value), MIB_FOUND);
		assert_int_equal(value.type, MIB_TEXT);
		assert_int_equal(value.length, sizeof(reason) - 1);
		assert_memory_equal(value.octets, reason, sizeof(reason) - 1);
	}
}

static void
nothing_else_of_it_has_an_instance(void **state)
{
	static const char *const absent[] = {
	    "7.3.0",        "7.10.0", "7.27.0",      "8.6.0",  "9.8.0",  "16.1.9.1", "17.1.17.1",
	    "18.1.13.1.65", "19.1.2", "20.1.9.1.65", "21.3.0", "22.3.0", "23.3.0",   "24.1.13.1"};
	const struct snapshot s = {.poll.made_ms = 1};
	struct mib_value value;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_int_equal(get(&s, absent[i], &value), MIB_NO_INSTANCE);
}

/* Before the first poll nobody knows what there is. */
static void
it_says_nothing_before_the_first_poll(void **state)
{
	const struct snapshot s = {.poll.made_ms = 0};
	struct mib_value value;
	(void)state;
	assert_int_equal(get(&s, "7.1.0", &value), MIB_NO_INSTANCE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_says_that_it_is_not_there),
	    cmocka_unit_test(nothing_else_of_it_has_an_instance),
	    cmocka_unit_test(it_says_nothing_before_the_first_poll),
	};
	return cmocka_run_group_tests_name("mib_optional", tests, NULL, NULL);
}

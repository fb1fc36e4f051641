/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "snmp/mib_optional.h"

#include <stdio.h>
#include <stdlib.h>

/* What later versions fill says that it is not there, and is no number. */
static void
a_group_says_that_it_is_not_there(void **state)
{
	static const unsigned groups[] = {MIB_NETNS_GROUP};
	const struct snapshot s = {.poll.made_ms = 1};
	char text[16];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		snprintf(text, sizeof(text), "%u.1.0", groups[i]);
		assert_number(&s, text, MIB_INTEGER, 2);
		snprintf(text, sizeof(text), "%u.2.0", groups[i]);
		assert_text(&s, text, "not available in this version");
	}
}

static void
nothing_else_of_it_has_an_instance(void **state)
{
	static const char *const absent[] = {"9.8.0", "18.1.13.1.65", "19.1.2", "20.1.9.1.65"};
	const struct snapshot s = {.poll.made_ms = 1};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_absent(&s, absent[i]);
}

/* Before the first poll nobody knows what there is. */
static void
it_says_nothing_before_the_first_poll(void **state)
{
	const struct snapshot s = {.poll.made_ms = 0};
	(void)state;
	assert_absent(&s, "8.1.0");
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

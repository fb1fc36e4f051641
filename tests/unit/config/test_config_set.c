/* SPDX-License-Identifier: ISC */
/* Values that do not come from a file, or are not taken from it any more. */
#include "support.h"

#include "config/config_parse.h"

static void
one_value_can_be_set(void **state)
{
	struct config config;
	char error[320];
	(void)state;
	config_init(&config);
	assert_true(config_set(&config, "agentXSocket", "/tmp/a b", error, sizeof(error)));
	assert_string_equal(config.agentx_socket, "/tmp/a b");
	assert_false(config_set(&config, "baseOID", "1.3", error, sizeof(error)));
	assert_string_equal(error,
			    "found \"1.3\", expected 7 to 32 numbers with dots that begin with "
			    "1.3.6.1");
	assert_true(config_set(&config, "baseOID", ".1.3.6.1.4.1.5", error, sizeof(error)));
	assert_int_equal(config.base_oid_length, 7);
	assert_int_equal(config.base_oid[6], 5);
	config_free(&config);
}

static void
some_changes_wait_for_a_restart(void **state)
{
	static const char *const cases[][2] = {{"agentXSocket", "/x"},
					       {"baseOID", "1.3.6.1.4.1.5"},
					       {"stateFile", "none"},
					       {"namespaces", "yes"}};
	struct config before, after;
	char error[320];
	(void)state;
	config_init(&before);
	config_init(&after);
	assert_true(config_set(&after, "interval", "99", error, sizeof(error)));
	assert_null(config_keep_start(&after, &before));
	assert_int_equal(after.pace.usual_s, 99);
	for (unsigned i = 0; i < COUNT_OF(cases); i++) {
		config_init(&after);
		assert_true(config_set(&after, cases[i][0], cases[i][1], error, sizeof(error)));
		assert_string_equal(config_keep_start(&after, &before), cases[i][0]);
		assert_memory_equal(&after, &before, sizeof(after));
	}
	/* That they are no longer looked at, does not. */
	config_init(&after);
	assert_true(config_set(&before, "namespaces", "yes", error, sizeof(error)));
	assert_null(config_keep_start(&after, &before));
	assert_false(after.namespaces);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_value_can_be_set),
	    cmocka_unit_test(some_changes_wait_for_a_restart),
	};
	return cmocka_run_group_tests_name("config_set", tests, NULL, NULL);
}

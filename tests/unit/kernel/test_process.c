/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "kernel/process.h"

#include <unistd.h>

static void
test_limits_text(void **state)
{
	struct file_limits limits = {1, 2};
	(void)state;
	assert_true(process_parse_limits(
	    "Limit                     Soft Limit           Hard Limit           Units     \n"
	    "Max cpu time              unlimited            unlimited            seconds   \n"
	    "Max open files            1024                 524288               files     \n"
	    "Max locked memory         8388608              8388608              bytes     \n",
	    &limits));
	assert_int_equal(limits.soft, 1024);
	assert_int_equal(limits.hard, 524288);
	assert_true(process_parse_limits(
	    "Max open files            unlimited            unlimited  ", &limits));
	assert_true(limits.soft == PROCESS_UNLIMITED && limits.hard == PROCESS_UNLIMITED);
	assert_false(process_parse_limits("Max open files            1024     ", &limits));
	assert_false(process_parse_limits("Max open files            many    many", &limits));
	assert_false(process_parse_limits("", &limits));
}

static void
test_a_process(void **state)
{
	struct directory d;
	struct file_limits limits;
	char name[PROCESS_NAME_MAX];
	(void)state;
	directory_make(&d);
	directory_text(&d, "812/comm", "ja\x1bva\n");
	directory_text(&d, "812/limits",
		       "Max open files            64                128    files\n");
	process_name(d.path, 812, name);
	assert_string_equal(name, "ja?va");
	assert_true(process_file_limits(d.path, 812, &limits));
	assert_int_equal(limits.soft, 64);
	assert_int_equal(limits.hard, 128);

	process_name(d.path, 813, name);
	assert_string_equal(name, "");
	assert_false(process_file_limits(d.path, 813, &limits));
	directory_remove(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limits_text),
	    cmocka_unit_test(test_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "process.h"

#include <unistd.h>

static void
test_cgroup_text(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"0::/system.slice/payments.service\n", "/system.slice/payments.service"},
	    {"0::/\n", "/"},
	    {"3:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n", "/c"},
	    {"0::/with:colon and space\n", "/with:colon and space"},
	    {"0::/no newline", "/no newline"},
	    {"10::/not version 2\n", NULL},
	    {"1:name=systemd:/b\n", NULL},
	    {"0::\n", NULL},
	    {"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char out[PROCESS_CGROUP_MAX] = "untouched";
		bool found = process_parse_cgroup(cases[i].text, out);
		assert_int_equal(found, cases[i].expected != NULL);
		assert_string_equal(out, found ? cases[i].expected : "untouched");
	}
}

static void
test_cgroup_that_does_not_fit(void **state)
{
	char text[2 * PROCESS_CGROUP_MAX], out[PROCESS_CGROUP_MAX];
	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "0::/", 4);
	text[3 + PROCESS_CGROUP_MAX - 1] = '\0';
	assert_true(process_parse_cgroup(text, out));
	assert_int_equal(strlen(out), PROCESS_CGROUP_MAX - 1);
	text[3 + PROCESS_CGROUP_MAX - 1] = 'a';
	text[3 + PROCESS_CGROUP_MAX] = '\0';
	assert_false(process_parse_cgroup(text, out));
}

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
	char name[PROCESS_NAME_MAX], cgroup[PROCESS_CGROUP_MAX];
	(void)state;
	directory_make(&d);
	directory_text(&d, "812/comm", "ja\x1bva\n");
	directory_text(&d, "812/cgroup", "0::/system.slice/payments.service\n");
	directory_text(&d, "812/limits",
		       "Max open files            64                128    files\n");
	process_name(d.path, 812, name);
	assert_string_equal(name, "ja?va");
	assert_true(process_cgroup(d.path, 812, cgroup));
	assert_string_equal(cgroup, "/system.slice/payments.service");
	assert_true(process_file_limits(d.path, 812, &limits));
	assert_int_equal(limits.soft, 64);
	assert_int_equal(limits.hard, 128);

	process_name(d.path, 813, name);
	assert_string_equal(name, "");
	assert_false(process_cgroup(d.path, 813, cgroup));
	assert_false(process_file_limits(d.path, 813, &limits));
	assert_int_equal(process_net_namespace(d.path, 813), 0);
	directory_remove(&d);
}

static void
test_our_own_namespace(void **state)
{
	(void)state;
	uint64_t own = process_net_namespace("/proc", 0);
	assert_true(own != 0);
	assert_true(process_net_namespace("/proc", (uint32_t)getpid()) == own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cgroup_text),
	    cmocka_unit_test(test_cgroup_that_does_not_fit),
	    cmocka_unit_test(test_limits_text),
	    cmocka_unit_test(test_a_process),
	    cmocka_unit_test(test_our_own_namespace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* A /proc made of files: its processes' net/sockstat, hard links where they share a namespace. */
#include "kernel/sockstat.h"
#include "owners/namespaces.h"
#include "support.h"

#define KTHREADD "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0\n"

static struct directory root;
static char run[sizeof(root.path) + 8];
static struct namespaces found;
static struct config config; /* without aliases */

/* A process in a namespace of its own, with so many sockets, 7 of them in TIME_WAIT. */
static void
put_process(const char *process, const char *command, const char *in_use)
{
	char name[64], text[128];
	snprintf(name, sizeof(name), "%s/net/sockstat", process);
	snprintf(text, sizeof(text), "TCP: inuse %s orphan 0 tw 7 alloc 900 mem 0\n", in_use);
	directory_text(&root, name, text);
	snprintf(name, sizeof(name), "%s/comm", process);
	directory_text(&root, name, command);
	snprintf(name, sizeof(name), "%s/ns/net", process);
	directory_text(&root, name, "");
}

static int
begin(void **state)
{
	(void)state;
	directory_make(&root);
	snprintf(run, sizeof(run), "%s/run", root.path);
	directory_text(&root, "net/sockstat", "TCP: inuse 5 orphan 0 tw 0 alloc 900 mem 0\n");
	directory_text(&root, "run/.keep", "");
	directory_text(&root, "2/stat", KTHREADD);
	directory_text(&root, "2/net/x", "");
	directory_link(&root, "net/sockstat", "2/net/sockstat");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	namespaces_free(&found);
	directory_remove(&root);
	return 0;
}

static void
find(void)
{
	const struct procfile_source source = {.root = root.path};
	namespaces_free(&found);
	assert_true(namespaces_find(&source, run, &config, &found));
}

static void
expect(uint32_t row, const char *name, int64_t connections)
{
	assert_true(row < found.count);
	assert_string_equal(found.rows[row].name, name);
	assert_int_equal(found.rows[row].connections, connections);
}

static void
the_own_namespace_is_none_of_them(void **state)
{
	(void)state;
	find();
	assert_int_equal(found.count, 0);
	assert_true(found.complete);
}

static void
each_is_one_row_by_its_oldest_process(void **state)
{
	(void)state;
	put_process("70", "nginx\n", "3");
	directory_text(&root, "60/net/x", "");
	directory_link(&root, "70/net/sockstat", "60/net/sockstat");
	directory_text(&root, "60/comm", "pause\n");
	put_process("80", "java\n", "400");
	directory_text(&root, "80/net/sockstat6", "TCP6: inuse 1000\n");
	find();
	assert_int_equal(found.count, 2);
	expect(0, "java (pid 80)", 1407);
	expect(1, "pause (pid 60)", 10);
}

static void
names_of_run_netns_come_first_and_those_of_programs_do_not_count(void **state)
{
	(void)state;
	put_process("70", "sh\n", "3");
	put_process("80", "sh\n", "2");
	put_process("90", "sh\n", "1");
	directory_link(&root, "70/ns/net", "run/blue");
	directory_link(&root, "70/ns/net", "run/azure");
	directory_link(&root, "80/ns/net", "run/cni-8f1c2d3e-4b5a-6978-8695-a4b3c2d1e0f9");
	directory_text(&root, "run/left-behind", "");
	find();
	expect(0, "azure", 10);
	expect(1, "sh (pid 80)", 9);
	expect(2, "sh (pid 90)", 8);
}

static void
one_name_for_two_is_numbered(void **state)
{
	(void)state;
	put_process("70", "sh\n", "1");
	put_process("80", "sh\n", "2");
	put_process("90", "sh\n", "3");
	put_process("95", "sh\n", "4");
	directory_text(&root, "70/cgroup", "0::/system.slice/web.service\n");
	directory_text(&root, "80/cgroup", "0::/system.slice/web.service\n");
	directory_text(&root, "90/cgroup", "0::/system.slice/web.service\n");
	directory_link(&root, "95/ns/net", "run/web.service~2");
	find();
	expect(0, "web.service~2", 11);
	expect(1, "web.service~4", 10);
	expect(2, "web.service~3", 9);
	expect(3, "web.service", 8);
}

static void
what_cannot_be_read_is_absent_and_not_0(void **state)
{
	(void)state;
	put_process("70", "sh\n", "none");
	find();
	expect(0, "sh (pid 70)", SOCKSTAT_ABSENT);
}

static void
a_number_beyond_all_is_the_largest(void **state)
{
	(void)state;
	put_process("70", "sh\n", "9223372036854775807");
	find();
	expect(0, "sh (pid 70)", INT64_MAX);
}

static void
without_the_kernels_process_some_may_be_hidden(void **state)
{
	(void)state;
	directory_text(&root, "2/stat", "2 (sh) S 0 0 0 0 -1 4194304 0 0 0 0\n");
	put_process("70", "sh\n", "3");
	find();
	assert_int_equal(found.count, 1);
	assert_false(found.complete);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	    CASE(the_own_namespace_is_none_of_them),
	    CASE(each_is_one_row_by_its_oldest_process),
	    CASE(names_of_run_netns_come_first_and_those_of_programs_do_not_count),
	    CASE(one_name_for_two_is_numbered),
	    CASE(what_cannot_be_read_is_absent_and_not_0),
	    CASE(a_number_beyond_all_is_the_largest),
	    CASE(without_the_kernels_process_some_may_be_hidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

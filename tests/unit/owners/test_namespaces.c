/* SPDX-License-Identifier: ISC */
/* A /proc made of files: its processes' net/sockstat, hard links where they share a namespace. */
#include "kernel/sockstat.h"
#include "owners/namespaces.h"
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#define KTHREADD "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0\n"

static struct directory root;
static char run[sizeof(root.path) + 8];
static struct namespaces found;
static struct config config; /* without aliases */

/* What a visit finds where only a name is; files 0 = it cannot be entered. */
static struct namespace_identity at_name;

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
	at_name = (struct namespace_identity){.files = 0};
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

/* As the kernel has them: the number of the process is in the file's name only. */
static void
put_start(const char *process, unsigned long long started)
{
	char name[64], text[160];
	snprintf(name, sizeof(name), "%s/stat", process);
	snprintf(text, sizeof(text), "9 (a) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %llu 0\n",
		 started);
	directory_text(&root, name, text);
}

/* Cookies by process, as a visit finds them. */
static uint64_t cookies[100];

static bool
identify(void *arg, const struct neighbour *neighbour, struct namespace_identity *out)
{
	(void)arg;
	if (neighbour->process == 0) {
		*out = at_name;
		return at_name.files != 0 &&
		       (neighbour->inode == 0 || neighbour->inode == at_name.files);
	}
	char path[sizeof(root.path) + 32];
	struct stat status = {.st_ino = 0};
	snprintf(path, sizeof(path), "%s/%u/ns/net", root.path, neighbour->process);
	stat(path, &status);
	*out = (struct namespace_identity){
	    .device = status.st_dev, .inode = status.st_ino, .cookie = cookies[neighbour->process]};
	return out->cookie != 0;
}

/* Once more, with what was found before. */
static void
find_again(void)
{
	const struct procfile_source source = {.root = root.path};
	const struct namespaces last = found;
	const struct namespace_entrance entrance = {identify, NULL};
	struct namespaces now;
	assert_true(namespaces_find(&source, run, &config, &last, &entrance, &now));
	namespaces_free(&found);
	found = now;
}

static void
find(void)
{
	const struct procfile_source source = {.root = root.path};
	namespaces_free(&found);
	assert_true(namespaces_find(&source, run, &config, NULL, NULL, &found));
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
a_name_stays_while_its_process_does(void **state)
{
	(void)state;
	memset(cookies, 0, sizeof(cookies));
	put_process("80", "sh\n", "2");
	put_start("80", 5000);
	find_again();
	expect(0, "sh (pid 80)", 9);
	assert_int_equal(found.rows[0].before, LOOKUP_NONE);
	/* Another command, an older process, and a name that is taken. */
	directory_text(&root, "80/comm", "java\n");
	directory_text(&root, "70/net/x", "");
	directory_link(&root, "80/net/sockstat", "70/net/sockstat");
	put_start("70", 4000);
	put_process("90", "x\n", "1");
	put_start("90", 6000);
	directory_link(&root, "90/ns/net", "run/sh (pid 80)");
	find_again();
	expect(0, "sh (pid 80)", 9);
	assert_int_equal(found.rows[0].before, 0);
	assert_int_equal(found.rows[0].process, 70);
	expect(1, "sh (pid 80)~2", 8);
}

/* The same number and another start are another process; its namespace may be the same. */
static void
the_cookie_tells_when_the_process_has_gone(void **state)
{
	(void)state;
	memset(cookies, 0, sizeof(cookies));
	cookies[80] = 7;
	put_process("80", "sh\n", "2");
	put_start("80", 5000);
	find_again();
	assert_int_equal(found.rows[0].cookie, 7);
	put_start("80", 5001);
	directory_text(&root, "80/comm", "java\n");
	find_again();
	expect(0, "sh (pid 80)", 9);
	assert_int_equal(found.rows[0].before, 0);
	cookies[80] = 8;
	put_start("80", 5002);
	find_again();
	expect(0, "java (pid 80)", 9);
	assert_int_equal(found.rows[0].before, LOOKUP_NONE);
	assert_int_equal(found.rows[0].cookie, 8);
}

static void
a_new_one_does_not_take_a_name(void **state)
{
	(void)state;
	put_process("80", "sh\n", "2");
	put_start("80", 5000);
	directory_text(&root, "80/cgroup", "0::/system.slice/web.service\n");
	find_again();
	put_process("70", "sh\n", "3");
	put_start("70", 6000);
	directory_text(&root, "70/cgroup", "0::/system.slice/web.service\n");
	find_again();
	expect(0, "web.service~2", 10);
	expect(1, "web.service", 9);
}

static void
sockets_are_counted_again(void **state)
{
	const struct procfile_source source = {.root = root.path};
	(void)state;
	put_process("80", "sh\n", "2");
	put_process("90", "sh\n", "1");
	find();
	put_process("80", "sh\n", "40");
	assert_true(namespaces_count(&source, NULL, &found));
	expect(0, "sh (pid 80)", 47);
	assert_int_equal(found.unplaced, 900 - 5 - 40 - 1);
	char path[sizeof(root.path) + 32];
	snprintf(path, sizeof(path), "%s/80/net/sockstat", root.path);
	assert_int_equal(unlink(path), 0);
	assert_false(namespaces_count(&source, NULL, &found));
	assert_true(found.rows[0].gone);
	expect(0, "sh (pid 80)", SOCKSTAT_ABSENT);
	assert_false(found.rows[1].gone);
}

static ino_t
inode_of(const char *name)
{
	char path[sizeof(root.path) + 64];
	struct stat status;
	snprintf(path, sizeof(path), "%s/%s", root.path, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

/* One in which 5 sockets are, and 2 in TIME_WAIT. */
static void
put_name(const char *name, ino_t files, uint64_t cookie)
{
	char path[64];
	snprintf(path, sizeof(path), "run/%s", name);
	directory_text(&root, path, "");
	at_name = (struct namespace_identity){.inode = inode_of(path),
					      .cookie = cookie,
					      .files = files,
					      .sockstat = {.in_use = 5, .time_wait = 2, .udp = 3}};
}

static void
one_that_no_process_is_in_is_found_by_its_name(void **state)
{
	char way[NAMESPACES_WAY_MAX], expected[NAMESPACES_WAY_MAX];
	(void)state;
	memset(cookies, 0, sizeof(cookies));
	put_name("blue", 4711, 9);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "blue", 7);
	assert_int_equal(found.rows[0].kind, NAMESPACE_NAMED);
	assert_int_equal(found.rows[0].process, 0);
	assert_int_equal(found.rows[0].inode, 4711);
	assert_int_equal(found.rows[0].udp, 3);
	assert_int_equal(found.unplaced, 900 - 5 - 5);
	snprintf(expected, sizeof(expected), "--net=%s/blue", run);
	assert_string_equal(namespaces_way(&found.rows[0], way), expected);
	/* Without a way to enter there is none. */
	find();
	assert_int_equal(found.count, 0);
}

static void
a_name_of_one_that_is_there_adds_none(void **state)
{
	(void)state;
	memset(cookies, 0, sizeof(cookies));
	put_process("80", "sh\n", "2");
	put_name("own", inode_of("net/sockstat"), 1);
	find_again();
	assert_int_equal(found.count, 1);
	put_name("its", inode_of("80/net/sockstat"), 2);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "sh (pid 80)", 9);
	/* By a link of /proc, without a look inside. */
	at_name.files = 0;
	directory_link(&root, "80/ns/net", "run/linked");
	find_again();
	assert_int_equal(found.count, 1);
}

static void
a_process_that_comes_or_goes_changes_no_name(void **state)
{
	(void)state;
	memset(cookies, 0, sizeof(cookies));
	put_process("80", "sh\n", "2");
	put_start("80", 5000);
	cookies[80] = 9;
	find_again();
	/* A process that has gone, and a name that came later. */
	ino_t files = inode_of("80/net/sockstat");
	directory_link(&root, "80/net/sockstat", "kept");
	char path[sizeof(root.path) + 32];
	snprintf(path, sizeof(path), "%s/80/net/sockstat", root.path);
	assert_int_equal(unlink(path), 0);
	put_name("blue", files, 9);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "sh (pid 80)", 7);
	assert_int_equal(found.rows[0].before, 0);
	assert_int_equal(found.rows[0].process, 0);
	/* Another process. */
	directory_text(&root, "90/net/x", "");
	directory_link(&root, "kept", "90/net/sockstat");
	directory_text(&root, "90/comm", "java\n");
	put_start("90", 6000);
	cookies[90] = 9;
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "sh (pid 80)", 9);
	assert_int_equal(found.rows[0].process, 90);
	assert_int_equal(found.rows[0].before, 0);
}

static void
without_cookies_the_file_tells(void **state)
{
	(void)state;
	put_name("blue", 4711, 0);
	find_again();
	find_again();
	assert_int_equal(found.rows[0].before, 0);
	/* The inode is given again, for another name. */
	char path[sizeof(run) + 8];
	snprintf(path, sizeof(path), "%s/blue", run);
	put_name("red", 4711, 0);
	assert_int_equal(unlink(path), 0);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "red", 7);
	assert_int_equal(found.rows[0].before, LOOKUP_NONE);
}

static void
one_that_is_not_entered_any_more_keeps_its_row(void **state)
{
	const struct procfile_source source = {.root = root.path};
	const struct namespace_entrance entrance = {identify, NULL};
	(void)state;
	put_name("blue", 4711, 9);
	find_again();
	at_name.sockstat.in_use = 50;
	assert_true(namespaces_count(&source, &entrance, &found));
	expect(0, "blue", 52);
	at_name.files = 0;
	assert_true(namespaces_count(&source, &entrance, &found));
	expect(0, "blue", SOCKSTAT_ABSENT);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "blue", SOCKSTAT_ABSENT);
	assert_int_equal(found.rows[0].before, 0);
	/* Nothing is there any more, or another. */
	char path[sizeof(run) + 8];
	snprintf(path, sizeof(path), "%s/blue", run);
	assert_int_equal(unlink(path), 0);
	assert_false(namespaces_count(&source, &entrance, &found));
	assert_true(found.rows[0].gone);
	find_again();
	assert_int_equal(found.count, 0);
}

/* Under the same name, by the cookie or by its files, whatever stands for it. */
static void
another_of_the_same_name_is_another(void **state)
{
	const struct procfile_source source = {.root = root.path};
	const struct namespace_entrance entrance = {identify, NULL};
	(void)state;
	put_name("blue", 4711, 9);
	find_again();
	at_name.cookie = 10;
	assert_false(namespaces_count(&source, &entrance, &found));
	assert_true(found.rows[0].gone);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "blue", 7);
	assert_int_equal(found.rows[0].before, LOOKUP_NONE);
	assert_true(namespaces_count(&source, &entrance, &found));
	at_name.files = 4712;
	assert_false(namespaces_count(&source, &entrance, &found));
}

static void
more_names_than_are_read_are_told(void **state)
{
	(void)state;
	find();
	assert_true(found.complete);
	for (unsigned i = 0; i <= NEIGHBOURS_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%u", i);
		put_name(name, 4711, 9);
	}
	find_again();
	assert_int_equal(found.count, 1);
	assert_false(found.complete);
}

/* Who enters may be away just then. */
static void
a_process_comes_or_goes_while_nobody_enters(void **state)
{
	(void)state;
	memset(cookies, 0, sizeof(cookies));
	put_process("80", "sh\n", "2");
	put_start("80", 5000);
	directory_link(&root, "80/ns/net", "run/blue");
	cookies[80] = 9;
	find_again();
	expect(0, "blue", 9);
	directory_link(&root, "80/net/sockstat", "kept");
	char path[sizeof(root.path) + 32];
	snprintf(path, sizeof(path), "%s/80/net/sockstat", root.path);
	assert_int_equal(unlink(path), 0);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "blue", SOCKSTAT_ABSENT);
	assert_int_equal(found.rows[0].before, 0);
	directory_text(&root, "90/net/x", "");
	directory_text(&root, "90/ns/x", "");
	directory_link(&root, "kept", "90/net/sockstat");
	directory_link(&root, "run/blue", "90/ns/net");
	put_start("90", 6000);
	find_again();
	assert_int_equal(found.count, 1);
	expect(0, "blue", 9);
	assert_int_equal(found.rows[0].before, 0);
	assert_int_equal(found.rows[0].cookie, 9);
}

static void
the_way_there_can_be_typed(void **state)
{
	char way[NAMESPACES_WAY_MAX];
	struct namespace_row row = {.process = 4711, .mount = "/run/netns/blue"};
	(void)state;
	assert_string_equal(namespaces_way(&row, way), "-t 4711 -n");
	row.process = 0;
	assert_string_equal(namespaces_way(&row, way), "--net=/run/netns/blue");
	strcpy(row.mount, "/run/netns/a b;c");
	assert_string_equal(namespaces_way(&row, way), "--net='/run/netns/a b;c'");
	strcpy(row.mount, "/run/netns/a'b");
	assert_string_equal(namespaces_way(&row, way), "--net=?");
	strcpy(row.mount, "/run/netns/a\033b");
	assert_string_equal(namespaces_way(&row, way), "--net=?");
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
	    CASE(a_name_stays_while_its_process_does),
	    CASE(the_cookie_tells_when_the_process_has_gone),
	    CASE(a_new_one_does_not_take_a_name),
	    CASE(sockets_are_counted_again),
	    CASE(one_that_no_process_is_in_is_found_by_its_name),
	    CASE(a_name_of_one_that_is_there_adds_none),
	    CASE(a_process_that_comes_or_goes_changes_no_name),
	    CASE(without_cookies_the_file_tells),
	    CASE(one_that_is_not_entered_any_more_keeps_its_row),
	    CASE(another_of_the_same_name_is_another),
	    CASE(more_names_than_are_read_are_told),
	    CASE(a_process_comes_or_goes_while_nobody_enters),
	    CASE(the_way_there_can_be_typed),
	    CASE(what_cannot_be_read_is_absent_and_not_0),
	    CASE(a_number_beyond_all_is_the_largest),
	    CASE(without_the_kernels_process_some_may_be_hidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* A /proc made of files: its processes' net/sockstat, hard links where they share a namespace. */
#include "kernel/unseen.h"
#include "support.h"

#include <unistd.h>

#define KTHREADD "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0\n"
#define NONE     "TCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\n"

static struct directory root;
static struct unseen *unseen;

static const char *
path_of(const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", root.path, name);
	return path;
}

/* A process in the namespace of another one, or in our own for NULL. */
static void
put_process(const char *process, const char *like)
{
	char from[64], to[64];
	snprintf(from, sizeof(from), "%s/net/x", process);
	directory_text(&root, from, "");
	snprintf(from, sizeof(from), like != NULL ? "%s/net/sockstat" : "net/sockstat", like);
	snprintf(to, sizeof(to), "%s/net/sockstat", process);
	directory_link(&root, from, to);
}

static int
begin(void **state)
{
	(void)state;
	directory_make(&root);
	unseen = unseen_new();
	if (unseen == NULL)
		return -1;
	directory_text(&root, "net/sockstat", NONE);
	directory_text(&root, "2/stat", KTHREADD);
	put_process("2", NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unseen_free(unseen);
	directory_remove(&root);
	return 0;
}

static struct unseen_count
count(void)
{
	const struct procfile_source source = {.root = root.path};
	struct unseen_count c;
	unseen_count(unseen, &source, &c);
	return c;
}

static void
assert_count(uint32_t sockets, bool complete)
{
	struct unseen_count c = count();
	assert_true(c.known);
	assert_int_equal(c.sockets, sockets);
	assert_int_equal(c.complete, complete);
}

static void
none_is_exact_whoever_is_hidden(void **state)
{
	(void)state;
	assert_count(0, true);
	directory_text(&root, "2/stat", "2 (bash) S 1 2 2 0 -1 4194560 0 0\n");
	assert_count(0, true);
	directory_text(&root, "net/sockstat", "TCP: inuse 9 alloc 14\n");
	directory_text(&root, "net/sockstat6", "TCP6: inuse 5\n");
	assert_count(0, true);
}

static void
of_one_namespace_all_are_ours(void **state)
{
	(void)state;
	directory_text(&root, "net/sockstat", "TCP: inuse 9 alloc 20\n");
	directory_text(&root, "net/sockstat6", "TCP6: inuse 5\n");
	put_process("1", NULL);
	put_process("700", NULL);
	directory_text(&root, "701/comm", "has gone\n");
	directory_text(&root, "self/comm", "no process\n");
	assert_count(6, true);
}

static void
those_of_others_are_taken_off(void **state)
{
	(void)state;
	directory_text(&root, "net/sockstat", "TCP: inuse 9 alloc 30\n");
	directory_text(&root, "80/net/sockstat", "TCP: inuse 4 alloc 30\n");
	directory_text(&root, "80/net/sockstat6", "TCP6: inuse 2\n");
	directory_text(&root, "90/net/sockstat", "TCP: inuse 8 alloc 30\n");
	put_process("81", "80");
	directory_text(&root, "81/net/sockstat6", "TCP6: inuse 2\n");
	assert_count(7, true);
	/* Its processes have gone, and another namespace come: both make for more. */
	assert_int_equal(unlink(path_of("80/net/sockstat")), 0);
	assert_int_equal(unlink(path_of("81/net/sockstat")), 0);
	directory_text(&root, "99/net/sockstat", "TCP: inuse 1 alloc 30\n");
	assert_count(13, true);
}

/* In a container, or where processes of others are hidden. */
static void
who_does_not_see_the_kernel_sees_not_all(void **state)
{
	static const char *const other[] = {"2 (bash) S 1 2 2 0 -1 4194560 0 0\n",
					    "2 (kthreadd) S 0 0 0 0 -1 0 0 0\n",
					    "2 (kthreadd) S 0 0 0 0 -1\n",
					    "2\n",
					    "2 (a) S 0 0 0 0 -1 2129984) S 1 2 2 0 -1 4194560 0\n",
					    ""};
	(void)state;
	directory_text(&root, "net/sockstat", "TCP: inuse 9 alloc 20\n");
	for (size_t i = 0; i < COUNT_OF(other); i++) {
		unseen_free(unseen);
		unseen = unseen_new();
		assert_non_null(unseen);
		directory_text(&root, "2/stat", other[i]);
		assert_count(11, false);
	}
}

static void
without_the_counts_nothing_is_known(void **state)
{
	(void)state;
	directory_text(&root, "net/sockstat", "TCP: inuse 9\n");
	assert_false(count().known);
	assert_int_equal(unlink(path_of("net/sockstat")), 0);
	assert_false(count().known);
}

static void
a_recording_says_the_same(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *record = open_memstream(&text, &length);
	const struct procfile_source source = {.root = root.path, .record = record};
	struct procfile_source replay = {.replay = true};
	struct unseen_count c;
	(void)state;
	directory_text(&root, "net/sockstat", "TCP: inuse 9 alloc 20\n");
	unseen_count(unseen, &source, &c);
	directory_text(&root, "net/sockstat", "TCP: inuse 9\n");
	unseen_count(unseen, &source, &c);
	fclose(record);
	assert_string_equal(text,
			    "file unseen 30\nunseen: sockets 11 complete 1\n\nabsent unseen\n");
	unseen_count(unseen, &replay, &c);
	assert_false(c.known);
	assert_true(procfile_add_copy(&replay, "unseen", "unseen: sockets 11 complete 1\n", 30));
	unseen_count(unseen, &replay, &c);
	assert_true(c.known && c.complete && c.sockets == 11);
	procfile_free_copies(&replay);
	free(text);
}

static void
no_form_but_its_own_is_taken(void **state)
{
	static const char *const wrong[] = {"",
					    "unseen:",
					    "unseen: sockets 4294967296 complete 1\n",
					    "unseen: sockets 1 complete 2\n",
					    "unseen: complete 1\n",
					    "unseen: sockets -1 complete 1\n"};
	struct unseen_count c;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		assert_false(unseen_parse(wrong[i], &c));
		assert_false(c.known);
	}
	assert_true(unseen_parse("unseen: sockets 4294967295 complete 0\n", &c));
	assert_true(c.known && !c.complete && c.sockets == UINT32_MAX);
}

#define UNSEEN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    UNSEEN_TEST(none_is_exact_whoever_is_hidden),
	    UNSEEN_TEST(of_one_namespace_all_are_ours),
	    UNSEEN_TEST(those_of_others_are_taken_off),
	    UNSEEN_TEST(who_does_not_see_the_kernel_sees_not_all),
	    UNSEEN_TEST(without_the_counts_nothing_is_known),
	    UNSEEN_TEST(a_recording_says_the_same),
	    cmocka_unit_test(no_form_but_its_own_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

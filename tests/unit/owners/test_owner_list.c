/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "owners/owner_list.h"

static struct owner owners[32];
static struct owner_list list;

static int
empty(void **state)
{
	(void)state;
	list = (struct owner_list){.owners = owners};
	return 0;
}

static void
pool(const char *local, const char *peer, uint16_t port)
{
	list.pools[list.pool_count++] = (struct owner_pool){.local = address(local),
							    .peer = address(peer),
							    .port = port,
							    .first = list.owner_count};
}

/* An owner of the last pool. cgroup 0 = not known. */
static void
owner(enum owner_kind kind, uint32_t pid, const char *process, uint64_t cgroup, const char *unit,
      uint32_t connections, uint32_t close_wait)
{
	struct owner *o = &owners[list.owner_count++];
	*o = (struct owner){.kind = kind,
			    .pid = pid,
			    .uid = 1000,
			    .cgroup = cgroup,
			    .connections = connections,
			    .close_wait = close_wait};
	strcpy(o->process, process);
	strcpy(o->unit, unit);
	list.pools[list.pool_count - 1].count++;
}

static void
assert_holder(struct owner_question question, const char *expected)
{
	char text[OWNER_TEXT_MAX];
	assert_ptr_equal(owner_holder(&list, &question, text), text);
	assert_string_equal(text, expected);
}

static void
test_words(void **state)
{
	static const struct {
		struct owner owner;
		const char *text;
	} cases[] = {
	    {{.kind = OWNER_PROCESS, .pid = 812, .process = "java", .unit = "payments.service"},
	     "\"payments.service\" (pid 812 \"java\")"},
	    {{.kind = OWNER_PROCESS, .pid = 812, .unit = "payments.service"},
	     "\"payments.service\" (pid 812)"},
	    {{.kind = OWNER_PROCESS, .pid = 812, .process = "java"}, "\"java\" (pid 812)"},
	    {{.kind = OWNER_PROCESS, .pid = 812}, "pid 812"},
	    {{.kind = OWNER_GROUP, .uid = 1000, .unit = "payments.service"},
	     "\"payments.service\" (uid 1000)"},
	    {{.kind = OWNER_GROUP, .uid = 1000}, "uid 1000"},
	    {{.kind = OWNER_NOBODY}, "the kernel"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[OWNER_TEXT_MAX];
		assert_string_equal(owner_text(&cases[i].owner, text), cases[i].text);
	}
}

static void
test_of_one_pool(void **state)
{
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	struct addr other = address("10.0.0.8");
	(void)state;
	pool("10.0.0.9", "10.1.2.3", 443);
	owner(OWNER_PROCESS, 812, "java", 77, "payments.service", 100, 2);
	owner(OWNER_PROCESS, 900, "curl", 78, "cron.service", 50, 40);
	pool("10.0.0.9", "10.1.2.3", 80);
	owner(OWNER_PROCESS, 901, "wget", 0, "", 10, 0);
	assert_holder((struct owner_question){.local = &local, .peer = &peer, .port = 443},
		      "\"payments.service\" (pid 812 \"java\")");
	assert_holder(
	    (struct owner_question){
		.local = &local, .peer = &peer, .port = 443, .close_wait = true},
	    "\"cron.service\" (pid 900 \"curl\")");
	assert_holder((struct owner_question){.local = &local, .peer = &peer, .port = 80},
		      "\"wget\" (pid 901)");
	/* None of these is in CLOSE_WAIT; no such pools; no list. */
	assert_holder((struct owner_question){.port = 80, .close_wait = true}, "");
	assert_holder((struct owner_question){.peer = &peer, .port = 8080}, "");
	assert_holder((struct owner_question){.local = &other, .peer = &peer, .port = 443}, "");
	char text[OWNER_TEXT_MAX];
	assert_string_equal(owner_holder(NULL, &(struct owner_question){0}, text), "");
}

/* Where no process may be looked at, the user is known: but it is a process that one restarts. */
static void
test_of_a_user(void **state)
{
	struct addr peer = address("10.1.2.3");
	(void)state;
	pool("10.0.0.9", "10.1.2.3", 443);
	owner(OWNER_GROUP, 0, "", 0, "", 60, 60);
	assert_holder((struct owner_question){.peer = &peer}, "a process of uid 1000");
	pool("10.0.0.9", "10.1.2.3", 80);
	owner(OWNER_GROUP, 0, "", 77, "payments.service", 61, 61);
	assert_holder((struct owner_question){.peer = &peer}, "\"payments.service\" (uid 1000)");
}

/* A unit with many processes is one owner, over all the pools that were asked for. */
static void
test_of_a_unit(void **state)
{
	struct addr peer = address("10.1.2.3");
	struct target net = target_of("10.1.0.0/16"), port = target_of("10.1.0.0/16");
	(void)state;
	pool("10.0.0.9", "10.1.2.3", 443);
	owner(OWNER_PROCESS, 812, "java", 77, "payments.service", 40, 0);
	owner(OWNER_PROCESS, 900, "php", 78, "web.service", 30, 0);
	owner(OWNER_PROCESS, 901, "php", 78, "web.service", 20, 0);
	assert_holder((struct owner_question){.peer = &peer},
		      "\"web.service\" (2 processes, the first is pid 900 \"php\")");
	pool("10.0.0.9", "10.1.2.4", 443);
	owner(OWNER_PROCESS, 812, "java", 77, "payments.service", 60, 0);
	owner(OWNER_PROCESS, 901, "php", 78, "web.service", 20, 0);
	assert_holder((struct owner_question){.peer = &peer},
		      "\"web.service\" (2 processes, the first is pid 900 \"php\")");
	assert_holder((struct owner_question){.target = &net},
		      "\"payments.service\" (pid 812 \"java\")");
	assert_holder((struct owner_question){0}, "\"payments.service\" (pid 812 \"java\")");
	port.port = 80;
	assert_holder((struct owner_question){.target = &port}, "");
}

/* Processes that have the root cgroup in common, or none that is known, have nothing in common. */
static void
test_of_the_root_cgroup(void **state)
{
	(void)state;
	pool("10.0.0.9", "10.1.2.3", 443);
	owner(OWNER_PROCESS, 900, "a", 1, "", 30, 0);
	owner(OWNER_PROCESS, 901, "b", 1, "", 40, 0);
	owner(OWNER_PROCESS, 902, "c", 0, "", 35, 0);
	assert_holder((struct owner_question){0}, "\"b\" (pid 901)");
}

/* What the kernel holds by itself has no owner to be named, unless owners hold at least as much. */
static void
test_of_the_kernel(void **state)
{
	(void)state;
	pool("10.0.0.9", "10.1.2.3", 443);
	owner(OWNER_NOBODY, 0, "", 0, "", 41, 0);
	owner(OWNER_PROCESS, 812, "java", 77, "payments.service", 20, 1);
	owner(OWNER_PROCESS, 813, "perl", 78, "cron.service", 20, 0);
	assert_holder((struct owner_question){0}, "");
	assert_holder((struct owner_question){.close_wait = true},
		      "\"payments.service\" (pid 812 \"java\")");
	owners[0].connections = 40;
	assert_holder((struct owner_question){0}, "\"payments.service\" (pid 812 \"java\")");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_words, empty),
	    cmocka_unit_test_setup(test_of_one_pool, empty),
	    cmocka_unit_test_setup(test_of_a_user, empty),
	    cmocka_unit_test_setup(test_of_a_unit, empty),
	    cmocka_unit_test_setup(test_of_the_root_cgroup, empty),
	    cmocka_unit_test_setup(test_of_the_kernel, empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

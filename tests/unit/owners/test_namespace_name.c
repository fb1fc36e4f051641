/* SPDX-License-Identifier: ISC */
#include "owners/namespace_name.h"
#include "support.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "8f1c2d3e-4b5a-6978-8695-a4b3c2d1e0f9"

static void
the_best_name_there_is(void **state)
{
	static const struct {
		const char *given, *cgroup, *command, *name, *kind;
	} cases[] = {
	    {"blue", "0::/docker/" ID "\n", "nginx", "blue", "named"},
	    {"", "0::/kubepods/burstable/pod" UID "/" ID "\n", "nginx", "pod 8f1c2d3e4b5a", "pod"},
	    {"",
	     "0::/kubepods.slice/kubepods-burstable.slice/"
	     "kubepods-burstable-pod8f1c2d3e_4b5a_6978_8695_a4b3c2d1e0f9.slice/"
	     "cri-containerd-" ID ".scope\n",
	     "pause", "pod 8f1c2d3e4b5a", "pod"},
	    {"", "0::/kubepods/pod0123456789abcdef0123456789abcdef/crio-" ID "\n", "pause",
	     "pod 0123456789ab", "pod"},
	    {"", "0::/kubepods/pod0123/" ID "\n", "pause", "container 0123456789ab", "container"},
	    {"", "0::/docker/" ID "\n", "nginx", "container 0123456789ab", "container"},
	    {"", "0::/system.slice/docker-" ID ".scope\n", "sh", "container 0123456789ab",
	     "container"},
	    {"",
	     "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
	     ".scope/container\n",
	     "sh", "container 0123456789ab", "container"},
	    {"", "12:pids:/a.service\n1:name=systemd:/libpod_parent/libpod-" ID "\n0::/\n", "sh",
	     "container 0123456789ab", "container"},
	    {"", "0::/lxc.payload.web1\n", "init", "LXC container web1", "container"},
	    {"", "0::/system.slice/payments.service\n", "java", "payments.service", "unit"},
	    {"", "0::/machine.slice/machine-box.scope\n", "systemd", "machine-box.scope", "unit"},
	    {"", "0::/user.slice/user-1000.slice/session-3.scope\n", "python3",
	     "python3 (pid 4711)", "process"},
	    {"", "0::/user.slice/user-1000.slice/user@1000.service\n", "sh", "sh (pid 4711)",
	     "process"},
	    {"", "0::/init.scope\n", "systemd", "systemd (pid 4711)", "process"},
	    {"", "0::/\n", "unshare", "unshare (pid 4711)", "process"},
	    {"", "", "", "? (pid 4711)", "process"},
	    {"", "nonsense\n:\n::", "sh", "sh (pid 4711)", "process"},
	    {"bad\nname\x1b", "", "sh", "bad?name?", "named"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct namespace_facts facts = {cases[i].given, cases[i].cgroup,
						      cases[i].command, 4711};
		char name[NAMESPACE_NAME_MAX];
		enum namespace_kind kind = namespace_name(&facts, name);
		assert_string_equal(name, cases[i].name);
		assert_string_equal(namespace_kind_name(kind), cases[i].kind);
	}
}

static void
names_are_bounded(void **state)
{
	const struct namespace_facts longest = {"", "", "0123456789012345678901234567890123456789",
						4294967295};
	const struct namespace_facts given = {"0123456789012345678901234567890123456789", "", "",
					      1};
	char name[NAMESPACE_NAME_MAX];
	(void)state;
	namespace_name(&longest, name);
	assert_string_equal(name, "012345678901234 (pid 4294967295)");
	namespace_name(&given, name);
	assert_string_equal(name, "01234567890123456789012345678901");
	namespace_name_number(name, 17);
	assert_string_equal(name, "01234567890123456789012345678~17");
}

static void
no_character_is_cut_apart(void **state)
{
	const struct namespace_facts facts = {"0123456789012345678901234567\xc3\xa4xy", "", "", 1};
	char name[NAMESPACE_NAME_MAX];
	(void)state;
	namespace_name(&facts, name);
	namespace_name_number(name, 12);
	assert_string_equal(name, "0123456789012345678901234567~12");
}

static void
what_programs_make_in_run_netns_is_no_name(void **state)
{
	(void)state;
	assert_false(namespace_name_is_given("cni-" UID));
	assert_false(namespace_name_is_given("netns-" UID));
	assert_true(namespace_name_is_given("cni-test"));
	assert_true(namespace_name_is_given("netns-"));
	assert_true(namespace_name_is_given("blue"));
}

static void
an_alias_takes_the_place_of_the_name(void **state)
{
	static struct namespace_alias aliases[] = {{"shop", "container 0123*"},
						   {"database", "*/postgresql@*.service"},
						   {"proxy", "nginx"},
						   {"late", "*"}};
	static const struct config config = {.aliases = aliases, .alias_count = 4};
	static const struct {
		const char *cgroup, *command, *name;
	} cases[] = {
	    {"0::/docker/" ID "\n", "sh", "shop"},
	    {"0::/system.slice/postgresql@15-main.service\n", "postgres", "database"},
	    {"12:pids:/x\n0::/a/postgresql@1.service\n", "nginx", "database"},
	    {"0::/\n", "nginx", "proxy"},
	    {"", "sh", "late"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct namespace_facts facts = {"", cases[i].cgroup, cases[i].command, 4711};
		char name[NAMESPACE_NAME_MAX];
		namespace_name(&facts, name);
		assert_true(namespace_alias(&config, &facts, name));
		assert_string_equal(name, cases[i].name);
	}
}

static void
without_an_alias_the_name_stays(void **state)
{
	static struct namespace_alias aliases[] = {{"shop", "container"}, {"web", "ngin"}};
	static const struct config config = {.aliases = aliases, .alias_count = 2};
	static const struct namespace_facts facts = {"", "0::/docker/" ID "\n", "nginx", 4711};
	char name[NAMESPACE_NAME_MAX];
	(void)state;
	namespace_name(&facts, name);
	assert_false(namespace_alias(&config, &facts, name));
	assert_string_equal(name, "container 0123456789ab");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_best_name_there_is),
	    cmocka_unit_test(names_are_bounded),
	    cmocka_unit_test(no_character_is_cut_apart),
	    cmocka_unit_test(what_programs_make_in_run_netns_is_no_name),
	    cmocka_unit_test(an_alias_takes_the_place_of_the_name),
	    cmocka_unit_test(without_an_alias_the_name_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

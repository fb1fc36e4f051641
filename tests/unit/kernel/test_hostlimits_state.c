/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "kernel/hostlimits.h"
#include "kernel/natenv.h"

static const struct settings settings = {.tw_reuse = 2, .timestamps = 1, .tw_reuse_delay_ms = 1000};

static void
poll_files(struct host_state *host, const char *file_nr)
{
	struct procfile_source source = {.replay = true};
	assert_true(procfile_add_copy(&source, "sys/fs/file-nr", file_nr, strlen(file_nr)));
	hostlimits_poll(host, &source, &settings);
	procfile_free_copies(&source);
}

static void
the_poll_before_is_kept(void **state)
{
	struct host_state host;
	(void)state;
	hostlimits_start(&host);
	assert_int_equal(host.limits.value[LIMIT_FILES], LIMIT_ABSENT);
	poll_files(&host, "10 0 100\n");
	assert_int_equal(host.limits.value[LIMIT_FILES], 10);
	assert_int_equal(host.limits.value[LIMIT_TW_REUSE], 2);
	assert_int_equal(host.earlier.value[LIMIT_FILES], LIMIT_ABSENT);
	poll_files(&host, "12 0 100\n");
	assert_int_equal(host.limits.value[LIMIT_FILES], 12);
	assert_int_equal(host.earlier.value[LIMIT_FILES], 10);
	/* Gone again: never the number of before. */
	poll_files(&host, "\n");
	assert_int_equal(host.limits.value[LIMIT_FILES], LIMIT_ABSENT);
	assert_int_equal(host.earlier.value[LIMIT_FILES], 12);
}

static uint64_t
poll_conntrack(struct host_state *host, const char *insert_failed)
{
	static const char columns[] =
	    "entries  searched found new invalid ignore delete delete_list insert insert_failed "
	    "drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n";
	struct procfile_source source = {.replay = true};
	char text[512];
	int length = snprintf(text, sizeof(text),
			      "%s00000009 0 0 0 0 0 0 0 0 %s 00000000 00000000 0 0 "
			      "0 0 0\n",
			      columns, insert_failed);
	if (*insert_failed != '\0')
		assert_true(
		    procfile_add_copy(&source, "net/stat/nf_conntrack", text, (size_t)length));
	hostlimits_poll(host, &source, &settings);
	procfile_free_copies(&source);
	return host->counters_ms;
}

/* Loaded, unloaded and loaded again between any two polls. */
static void
counters_begin_when_they_come_or_go_back(void **state)
{
	struct host_state host;
	(void)state;
	hostlimits_start(&host);
	assert_int_equal(poll_conntrack(&host, ""), 0);
	assert_int_not_equal(poll_conntrack(&host, "00000007"), 0);
	host.counters_ms = 1;
	assert_int_equal(poll_conntrack(&host, "00000007"), 1);
	assert_int_equal(poll_conntrack(&host, "00000008"), 1);
	assert_int_not_equal(poll_conntrack(&host, "00000005"), 1);
	host.counters_ms = 1;
	assert_int_equal(poll_conntrack(&host, ""), 1);
	assert_int_not_equal(poll_conntrack(&host, "00000006"), 1);
}

static void
a_look_around_changes_no_limit(void **state)
{
	static const char vendor[] = "Hetzner\n";
	struct procfile_source source = {.replay = true};
	struct host_state host;
	(void)state;
	hostlimits_start(&host);
	poll_files(&host, "10 0 100\n");
	assert_int_equal(host.nat, 0);
	assert_true(procfile_add_copy(&source, "class/dmi/id/sys_vendor", vendor, strlen(vendor)));
	hostlimits_look(&host, &source, &source);
	assert_int_equal(host.nat, UINT32_C(1) << NAT_HETZNER | UINT32_C(1) << NAT_RULES_HIDDEN);
	assert_int_equal(host.limits.value[LIMIT_FILES], 10);
	poll_files(&host, "12 0 100\n");
	assert_int_equal(natenv_platform(host.nat), NAT_HETZNER);
	procfile_free_copies(&source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_poll_before_is_kept),
	    cmocka_unit_test(counters_begin_when_they_come_or_go_back),
	    cmocka_unit_test(a_look_around_changes_no_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "host.h"
#include "kernel/hostlimits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What 6.18 prints, on two CPUs. */
#define STAT_NAME "net/stat/nf_conntrack"
#define STAT_HEAD                                                                                  \
	"entries  clashres found new invalid ignore delete chainlength insert insert_failed "      \
	"drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
#define STAT_LINE(insert_failed, drop, early_drop)                                                 \
	"00000100  00000001 00000000 00000000 00000000 00000000 00000000 00000000 "                \
	"00000000 " insert_failed " " drop " " early_drop                                          \
	" 00000000  00000000 00000000 00000000 00000000\n"

struct file {
	const char *name, *text;
};

/* clang-format off */
static const struct file whole_host[] = {
    {"sys/net/ipv4/tcp_fin_timeout", "60\n"},
    {"sys/net/ipv4/tcp_max_tw_buckets", "131072\n"},
    {"sys/net/ipv4/tcp_max_orphans", "65536\n"},
    {"sys/net/ipv4/tcp_mem", "287901\t383869\t575802\n"},
    {"sys/fs/file-nr", "592\t0\t2466193\n"},
    {"net/sockstat", "sockets: used 17\nTCP: inuse 11 orphan 2 tw 30 alloc 14 mem 208\n"
		     "UDP: inuse 5 mem 9\n"},
    {"net/sockstat6", "TCP6: inuse 4\nUDP6: inuse 1\n"},
    {"sys/net/netfilter/nf_conntrack_count", "256\n"},
    {"sys/net/netfilter/nf_conntrack_max", "262144\n"},
    {"sys/net/netfilter/nf_conntrack_tcp_timeout_established", "432000\n"},
    {STAT_NAME, STAT_HEAD STAT_LINE("0000000a", "00000010", "00000001")
		    STAT_LINE("00000005", "000000ff", "00000002")},
};
/* clang-format on */

static const struct settings settings = {
    .tw_reuse = 2, .timestamps = 1, .tw_reuse_delay_ms = SETTING_ABSENT};

static struct limits
read_files(const struct file *files, size_t count)
{
	struct procfile_source source = {.replay = true};
	struct sockstat sockstat;
	struct limits l;
	for (size_t i = 0; i < count; i++)
		assert_true(procfile_add_copy(&source, files[i].name, files[i].text,
					      strlen(files[i].text)));
	hostlimits_read(&source, &settings, &l, &sockstat);
	procfile_free_copies(&source);
	return l;
}

#define READ(files) read_files(files, sizeof(files) / sizeof((files)[0]))

static void
every_value_is_read(void **state)
{
	static const int64_t expected[LIMITS] = {
	    [LIMIT_TW_REUSE] = 2,
	    [LIMIT_TW_REUSE_DELAY] = LIMIT_ABSENT,
	    [LIMIT_TIMESTAMPS] = 1,
	    [LIMIT_FIN_TIMEOUT] = 60,
	    [LIMIT_TW] = 30,
	    [LIMIT_TW_MAX] = 131072,
	    [LIMIT_IN_USE] = 15,
	    [LIMIT_ORPHANS] = 2,
	    [LIMIT_ORPHANS_MAX] = 65536,
	    [LIMIT_MEMORY] = 208,
	    [LIMIT_MEMORY_MAX] = 575802,
	    [LIMIT_FILES] = 592,
	    [LIMIT_FILES_MAX] = 2466193,
	    [LIMIT_CONNTRACK] = 256,
	    [LIMIT_CONNTRACK_MAX] = 262144,
	    [LIMIT_ESTABLISHED] = 432000,
	    [LIMIT_DROP] = 271,
	    [LIMIT_INSERT_FAILED] = 15,
	    [LIMIT_EARLY_DROP] = 3,
	};
	struct limits l = READ(whole_host);
	(void)state;
	for (unsigned i = 0; i < LIMITS; i++)
		if (l.value[i] != expected[i])
			fail_msg("%s is %lld, not %lld", hostlimits_words(i)->name,
				 (long long)l.value[i], (long long)expected[i]);
}

static void
what_is_not_there_is_absent_and_never_0(void **state)
{
	struct limits l = read_files(NULL, 0);
	(void)state;
	for (unsigned i = 0; i < LIMITS; i++)
		if (i != LIMIT_TW_REUSE && i != LIMIT_TIMESTAMPS)
			assert_int_equal(l.value[i], LIMIT_ABSENT);
}

static void
without_ipv6_the_sockets_of_ipv4_are_all(void **state)
{
	static const struct file v4[] = {{"net/sockstat", "TCP: inuse 11 orphan 2 tw 30\n"}};
	struct limits l = READ(v4);
	(void)state;
	assert_int_equal(l.value[LIMIT_IN_USE], 11);
	assert_int_equal(l.value[LIMIT_MEMORY], LIMIT_ABSENT);
}

static void
a_column_is_found_by_its_name(void **state)
{
	/* Older kernels name other columns; this order is nobody's. */
	static const struct file moved[] = {
	    {STAT_NAME, "drop  entries early_drop\n00000002 00000009 00000001\n"}};
	struct limits l = READ(moved);

	(void)state;
	assert_int_equal(l.value[LIMIT_DROP], 2);
	assert_int_equal(l.value[LIMIT_EARLY_DROP], 1);
	assert_int_equal(l.value[LIMIT_INSERT_FAILED], LIMIT_ABSENT);
}

static void
no_form_but_its_own_is_taken(void **state)
{
	static const struct file bad[] = {
	    {"sys/net/ipv4/tcp_fin_timeout", "-5\n"},
	    {"sys/net/ipv4/tcp_max_tw_buckets", ""},
	    {"sys/net/ipv4/tcp_mem", "1 2\n"},
	    {"sys/fs/file-nr", "592 0 9223372036854775808\n"},
	    {"net/sockstat", "TCP: inuse\nTCP6: inuse 4\n"},
	    {"sys/net/netfilter/nf_conntrack_count", "12x\n"},
	    {STAT_NAME, "drop early_drop insert_failed\n00000002 zz\n"},
	};
	struct limits l = READ(bad);
	(void)state;
	assert_int_equal(l.value[LIMIT_FIN_TIMEOUT], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_TW_MAX], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_MEMORY_MAX], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_FILES], 592);
	assert_int_equal(l.value[LIMIT_FILES_MAX], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_IN_USE], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_CONNTRACK], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_DROP], 2);
	assert_int_equal(l.value[LIMIT_EARLY_DROP], LIMIT_ABSENT);
	assert_int_equal(l.value[LIMIT_INSERT_FAILED], LIMIT_ABSENT);
}

static void
the_file_limit_of_systemd_is_read(void **state)
{
	static const struct file lifted[] = {{"sys/fs/file-nr", "5 0 9223372036854775807\n"}};
	struct limits l = READ(lifted);
	(void)state;
	assert_true(l.value[LIMIT_FILES_MAX] == INT64_MAX);
	assert_int_equal(hostlimits_percent(&l, RULE_FILES), 0);
}

static void
the_percent_is_rounded_down(void **state)
{
	static const struct {
		int64_t used, max;
		int percent;
	} row[] = {
	    {0, 1000, 0},
	    {899, 1000, 89},
	    {900, 1000, 90},
	    {999, 1000, 99},
	    {1000, 1000, 100},
	    {1001, 1000, 100},
	    {INT64_MAX - 1, INT64_MAX, 99},
	    {INT64_MAX / 2, INT64_MAX, 49},
	    {7, 0, -1},
	    {LIMIT_ABSENT, 1000, -1},
	    {1000, LIMIT_ABSENT, -1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct limits l = limits_of_conntrack(row[i].used, row[i].max);
		assert_int_equal(hostlimits_percent(&l, RULE_CONNTRACK), row[i].percent);
	}
}

/* Every file with some octets changed, by a seed. */
static void
whatever_is_in_the_files_is_a_number_or_absent(void **state)
{
	enum { FILES = sizeof(whole_host) / sizeof(whole_host[0]) };
	static const char octets[] = " \t\n0123456789abcdefxTCP:-+.";
	uint32_t seed = 1;
	char text[FILES][1024];
	struct file files[FILES];
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		for (unsigned f = 0; f < FILES; f++) {
			size_t length = strlen(whole_host[f].text);
			files[f] = (struct file){whole_host[f].name, text[f]};
			memcpy(text[f], whole_host[f].text, length + 1);
			for (unsigned n = 0; n < 3; n++) {
				seed = seed * 1664525 + 1013904223;
				text[f][(seed >> 8) % length] =
				    octets[(seed >> 20) % (sizeof(octets) - 1)];
			}
			text[f][seed % 4 == 0 ? (seed >> 4) % length : length] = '\0';
		}
		struct limits l = read_files(files, FILES);
		for (unsigned i = 0; i < LIMITS; i++)
			assert_true(l.value[i] >= LIMIT_ABSENT);
		for (unsigned rule = 0; rule < LIMIT_RULES; rule++)
			assert_between(hostlimits_percent(&l, rule) + 1, 0, 101);
	}
}

static void
a_poll_records_what_it_read(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *record = open_memstream(&text, &length);
	struct procfile_source source = {.root = "/nonexistent", .record = record};
	struct sockstat sockstat;
	struct limits l;
	(void)state;
	hostlimits_read(&source, &settings, &l, &sockstat);
	fclose(record);
	assert_non_null(strstr(text, "absent net/stat/nf_conntrack\n"));
	assert_non_null(strstr(text, "absent sys/fs/file-nr\n"));
	/* Once, though two limits are in it. */
	assert_null(strstr(strstr(text, "sys/fs/file-nr") + 1, "sys/fs/file-nr"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_value_is_read),
	    cmocka_unit_test(what_is_not_there_is_absent_and_never_0),
	    cmocka_unit_test(without_ipv6_the_sockets_of_ipv4_are_all),
	    cmocka_unit_test(a_column_is_found_by_its_name),
	    cmocka_unit_test(no_form_but_its_own_is_taken),
	    cmocka_unit_test(the_file_limit_of_systemd_is_read),
	    cmocka_unit_test(the_percent_is_rounded_down),
	    cmocka_unit_test(whatever_is_in_the_files_is_a_number_or_absent),
	    cmocka_unit_test(a_poll_records_what_it_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "kernel/sockstat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V4 "sockets: used 17\nTCP: inuse 11 orphan 2 tw 30 alloc 22 mem 208\nUDP: inuse 5 mem 9\n"
#define V6 "TCP6: inuse 4\nUDP6: inuse 1\n"

static void
expect(const struct sockstat *s, int64_t in_use, int64_t allocated, int64_t elsewhere)
{
	assert_int_equal(s->in_use, in_use);
	assert_int_equal(s->allocated, allocated);
	assert_int_equal(sockstat_elsewhere(s), elsewhere);
}

static void
every_number_is_read(void **state)
{
	struct sockstat s;
	(void)state;
	sockstat_parse(V4, V6, &s);
	expect(&s, 15, 22, 7);
	assert_int_equal(s.orphans, 2);
	assert_int_equal(s.time_wait, 30);
	assert_int_equal(s.memory, 208);
	assert_int_equal(s.udp, 6);
	sockstat_parse("TCP: inuse 1\n", V6, &s);
	assert_int_equal(s.udp, SOCKSTAT_ABSENT);
}

static void
without_ipv6_the_sockets_of_ipv4_are_all(void **state)
{
	struct sockstat s;
	(void)state;
	sockstat_parse(V4, NULL, &s);
	expect(&s, 11, 22, 11);
	assert_int_equal(s.udp, 5);
}

static void
what_is_not_there_is_absent_and_never_0(void **state)
{
	static const char *const text[] = {NULL,
					   "",
					   "\n",
					   "UDP: inuse 3\n",
					   "TCP:\n",
					   "TCP: inuse\n",
					   "TCP: inuse -3 alloc\n",
					   "TCP: inuse 9223372036854775808 alloc 1x\n"};
	struct sockstat s;
	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		sockstat_parse(text[i], V6, &s);
		expect(&s, SOCKSTAT_ABSENT, SOCKSTAT_ABSENT, SOCKSTAT_ABSENT);
		assert_int_equal(s.orphans, SOCKSTAT_ABSENT);
	}
}

static void
numbers_of_different_moments_are_not_less_than_0(void **state)
{
	struct sockstat s;
	(void)state;
	sockstat_parse("TCP: inuse 9 alloc 8\n", V6, &s);
	expect(&s, 13, 8, 0);
	sockstat_parse("TCP: inuse 9223372036854775807 alloc 8\n", V6, &s);
	expect(&s, INT64_MAX, 8, 0);
}

static void
those_of_a_process_stand_below_its_number(void **state)
{
	struct procfile_source source = {.replay = true};
	struct sockstat s;
	(void)state;
	assert_true(procfile_add_copy(&source, "net/sockstat", V4, strlen(V4)));
	assert_true(procfile_add_copy(&source, "77/net/sockstat6", V6, strlen(V6)));
	assert_true(procfile_add_copy(&source, "77/net/sockstat", "TCP: inuse 1 alloc 22\n", 22));
	sockstat_read(&source, 77, &s);
	expect(&s, 5, 22, 17);
	sockstat_read(&source, 0, &s);
	expect(&s, 11, 22, 11);
	sockstat_read(&source, 78, &s);
	expect(&s, SOCKSTAT_ABSENT, SOCKSTAT_ABSENT, SOCKSTAT_ABSENT);
	procfile_free_copies(&source);
}

static void
what_was_read_is_recorded(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *record = open_memstream(&text, &length);
	const struct procfile_source source = {.root = "/nonexistent", .record = record};
	struct sockstat s;
	(void)state;
	sockstat_read(&source, 0, &s);
	fclose(record);
	assert_string_equal(text, "absent net/sockstat\nabsent net/sockstat6\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_number_is_read),
	    cmocka_unit_test(without_ipv6_the_sockets_of_ipv4_are_all),
	    cmocka_unit_test(what_is_not_there_is_absent_and_never_0),
	    cmocka_unit_test(numbers_of_different_moments_are_not_less_than_0),
	    cmocka_unit_test(those_of_a_process_stand_below_its_number),
	    cmocka_unit_test(what_was_read_is_recorded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

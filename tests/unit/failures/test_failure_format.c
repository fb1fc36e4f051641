/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "failures/failure_format.h"

#include <stdio.h>

/* As of Linux 6.18 on x86-64. */
static const char current[] =
    "name: inet_sock_set_state\n"
    "ID: 2287\n"
    "format:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
    "\n"
    "\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n"
    "\tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n"
    "\tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n"
    "\tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n"
    "\tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n"
    "\tfield:__u16 protocol;\toffset:30;\tsize:2;\tsigned:0;\n"
    "\tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n"
    "\tfield:__u8 daddr[4];\toffset:36;\tsize:4;\tsigned:0;\n"
    "\tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n"
    "\tfield:__u8 daddr_v6[16];\toffset:56;\tsize:16;\tsigned:0;\n"
    "\n"
    "print fmt: \"family=%s\", __print_symbolic(REC->family, { 2, \"AF_INET\" })\n";

/* As an older kernel with an octet for the protocol, and 32-bit pointers, has it. */
static const char other[] = "name: inet_sock_set_state\nID: 903\nformat:\n"
			    "\tfield:int common_padding;\toffset:8;\tsize:4;\tsigned:1;\n"
			    "\tfield:const void * skaddr;\toffset:12;\tsize:4;\tsigned:0;\n"
			    "\tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n"
			    "\tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n"
			    "\tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n"
			    "\tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n"
			    "\tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n"
			    "\tfield:__u8 protocol;\toffset:30;\tsize:1;\tsigned:0;\n"
			    "\tfield:__u8 saddr[4];\toffset:31;\tsize:4;\tsigned:0;\n"
			    "\tfield:__u8 daddr[4];\toffset:35;\tsize:4;\tsigned:0;\n"
			    "\tfield:__u8 saddr_v6[16];\toffset:39;\tsize:16;\tsigned:0;\n"
			    "\tfield:__u8 daddr_v6[16];\toffset:55;\tsize:16;\tsigned:0;\n";

static void
test_formats(void **state)
{
	struct failure_format f;
	(void)state;
	assert_null(failure_format_parse(current, strlen(current), &f));
	assert_int_equal(f.id, 2287);
	assert_int_equal(f.dport, 26);
	assert_int_equal(f.family, 28);
	assert_int_equal(f.saddr, 32);
	assert_int_equal(f.daddr, 36);
	assert_int_equal(f.saddr_v6, 40);
	assert_int_equal(f.daddr_v6, 56);
	assert_int_equal(f.length, 72);

	assert_null(failure_format_parse(other, strlen(other), &f));
	assert_int_equal(f.id, 903);
	assert_int_equal(f.saddr, 31);
	assert_int_equal(f.daddr_v6, 55);
	assert_int_equal(f.length, 71);
}

/* The text with one part of it replaced. */
static char *
with(const char *from, const char *to)
{
	const char *at = strstr(current, from);
	assert_non_null(at);
	char *text = malloc(sizeof(current) + strlen(to));
	assert_non_null(text);
	sprintf(text, "%.*s%s%s", (int)(at - current), current, to, at + strlen(from));
	return text;
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *from, *to, *expected;
	} cases[] = {
	    {"name: inet_sock_set_state", "name: inet_sk_error_report",
	     "expected the name inet_sock_set_state"},
	    {"ID: 2287", "ID: none", "expected an ID"},
	    {"__u16 dport;", "__u16 other;", "expected a field dport of 2 octets"},
	    {"__u16 dport;\toffset:26;\tsize:2", "__u16 dport;\toffset:26;\tsize:4",
	     "expected a field dport of 2 octets"},
	    {"__u16 family", "__u16 kind", "expected a field family of 2 octets"},
	    {"saddr[4]", "xsaddr[4]", "expected a field saddr of 4 octets"},
	    {"daddr[4]", "daddr_[4]", "expected a field daddr of 4 octets"},
	    {"saddr_v6[16]", "saddr_v7[16]", "expected a field saddr_v6 of 16 octets"},
	    {"daddr_v6[16];\toffset:56", "daddr_v6[16];\toffset:999999",
	     "expected a field daddr_v6 of 16 octets"},
	    {"int oldstate", "int laststate", "expected a field oldstate of 4 octets"},
	    {"int newstate", "int nextstate", "expected a field newstate of 4 octets"},
	    {"__u16 sport", "__u16 lport", "expected a field sport of 2 octets"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct failure_format f = {.id = 77};
		char *text = with(cases[i].from, cases[i].to);
		const char *expected = failure_format_parse(text, strlen(text), &f);
		assert_non_null(expected);
		assert_string_equal(expected, cases[i].expected);
		assert_int_equal(f.id, 77);
		free(text);
	}
}

/* Whatever is cut off: it is refused, or nothing that is needed is missing. */
static void
test_every_cut(void **state)
{
	(void)state;
	size_t whole = (size_t)(strstr(current, "daddr_v6") - current) +
		       strlen("daddr_v6[16];\toffset:56;\tsize:16");
	for (size_t length = 0; length < sizeof(current); length++) {
		char *text = malloc(length + 1);
		struct failure_format f;
		assert_non_null(text);
		memcpy(text, current, length);
		const char *expected = failure_format_parse(text, length, &f);
		assert_true((expected == NULL) == (length >= whole));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_formats),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
assert_cleaned(const char *text, size_t room, const char *expected)
{
	char out[64];
	memset(out, 'x', sizeof(out));
	assert_int_equal(clean_text(text, strlen(text), out, room), strlen(expected));
	assert_string_equal(out, expected);
	assert_int_equal(out[room], 'x');
}

static void
test_what_passes(void **state)
{
	(void)state;
	assert_cleaned("", 32, "");
	assert_cleaned("java", 32, "java");
	assert_cleaned("caf\xc3\xa9", 32, "caf\xc3\xa9");
	assert_cleaned("\xe6\x97\xa5 \xf0\x9f\x90\x98", 32, "\xe6\x97\xa5 \xf0\x9f\x90\x98");
}

static void
test_what_is_replaced(void **state)
{
	(void)state;
	assert_cleaned("a\nb\x1b[31mc\x7f", 32, "a?b?[31mc?");
	assert_cleaned("a\xc2\x9b"
		       "b",
		       32, "a?b"); /* CSI as one C1 character */
	assert_cleaned("\xff\xfe", 32, "??");
	assert_cleaned("\xc0\xaf", 32, "??");           /* overlong */
	assert_cleaned("\xed\xa0\x80", 32, "???");      /* a surrogate */
	assert_cleaned("\xf4\x90\x80\x80", 32, "????"); /* beyond U+10FFFF */
	assert_cleaned("ab\xe6\x97", 32, "ab??");       /* cut short */
}

static void
test_room(void **state)
{
	(void)state;
	assert_cleaned("abcdef", 4, "abc");
	assert_cleaned("abc", 4, "abc");
	assert_cleaned("ab\xc3\xa9", 4, "ab"); /* never half a character */
	assert_cleaned("abc", 1, "");
}

static void
test_ends_at_length_and_at_nul(void **state)
{
	char out[16];
	(void)state;
	assert_int_equal(clean_text("abc\0def", 7, out, sizeof(out)), 3);
	assert_string_equal(out, "abc");
	assert_int_equal(clean_text("abcdef", 2, out, sizeof(out)), 2);
	assert_string_equal(out, "ab");
	/* The character goes on behind the length: what is there does not count. */
	assert_int_equal(clean_text("a\xc3\xa9", 2, out, sizeof(out)), 2);
	assert_string_equal(out, "a?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_passes),
	    cmocka_unit_test(test_what_is_replaced),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_ends_at_length_and_at_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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
test_what_hides_or_turns_is_replaced(void **state)
{
	static const struct {
		const char *harmful, *harmless; /* the last of a span, and what comes after it */
	} cases[] = {
	    {"\x1f", " "},
	    {"\xc2\x9f", "\xc2\xa0"},
	    {"\xc2\xad", "\xc2\xae"},
	    {"\xd8\x9c", "\xd8\x9b"},
	    {"\xe1\xa0\x8e", "\xe1\xa0\x8f"},
	    {"\xe2\x80\x8b", "\xe2\x80\x8a"}, /* U+200B, U+200A */
	    {"\xe2\x80\x8f", "\xe2\x80\x90"}, /* U+200F, U+2010 */
	    {"\xe2\x80\xa8", "\xe2\x80\xa7"}, /* U+2028: a line ends; U+2027 */
	    {"\xe2\x80\xa9", "\xe2\x80\xa7"},
	    {"\xe2\x80\xaa", "\xe2\x80\xa7"},         /* U+202A */
	    {"\xe2\x80\xae", "\xe2\x80\xaf"},         /* U+202E: right to left; U+202F */
	    {"\xe2\x81\xa0", "\xe2\x81\x9f"},         /* U+2060, U+205F */
	    {"\xe2\x81\xa6", "\xe2\x81\xb0"},         /* U+2066, U+2070 */
	    {"\xe2\x81\xa9", "\xe2\x81\xb0"},         /* U+2069 */
	    {"\xef\xbb\xbf", "\xef\xbb\xbe"},         /* U+FEFF, U+FEFE */
	    {"\xef\xbf\xb9", "\xef\xbf\xbd"},         /* U+FFF9, U+FFFD */
	    {"\xef\xbf\xbf", "\xef\xbf\xbc"},         /* U+FFFF, U+FFFC */
	    {"\xf3\xa0\x81\x81", "\xf3\xa1\x80\x80"}, /* U+E0041, U+E1000 */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16];
		snprintf(text, sizeof(text), "a%sb", cases[i].harmful);
		assert_cleaned(text, 32, "a?b");
		snprintf(text, sizeof(text), "a%sb", cases[i].harmless);
		assert_cleaned(text, 32, text);
	}
}

static void
test_in_place(void **state)
{
	char text[] = "a\xe2\x80\xae%n\n\xff";
	(void)state;
	assert_int_equal(clean_text(text, sizeof(text), text, sizeof(text)), 6);
	assert_string_equal(text, "a?%n??");
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
	    cmocka_unit_test(test_what_hides_or_turns_is_replaced),
	    cmocka_unit_test(test_in_place),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_ends_at_length_and_at_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

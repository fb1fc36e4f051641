/* SPDX-License-Identifier: ISC */
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
expect(const char *word, size_t length, const char *text)
{
	if (text == NULL)
		assert_null(word);
	else
		assert_true(word != NULL && words_is(word, length, text));
}

static void
words_end_with_their_line(void **state)
{
	const char *at = " \ta bc\nd", *word;
	size_t length;
	(void)state;
	word = words_next(&at, &length);
	expect(word, length, "a");
	word = words_next(&at, &length);
	expect(word, length, "bc");
	word = words_next(&at, &length);
	expect(word, length, NULL);
	word = words_field("a bc d", 2, &length);
	expect(word, length, "d");
	word = words_field("a bc d\ne", 3, &length);
	expect(word, length, NULL);
	assert_string_equal(words_line(" \ta bc\nd"), "d");
	assert_null(words_line("d\n"));
	assert_null(words_line("d"));
}

static void
a_number_is_a_whole_word(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		int64_t value;
	} row[] = {
	    {"0", 10, 0},
	    {"9223372036854775807", 10, INT64_MAX},
	    {"9223372036854775808", 10, WORDS_NO_NUMBER},
	    {"00ff", 16, 255},
	    {"ff", 10, WORDS_NO_NUMBER},
	    {"FF", 16, WORDS_NO_NUMBER},
	    {"1x", 10, WORDS_NO_NUMBER},
	    {"-1", 10, WORDS_NO_NUMBER},
	    {"", 10, WORDS_NO_NUMBER},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(words_number(row[i].text, strlen(row[i].text), row[i].base),
				 row[i].value);
}

static void
a_number_is_found_by_its_name(void **state)
{
	static const char text[] = "TCP6: b 1\nTCP: a 2 b 3 c\nTCP: d 4\n";
	(void)state;
	assert_int_equal(words_named(text, "TCP:", "b"), 3);
	assert_int_equal(words_named(text, "TCP6:", "b"), 1);
	assert_int_equal(words_named(text, "TCP:", "d"), 4);
	assert_int_equal(words_named(text, "TCP:", "c"), WORDS_NO_NUMBER);
	assert_int_equal(words_named(text, "TCP:", "2"), WORDS_NO_NUMBER);
	assert_int_equal(words_named("", "TCP:", "b"), WORDS_NO_NUMBER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_end_with_their_line),
	    cmocka_unit_test(a_number_is_a_whole_word),
	    cmocka_unit_test(a_number_is_found_by_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

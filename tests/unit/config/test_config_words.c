/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "config/config_words.h"

#include <stdio.h>

static void
words_are_split_at_white_space_and_quotes(void **state)
{
	static const struct {
		const char *line, *words; /* the words with '|' behind each */
	} cases[] = {
	    {"", ""},
	    {"  \t ", ""},
	    {"# a comment", ""},
	    {"interval 10", "interval|10|"},
	    {"\tinterval\t10  \r", "interval|10|"},
	    {"interval 10 # seconds", "interval|10|"},
	    {"interval 10#5", "interval|10#5|"},
	    {"target \"my # bank\" a", "target|my # bank|a|"},
	    {"stateFile \"\"", "stateFile||"},
	    {"a\"b c\"", "a\"b|c\"|"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config_words words;
		struct config_fault fault;
		char text[128] = "";
		const char *word;
		assert_true(config_split(cases[i].line, strlen(cases[i].line), &words, &fault));
		while ((word = config_next(&words)) != NULL)
			strcat(strcat(text, word), "|");
		assert_string_equal(text, cases[i].words);
	}
}

static void
what_cannot_be_split_is_said(void **state)
{
	char longest[CONFIG_LINE_MAX + 2], many[2 * CONFIG_WORDS_MAX + 3];
	struct config_words words;
	struct config_fault fault;
	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_true(config_split(longest, CONFIG_LINE_MAX, &words, &fault));
	assert_false(config_split(longest, CONFIG_LINE_MAX + 1, &words, &fault));
	assert_string_equal(fault.found, "a line of 1024 characters");
	assert_string_equal(fault.expected, "at most 1023 characters");

	assert_false(config_split("a\0b", 3, &words, &fault));
	assert_string_equal(fault.expected, "a text file");
	assert_false(config_split("a \"b c", 6, &words, &fault));
	assert_string_equal(fault.found, "\"\"b c\"");
	assert_false(config_split("a \"b\"c", 6, &words, &fault));

	for (size_t i = 0; i < sizeof(many) - 1; i++)
		many[i] = i % 2 == 0 ? 'x' : ' ';
	assert_true(config_split(many, 2 * CONFIG_WORDS_MAX, &words, &fault));
	assert_int_equal(words.count, CONFIG_WORDS_MAX);
	assert_false(config_split(many, 2 * CONFIG_WORDS_MAX + 1, &words, &fault));
}

static void
keywords_have_no_case(void **state)
{
	struct config_words words;
	struct config_fault fault;
	(void)state;
	assert_true(config_split("CLEAR 5", 7, &words, &fault));
	assert_false(config_take(&words, "clea"));
	assert_true(config_take(&words, "clear"));
	assert_false(config_take(&words, "clear"));
	assert_string_equal(config_next(&words), "5");
	assert_null(config_next(&words));
	assert_false(config_take(&words, "clear"));
}

static void
numbers_are_decimal_and_whole(void **state)
{
	static const struct {
		const char *word;
		uint32_t min, max;
		bool good;
	} cases[] = {
	    {"1", 1, 10, true},
	    {"10", 1, 10, true},
	    {"0010", 1, 10, true},
	    {"0", 1, 10, false},
	    {"11", 1, 10, false},
	    {"", 0, 10, false},
	    {"-1", 0, UINT32_MAX, false},
	    {"+1", 0, UINT32_MAX, false},
	    {" 1", 0, UINT32_MAX, false},
	    {"1 ", 0, UINT32_MAX, false},
	    {"1.0", 0, UINT32_MAX, false},
	    {"0x10", 0, UINT32_MAX, false},
	    {"4294967295", 0, UINT32_MAX, true},
	    {"4294967296", 0, UINT32_MAX, false},
	    {"42949672951", 0, UINT32_MAX, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint32_t number = 4711;
		bool good = config_number(cases[i].word, cases[i].min, cases[i].max, &number);
		assert_int_equal(good, cases[i].good);
		assert_int_equal(number, good ? strtoul(cases[i].word, NULL, 10) : 4711);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_split_at_white_space_and_quotes),
	    cmocka_unit_test(what_cannot_be_split_is_said),
	    cmocka_unit_test(keywords_have_no_case),
	    cmocka_unit_test(numbers_are_decimal_and_whole),
	};
	return cmocka_run_group_tests_name("config_words", tests, NULL, NULL);
}

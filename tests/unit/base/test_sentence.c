/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "base/sentence.h"

static void
numbers_have_commas(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} row[] = {
	    {0, "0"},
	    {999, "999"},
	    {1000, "1,000"},
	    {1204, "1,204"},
	    {28232, "28,232"},
	    {1000000, "1,000,000"},
	    {UINT64_MAX, "18,446,744,073,709,551,615"},
	};
	char buf[NUMBER_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_string_equal(number_text(row[i].value, buf), row[i].text);
}

static void
nouns_agree(void **state)
{
	(void)state;
	assert_string_equal(number_s(0), "s");
	assert_string_equal(number_s(1), "");
	assert_string_equal(number_s(2), "s");
	assert_string_equal(number_s(UINT64_MAX), "s");
}

static void
a_part_fits_whole_or_not_at_all(void **state)
{
	char buf[8];
	struct sentence s = sentence_in(buf, sizeof(buf));
	(void)state;
	assert_string_equal(buf, "");
	assert_true(sentence_put(&s, "%s", "abcd"));
	assert_false(sentence_put(&s, "%s", "efgh"));
	assert_string_equal(buf, "abcd");
	assert_true(sentence_put(&s, "%s", "efg"));
	assert_string_equal(buf, "abcdefg");
	assert_false(sentence_put(&s, "%s", "h"));
	assert_true(sentence_put(&s, "%s", ""));
	assert_string_equal(buf, "abcdefg");
}

static void
choices_are_joined(void **state)
{
	char buf[24];
	struct sentence s = sentence_in(buf, sizeof(buf));
	(void)state;
	assert_true(sentence_put(&s, "full"));
	sentence_choice(&s, "much too long a thing to do");
	sentence_choice(&s, "wait");
	sentence_choice(&s, "go");
	sentence_choice(&s, "stay here");
	assert_string_equal(buf, "full; wait, or go");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_have_commas),
	    cmocka_unit_test(nouns_agree),
	    cmocka_unit_test(a_part_fits_whole_or_not_at_all),
	    cmocka_unit_test(choices_are_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

static void
assert_shortens(const char *text, size_t room, const char *to)
{
	char out[256] = "";
	size_t length = sentence_shorten(text, strlen(text), out, room);
	assert_true(length <= room);
	assert_int_equal(length, strlen(to));
	assert_memory_equal(out, to, length);
}

static void
what_does_not_fit_goes_as_a_whole(void **state)
{
	static const char text[] =
	    "load: 97 of 100 in use, 3 left, held by \"a; b, or c\" (pid 8); set x=\"1,2\" "
	    "(listeners), then y, or add addresses, or wait";
	(void)state;
	assert_shortens(text, 255, text);
	assert_shortens(text, strlen(text) - 1,
			"load: 97 of 100 in use, 3 left, held by \"a; b, or c\" (pid 8); set "
			"x=\"1,2\" (listeners), then y, or add addresses");
	/* Where a remedy has no room, a shorter one may. */
	assert_shortens(text, 80,
			"load: 97 of 100 in use, 3 left, held by \"a; b, or c\" (pid 8); add "
			"addresses");
	assert_shortens(text, 70,
			"load: 97 of 100 in use, 3 left, held by \"a; b, or c\" (pid 8); wait");
	assert_shortens(text, 45, "load: 97 of 100 in use, 3 left; add addresses");
	assert_shortens(text, 31, "load: 97 of 100 in use, 3 left");
	assert_shortens(text, 10, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_have_commas),
	    cmocka_unit_test(nouns_agree),
	    cmocka_unit_test(a_part_fits_whole_or_not_at_all),
	    cmocka_unit_test(choices_are_joined),
	    cmocka_unit_test(what_does_not_fit_goes_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

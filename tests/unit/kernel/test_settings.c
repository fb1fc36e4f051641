/* SPDX-License-Identifier: ISC */
#include "kernel/settings.h"
#include "support.h"

/* Text of a literal with its length, so that it may hold NUL. */
#define TEXT(literal) (literal), sizeof(literal) - 1

static void
range_is_two_ports(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		uint16_t low, high;
	} good[] = {
	    {TEXT("32768\t60999\n"), 32768, 60999}, {TEXT("32768 60999"), 32768, 60999},
	    {TEXT("1\t65535\n"), 1, 65535},         {TEXT("1 \t 1\n"), 1, 1},
	    {TEXT("65535 65535\n"), 65535, 65535},  {TEXT("00040000 40099\n"), 40000, 40099},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct port_range range = {7, 7};
		assert_null(settings_parse_range(good[i].text, good[i].length, &range));
		assert_int_equal(range.low, good[i].low);
		assert_int_equal(range.high, good[i].high);
	}
}

static void
malformed_range_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} wrong[] = {
	    {TEXT("")},
	    {TEXT("\n")},
	    {TEXT("40000\n")},
	    {TEXT("40000 \n")},
	    {TEXT("40000\n40099\n")},
	    {TEXT(" 40000 40099\n")},
	    {TEXT("40000 40099 \n")},
	    {TEXT("40000 40099\n\n")},
	    {TEXT("40000 40099\n1")},
	    {TEXT("40000 40099 1\n")},
	    {TEXT("40000 40099x\n")},
	    {TEXT("40000-40099\n")},
	    {TEXT("40000,40099\n")},
	    {TEXT("40099 40000\n")},
	    {TEXT("0 100\n")},
	    {TEXT("1 65536\n")},
	    {TEXT("1 99999999999999999999999999\n")},
	    {TEXT("18446744073709551617 65535\n")},
	    {TEXT("-1 100\n")},
	    {TEXT("+1 100\n")},
	    {TEXT("0x1 0x10\n")},
	    {TEXT("1 100\0\n")},
	    {TEXT("1\0 100\n")},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct port_range range = {7, 8};
		const char *expected = settings_parse_range(wrong[i].text, wrong[i].length, &range);
		if (expected == NULL)
			fail_msg("\"%s\" was taken", wrong[i].text);
		assert_string_equal(expected,
				    "expected two ports LOW HIGH with 1 <= LOW <= HIGH <= 65535");
		assert_true(range.low == 7 && range.high == 8);
	}
}

static void
only_the_given_length_is_read(void **state)
{
	struct port_range range;
	struct portset set;
	uint64_t number;
	(void)state;
	assert_null(settings_parse_range("400 40099", 7, &range));
	assert_int_equal(range.high, 400);
	assert_null(settings_parse_ports("1,2345", 3, &set));
	assert_int_equal(portset_count(&set), 2);
	assert_null(settings_parse_number("1234", 2, 0, 99, &number));
	assert_int_equal(number, 12);
}

static void
port_lists(void **state)
{
	static const struct {
		const char *text;
		uint32_t count;
		uint16_t some[4]; /* ports of the set; 0 after the last */
	} good[] = {
	    {"", 0, {0}},
	    {"\n", 0, {0}},
	    {"1,5-9,65535\n", 7, {1, 5, 9, 65535}},
	    {"1,5-9,65535", 7, {1, 5, 9, 65535}},
	    {"8080\n", 1, {8080}},
	    {"10-20,15-25\n", 16, {10, 15, 20, 25}},
	    {"9,5,9,5-5\n", 2, {5, 9}},
	    {"40000-40009,40050\n", 11, {40000, 40009, 40050}},
	    {"0-65535\n", 65536, {1, 65535}},
	    {"0\n", 1, {0}},
	    {"007\n", 1, {7}},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct portset set = ports_of("4242");
		assert_null(settings_parse_ports(good[i].text, strlen(good[i].text), &set));
		assert_int_equal(portset_count(&set), good[i].count);
		for (unsigned k = 0; k < 4 && good[i].some[k] != 0; k++)
			assert_true(portset_has(&set, good[i].some[k]));
	}
}

static void
malformed_list_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} wrong[] = {
	    {TEXT(" ")},          {TEXT(",")},      {TEXT("1,")},
	    {TEXT(",1")},         {TEXT("1,,2")},   {TEXT("1,\n")},
	    {TEXT("1\n,2")},      {TEXT("1\n2")},   {TEXT("1\n\n")},
	    {TEXT("1 ,2")},       {TEXT("1, 2")},   {TEXT("1-")},
	    {TEXT("-1")},         {TEXT("1--2")},   {TEXT("1-2-3")},
	    {TEXT("9-5")},        {TEXT("65536")},  {TEXT("1-65536")},
	    {TEXT("4294967297")}, {TEXT("1;2")},    {TEXT("99999999999999999999999999999999")},
	    {TEXT("abc")},        {TEXT("1,2x")},   {TEXT("0x10")},
	    {TEXT("1\0")},        {TEXT("1,\0,2")},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct portset set = ports_of("4242");
		const char *expected = settings_parse_ports(wrong[i].text, wrong[i].length, &set);
		if (expected == NULL)
			fail_msg("\"%s\" was taken", wrong[i].text);
		assert_string_equal(expected, "expected ports 0..65535 as in 1,5-9,65535");
		assert_true(portset_count(&set) == 1 && portset_has(&set, 4242));
	}
}

static void
numbers_in_bounds(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		bool good;
		uint64_t value;
	} cases[] = {
	    {"0\n", 0, 2, true, 0},
	    {"2\n", 0, 2, true, 2},
	    {"2", 0, 2, true, 2},
	    {"3\n", 0, 2, false, 0},
	    {"0\n", 1, 2, false, 0},
	    {"60000\n", 1, 60000, true, 60000},
	    {"60001\n", 1, 60000, false, 0},
	    {"18446744073709551609\n", 0, UINT64_MAX, true, UINT64_C(18446744073709551609)},
	    {"18446744073709551615\n", 0, UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616\n", 0, UINT64_MAX, false, 0},
	    {"99999999999999999999\n", 0, UINT64_MAX, false, 0},
	    {"", 0, 2, false, 0},
	    {"\n", 0, 2, false, 0},
	    {"-1\n", 0, 2, false, 0},
	    {"+1\n", 0, 2, false, 0},
	    {" 1\n", 0, 2, false, 0},
	    {"1 \n", 0, 2, false, 0},
	    {"1\t1\n", 0, 2, false, 0},
	    {"1\n\n", 0, 2, false, 0},
	    {"0x1\n", 0, 2, false, 0},
	    {"one\n", 0, 2, false, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint64_t value = 4242;
		const char *expected = settings_parse_number(cases[i].text, strlen(cases[i].text),
							     cases[i].min, cases[i].max, &value);
		if ((expected == NULL) != cases[i].good)
			fail_msg("\"%s\"", cases[i].text);
		assert_true(value == (cases[i].good ? cases[i].value : 4242));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(range_is_two_ports),
	    cmocka_unit_test(malformed_range_is_refused),
	    cmocka_unit_test(only_the_given_length_is_read),
	    cmocka_unit_test(port_lists),
	    cmocka_unit_test(malformed_list_is_refused),
	    cmocka_unit_test(numbers_in_bounds),
	};
	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}

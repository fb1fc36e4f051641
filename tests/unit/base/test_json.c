/* SPDX-License-Identifier: ISC */
#include "base/json.h"
#include "support.h"

/* What is written between begin() and the comparison. */
static struct json json;
static char *text;
static size_t length;

static int
begin(void **state)
{
	(void)state;
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	json_begin(&json, out);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	fclose(json.out);
	free(text);
	return 0;
}

static void
assert_written(const char *expected)
{
	fflush(json.out);
	assert_string_equal(text, expected);
	assert_int_equal(json.depth, 0);
}

static void
empty_containers(void **state)
{
	(void)state;
	json_object(&json, NULL);
	json_close_object(&json);
	json_array(&json, NULL);
	json_close_array(&json);
	assert_written("{}\n[]\n");
}

static void
every_kind_of_value(void **state)
{
	(void)state;
	json_object(&json, NULL);
	json_number(&json, "zero", 0);
	json_number(&json, "most", UINT64_MAX);
	json_string(&json, "text", "a");
	json_boolean(&json, "yes", true);
	json_boolean(&json, "no", false);
	json_null(&json, "none");
	json_close_object(&json);
	assert_written("{\n  \"zero\":0,\n  \"most\":18446744073709551615,\n  \"text\":\"a\",\n"
		       "  \"yes\":true,\n  \"no\":false,\n  \"none\":null\n}\n");
}

/* A line for each member of the outer two levels; what is deeper stays on its line. */
static void
nesting_and_commas(void **state)
{
	(void)state;
	json_object(&json, NULL);
	json_array(&json, "rows");
	for (unsigned i = 1; i <= 2; i++) {
		json_object(&json, NULL);
		json_number(&json, "n", i);
		json_array(&json, "list");
		json_number(&json, NULL, 1);
		json_number(&json, NULL, 2);
		json_close_array(&json);
		json_object(&json, "empty");
		json_close_object(&json);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_array(&json, "none");
	json_close_array(&json);
	json_close_object(&json);
	assert_written("{\n  \"rows\":[\n    {\"n\":1,\"list\":[1,2],\"empty\":{}},\n"
		       "    {\"n\":2,\"list\":[1,2],\"empty\":{}}\n  ],\n  \"none\":[]\n}\n");
}

static void
text_is_escaped(void **state)
{
	(void)state;
	json_array(&json, NULL);
	json_string(&json, NULL, "\"\\/");
	json_string(&json, NULL, "\n\t\r\b\f");
	json_string(&json, NULL, "\x01\x1f\x20\x7f");
	json_string(&json, NULL, "\xc3\xbc");
	json_string(&json, NULL, "");
	json_close_array(&json);
	assert_written("[\n  \"\\\"\\\\/\",\n  \"\\u000a\\u0009\\u000d\\u0008\\u000c\",\n"
		       "  \"\\u0001\\u001f \x7f\",\n  \"\xc3\xbc\",\n  \"\"\n]\n");
}

static void
names_are_escaped_too(void **state)
{
	(void)state;
	json_object(&json, NULL);
	json_number(&json, "a\"b", 1);
	json_close_object(&json);
	assert_written("{\n  \"a\\\"b\":1\n}\n");
}

static void
deep(void **state)
{
	char expected[2 * JSON_DEPTH_MAX + 64], *at = expected;
	(void)state;
	for (unsigned i = 1; i < JSON_DEPTH_MAX; i++)
		json_array(&json, NULL);
	json_number(&json, NULL, 1);
	for (unsigned i = 1; i < JSON_DEPTH_MAX; i++)
		json_close_array(&json);
	at = stpcpy(at, "[\n  [\n    ");
	memset(at, '[', JSON_DEPTH_MAX - 3);
	at = stpcpy(at + JSON_DEPTH_MAX - 3, "1");
	memset(at, ']', JSON_DEPTH_MAX - 3);
	stpcpy(at + JSON_DEPTH_MAX - 3, "\n  ]\n]\n");
	assert_written(expected);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(empty_containers), CASE(every_kind_of_value),   CASE(nesting_and_commas),
	    CASE(text_is_escaped),  CASE(names_are_escaped_too), CASE(deep),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

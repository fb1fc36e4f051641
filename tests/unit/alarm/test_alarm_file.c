/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/alarm_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good[] =
    "srcportd alarms 1\n"
    "last 43 99\n"
    "alarm 41 97 critical critical 1763800000 pool 10.0.0.1 -> 10.1.2.3:443\n"
    "alarm 42 0 warning normal 0 target the bank, #2\n"
    "alarm 43 99 warning critical 4294967295 peer 2001:db8::1\n"
    "alarm 44 0 critical unknown 0 host\n"
    "alarm 45 98 unknown unknown 7 host figures\n"
    "alarm 46 97 unknown unsure 7 host figures\n"
    "alarm 47 0 unknown normal 7 host figures\n";

static const char *
parse(const char *text, struct alarm_file *file)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	assert_non_null(in);
	const char *expected = alarm_file_parse(in, file);
	fclose(in);
	return expected;
}

static void
what_is_written_is_what_was_read(void **state)
{
	struct alarm_file file;
	char *text;
	size_t length;
	(void)state;
	assert_null(parse(good, &file));
	assert_int_equal(file.last_id, 43);
	assert_int_equal(file.last_sequence, 99);
	assert_int_equal(file.count, 7);
	assert_int_equal(file.alarms[0].id, 41);
	assert_int_equal(file.alarms[0].sequence, 97);
	assert_int_equal(file.alarms[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(file.alarms[0].subject.port, 443);
	assert_int_equal(file.alarms[0].since, 1763800000);
	assert_int_equal(file.alarms[1].told, SEVERITY_NORMAL);
	assert_string_equal(file.alarms[1].subject.name, "the bank, #2");
	assert_int_equal(file.alarms[2].told, SEVERITY_CRITICAL);
	assert_int_equal(file.alarms[3].told, ALARM_UNSURE);
	assert_int_equal(file.alarms[4].severity, SEVERITY_UNKNOWN);
	assert_int_equal(file.alarms[4].told, SEVERITY_UNKNOWN);
	assert_int_equal(file.alarms[4].cause, CAUSE_STALE);
	assert_int_equal(file.alarms[5].told, ALARM_UNSURE);
	assert_int_equal(file.alarms[6].told, SEVERITY_NORMAL);
	FILE *out = open_memstream(&text, &length);
	alarm_file_print(&file, out);
	fclose(out);
	assert_string_equal(text, good);
	free(text);
	free(file.alarms);
}

/* Every key that a file of before can hold, as it was: alarms and their pairing go on. */
static void
keys_of_before_are_carried_over(void **state)
{
	static const char *const keys[] = {
	    "pool 10.0.0.1 -> 10.1.2.3:443",
	    "pool 10.0.0.1%3 -> 10.1.2.3:443",
	    "pool fe80::1%2 -> [fe80::2]:443",
	    "pool 2001:db8::1 -> [2001:db8::2]:443",
	    "peer 10.1.2.3",
	    "peer fe80::1%2",
	    "target the bank, #2",
	    "target a in b",
	    "local 10.0.0.1",
	    "host",
	    "limit conntrack",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct alarm_file file;
		char text[256], *again;
		size_t length;
		snprintf(text, sizeof(text),
			 "srcportd alarms 1\nlast 9 9\nalarm 1 9 critical critical 5 %s\n",
			 keys[i]);
		assert_null(parse(text, &file));
		assert_int_equal(file.count, 1);
		assert_string_equal(file.alarms[0].subject.space, "");
		FILE *out = open_memstream(&again, &length);
		alarm_file_print(&file, out);
		fclose(out);
		assert_string_equal(again, text);
		free(again);
		free(file.alarms);
	}
}

/* A clock that is far off is no reason to lose the file. */
static void
any_time_is_one_that_can_be_read(void **state)
{
	static const struct {
		int64_t since;
		const char *line;
	} cases[] = {
	    {-1, "alarm 1 9 critical critical 0 host\n"},
	    {4294967296, "alarm 1 9 critical critical 4294967295 host\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct alarm alarm = {.id = 1,
				      .sequence = 9,
				      .severity = SEVERITY_CRITICAL,
				      .told = SEVERITY_CRITICAL,
				      .since = cases[i].since,
				      .subject = {.kind = ALARM_HOST}};
		const struct alarm_file file = {9, 9, &alarm, 1};
		char *text;
		size_t length;
		FILE *out = open_memstream(&text, &length);
		alarm_file_print(&file, out);
		fclose(out);
		assert_string_equal(strstr(text, "alarm 1"), cases[i].line);
		free(text);
	}
}

static void
nothing_else_is_taken(void **state)
{
#define HEAD "srcportd alarms 1\nlast 9 9\n"
	static const char *const bad[] = {
	    "\n",
	    "srcportd alarms 2\nlast 0 0\n",
	    "srcportd alarms 1\n",
	    "srcportd alarms 1\nlast 1\n",
	    "srcportd alarms 1\nlast 1 2 3\n",
	    "srcportd alarms 1\nlast 1 x\n",
	    "srcportd alarms 1\nlast 2097152 1\n",
	    "srcportd alarms 1\nlast 1 4294967296\n",
	    HEAD "alarm\n",
	    HEAD "alarm 0 1 critical critical 0 host\n",
	    HEAD "alarm 2097152 1 critical critical 0 host\n",
	    HEAD "alarm 1 1 normal normal 0 host\n",
	    HEAD "alarm 1 1 unknown critical 0 host\n",
	    HEAD "alarm 1 1 critical ? 0 host\n",
	    HEAD "alarm 1 1 unknown unknown 0 host\n",
	    HEAD "alarm 1 1 unknown warning 0 host figures\n",
	    HEAD "alarm 1 1 critical unsure 0 host\n",
	    HEAD "alarm 1 1 critical critical 0 host figures\n",
	    HEAD "alarm 1 1 critical critical -1 host\n",
	    HEAD "alarm 1 1 critical critical 0 hosts\n",
	    HEAD "alarm 1 1 critical critical 0\n",
	    HEAD "alarm 1 1 critical critical 0  host\n",
	    HEAD "alert 1 1 critical critical 0 host\n",
	    HEAD "alarm 1 1 critical critical 0 host", /* cut off */
	    HEAD "\n",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct alarm_file file;
		if (parse(bad[i], &file) == NULL)
			fail_msg("\"%s\" was taken", bad[i]);
		free(file.alarms);
	}
}

static void
a_line_without_end_is_refused(void **state)
{
	struct alarm_file file;
	char *text = calloc(1, 100000);
	(void)state;
	strcpy(text, "srcportd alarms 1\nlast 0 0\nalarm 1 1 critical critical 0 target ");
	memset(text + strlen(text), 'x', 90000);
	assert_non_null(parse(text, &file));
	free(file.alarms);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_what_was_read),
	    cmocka_unit_test(keys_of_before_are_carried_over),
	    cmocka_unit_test(any_time_is_one_that_can_be_read),
	    cmocka_unit_test(nothing_else_is_taken),
	    cmocka_unit_test(a_line_without_end_is_refused),
	};
	return cmocka_run_group_tests_name("alarm_file", tests, NULL, NULL);
}

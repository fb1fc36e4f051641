/* SPDX-License-Identifier: ISC */
#include "kernel/recording.h"
#include "support.h"

#include <errno.h>

/* A stream that reads these octets. */
static FILE *
stream_of(const void *data, size_t length)
{
	FILE *file = fmemopen((void *)(uintptr_t)data, length > 0 ? length : 1, "r");
	assert_non_null(file);
	if (length == 0)
		assert_int_equal(fgetc(file), 0);
	return file;
}

static void
form_is_the_documented_one(void **state)
{
	static const char expected[] = "srcportd-recording 1\n"
				       "file sys/net/ipv4/tcp_tw_reuse 2\n2\n\n"
				       "absent sys/net/ipv4/tcp_tw_reuse_delay\n"
				       "file empty 0\n\n"
				       "clock 7 5000000000\n"
				       "dump 2 3\na\0b\n"
				       "features 5\n"
				       "end\n";
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	(void)state;
	assert_true(recording_begin(file));
	assert_true(recording_file(file, "sys/net/ipv4/tcp_tw_reuse", "2\n", 2));
	assert_true(recording_absent(file, "sys/net/ipv4/tcp_tw_reuse_delay"));
	assert_true(recording_file(file, "empty", "", 0));
	assert_true(recording_clock(file, 7, UINT64_C(5000000000)));
	assert_true(recording_dump(file, 2, "a\0b", 3));
	assert_true(recording_features(file, 5));
	assert_true(recording_end(file));
	fclose(file);
	assert_int_equal(length, sizeof(expected) - 1);
	assert_memory_equal(text, expected, length);

	struct record record = {0};
	file = stream_of(text, length);
	assert_true(recording_open(file));
	assert_int_equal(recording_next(file, &record), RECORD_FILE);
	assert_string_equal(record.name, "sys/net/ipv4/tcp_tw_reuse");
	assert_int_equal(record.length, 2);
	assert_memory_equal(record.data, "2\n", 3);
	assert_int_equal(recording_next(file, &record), RECORD_ABSENT);
	assert_string_equal(record.name, "sys/net/ipv4/tcp_tw_reuse_delay");
	assert_int_equal(recording_next(file, &record), RECORD_FILE);
	assert_int_equal(record.length, 0);
	assert_int_equal(recording_next(file, &record), RECORD_CLOCK);
	assert_int_equal(record.from_ms, 7);
	assert_true(record.to_ms == UINT64_C(5000000000));
	assert_int_equal(recording_next(file, &record), RECORD_DUMP);
	assert_int_equal(record.number, 2);
	assert_int_equal(record.length, 3);
	assert_memory_equal(record.data, "a\0b", 3);
	assert_int_equal(recording_next(file, &record), RECORD_FEATURES);
	assert_int_equal(record.number, 5);
	assert_int_equal(recording_next(file, &record), RECORD_END);
	assert_int_equal(record.kind, RECORD_END);
	recording_free(&record);
	fclose(file);
	free(text);
}

/* A disk that is full. */
static void
failed_writes_are_told(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_false(recording_begin(full));
	assert_false(recording_file(full, "x", "1", 1));
	assert_false(recording_absent(full, "x"));
	assert_false(recording_features(full, 1));
	assert_false(recording_clock(full, 1, 2));
	assert_false(recording_dump(full, 1, "1", 1));
	errno = 0;
	assert_false(recording_end(full));
	assert_int_equal(errno, ENOSPC);
	fclose(full);
	/* What a buffer swallowed comes out at the end. */
	full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_true(recording_begin(full));
	assert_false(recording_end(full));
	fclose(full);
}

static void
other_titles_are_refused(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "\n",
	    "srcportd-recording 1",
	    "srcportd-recording 2\n",
	    "srcportd-recording 11\n",
	    "srcportd-recording 1 \n",
	    " srcportd-recording 1\n",
	    "srcportd-recording 1\r\n",
	    "#!/bin/sh\n",
	    "srcportd-recording 1srcportd-recording 1srcportd-recording 1srcportd-recording 1\n",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		FILE *file = stream_of(wrong[i], strlen(wrong[i]));
		assert_false(recording_open(file));
		fclose(file);
	}
}

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static void
hostile_records_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} wrong[] = {
	    TEXT(""),
	    TEXT("\n"),
	    TEXT(" \n"),
	    TEXT("end"),
	    TEXT("end 1\n"),
	    TEXT("end\n\n"),
	    TEXT("end\nend\n"),
	    TEXT("ends\n"),
	    TEXT("End\n"),
	    TEXT("end\0\n"),
	    TEXT("absent\n"),
	    TEXT("absent a b\n"),
	    TEXT("absent a\0\n"),
	    TEXT("features\n"),
	    TEXT("features x\n"),
	    TEXT("features -1\n"),
	    TEXT("features 4294967296\n"),
	    TEXT("features 1 2\n"),
	    TEXT("clock\n"),
	    TEXT("clock 1\n"),
	    TEXT("clock 2 1\n"),
	    TEXT("clock -1 1\n"),
	    TEXT("clock 1 1 1\n"),
	    TEXT("clock 1 1000000000000001\n"),
	    TEXT("file a\n"),
	    TEXT("file a 1\n"),
	    TEXT("file a 1\nx"),
	    TEXT("file a 1\nxx\n"),
	    TEXT("file a 2\nx\n"),
	    TEXT("file a -1\nx\n"),
	    TEXT("file a +1\nx\n"),
	    TEXT("file a 0x1\nx\n"),
	    TEXT("file a 1x\nx\n"),
	    TEXT("file a 1048577\nx\n"),
	    TEXT("file a 4294967295\nx\n"),
	    TEXT("file a 4294967296\nx\n"),
	    TEXT("file a 18446744073709551615\nx\n"),
	    TEXT("file a 99999999999999999999999\nx\n"),
	    TEXT("file a 1 1\nx\n"),
	    TEXT("dump 0\n"),
	    TEXT("dump x 1\nx\n"),
	    TEXT("dump -1 1\nx\n"),
	    TEXT("dump 256 1\nx\n"),
	    TEXT("dump 0 1048577\nx\n"),
	    TEXT("dump 0 5\nx\n"),
	    TEXT("unknown a 1\nx\n"),
	    TEXT("\x80\xff\xfe\n"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct record record = {0};
		FILE *file = stream_of(wrong[i].text, wrong[i].length);
		if (recording_next(file, &record) != RECORD_BROKEN)
			fail_msg("\"%s\" was taken", wrong[i].text);
		assert_int_equal(record.kind, RECORD_BROKEN);
		recording_free(&record);
		fclose(file);
	}
}

static void
names_have_a_length(void **state)
{
	char line[512], *at = line;
	(void)state;
	for (size_t length = RECORDING_NAME_MAX - 2; length < RECORDING_NAME_MAX + 60; length++) {
		struct record record = {0};
		at = stpcpy(line, "absent ");
		memset(at, 'n', length);
		strcpy(at + length, "\n");
		FILE *file = stream_of(line, strlen(line));
		bool fits = length < RECORDING_NAME_MAX;
		assert_int_equal(recording_next(file, &record),
				 fits ? RECORD_ABSENT : RECORD_BROKEN);
		if (fits)
			assert_int_equal(strlen(record.name), length);
		recording_free(&record);
		fclose(file);
	}
}

static void
largest_record_round_trips(void **state)
{
	char *big = calloc(1, RECORDING_DATA_MAX), *text = NULL;
	size_t length = 0;
	struct record record = {0};
	(void)state;
	assert_non_null(big);
	memset(big, '\n', RECORDING_DATA_MAX);
	FILE *file = open_memstream(&text, &length);
	assert_true(recording_file(file, "big", big, RECORDING_DATA_MAX));
	fclose(file);
	file = stream_of(text, length);
	assert_int_equal(recording_next(file, &record), RECORD_FILE);
	assert_int_equal(record.length, RECORDING_DATA_MAX);
	assert_memory_equal(record.data, big, RECORDING_DATA_MAX);
	recording_free(&record);
	fclose(file);
	free(text);
	free(big);
}

static void
out_of_memory_is_broken(void **state)
{
	struct record record = {0};
	FILE *file = stream_of("file a 1\nx\n", 11);
	(void)state;
	allocations_fail_from(1);
	assert_int_equal(recording_next(file, &record), RECORD_BROKEN);
	assert_true(allocations_fail_from(0));
	recording_free(&record);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(form_is_the_documented_one),
	    cmocka_unit_test(failed_writes_are_told),
	    cmocka_unit_test(other_titles_are_refused),
	    cmocka_unit_test(hostile_records_are_refused),
	    cmocka_unit_test(names_have_a_length),
	    cmocka_unit_test(largest_record_round_trips),
	    cmocka_unit_test(out_of_memory_is_broken),
	};
	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}

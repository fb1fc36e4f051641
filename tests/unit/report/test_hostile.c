/* SPDX-License-Identifier: ISC */
/*
 * Recordings and netlink datagrams that are almost right, thousands of them: whatever they hold,
 * they are refused or taken, and nothing is read or written beyond them (ASan and UBSan look on).
 * What is taken must also survive the formula and the report.
 */
#include "count/census_take.h"
#include "kernel/replay.h"
#include "report/report.h"
#include "support.h"

#define TAPE_ROOM 16384

static unsigned seed;

static size_t
any(size_t below)
{
	return (size_t)rand_r(&seed) % below;
}

/* One change of a kind that confuses parsers; returns the new length, which never exceeds room. */
static size_t
change(uint8_t *data, size_t length, size_t room)
{
	static const uint8_t odd[] = {0,  1,    3,    4,    7,    8,    15,  16,
				      20, 0x7f, 0x80, 0xfe, 0xff, '\n', ' ', '9'};
	size_t at = any(length), span = 1 + any(16);
	if (span > length - at)
		span = length - at;
	switch (any(8)) {
	case 0: data[at] = (uint8_t)(data[at] ^ 1U << any(8)); return length;
	case 1: data[at] = (uint8_t)any(256); return length;
	case 2: memset(data + at, odd[any(sizeof(odd))], span); return length;
	case 3: memmove(data + any(length - span + 1), data + at, span); return length;
	case 4: /* cut out */
		memmove(data + at, data + at + span, length - at - span);
		return length - span;
	case 5: /* say twice */
		if (length + span > room)
			return length;
		memmove(data + at + span, data + at, length - at);
		return length + span;
	case 6: return any(20) == 0 ? at + 1 : length;
	default: data[at] = odd[any(sizeof(odd))]; return length;
	}
}

static size_t
change_some(uint8_t *data, size_t length, size_t room)
{
	for (size_t n = 1 + any(3); n > 0 && length > 0; n--)
		length = change(data, length, room);
	return length;
}

/* Everything that is done with a census. */
static void
use(const struct census *census, FILE *nowhere)
{
	struct target target = target_of("10.0.0.0/8");
	struct host host = {.census = *census};
	struct report_order order;
	config_init(&host.config);
	hostlimits_init(&host.state.limits);
	hostlimits_init(&host.state.earlier);
	host_tally(&host, &target, 1);
	assert_true(report_order_make(host.tally, &order));
	const struct scene scene = {.findings = host.findings};
	const struct alarm_list none = {.alarms = NULL};
	const struct report report = {.scene = &scene,
				      .order = &order,
				      .alarms = &none,
				      .config = &host.config,
				      .pool_limit = 20};
	report_json(&report, nowhere);
	report_text(&report, nowhere);
	report_nagios(&report, nowhere);
	report_order_free(&order);
	host.census = (struct census){0}; /* it is the caller's */
	host_free(&host);
}

static void
datagrams(void **state)
{
	const struct settings settings = settings_of(40000, 40099, "");
	FILE *nowhere = fopen("/dev/null", "w");
	struct datagram holders = {0}, open = {0};
	unsigned taken = 0, refused = 0;
	(void)state;
	assert_non_null(nowhere);
	datagram_fill(&holders, true);
	datagram_fill(&open, false);
	for (unsigned round = 1; round <= 6000; round++) {
		seed = round;
		enum diag_dump dump = (enum diag_dump)any(DIAG_DUMPS);
		const struct datagram *d = dump == DIAG_HOLDERS ? &holders : &open;
		struct census census;
		int error;
		/* In its exact size, so that ASan sees a read behind it. */
		uint8_t copy[sizeof(d->octet)];
		memcpy(copy, d->octet, d->length);
		size_t length = change_some(copy, d->length, sizeof(copy));
		void *exact = malloc(length + (length == 0));
		memcpy(exact, copy, length);
		census_init(&census, &settings, NULL);
		struct diag_taker taker = {.take = census_take, .arg = &census, .dump = dump};
		enum dump_result result = dump_check(exact, length, TEST_SEQ, TEST_PORTID,
						     diag_take_message, &taker, &error);
		taken += result == DUMP_DONE;
		refused += result != DUMP_DONE;
		if (round % 8 == 0)
			use(&census, nowhere);
		census_free(&census);
		free(exact);
	}
	fclose(nowhere);
	/* The changes must be neither too wild nor too tame. */
	assert_between(taken, 1000, 5000);
	assert_between(refused, 1000, 5000);
}

static size_t
make_tape(char *tape)
{
	FILE *file = fmemopen(tape, TAPE_ROOM, "w");
	assert_non_null(file);
	write_recording(file);
	long length = ftell(file);
	fclose(file);
	assert_between(length, 1000, TAPE_ROOM - 1);
	return (size_t)length;
}

static void
recordings(void **state)
{
	static char tape[TAPE_ROOM];
	static uint8_t copy[TAPE_ROOM];
	FILE *nowhere = fopen("/dev/null", "w");
	struct directory directory;
	char path[128];
	unsigned taken = 0, refused = 0;
	(void)state;
	assert_non_null(nowhere);
	directory_make(&directory);
	snprintf(path, sizeof(path), "%s/tape", directory.path);
	size_t whole = make_tape(tape);
	for (unsigned round = 1; round <= 3000; round++) {
		seed = round;
		struct procfile_source source;
		struct census census;
		char error[300] = "";
		memcpy(copy, tape, whole);
		size_t length = change_some(copy, whole, sizeof(copy));
		directory_write(&directory, "tape", copy, length);
		if (replay_whole(path, &source, &census, error, sizeof(error)) == NULL) {
			taken++;
			use(&census, nowhere);
		} else {
			refused++;
			assert_true(strncmp(error, path, strlen(path)) == 0);
			assert_null(strchr(error, '\n'));
		}
		census_free(&census);
		procfile_free_copies(&source);
	}
	fclose(nowhere);
	directory_remove(&directory);
	assert_between(taken, 500, 2500);
	assert_between(refused, 500, 2500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(datagrams),
	    cmocka_unit_test(recordings),
	};
	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}

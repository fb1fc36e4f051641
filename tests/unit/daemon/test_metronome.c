/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "daemon/metronome.h"

static void
a_poll_is_late_until_it_is_well_within_the_interval(void **state)
{
	static const struct {
		uint64_t duration_us;
		bool late;
	} row[] = {
	    {0, false},      {1999999, false}, {2000000, true}, {3000000, true},
	    {1999999, true}, {1000000, true},  {999999, false}, {1999999, false},
	};
	struct metronome metronome = {.fd = -1, .interval_s = 2};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		metronome_note(&metronome, row[i].duration_us);
		if (metronome.late != row[i].late)
			fail_msg("row %zu: %d", i, metronome.late);
	}
}

static void
one_tick_for_all_that_were_missed(void **state)
{
	struct metronome metronome;
	(void)state;
	assert_true(metronome_open(&metronome));
	assert_false(metronome_due(&metronome));
	assert_true(metronome_set(&metronome, 1, 1));
	while (!metronome_due(&metronome))
		;
	assert_false(metronome_due(&metronome));
	assert_int_equal(metronome.interval_s, 1);
	metronome_close(&metronome);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_poll_is_late_until_it_is_well_within_the_interval),
	    cmocka_unit_test(one_tick_for_all_that_were_missed),
	};
	return cmocka_run_group_tests_name("metronome", tests, NULL, NULL);
}

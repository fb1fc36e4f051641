/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/alarm_state.h"

/* Percent in use at each poll, and what the state is then: critical from 95 (clear below 90),
 * warning from 80 (clear below 75). */
struct sequence {
	const char *what;
	uint32_t raise_polls, clear_polls;
	unsigned percent[16];
	const char *states; /* n, w or c for each poll */
};

static const struct sequence sequences[] = {
    {"up and down at once", 1, 1, {10, 80, 95, 89, 74, 10}, "nwcwnn"},
    {"straight to critical and back", 1, 1, {10, 95, 10}, "ncn"},
    {"hysteresis: between clear and raise nothing changes",
     1,
     1,
     {79, 80, 79, 75, 79, 80, 94, 95, 94, 90, 94, 95, 90, 89},
     "nwwwwwwcccccc"
     "w"},
    {"no flapping at a level", 1, 1, {79, 80, 79, 80, 79, 80, 79, 80}, "nwwwwwww"},
    {"two polls to raise", 2, 1, {80, 70, 80, 80, 95, 80, 95, 95}, "nnnwwwwc"},
    {"a warning counts for critical's two polls, critical for warning's",
     2,
     1,
     {80, 95, 95, 10},
     "nwcn"},
    {"three polls to clear", 1, 3, {80, 74, 74, 76, 74, 74, 74, 74}, "wwwwwwnn"},
    {"a return to the band starts the count anew", 1, 2, {95, 89, 90, 89, 89}, "ccccw"},
    {"what falls at once passes no warning", 1, 3, {95, 85, 85, 10, 10, 10}, "cccccn"},
    {"what falls slowly does", 1, 3, {95, 85, 85, 85, 10, 10, 10}, "cccwwwn"},
    {"back up before it was let go", 1, 3, {95, 10, 10, 95, 10, 10, 10}, "ccccccn"},
    {"up again from warning", 1, 2, {95, 85, 85, 95}, "ccwc"},
};

static enum severity
by_percent(unsigned percent, unsigned warning, unsigned critical)
{
	return percent >= critical  ? SEVERITY_CRITICAL
	       : percent >= warning ? SEVERITY_WARNING
				    : SEVERITY_NORMAL;
}

static void
sequences_of_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sequences); i++) {
		const struct sequence *q = &sequences[i];
		struct alarm_state s = {.severity = SEVERITY_NORMAL};
		for (size_t poll = 0; q->states[poll] != '\0'; poll++) {
			enum severity before = s.severity;
			bool changed = alarm_state_step(&s, by_percent(q->percent[poll], 80, 95),
							by_percent(q->percent[poll], 75, 90),
							q->raise_polls, q->clear_polls);
			assert_int_equal(changed, s.severity != before);
			if ("?nwc"[s.severity] != q->states[poll])
				fail_msg("%s: poll %zu: %c, not %c", q->what, poll + 1,
					 "?nwc"[s.severity], q -> states[poll]);
		}
	}
}

static void
a_hold_below_the_raise_counts_as_the_raise(void **state)
{
	struct alarm_state s = {.severity = SEVERITY_NORMAL};
	(void)state;
	assert_true(alarm_state_step(&s, SEVERITY_CRITICAL, SEVERITY_NORMAL, 1, 1));
	assert_int_equal(s.severity, SEVERITY_CRITICAL);
	assert_false(alarm_state_step(&s, SEVERITY_CRITICAL, SEVERITY_NORMAL, 1, 1));
}

static void
only_a_subject_without_a_past_is_idle(void **state)
{
	struct alarm_state s = {.severity = SEVERITY_NORMAL};
	(void)state;
	assert_true(alarm_state_idle(&s));
	alarm_state_step(&s, SEVERITY_WARNING, SEVERITY_WARNING, 2, 2);
	assert_false(alarm_state_idle(&s));
	alarm_state_step(&s, SEVERITY_NORMAL, SEVERITY_WARNING, 2, 2);
	assert_true(alarm_state_idle(&s));
	alarm_state_step(&s, SEVERITY_WARNING, SEVERITY_WARNING, 1, 2);
	alarm_state_step(&s, SEVERITY_NORMAL, SEVERITY_NORMAL, 1, 2);
	assert_false(alarm_state_idle(&s));
	alarm_state_step(&s, SEVERITY_NORMAL, SEVERITY_NORMAL, 1, 2);
	assert_true(alarm_state_idle(&s));
}

static void
counts_do_not_wrap(void **state)
{
	struct alarm_state s = {.severity = SEVERITY_NORMAL};
	(void)state;
	for (unsigned i = 0; i < 70000; i++)
		alarm_state_step(&s, SEVERITY_WARNING, SEVERITY_WARNING, 1000, 1000);
	assert_int_equal(s.above[0], UINT16_MAX);
	assert_int_equal(s.severity, SEVERITY_WARNING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sequences_of_values),
	    cmocka_unit_test(a_hold_below_the_raise_counts_as_the_raise),
	    cmocka_unit_test(only_a_subject_without_a_past_is_idle),
	    cmocka_unit_test(counts_do_not_wrap),
	};
	return cmocka_run_group_tests_name("alarm_state", tests, NULL, NULL);
}

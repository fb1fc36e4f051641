/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "verdict/hysteresis.h"

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
		struct hysteresis_state s = {.severity = SEVERITY_NORMAL};
		for (size_t poll = 0; q->states[poll] != '\0'; poll++) {
			enum severity before = s.severity;
			bool changed = hysteresis_step(&s, by_percent(q->percent[poll], 80, 95),
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
	struct hysteresis_state s = {.severity = SEVERITY_NORMAL};
	(void)state;
	assert_true(hysteresis_step(&s, SEVERITY_CRITICAL, SEVERITY_NORMAL, 1, 1));
	assert_int_equal(s.severity, SEVERITY_CRITICAL);
	assert_false(hysteresis_step(&s, SEVERITY_CRITICAL, SEVERITY_NORMAL, 1, 1));
}

/* One poll of one target, by its raise and its clear levels; its standing, if it has one. */
static struct standing
poll_target(struct hysteresis *h, const struct hysteresis_rules *rules, enum severity raise,
	    enum severity hold)
{
	const struct hysteresis_reading reading = {
	    .subject = {.kind = ALARM_TARGET, .name = "bank"},
	    .raise = {raise, raise == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_TIME_WAIT},
	    .hold = {hold, hold == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_SYN_SENT},
	    .row = 5};
	uint32_t count, omitted = 0;
	hysteresis_begin(h, rules);
	hysteresis_take(h, &reading, &omitted);
	struct standing *standings = hysteresis_end(h, &count), one = {.row = 0};
	assert_non_null(standings);
	assert_between(count, 0, 1);
	if (count == 1)
		one = standings[0];
	free(standings);
	assert_int_equal(omitted, 0);
	return one;
}

static void
only_a_subject_with_a_past_is_followed(void **state)
{
	static const struct {
		uint32_t raise_polls;
		enum severity raise, hold;
		bool followed;
	} polls[] = {
	    {2, SEVERITY_NORMAL, SEVERITY_NORMAL, false},
	    {2, SEVERITY_WARNING, SEVERITY_WARNING, true},
	    {2, SEVERITY_NORMAL, SEVERITY_WARNING, false},
	    {1, SEVERITY_WARNING, SEVERITY_WARNING, true},
	    {1, SEVERITY_NORMAL, SEVERITY_NORMAL, true},
	    {1, SEVERITY_NORMAL, SEVERITY_NORMAL, false},
	};
	struct hysteresis *h = hysteresis_new();
	(void)state;
	for (size_t i = 0; i < COUNT_OF(polls); i++) {
		const struct hysteresis_rules rules = {polls[i].raise_polls, 2, 10};
		poll_target(h, &rules, polls[i].raise, polls[i].hold);
		assert_int_equal(hysteresis_follows(h, ALARM_TARGET), polls[i].followed);
		assert_false(hysteresis_follows(h, ALARM_POOL));
	}
	hysteresis_free(h);
}

static void
a_standing_has_what_is_and_what_was_measured(void **state)
{
	const struct hysteresis_rules rules = {1, 2, 10};
	struct hysteresis *h = hysteresis_new();
	(void)state;
	struct standing s = poll_target(h, &rules, SEVERITY_CRITICAL, SEVERITY_CRITICAL);
	assert_int_equal(s.verdict.severity, SEVERITY_CRITICAL);
	assert_int_equal(s.verdict.cause, CAUSE_TIME_WAIT);
	assert_true(s.changed);
	assert_false(s.fading);
	assert_int_equal(s.row, 5);
	/* Between the levels, the clear ones say why. */
	s = poll_target(h, &rules, SEVERITY_NORMAL, SEVERITY_CRITICAL);
	assert_int_equal(s.verdict.severity, SEVERITY_CRITICAL);
	assert_int_equal(s.verdict.cause, CAUSE_SYN_SENT);
	assert_int_equal(s.measured.cause, CAUSE_SYN_SENT);
	assert_false(s.changed || s.fading);
	/* Below both, while polls are counted, the cause stays. */
	s = poll_target(h, &rules, SEVERITY_NORMAL, SEVERITY_NORMAL);
	assert_int_equal(s.verdict.severity, SEVERITY_CRITICAL);
	assert_int_equal(s.verdict.cause, CAUSE_SYN_SENT);
	assert_int_equal(s.measured.severity, SEVERITY_NORMAL);
	assert_true(s.fading);
	/* The poll in which it ends still tells of it. */
	s = poll_target(h, &rules, SEVERITY_NORMAL, SEVERITY_NORMAL);
	assert_int_equal(s.verdict.severity, SEVERITY_NORMAL);
	assert_int_equal(s.verdict.cause, CAUSE_NONE);
	assert_true(s.changed);
	hysteresis_free(h);
}

static void
what_is_absent_is_normal(void **state)
{
	const struct alarm_subject subject = {.kind = ALARM_TARGET, .name = "bank"};
	const struct hysteresis_rules rules = {1, 2, 10};
	struct hysteresis *h = hysteresis_new();
	uint32_t count;
	(void)state;
	assert_true(
	    hysteresis_restore(h, &subject, (struct verdict){SEVERITY_WARNING, CAUSE_BLOCKED}));
	assert_false(
	    hysteresis_restore(h, &subject, (struct verdict){SEVERITY_WARNING, CAUSE_BLOCKED}));
	for (unsigned poll = 0; poll < 3; poll++) {
		hysteresis_begin(h, &rules);
		struct standing *s = hysteresis_end(h, &count);
		assert_int_equal(count, poll < 2);
		if (poll < 2) {
			assert_int_equal(s[0].row, LOOKUP_NONE);
			assert_int_equal(s[0].verdict.severity,
					 poll == 0 ? SEVERITY_WARNING : SEVERITY_NORMAL);
			assert_int_equal(s[0].verdict.cause,
					 poll == 0 ? CAUSE_BLOCKED : CAUSE_NONE);
		}
		free(s);
	}
	hysteresis_free(h);
}

/* Room is for what a host may have any number of; without it the raise levels decide. */
static void
without_room_the_levels_alone_decide(void **state)
{
	static const enum alarm_kind kinds[] = {ALARM_POOL, ALARM_PEER,  ALARM_LOCAL,
						ALARM_HOST, ALARM_LIMIT, ALARM_TARGET};
	const struct hysteresis_rules rules = {2, 2, 1};
	struct hysteresis *h = hysteresis_new();
	uint32_t omitted = 0, count;
	(void)state;
	hysteresis_begin(h, &rules);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct hysteresis_reading reading = {
		    .subject = {.kind = kinds[i]},
		    .raise = {SEVERITY_CRITICAL, CAUSE_BLOCKED},
		    .hold = {SEVERITY_CRITICAL, CAUSE_BLOCKED}};
		bool room = kinds[i] != ALARM_PEER && kinds[i] != ALARM_LOCAL;
		struct verdict v = hysteresis_take(h, &reading, &omitted);
		assert_int_equal(v.severity, room ? SEVERITY_NORMAL : SEVERITY_CRITICAL);
		assert_int_equal(v.cause, room ? CAUSE_NONE : CAUSE_BLOCKED);
	}
	free(hysteresis_end(h, &count));
	assert_int_equal(omitted, 2);
	assert_int_equal(count, 4);
	hysteresis_free(h);
}

static void
counts_do_not_wrap(void **state)
{
	struct hysteresis_state s = {.severity = SEVERITY_NORMAL};
	(void)state;
	for (unsigned i = 0; i < 70000; i++)
		hysteresis_step(&s, SEVERITY_WARNING, SEVERITY_WARNING, 1000, 1000);
	assert_int_equal(s.above[0], UINT16_MAX);
	assert_int_equal(s.severity, SEVERITY_WARNING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sequences_of_values),
	    cmocka_unit_test(a_hold_below_the_raise_counts_as_the_raise),
	    cmocka_unit_test(only_a_subject_with_a_past_is_followed),
	    cmocka_unit_test(a_standing_has_what_is_and_what_was_measured),
	    cmocka_unit_test(what_is_absent_is_normal),
	    cmocka_unit_test(without_room_the_levels_alone_decide),
	    cmocka_unit_test(counts_do_not_wrap),
	};
	return cmocka_run_group_tests_name("hysteresis", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "verdict/cause.h"

/* Connections by state, in a range of which so many ports were taken away. */
struct situation {
	const char *what;
	uint32_t size, reserved, listening, bound;
	struct state_counts states;
	uint32_t recyclable;
	enum cause cause;
};

#define COUNTS(...)                                                                                \
	{                                                                                          \
		.of = { __VA_ARGS__ }                                                              \
	}

static const struct situation situations[] = {
    {"most are established", 28232, 0, 0, 0,
     COUNTS([STATE_ESTABLISHED] = 20000, [STATE_TIME_WAIT] = 7000), 0, CAUSE_ESTABLISHED},
    {"most are in TIME_WAIT", 28232, 0, 0, 0,
     COUNTS([STATE_ESTABLISHED] = 7000, [STATE_TIME_WAIT] = 20000), 0, CAUSE_TIME_WAIT},
    {"what connect() takes over holds nothing", 28232, 0, 0, 0,
     COUNTS([STATE_SYN_SENT] = 15000, [STATE_TIME_WAIT] = 28000), 27000, CAUSE_SYN_SENT},
    {"a leak below its level is the most", 1000, 0, 0, 0, COUNTS([STATE_CLOSE_WAIT] = 900), 0,
     CAUSE_CLOSE_WAIT},
    {"over its level it is named although it is not", 28232, 0, 0, 0,
     COUNTS([STATE_ESTABLISHED] = 20000, [STATE_CLOSE_WAIT] = 1001), 0, CAUSE_CLOSE_WAIT},
    {"8,690 half-closed beside 10 in TIME_WAIT", 10000, 0, 0, 0,
     COUNTS([STATE_FIN_WAIT2] = 8690, [STATE_TIME_WAIT] = 10), 0, CAUSE_HALF_CLOSED},
    {"three states wait for one acknowledgement", 28232, 0, 0, 0,
     COUNTS([STATE_FIN_WAIT1] = 8000, [STATE_LAST_ACK] = 8000, [STATE_CLOSING] = 8000,
	    [STATE_TIME_WAIT] = 9000),
     0, CAUSE_UNACKNOWLEDGED},
    /* A long list is set on purpose, beside a range that was widened. */
    {"24,916 in TIME_WAIT of 27,967 usable ports", 64512, 36545, 0, 0,
     COUNTS([STATE_TIME_WAIT] = 24916), 0, CAUSE_TIME_WAIT},
    {"the same, established", 64512, 36545, 0, 0, COUNTS([STATE_ESTABLISHED] = 24916), 0,
     CAUSE_ESTABLISHED},
    {"a list that leaves next to nothing", 28232, 28000, 0, 0, COUNTS([STATE_ESTABLISHED] = 230), 0,
     CAUSE_RESERVED},
    {"exactly half of the range is bound", 28232, 0, 0, 14116, COUNTS([STATE_ESTABLISHED] = 14116),
     0, CAUSE_BLOCKED},
    {"nearly half is", 28232, 0, 16, 14099, COUNTS([STATE_ESTABLISHED] = 14000), 0,
     CAUSE_ESTABLISHED},
    {"more is, but TIME_WAIT is more yet", 28232, 0, 0, 14200, COUNTS([STATE_TIME_WAIT] = 14000), 0,
     CAUSE_BLOCKED},
    {"all is reserved", 100, 100, 0, 0, COUNTS([STATE_ESTABLISHED] = 0), 0, CAUSE_RESERVED},
    {"all is bound", 100, 0, 0, 100, COUNTS([STATE_ESTABLISHED] = 0), 0, CAUSE_BLOCKED},
    /* Nobody uses much, and yet it is under its level. */
    {"an empty pool", 90, 0, 0, 0, COUNTS([STATE_ESTABLISHED] = 0), 0, CAUSE_SMALL_RANGE},
    {"less than half full", 100, 0, 0, 0, COUNTS([STATE_TIME_WAIT] = 49), 0, CAUSE_SMALL_RANGE},
    {"half full", 100, 0, 0, 0, COUNTS([STATE_TIME_WAIT] = 50), 0, CAUSE_TIME_WAIT},
    /* Many connections explain little where there are few ports. */
    {"a small range", 8191, 0, 0, 0, COUNTS([STATE_ESTABLISHED] = 8000), 0, CAUSE_SMALL_RANGE},
    {"one that is not", 8192, 0, 0, 0, COUNTS([STATE_ESTABLISHED] = 8000), 0, CAUSE_ESTABLISHED},
};

static enum cause
explain(const struct situation *s, enum severity severity)
{
	uint32_t capacity = s->size - s->reserved - s->listening - s->bound;
	const struct range_tally range = {.size = s->size,
					  .reserved = s->reserved,
					  .listening = s->listening,
					  .bound = s->bound,
					  .capacity = capacity};
	uint32_t used = tcp_state_sum(&s->states) - s->recyclable;
	const struct usage usage = {.states = s->states,
				    .recyclable = s->recyclable,
				    .capacity = capacity,
				    .tightest = capacity - used};
	return cause_of(&usage, severity, &levels_default, &range);
}

static void
what_fills_the_pool_comes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(situations); i++) {
		enum cause cause = explain(&situations[i], SEVERITY_WARNING);
		if (cause != situations[i].cause)
			fail_msg("%s: %s, not %s", situations[i].what, cause_name(cause),
				 cause_name(situations[i].cause));
	}
}

static void
normal_has_no_cause(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(situations); i++) {
		assert_int_equal(explain(&situations[i], SEVERITY_NORMAL), CAUSE_NONE);
		assert_int_equal(explain(&situations[i], SEVERITY_UNKNOWN), CAUSE_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_fills_the_pool_comes_first),
	    cmocka_unit_test(normal_has_no_cause),
	};
	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}

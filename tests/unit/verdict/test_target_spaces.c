/* SPDX-License-Identifier: ISC */
#include "support.h"
#include "verdict/target_spaces.h"

#include <string.h>

static const struct target target = {.levels = {.raise = {.critical_percent = 95,
							  .warning_percent = 80,
							  .critical_remaining = 1,
							  .warning_remaining = 100}}};

static struct target_tally
tally_of(uint32_t capacity, uint32_t used, uint32_t pools)
{
	struct target_tally t = {.target = &target, .pools = pools};
	t.usage = (struct usage){.connections = used + 1,
				 .recyclable = 1,
				 .used = used,
				 .remaining = capacity - used,
				 .tightest = capacity - used,
				 .capacity = capacity,
				 .percent = severity_percent(capacity - used, capacity)};
	t.usage.states.of[STATE_ESTABLISHED] = used;
	t.usage.states.of[STATE_TIME_WAIT] = 1;
	return t;
}

static struct space_target
other_of(const char *space, const struct target_tally *tally, enum severity severity)
{
	return (struct space_target){.space = space,
				     .target = 0,
				     .tally = tally,
				     .raise = {severity, CAUSE_ESTABLISHED},
				     .hold = {severity, CAUSE_ESTABLISHED},
				     .message = "its words"};
}

/* By levels first, then by how near one is, and not by ports alone. */
static void
who_is_worst_off_decides(void **state)
{
	static const struct {
		uint32_t capacity, used, pools;
		enum severity severity;
		uint32_t other_capacity, other_used;
		enum severity other;
		bool decides;
	} cases[] = {
	    {28232, 28000, 1, SEVERITY_CRITICAL, 200, 50, SEVERITY_NORMAL, false},
	    {28232, 20000, 1, SEVERITY_NORMAL, 100, 96, SEVERITY_CRITICAL, true},
	    {28232, 23000, 1, SEVERITY_WARNING, 28232, 27000, SEVERITY_CRITICAL, true},
	    {28232, 20000, 1, SEVERITY_NORMAL, 64511, 50000, SEVERITY_NORMAL, true},
	    {28232, 20000, 1, SEVERITY_NORMAL, 28232, 20000, SEVERITY_NORMAL, false},
	    {28232, 20000, 1, SEVERITY_NORMAL, 28232, 20001, SEVERITY_NORMAL, true},
	    /* One without a connection says nothing of the target, unless it is full otherwise. */
	    {1000, 0, 0, SEVERITY_NORMAL, 28232, 1, SEVERITY_NORMAL, true},
	    {0, 0, 0, SEVERITY_CRITICAL, 28232, 1, SEVERITY_NORMAL, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct target_tally own =
		    tally_of(cases[i].capacity, cases[i].used, cases[i].pools);
		const struct target_tally there =
		    tally_of(cases[i].other_capacity, cases[i].other_used, 1);
		const struct space_target other = other_of("blue", &there, cases[i].other);
		const struct hysteresis_reading r = {.raise.severity = cases[i].severity,
						     .hold.severity = cases[i].severity};
		if (target_spaces_decides(&other, &own, &r) != cases[i].decides)
			fail_msg("case %zu", i);
	}
}

static void
connections_are_summed_and_ports_are_not(void **state)
{
	const struct target_tally blue = tally_of(100, 50, 1), green = tally_of(100, 90, 3);
	const struct space_target others[] = {other_of("blue", &blue, SEVERITY_NORMAL),
					      other_of("green", &green, SEVERITY_WARNING)};
	struct target_tally row = tally_of(28232, 10, 2);
	const struct space_target *worst[1] = {NULL};
	(void)state;
	target_spaces_sum(others, 2, &row, worst);
	assert_ptr_equal(worst[0], &others[1]);
	assert_int_equal(row.pools, 6);
	assert_int_equal(row.spaces, 2);
	assert_int_equal(row.usage.connections, 153);
	assert_int_equal(row.usage.states.of[STATE_ESTABLISHED], 150);
	assert_int_equal(row.usage.states.of[STATE_TIME_WAIT], 3);
	assert_int_equal(row.usage.recyclable, 3);
	assert_int_equal(row.usage.tightest, 28222);
	assert_string_equal(row.space, "");
	target_spaces_turn(&row, worst[0]);
	assert_int_equal(row.usage.connections, 153);
	assert_int_equal(row.usage.used, 90);
	assert_int_equal(row.usage.remaining, 10);
	assert_int_equal(row.usage.capacity, 100);
	assert_int_equal(row.usage.percent, 90);
	assert_string_equal(row.space, "green");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_worst_off_decides),
	    cmocka_unit_test(connections_are_summed_and_ports_are_not),
	};
	return cmocka_run_group_tests_name("target_spaces", tests, NULL, NULL);
}

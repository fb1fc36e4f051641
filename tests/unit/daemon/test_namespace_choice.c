/* SPDX-License-Identifier: ISC */
#include "daemon/namespace_choice.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define COUNT 6

static struct config config;
static struct namespace_row rows[COUNT];
static struct namespace_view views[COUNT];
static uint64_t tried_ms[COUNT];
static const struct namespaces found = {.rows = rows, .count = COUNT};
static const struct namespace_stock stock = {&found, views, tried_ms};

/* Each of 28,232 ports, and with too few sockets for any level. */
static int
set_up(void **state)
{
	(void)state;
	config_init(&config);
	for (uint32_t i = 0; i < COUNT; i++) {
		rows[i] = (struct namespace_row){.connections = 10};
		views[i] = (struct namespace_view){.row = &rows[i],
						   .knowledge = NAMESPACE_NORMAL,
						   .severity = SEVERITY_NORMAL,
						   .offered = 28232};
		tried_ms[i] = 1000 + i;
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	config_free(&config);
	return 0;
}

/* The rows that are due, as digits. */
static const char *
chosen(uint64_t now_ms)
{
	static char text[COUNT + 1];
	struct namespace_candidate *candidates;
	uint32_t count = namespace_choice_make(&stock, &config, now_ms, &candidates);
	assert_true(count <= COUNT);
	for (uint32_t i = 0; i < count; i++)
		text[i] = (char)('0' + candidates[i].row);
	text[count] = '\0';
	free(candidates);
	return text;
}

static void
only_what_could_be_at_a_level_is_due_the_nearest_first(void **state)
{
	(void)state;
	assert_string_equal(chosen(2000), "");
	rows[1].connections = 23000;
	rows[3].connections = 28000;
	assert_string_equal(chosen(2000), "13"); /* both beyond a level: tried longer ago */
	tried_ms[1] = 1500;
	assert_string_equal(chosen(2000), "31");
	rows[3].gone = true;
	assert_string_equal(chosen(2000), "1");
}

/* By whatever is not below its clear level, in any of its lists. */
static void
what_is_held_is_due(void **state)
{
	static const struct verdict warning = {SEVERITY_WARNING, CAUSE_SMALL_RANGE};
	struct namespace_pool pool = {.finding.hold = warning};
	struct namespace_udp udp = {.read.hold = warning};
	struct namespace_local local = {.read.hold = warning};
	struct namespace_target target = {.hold = warning};
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		views[i].knowledge = NAMESPACE_EXACT;
	views[0].pools = &pool;
	views[1].udp = &udp;
	views[2].locals = &local;
	views[3].targets = &target;
	assert_string_equal(chosen(2000), "");
	views[0].pool_count = views[1].udp_count = views[2].local_count = views[3].target_count = 1;
	assert_string_equal(chosen(2000), "0123");
}

static void
what_cannot_be_entered_is_tried_now_and_then(void **state)
{
	(void)state;
	views[2].knowledge = NAMESPACE_BOUND;
	assert_string_equal(chosen(tried_ms[2] + 29999), "");
	assert_string_equal(chosen(tried_ms[2] + 30000), "2");
	tried_ms[2] = 0;
	assert_string_equal(chosen(1), "2");
}

static void
whose_figures_are_the_oldest_has_its_turn(void **state)
{
	(void)state;
	assert_int_equal(namespace_choice_turn(&stock), 0);
	views[0].knowledge = NAMESPACE_BOUND;
	rows[1].gone = true;
	tried_ms[4] = 7;
	assert_int_equal(namespace_choice_turn(&stock), 4);
	for (uint32_t i = 0; i < COUNT; i++)
		rows[i].gone = true;
	assert_int_equal(namespace_choice_turn(&stock), LOOKUP_NONE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(only_what_could_be_at_a_level_is_due_the_nearest_first),
	    CASE(what_is_held_is_due),
	    CASE(what_cannot_be_entered_is_tried_now_and_then),
	    CASE(whose_figures_are_the_oldest_has_its_turn),
	};
	return cmocka_run_group_tests_name("namespace_choice", tests, NULL, NULL);
}

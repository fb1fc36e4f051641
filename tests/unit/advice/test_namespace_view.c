/* SPDX-License-Identifier: ISC */
#include "advice/namespace_view.h"
#include "kernel/feature.h"
#include "kernel/sockstat.h"
#include "support.h"

#include <stdlib.h>

static const struct settings settings = {.range = {32768, 60999}};

static void
a_bound_says_why_it_is_no_more(void **state)
{
	struct namespace_row row = {.name = "blue", .connections = 201};
	struct namespace_view view = {.row = NULL};
	(void)state;
	namespace_view_bound(&view, &row, "");
	assert_string_equal(view.message,
			    "no pool holds more than 201 ports; its range is not known");
	assert_int_equal(view.knowledge, NAMESPACE_BOUND);
	assert_int_equal(view.severity, SEVERITY_UNKNOWN);
	row.connections = 1;
	namespace_view_bound(&view, &row, "it has gone meanwhile");
	assert_string_equal(
	    view.message,
	    "no pool holds more than 1 port; its range is not known: it has gone meanwhile");
	row.connections = SOCKSTAT_ABSENT;
	namespace_view_bound(&view, &row, "it cannot be entered");
	assert_string_equal(view.message, "its net/sockstat cannot be read: it cannot be entered");
	namespace_view_free(&view);
}

static void
too_few_sockets_are_normal_without_a_count(void **state)
{
	const struct namespace_row row = {.name = "blue", .connections = 7};
	struct namespace_view view = {.row = NULL};
	(void)state;
	namespace_view_normal(&view, &row, &settings, 28232, 1007, &level_band_default.raise);
	assert_string_equal(view.message, "no pool holds more than 1,007 of 28,232 ports, too few "
					  "for any level: not counted");
	assert_int_equal(view.severity, SEVERITY_NORMAL);
	assert_int_equal(view.range.low, 32768);
	namespace_view_free(&view);
}

static void
the_worst_come_first(void **state)
{
	static const struct namespace_row rows[6];
	struct namespace_view views[] = {
	    {.row = &rows[1], .severity = SEVERITY_NORMAL, .nearness = 3},
	    {.row = &rows[0], .severity = SEVERITY_NORMAL, .nearness = 3},
	    {.row = &rows[2], .severity = SEVERITY_UNKNOWN},
	    {.row = &rows[3], .severity = SEVERITY_WARNING, .nearness = 90},
	    {.row = &rows[4], .severity = SEVERITY_CRITICAL, .nearness = 100},
	    {.row = &rows[5], .severity = SEVERITY_NORMAL, .nearness = 40},
	};
	static const unsigned expected[] = {4, 3, 2, 5, 0, 1};
	(void)state;
	qsort(views, COUNT_OF(views), sizeof(views[0]), namespace_view_compare);
	for (size_t i = 0; i < COUNT_OF(views); i++)
		assert_ptr_equal(views[i].row, &rows[expected[i]]);
}

/* Of a kernel that lists no bound idle sockets. */
static void
what_is_not_listed_makes_it_less_than_exact(void **state)
{
	static const char tail[] =
	    "; not exact: bound idle sockets are not listed, and may hold some";
	static const struct {
		uint32_t features;
		bool counted;
		uint32_t elsewhere;
		bool unlisted;
	} cases[] = {
	    {1 << FEATURE_BOUND_IDLE, false, 0, false},
	    {0, false, 0, true},
	    {0, true, 0, false}, /* as many as there may be are in `uncertain` */
	    {0, true, 3, true},
	};
	const struct namespace_row row = {.name = "blue", .connections = 7};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct tally tally = {.range = {.range = {40000, 40099},
						.size = 100,
						.capacity = 100,
						.idle_counted = cases[i].counted,
						.elsewhere = cases[i].elsewhere}};
		const struct findings findings = {.tally = &tally, .features = cases[i].features};
		struct namespace_view view = {.row = NULL};
		assert_true(namespace_view_exact(&view, &row, &findings, NULL, false));
		assert_int_equal(view.knowledge, NAMESPACE_EXACT);
		assert_int_equal(view.unlisted, cases[i].unlisted);
		assert_int_equal(strstr(view.message, tail) != NULL, cases[i].unlisted);
		namespace_view_free(&view);
	}
}

/* At an address that is full nothing tells any more who bound first. */
static void
who_binds_first_is_remembered(void **state)
{
	struct level_band local = level_band_off;
	local.raise.warning_remaining = 1;
	local.clear.warning_remaining = 2;
	struct namespace_view before = {.binders = {address("10.0.0.1")}, .binder_count = 1};
	struct namespace_local locals[3] = {
	    {.row = {.address = address("10.0.0.1"), .used = 100}},
	    {.row = {.address = address("10.0.0.2"), .used = 100}},
	    {.row = {.address = address("10.0.0.1"), .used = 98, .remaining = 2}}};
	struct namespace_view view = {.locals = locals, .local_count = 3};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(locals); i++)
		locals[i].read.raise = (struct verdict){SEVERITY_NORMAL, CAUSE_NONE};
	namespace_view_remember(&view, &before, &local);
	assert_int_equal(locals[0].read.raise.severity, SEVERITY_WARNING);
	assert_int_equal(locals[0].read.raise.cause, CAUSE_SMALL_RANGE);
	assert_int_equal(locals[1].read.raise.severity, SEVERITY_NORMAL);
	assert_int_equal(locals[2].read.raise.severity, SEVERITY_NORMAL);
	assert_int_equal(view.binder_count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bound_says_why_it_is_no_more),
	    cmocka_unit_test(too_few_sockets_are_normal_without_a_count),
	    cmocka_unit_test(the_worst_come_first),
	    cmocka_unit_test(what_is_not_listed_makes_it_less_than_exact),
	    cmocka_unit_test(who_binds_first_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "base/portbag.h"
#include "support.h"

/* A bag changes its form after 8 and after 256 ports: these sizes are around both. */
static const unsigned sizes[] = {0, 1, 7, 8, 9, 16, 17, 255, 256, 257, 300, 1000};

/* Adds `count` ports of the range in an order that jumps about. */
static void
fill(struct portbag *bag, const struct port_range *range, unsigned count)
{
	portbag_init(bag);
	for (unsigned i = 0; i < count; i++) {
		uint16_t port = (uint16_t)(range->low + i * 617 % count);
		assert_int_equal(portbag_add(bag, range, port), 1);
		assert_int_equal(portbag_add(bag, range, port), 0);
		assert_int_equal(bag->count, i + 1);
	}
}

static void
holds_what_was_added(void **state)
{
	static const struct port_range ranges[] = {
	    {32768, 60999}, {1, 65535}, {64000, 65535}, {63, 2000}};
	(void)state;
	for (size_t r = 0; r < COUNT_OF(ranges); r++) {
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct portbag bag;
			fill(&bag, &ranges[r], sizes[i]);
			struct portset set = ports_of("");
			portbag_add_to(&bag, &ranges[r], &set);
			assert_int_equal(portset_count(&set), sizes[i]);
			for (unsigned port = ranges[r].low; port <= ranges[r].high; port++) {
				bool in = port < ranges[r].low + sizes[i];
				assert_int_equal(portset_has(&set, (uint16_t)port), in);
				assert_int_equal(portbag_has(&bag, &ranges[r], (uint16_t)port), in);
			}
			portbag_free(&bag);
			assert_int_equal(bag.count, 0);
			assert_int_equal(portbag_add(&bag, &ranges[r], ranges[r].high), 1);
			portbag_free(&bag);
		}
	}
}

static void
whole_range_of_every_port(void **state)
{
	const struct port_range range = {1, 65535};
	struct portbag bag;
	struct portset set = ports_of("");
	(void)state;
	portbag_init(&bag);
	for (unsigned port = 65535; port >= 1; port--)
		assert_int_equal(portbag_add(&bag, &range, (uint16_t)port), 1);
	portbag_add_to(&bag, &range, &set);
	assert_int_equal(portset_count(&set), 65535);
	assert_false(portset_has(&set, 0));
	portbag_free(&bag);
}

static void
counts_without_a_set(void **state)
{
	const struct port_range range = {40000, 41999};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct portbag bag;
		struct portset none = ports_of(""), two = ports_of("40000,40007,50000");
		fill(&bag, &range, sizes[i]);
		assert_int_equal(portbag_count_without(&bag, &range, &none), sizes[i]);
		unsigned common = sizes[i] > 7 ? 2 : sizes[i] > 0;
		assert_int_equal(portbag_count_without(&bag, &range, &two), sizes[i] - common);
		portbag_free(&bag);
	}
}

static void
takes_its_ports_out_of_a_set(void **state)
{
	const struct port_range range = {40001, 42000};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct portbag bag;
		struct portset set = ports_of("0-65535");
		fill(&bag, &range, sizes[i]);
		portbag_take_from(&bag, &range, &set);
		assert_int_equal(portset_count(&set), 65536 - sizes[i]);
		assert_int_equal(portset_has(&set, 40001), sizes[i] == 0);
		portbag_add_to(&bag, &range, &set);
		assert_int_equal(portset_count(&set), 65536);
		portbag_free(&bag);
	}
}

/* Against the same worked out port by port, with ends of the range at any place of a word. */
static void
adds_what_is_new(void **state)
{
	static const struct port_range ranges[] = {{40000, 41999}, {40001, 42000}, {1, 65535},
						   {63, 2100},     {64, 2127},     {63536, 65535}};
	(void)state;
	for (size_t r = 0; r < COUNT_OF(ranges); r++) {
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct portbag bag;
			struct portset within, set, before;
			uint32_t expected = 0;
			portset_clear(&within);
			portset_clear(&set);
			for (uint32_t port = ranges[r].low; port <= ranges[r].high; port++) {
				if (port % 3 != 0)
					portset_add(&within, (uint16_t)port);
				if (port % 5 == 0)
					portset_add(&set, (uint16_t)port);
			}
			before = set;
			fill(&bag, &ranges[r], sizes[i]);
			for (uint32_t port = ranges[r].low; port <= ranges[r].high; port++)
				expected += portbag_has(&bag, &ranges[r], (uint16_t)port) &&
					    port % 3 != 0 && port % 5 != 0;
			assert_int_equal(portbag_add_new(&bag, &ranges[r], &within, &set),
					 expected);
			assert_int_equal(portset_count(&set), portset_count(&before) + expected);
			assert_int_equal(portbag_add_new(&bag, &ranges[r], &within, &set), 0);
			portbag_free(&bag);
		}
	}
}

/* Growing is where memory is needed: the bag must stay as it was. */
static void
out_of_memory_changes_nothing(void **state)
{
	static const unsigned full[] = {8, 16, 32, 256};
	const struct port_range range = {40000, 41999};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(full); i++) {
		struct portbag bag;
		fill(&bag, &range, full[i]);
		allocations_fail_from(1);
		assert_int_equal(portbag_add(&bag, &range, 41999), -1);
		assert_true(allocations_fail_from(0));
		assert_int_equal(bag.count, full[i]);
		assert_true(portbag_has(&bag, &range, 40000));
		assert_false(portbag_has(&bag, &range, 41999));
		assert_int_equal(portbag_add(&bag, &range, 41999), 1);
		portbag_free(&bag);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holds_what_was_added), cmocka_unit_test(whole_range_of_every_port),
	    cmocka_unit_test(counts_without_a_set), cmocka_unit_test(takes_its_ports_out_of_a_set),
	    cmocka_unit_test(adds_what_is_new),     cmocka_unit_test(out_of_memory_changes_nothing),
	};
	return cmocka_run_group_tests_name("portbag", tests, NULL, NULL);
}

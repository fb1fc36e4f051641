/* SPDX-License-Identifier: ISC */
#include "count/nat_pool.h"
#include "support.h"

#include <netinet/in.h>

/* Figures without a formula of their own are what real connections through a router met with. */

static const struct port_range usual = {1024, 65535};

static struct nat_usage
usage_of(const struct port_range *range, const char *taken, const char *evictable)
{
	struct portset all = ports_of(taken), given_up = ports_of(evictable);
	struct nat_usage usage;
	nat_usage(&all, &given_up, range, &usage);
	return usage;
}

static void
what_fits(void **state)
{
	static const struct {
		const char *name, *taken, *evictable;
		struct port_range range;
		uint32_t capacity, used, remaining, given_up, percent, loss_ppm;
	} cases[] = {
	    {"empty", "", "", {20000, 20099}, 100, 0, 100, 0, 0, 0},
	    {"partly", "20000-20039", "", {20000, 20099}, 100, 40, 60, 0, 40, 0},
	    {"own connections", "20010-20039", "", {20000, 20099}, 100, 30, 70, 0, 30, 0},
	    {"all but one", "20000-20098", "", {20000, 20099}, 100, 99, 1, 0, 99, 0},
	    {"full", "20000-20099", "", {20000, 20099}, 100, 100, 0, 0, 100, 1000000},
	    {"beside the range", "19000-19999,20100", "", {20000, 20099}, 100, 0, 100, 0, 0, 0},
	    {"established", "20000-20031", "", {20000, 20031}, 32, 32, 0, 0, 100, 1000000},
	    {"time wait", "20000-20031", "20000-20031", {20000, 20031}, 32, 0, 32, 32, 0, 0},
	    {"more", "20000-20099", "20000-20099", {20000, 20099}, 100, 0, 100, 100, 0, 0},
	    /* A toss each. */
	    {"one", "20000-20031", "20005", {20000, 20031}, 32, 31, 1, 1, 96, 500000},
	    {"two", "20000-20031", "20005,20007", {20000, 20031}, 32, 30, 2, 2, 93, 250000},
	    /* The last 32 looks of 64 see it from 32 of 64 starts. */
	    {"seen half", "20000-20063", "20000", {20000, 20063}, 64, 63, 1, 1, 98, 750000},
	    {"single", "20000", "", {20000, 20000}, 1, 1, 0, 0, 100, 1000000},
	    {"single, old", "20000", "20000", {20000, 20000}, 1, 1, 0, 0, 100, 1000000},
	    {"privileged", "1-511", "", {1, 511}, 511, 511, 0, 0, 100, 1000000},
	    {"usual, full", "1024-65535", "", {1024, 65535}, 64512, 64512, 0, 0, 100, 1000000},
	    {"highest", "65408-65535", "", {65408, 65535}, 128, 128, 0, 0, 100, 1000000},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct nat_usage u = usage_of(&cases[i].range, cases[i].taken, cases[i].evictable);
		print_message("%s\n", cases[i].name);
		assert_int_equal(u.capacity, cases[i].capacity);
		assert_int_equal(u.used, cases[i].used);
		assert_int_equal(u.remaining, cases[i].remaining);
		assert_int_equal(u.evictable, cases[i].given_up);
		assert_int_equal(u.percent, cases[i].percent);
		assert_int_equal(u.loss_ppm, cases[i].loss_ppm);
	}
}

/* One block of that many thousandths, from the range's first port on. */
static uint32_t
block_loss(uint32_t thousandths)
{
	struct portset taken, none = ports_of("");
	struct nat_usage usage;
	portset_clear(&taken);
	portset_add_range(&taken, 1024, (uint16_t)(1023 + 64512 * thousandths / 1000));
	nat_usage(&taken, &none, &usual, &usage);
	return usage.loss_ppm;
}

static void
loss_in_one_block(void **state)
{
	static const struct {
		uint32_t thousandths, least, most;
	} cases[] = {
	    {0, 0, 0},
	    {20, 0, 0},
	    {200, 300, 400},
	    {250, 900, 1100},
	    {400, 9500, 10500},
	    {600, 75000, 85000},
	    {750, 235000, 245000},
	    {900, 585000, 597000},
	    {950, 765000, 779000},
	    {980, 895000, 910000},
	    {990, 945000, 958000},
	    {995, 970000, 980000},
	    {1000, 1000000, 1000000},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_between(block_loss(cases[i].thousandths), cases[i].least, cases[i].most);
	/* What clients that keep the ports of Linux fill. */
	assert_between(usage_of(&usual, "32768-60999", "").loss_ppm, 14500, 16500);
}

static void
loss_of_every_other_port(void **state)
{
	struct portset taken, none = ports_of("");
	struct nat_usage usage;
	(void)state;
	portset_clear(&taken);
	for (uint32_t port = 32768; port < 61000; port += 2)
		portset_add(&taken, (uint16_t)port);
	nat_usage(&taken, &none, &usual, &usage);
	assert_int_equal(usage.used, 14116);
	assert_int_equal(usage.loss_ppm, 0);
}

/* Ports at random, always the same. */
static uint32_t
random_loss(uint32_t thousandths)
{
	struct portset taken, none = ports_of("");
	struct nat_usage usage;
	uint64_t seed = 1;
	uint32_t wanted = 64512 * thousandths / 1000, count = 0;
	portset_clear(&taken);
	while (count < wanted) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint16_t port = (uint16_t)(1024 + (seed >> 33) % 64512);
		count += !portset_has(&taken, port);
		portset_add(&taken, port);
	}
	nat_usage(&taken, &none, &usual, &usage);
	assert_int_equal(usage.used, wanted);
	return usage.loss_ppm;
}

static void
loss_at_random(void **state)
{
	(void)state;
	assert_int_equal(random_loss(600), 0);
	assert_int_equal(random_loss(900), 0);
	assert_between(random_loss(980), 4000, 10000);
	assert_between(random_loss(990), 70000, 100000);
	assert_between(random_loss(995), 260000, 300000);
}

/* Beyond 128 ports five runs have to fail, and each sees only its last 32 for what is given up. */
static void
loss_where_old_entries_are(void **state)
{
	const struct port_range range = {20000, 20999};
	(void)state;
	/* All evictable: 2^-32, four times, and 2^-16, 2^-8: none. */
	assert_int_equal(usage_of(&range, "20000-20999", "20000-20999").loss_ppm, 0);
	/* One of 1000: (1-.016)^3 (1-.008) (1-.004). */
	assert_int_equal(usage_of(&range, "20000-20999", "20500").loss_ppm, 941361);
	/* One that is free: (1-.128)(1-.064)(1-.032)(1-.016)(1-.008). */
	assert_int_equal(usage_of(&range, "20000-20499,20501-20999", "").loss_ppm, 771213);
}

/* A pool that begins to wrap: the run of taken ports goes on at the range's start. */
static void
a_run_over_the_end(void **state)
{
	const struct port_range range = {20000, 20199};
	uint32_t middle = usage_of(&range, "20000-20159", "").loss_ppm;
	(void)state;
	/* 33, 97, 129, 145 and 153 of 200 places to start at. */
	assert_int_equal(middle, 28628);
	assert_int_equal(usage_of(&range, "20000-20079,20120-20199", "").loss_ppm, middle);
	assert_int_equal(usage_of(&range, "20040-20199", "").loss_ppm, middle);
}

static void
the_range_that_is_seen(void **state)
{
	struct nat_seen seen = {.seen = 0};
	struct port_range range;
	(void)state;
	assert_false(nat_seen_range(&seen, &usual, &range));
	assert_int_equal(range.low, 1024);
	assert_int_equal(range.high, 65535);
	for (uint16_t i = 0; i < 31; i++)
		nat_seen_add(&seen, (uint16_t)(20999 - 30 * i), true);
	assert_false(nat_seen_range(&seen, &usual, &range));
	nat_seen_add(&seen, 20005, true);
	assert_true(nat_seen_range(&seen, &usual, &range));
	assert_int_equal(range.low, 20005);
	assert_int_equal(range.high, 20999);
	/* One that kept its port is evidence too. */
	nat_seen_add(&seen, 20000, false);
	assert_true(nat_seen_range(&seen, &usual, &range));
	assert_int_equal(range.low, 20000);
	nat_seen_add(&seen, 10000, false);
	nat_seen_add(&seen, 61608, false);
	assert_true(nat_seen_range(&seen, &usual, &range));
	nat_seen_add(&seen, 61609, false);
	assert_false(nat_seen_range(&seen, &usual, &range));
	assert_int_equal(range.low, 1024);
}

/* They have no lower ports that are another's. */
static void
identifiers_have_a_range_of_their_own(void **state)
{
	struct nat_seen seen = {.seen = 0};
	const struct port_range ids = nat_usual_range(IPPROTO_ICMP);
	struct port_range range = nat_usual_range(IPPROTO_SCTP);
	(void)state;
	assert_int_equal(range.low, 1024);
	range = nat_usual_range(IPPROTO_ICMPV6);
	assert_int_equal(range.low, 0);
	assert_int_equal(range.high, 65535);
	for (uint16_t i = 0; i < 32; i++)
		nat_seen_add(&seen, (uint16_t)(100 + i), true);
	assert_true(nat_seen_range(&seen, &ids, &range));
	assert_int_equal(range.low, 100);
	assert_int_equal(range.high, 131);
	nat_seen_add(&seen, 60000, false);
	assert_false(nat_seen_range(&seen, &ids, &range));
	assert_int_equal(range.low, 0);
	struct nat_usage usage = usage_of(&ids, "0-65534", "");
	assert_int_equal(usage.capacity, 65536);
	assert_int_equal(usage.remaining, 1);
}

/* Clients of Linux whose ports no other has keep them: 28,232 in one block say nothing. */
static void
ports_that_were_kept_show_no_range(void **state)
{
	struct nat_seen seen = {.seen = 0};
	struct port_range range;
	(void)state;
	for (uint32_t port = 32768; port < 61000; port++)
		nat_seen_add(&seen, (uint16_t)port, false);
	assert_false(nat_seen_range(&seen, &usual, &range));
	assert_int_equal(range.high, 65535);
}

static void
severity_follows_the_share_that_is_moved(void **state)
{
	static const struct {
		uint32_t remaining, loss_ppm, moved, seen;
		enum severity severity;
	} cases[] = {
	    {100, 0, 100, 100, SEVERITY_NORMAL},
	    {100, 999, 100, 100, SEVERITY_NORMAL},
	    {100, 1000, 100, 100, SEVERITY_WARNING},
	    {100, 9999, 100, 100, SEVERITY_WARNING},
	    {100, 10000, 100, 100, SEVERITY_CRITICAL},
	    {100, 10000, 10, 100, SEVERITY_WARNING},
	    /* At 44 %, where one of a hundred is moved. */
	    {36280, 15000, 1, 100, SEVERITY_NORMAL},
	    {100, 500000, 0, 100, SEVERITY_NORMAL},
	    {100, 500000, 0, 0, SEVERITY_NORMAL},
	    {0, 1000000, 0, 100, SEVERITY_CRITICAL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct nat_usage usage = {.capacity = 64512,
					  .remaining = cases[i].remaining,
					  .loss_ppm = cases[i].loss_ppm};
		uint32_t lost = nat_lost_ppm(&usage, cases[i].moved, cases[i].seen);
		assert_int_equal(nat_severity(&level_band_nat.raise, lost), cases[i].severity);
		assert_int_equal(nat_severity(&level_band_off.raise, lost), SEVERITY_NORMAL);
	}
}

/* What few ports come to by numbers is what they come to one by one. */
static void
few_ports_are_easy(void **state)
{
	const struct port_range single = {20000, 20000}, small = {20000, 20127},
				large = {20000, 20128};
	struct nat_usage easy, usage = usage_of(&usual, "1-1040,30000-30029", "1030-1040");
	(void)state;
	assert_false(nat_is_easy(1, &single));
	assert_false(nat_is_easy(100, &small));
	assert_true(nat_is_easy(127, &large));
	assert_false(nat_is_easy(128, &large));
	nat_usage_easy(17 + 30, 11, &usual, &easy);
	assert_memory_equal(&easy, &usage, sizeof(usage));
	usage = usage_of(&large, "20000-20126", "");
	nat_usage_easy(127, 0, &large, &easy);
	assert_memory_equal(&easy, &usage, sizeof(usage));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_fits),
	    cmocka_unit_test(loss_in_one_block),
	    cmocka_unit_test(loss_of_every_other_port),
	    cmocka_unit_test(loss_at_random),
	    cmocka_unit_test(loss_where_old_entries_are),
	    cmocka_unit_test(a_run_over_the_end),
	    cmocka_unit_test(the_range_that_is_seen),
	    cmocka_unit_test(identifiers_have_a_range_of_their_own),
	    cmocka_unit_test(ports_that_were_kept_show_no_range),
	    cmocka_unit_test(few_ports_are_easy),
	    cmocka_unit_test(severity_follows_the_share_that_is_moved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

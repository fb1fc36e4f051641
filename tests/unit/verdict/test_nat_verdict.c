/* SPDX-License-Identifier: ISC */
#include "support.h"
#include "verdict/nat_verdict.h"

#include <netinet/in.h>

static struct nat_pool pools[3];
static const struct nat_census census = {.pools = pools, .count = 3};

static struct nat_pool
pool_that_loses(uint32_t loss_ppm, uint32_t lost_ppm)
{
	return (struct nat_pool){
	    .outside = address("192.0.2.1"),
	    .peer = address("198.51.100.1"),
	    .port = 443,
	    .protocol = IPPROTO_TCP,
	    .usage = {.capacity = 1000, .remaining = 100, .loss_ppm = loss_ppm},
	    .lost_ppm = lost_ppm};
}

static void
assert_read(uint32_t lost_ppm, bool culprit, enum severity raise, enum severity hold)
{
	const struct nat_pool pool = pool_that_loses(0, lost_ppm);
	struct hysteresis_reading r = {.row = 7};
	nat_verdict_read(&pool, &level_band_nat, culprit, &r);
	assert_int_equal(r.raise.severity, raise);
	assert_int_equal(r.raise.cause, raise == SEVERITY_NORMAL ? CAUSE_NONE : CAUSE_NAT_LOSS);
	assert_int_equal(r.hold.severity, hold);
	assert_int_equal(r.row, 7);
}

static void
levels_are_reached_and_left(void **state)
{
	(void)state;
	assert_read(0, false, SEVERITY_NORMAL, SEVERITY_NORMAL);
	assert_read(899, false, SEVERITY_NORMAL, SEVERITY_NORMAL);
	assert_read(900, false, SEVERITY_NORMAL, SEVERITY_WARNING);
	assert_read(1000, false, SEVERITY_WARNING, SEVERITY_WARNING);
	assert_read(9000, false, SEVERITY_WARNING, SEVERITY_CRITICAL);
	assert_read(10000, false, SEVERITY_CRITICAL, SEVERITY_CRITICAL);
	assert_read(0, true, SEVERITY_CRITICAL, SEVERITY_CRITICAL);
}

static void
a_level_can_be_off(void **state)
{
	const struct nat_pool pool = pool_that_loses(NAT_PPM, NAT_PPM);
	struct hysteresis_reading r = {.row = 0};
	struct level_band band = level_band_nat;
	(void)state;
	band.raise.critical_loss = band.clear.critical_loss = 0;
	nat_verdict_read(&pool, &band, true, &r);
	assert_int_equal(r.raise.severity, SEVERITY_WARNING);
	nat_verdict_read(&pool, &level_band_off, true, &r);
	assert_int_equal(r.raise.severity, SEVERITY_NORMAL);
	assert_int_equal(r.hold.severity, SEVERITY_NORMAL);
}

static void
its_key(void **state)
{
	struct nat_pool pool = pool_that_loses(0, 0);
	struct hysteresis_reading r = {.row = 0};
	struct alarm_subject back;
	char key[ALARM_KEY_MAX];
	(void)state;
	nat_verdict_read(&pool, &level_band_nat, false, &r);
	assert_string_equal(alarm_key(&r.subject, key), "nat tcp 192.0.2.1 -> 198.51.100.1:443");
	pool.protocol = IPPROTO_UDP;
	pool.zone = 65535;
	nat_verdict_read(&pool, &level_band_nat, false, &r);
	assert_string_equal(alarm_key(&r.subject, key),
			    "nat udp/65535 192.0.2.1 -> 198.51.100.1:443");
	assert_true(alarm_key_parse(key, &back));
	assert_true(alarm_subject_equal(&back, &r.subject));
}

/* Only where one pool alone can be the one. */
static void
who_dropped_packets(void **state)
{
	struct nat_state nat = {.census = &census, .drops.recent = 3};
	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		pools[i] = pool_that_loses(999, 0);
	assert_int_equal(nat_verdict_culprit(&nat), LOOKUP_NONE);
	pools[1].usage.loss_ppm = 1000;
	assert_int_equal(nat_verdict_culprit(&nat), 1);
	nat.drops.recent = 0;
	assert_int_equal(nat_verdict_culprit(&nat), LOOKUP_NONE);
	nat.drops.recent = 1;
	pools[2].usage.remaining = 0;
	assert_int_equal(nat_verdict_culprit(&nat), LOOKUP_NONE);
	pools[1].usage.loss_ppm = 0;
	assert_int_equal(nat_verdict_culprit(&nat), 2);
	nat.census = NULL;
	assert_int_equal(nat_verdict_culprit(&nat), LOOKUP_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(levels_are_reached_and_left),
	    cmocka_unit_test(a_level_can_be_off),
	    cmocka_unit_test(its_key),
	    cmocka_unit_test(who_dropped_packets),
	};
	return cmocka_run_group_tests_name("nat_verdict", tests, NULL, NULL);
}

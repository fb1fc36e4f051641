/* SPDX-License-Identifier: ISC */
#include "manager.h"

#include "kernel/natenv.h"

#include <stdio.h>
#include <stdlib.h>

static void
limits_say_when_they_are_not_there(void **state)
{
	struct snapshot s = {.poll.made_ms = 1};
	(void)state;
	hostlimits_init(&s.host.limits);
	for (unsigned object = 1; object <= 24; object++) {
		char text[16];
		snprintf(text, sizeof(text), "4.%u.0", object);
		if (object < 21 || object > 23)
			assert_absent(&s, text);
	}

	s.host.limits.value[LIMIT_TW_REUSE] = 2;
	s.host.limits.value[LIMIT_CONNTRACK] = 93;
	s.host.limits.value[LIMIT_CONNTRACK_MAX] = 100;
	s.host.limits.value[LIMIT_DROP] = INT64_C(0x100000007);
	s.host.limits.value[LIMIT_FILES] = 5;
	s.host.limits.value[LIMIT_FILES_MAX] = INT64_MAX;
	s.limits = SEVERITY_WARNING;
	/* Loaded two seconds before the view. */
	s.host.counters_ms = 10345;
	assert_number(&s, "4.1.0", MIB_GAUGE, 2);
	assert_number(&s, "4.13.0", MIB_GAUGE, UINT32_MAX);
	assert_number(&s, "4.14.0", MIB_GAUGE, 93);
	assert_number(&s, "4.16.0", MIB_COUNTER, 7);
	assert_number(&s, "4.19.0", MIB_GAUGE, 0);
	assert_number(&s, "4.20.0", MIB_GAUGE, 93);
	assert_number(&s, "4.24.0", MIB_TICKS, 4800);
	assert_number(&s, "4.21.0", MIB_INTEGER, SEVERITY_WARNING);
}

static void
the_nat_is_bits_and_words(void **state)
{
	struct snapshot s = {.poll.made_ms = 1,
			     .host.nat = UINT32_C(1) << NAT_DOCKER | UINT32_C(1) << NAT_AWS};
	static const char words[] =
	    "Docker bridge; AWS: a NAT gateway carries 55,000 connections a destination: see "
	    "ErrorPortAllocation in CloudWatch";
	(void)state;
	assert_octets(&s, "4.22.0", MIB_BITS, "\x80\x40", 2);
	assert_text(&s, "4.23.0", words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_say_when_they_are_not_there),
	    cmocka_unit_test(the_nat_is_bits_and_words),
	};
	manager_when = (struct mib_view){.now_ms = 12345, .started_ms = 2345, .uptime_cs = 5000};
	return cmocka_run_group_tests_name("mib_limits", tests, NULL, NULL);
}

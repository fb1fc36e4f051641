/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "kernel/natenv.h"
#include "snmp/mib_columns.h"

#include <stdio.h>
#include <stdlib.h>

/* "4.1.0" */
static enum mib_result
get(const struct snapshot *s, const char *text, struct mib_value *value)
{
	const struct mib_view view = {
	    .snapshot = s, .now_ms = 12345, .started_ms = 2345, .uptime_cs = 5000};
	uint32_t sub[MIBTREE_OID_MAX];
	size_t length = 0;
	for (char *end; *text != '\0'; text = *end == '.' ? end + 1 : end)
		sub[length++] = (uint32_t)strtoul(text, &end, 10);
	return mibtree_get(&mib_columns_tree, &view, sub, length, value);
}

static void
assert_number(const struct snapshot *s, const char *text, enum mib_type type, uint32_t expected)
{
	struct mib_value value;
	assert_int_equal(get(s, text, &value), MIB_FOUND);
	assert_int_equal(value.type, type);
	assert_int_equal(value.number, expected);
}

static void
assert_octets(const struct snapshot *s, const char *text, const char *expected, size_t length)
{
	struct mib_value value;
	assert_int_equal(get(s, text, &value), MIB_FOUND);
	assert_int_equal(value.length, length);
	assert_memory_equal(value.octets, expected, length);
}

static void
limits_say_when_they_are_not_there(void **state)
{
	struct snapshot s = {.poll.made_ms = 1};
	struct mib_value value;
	(void)state;
	hostlimits_init(&s.host.limits);
	for (unsigned object = 1; object <= 24; object++) {
		char text[16];
		snprintf(text, sizeof(text), "4.%u.0", object);
		if (object < 21 || object > 23)
			assert_int_equal(get(&s, text, &value), MIB_NO_INSTANCE);
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
	assert_octets(&s, "4.22.0", "\x80\x40", 2);
	assert_octets(&s, "4.23.0", words, sizeof(words) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_say_when_they_are_not_there),
	    cmocka_unit_test(the_nat_is_bits_and_words),
	};
	return cmocka_run_group_tests_name("mib_limits", tests, NULL, NULL);
}

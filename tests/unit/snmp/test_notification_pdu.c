/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "snmp/notification_pdu.h"

#include <stdio.h>

/* 1.3.6.1.4.1.8072.9999.9999.7777 is 2b 06 01 04 01 bf08 ce0f ce0f bc61. */
#define BASE 13
static const uint32_t base[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7777};

static struct notification
pool_notification(const char *local, const char *peer)
{
	struct notification n = {.kind = NOTIFICATION_CRITICAL,
				 .alarm = {.id = 41,
					   .sequence = 99,
					   .severity = SEVERITY_CRITICAL,
					   .cause = CAUSE_TIME_WAIT,
					   .subject = {.kind = ALARM_POOL, .port = 443},
					   .local = address(local),
					   .peer = address(peer),
					   .port = 443,
					   .used = 27000,
					   .capacity = 28232,
					   .remaining = 1232,
					   .percent = 95,
					   .message = "97 of 100"}};
	n.alarm.subject.local = n.alarm.local;
	n.alarm.subject.peer = n.alarm.peer;
	return n;
}

static size_t
all_octets(const struct pdu_bind *binds, size_t count)
{
	size_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += pdu_bind_octets(&binds[i], BASE);
	return all;
}

static void
assert_bind(const struct pdu_bind *bind, const uint32_t *sub, size_t length)
{
	assert_int_equal(bind->length, length);
	assert_memory_equal(bind->sub, sub, length * sizeof(*sub));
}

static void
an_alarm_has_ten_objects_in_order(void **state)
{
	static const uint32_t columns[] = {4, 2, 19, 20, 14, 15, 16, 17, 5, 8};
	static const uint32_t numbers[] = {3, 0, 0, 0, 27000, 28232, 1232, 95, 3, 99};
	static const char key[] = "pool 10.0.0.1 -> 10.1.2.3:443";
	struct notification n = pool_notification("10.0.0.1", "10.1.2.3");
	struct pdu_bind b[PDU_BINDS_MAX];
	(void)state;
	assert_int_equal(pdu_binds(&n, BASE, b), 10);
	for (size_t i = 0; i < 10; i++) {
		const uint32_t sub[] = {14, 1, columns[i], 41};
		assert_bind(&b[i], sub, 4);
		assert_int_equal(b[i].value.number, numbers[i]);
	}
	assert_int_equal(b[1].value.length, sizeof(key) - 1);
	assert_memory_equal(b[1].value.octets, key, sizeof(key) - 1);
	assert_int_equal(b[2].value.length, 9);
	assert_memory_equal(b[2].value.octets, "97 of 100", 9);
	/* Our own network namespace has no name. */
	assert_int_equal(b[3].value.length, 0);
	assert_int_equal(b[3].value.type, MIB_TEXT);
	assert_int_equal(b[4].value.type, MIB_GAUGE);
}

static void
another_namespace_is_named(void **state)
{
	static const char key[] = "pool 10.0.0.1 -> 10.1.2.3:443 in web 1";
	struct notification n = pool_notification("10.0.0.1", "10.1.2.3");
	struct pdu_bind b[PDU_BINDS_MAX];
	(void)state;
	n.alarm.subject.kind = ALARM_NAMESPACE_POOL;
	strcpy(n.alarm.subject.space, "web 1");
	assert_int_equal(pdu_binds(&n, BASE, b), 10);
	assert_int_equal(b[1].value.length, sizeof(key) - 1);
	assert_memory_equal(b[1].value.octets, key, sizeof(key) - 1);
	assert_int_equal(b[3].value.length, 5);
	assert_memory_equal(b[3].value.octets, "web 1", 5);
}

static void
a_summary_has_scalars(void **state)
{
	static const uint32_t scalars[] = {6, 8, 10, 2};
	struct notification n = {.kind = NOTIFICATION_SUPPRESSED,
				 .alarm = {.sequence = 7, .message = "4 held back"},
				 .summary = {.active = 900, .sequence = 7, .owed = 12}};
	struct pdu_bind b[PDU_BINDS_MAX];
	(void)state;
	assert_int_equal(pdu_binds(&n, BASE, b), 4);
	for (size_t i = 0; i < 4; i++) {
		const uint32_t sub[] = {1, scalars[i], 0};
		assert_bind(&b[i], sub, 3);
	}
	assert_int_equal(b[0].value.number, 900);
	assert_int_equal(b[1].value.number, 7);
	assert_int_equal(b[2].value.number, 12);
	assert_int_equal(b[2].value.type, MIB_GAUGE);
	assert_memory_equal(b[3].value.octets, "4 held back", b[3].value.length);
}

/* Encoded by hand: 30 LEN 06 LEN OID TAG LEN VALUE. */
static void
octets_are_counted_as_ber_has_them(void **state)
{
	struct pdu_bind b = {.sub = {14, 1, 4, 41}, .length = 4, .value.type = MIB_GAUGE};
	static const struct {
		uint32_t number;
		size_t octets;
	} numbers[] = {{0, 1},     {127, 1},     {128, 2},        {255, 2},       {32767, 2},
		       {32768, 3}, {8388607, 3}, {2147483647, 4}, {UINT32_MAX, 5}};
	(void)state;
	assert_int_equal(pdu_oid_octets(base, COUNT_OF(base)), BASE);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		b.value.number = numbers[i].number;
		assert_int_equal(pdu_bind_octets(&b, BASE),
				 2 + 2 + BASE + 5 + 2 + numbers[i].octets);
	}
	b.sub[3] = 128;
	assert_int_equal(pdu_bind_octets(&b, BASE), 2 + 2 + BASE + 6 + 2 + 5);
	b.sub[3] = UINT32_MAX;
	assert_int_equal(pdu_bind_octets(&b, BASE), 2 + 2 + BASE + 9 + 2 + 5);
	b.value = (struct mib_value){.type = MIB_TEXT, .length = 101};
	assert_int_equal(pdu_bind_octets(&b, BASE), 2 + 2 + BASE + 9 + 2 + 101);
	b.value.length = 102;
	assert_int_equal(pdu_bind_octets(&b, BASE), 3 + 2 + BASE + 9 + 2 + 102);
	b.value.length = 128;
	assert_int_equal(pdu_bind_octets(&b, BASE), 3 + 2 + BASE + 9 + 3 + 128);
}

static void
a_long_message_loses_whole_parts(void **state)
{
	static const char words[] =
	    "TIME_WAIT churn: 27,000 of 28,232 ports in use, 1,232 left, full in 12 min at the "
	    "present "
	    "rate, most held by payments.service (pid 812 java); keep connections alive, or set "
	    "net.ipv4.tcp_tw_reuse=1, or widen net.ipv4.ip_local_port_range to 15000 60999";
	struct notification n = pool_notification("10.0.0.1", "10.1.2.3");
	struct pdu_bind b[PDU_BINDS_MAX];
	(void)state;
	snprintf(n.alarm.message, sizeof(n.alarm.message), "%s", words);
	size_t count = pdu_binds(&n, BASE, b);
	const struct mib_value *message = &b[2].value;
	static const char left[] =
	    "TIME_WAIT churn: 27,000 of 28,232 ports in use, 1,232 left, full in 12 min at the "
	    "present rate, most held by payments.service (pid 812 java); keep connections alive, "
	    "or set net.ipv4.tcp_tw_reuse=1";
	assert_int_equal(message->length, strlen(left));
	assert_memory_equal(message->octets, left, strlen(left));
	assert_between(all_octets(b, count), PDU_OCTETS_MAX - 80, PDU_OCTETS_MAX);
}

/* Whatever the addresses, their interfaces and the numbers are. */
static struct notification
longest(void)
{
	struct notification n = pool_notification("fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
						  "fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	n.alarm.id = ALARM_ID_MAX;
	n.alarm.sequence = UINT32_MAX;
	n.alarm.used = n.alarm.capacity = n.alarm.remaining = 65535;
	n.alarm.percent = 100;
	n.alarm.port = n.alarm.subject.port = 65535;
	n.alarm.local.zone = n.alarm.peer.zone = UINT32_MAX;
	n.alarm.subject.local = n.alarm.local;
	n.alarm.subject.peer = n.alarm.peer;
	for (size_t i = 0; i + 1 < sizeof(n.alarm.message); i++)
		n.alarm.message[i] = i % 5 == 4 ? ' ' : 'x';
	n.alarm.message[sizeof(n.alarm.message) - 1] = '\0';
	return n;
}

/* What cannot be cut is the key with two addresses and a zone in it; the message has the rest. */
static void
the_longest_pool_fits(void **state)
{
	const struct notification n = longest();
	struct pdu_bind b[PDU_BINDS_MAX];
	(void)state;
	size_t count = pdu_binds(&n, BASE, b);
	assert_int_equal(b[1].value.length, 106);
	assert_between(b[2].value.length, 92, 98);
	assert_between(all_octets(b, count), PDU_OCTETS_MAX - 5, PDU_OCTETS_MAX);
}

/* And one of the namespace with the longest name, which stands in the key once more. */
static void
the_longest_pool_of_a_namespace_fits(void **state)
{
	struct notification n = longest();
	struct pdu_bind b[PDU_BINDS_MAX];
	(void)state;
	n.alarm.subject.kind = ALARM_NAMESPACE_POOL;
	memset(n.alarm.subject.space, 'n', ALARM_SPACE_MAX);
	size_t count = pdu_binds(&n, BASE, b);
	assert_int_equal(b[1].value.length, 106 + 4 + ALARM_SPACE_MAX);
	assert_int_equal(b[3].value.length, ALARM_SPACE_MAX);
	assert_between(b[2].value.length, 16, 30);
	assert_between(all_octets(b, count), PDU_OCTETS_MAX - 5, PDU_OCTETS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_alarm_has_ten_objects_in_order),
	    cmocka_unit_test(another_namespace_is_named),
	    cmocka_unit_test(a_summary_has_scalars),
	    cmocka_unit_test(octets_are_counted_as_ber_has_them),
	    cmocka_unit_test(a_long_message_loses_whole_parts),
	    cmocka_unit_test(the_longest_pool_fits),
	    cmocka_unit_test(the_longest_pool_of_a_namespace_fits),
	};
	return cmocka_run_group_tests_name("trap", tests, NULL, NULL);
}

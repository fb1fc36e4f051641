/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "verdict/alarm_key.h"

static const char *const keys[] = {
    "pool 10.0.0.1 -> 10.1.2.3:443",
    "pool 2001:db8::1 -> [2001:db8::2]:65535",
    "pool fe80::1%7 -> [fe80::2]:1",
    "pool 2001:db8::1%7 -> [2001:db8::2]:1",
    "pool 10.0.0.1%3 -> 10.1.2.3:443",
    "peer 10.1.2.3",
    "peer 2001:db8::2",
    "target payments",
    "target the bank -> #2",
    "target abcdefghijklmnopqrstuvwxyz012345",
    "local 10.0.0.1",
    "local fe80::1%7",
    "host",
    "limit conntrack",
    "host figures",
    "udp 0.0.0.0",
    "udp ::",
    "udp 10.0.0.1",
    "nat tcp 10.0.0.1 -> 10.1.2.3:443",
    "nat udp/7 10.0.0.1 -> 10.1.2.3:53",
    "nat tcp 2001:db8::1 -> [2001:db8::2]:443",
    "nat icmp 10.0.0.1 -> 10.1.2.3",
    "nat icmpv6/65535 2001:db8::1 -> 2001:db8::2",
    "pool 10.0.0.1 -> 10.1.2.3:443 in web",
    "pool 10.0.0.1 -> 10.1.2.3:443 in java (pid 812)",
    "pool fe80::1%2 -> [fe80::2]:1 in a in b",
    "inbound",
    "udp 0.0.0.0 in web",
    "local fe80::1%7 in java (pid 812)",
    "udp :: in a in b",
};

static void
a_key_leads_back_to_its_subject(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct alarm_subject subject, again;
		char key[ALARM_KEY_MAX];
		assert_true(alarm_key_parse(keys[i], &subject));
		assert_string_equal(alarm_key(&subject, key), keys[i]);
		assert_true(alarm_key_parse(key, &again));
		assert_true(alarm_subject_equal(&subject, &again));
		assert_int_equal(alarm_subject_hash(&subject), alarm_subject_hash(&again));
	}
}

/* Over another interface it is another pool. */
static void
a_link_local_peer_has_the_zone_of_the_local_address(void **state)
{
	struct alarm_subject two, three, global;
	(void)state;
	assert_true(alarm_key_parse("pool fe80::1%2 -> [fe80::2]:1", &two));
	assert_true(alarm_key_parse("pool fe80::1%3 -> [fe80::2]:1", &three));
	assert_true(alarm_key_parse("pool 2001:db8::1%3 -> [2001:db8::2%3]:1", &global));
	assert_int_equal(two.peer.zone, 2);
	assert_int_equal(three.peer.zone, 3);
	assert_int_equal(global.peer.zone, 0);
	assert_false(alarm_subject_equal(&two, &three));
}

static void
subjects_differ_in_every_part(void **state)
{
	static const char *const other[] = {
	    "pool 10.0.0.1 -> 10.1.2.3:444",
	    "pool 10.0.0.2 -> 10.1.2.3:443",
	    "pool 10.0.0.1 -> 10.1.2.4:443",
	    "target payment",
	    "target payments2",
	    "local 10.1.2.3",
	    "nat tcp/1 10.0.0.1 -> 10.1.2.3:443",
	    "pool 10.0.0.1 -> 10.1.2.3:443 in web2",
	    "udp 10.1.2.3",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(other); i++)
		for (size_t k = 0; k < COUNT_OF(keys); k++) {
			struct alarm_subject a, b;
			assert_true(alarm_key_parse(other[i], &a));
			assert_true(alarm_key_parse(keys[k], &b));
			assert_false(alarm_subject_equal(&a, &b));
			assert_int_not_equal(alarm_subject_hash(&a), alarm_subject_hash(&b));
		}
}

static void
what_is_no_key_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "pool",
	    "pool ",
	    "pools 10.0.0.1 -> 10.1.2.3:443",
	    "pool 10.0.0.1",
	    "pool 10.0.0.1 -> 10.1.2.3",
	    "pool 10.0.0.1 -> 10.1.2.3:0",
	    "pool x -> 10.1.2.3:443",
	    "pool -> 10.1.2.3:443",
	    "peer",
	    "peer 10.1.2.3:443",
	    "local",
	    "host ",
	    "host x",
	    "target",
	    "target ",
	    "target abcdefghijklmnopqrstuvwxyz0123456",
	    "target a\nb",
	    "target a\xe2\x80\xae",
	    "target \x1b[2J",
	    "target \xff",
	    "target \"a\"",
	    "limit ",
	    "limit a\tb",
	    "inbound ",
	    "inbound x",
	    "udp",
	    "udp x",
	    "nat",
	    "nat tcp",
	    "nat 10.0.0.1 -> 10.1.2.3:443",
	    "nat icmp 10.0.0.1 -> 10.1.2.3:0",
	    "nat icmp 10.0.0.1 -> 10.1.2.0/24",
	    "nat icmp 10.0.0.1 -> ",
	    "nat  10.0.0.1 -> 10.1.2.3:443",
	    "nat abcdefghijklmnopqrstuvwxyz0123456 10.0.0.1 -> 10.1.2.3:443",
	    "pool 10.0.0.1 -> 10.1.2.3:443 in ",
	    "pool 10.0.0.1 -> 10.1.2.3:443 in",
	    "pool 10.0.0.1 -> 10.1.2.3:443 in abcdefghijklmnopqrstuvwxyz0123456",
	    "pool 10.0.0.1 -> 10.1.2.3:443 in a\nb",
	    "pool 10.0.0.1 in web",
	    "Pool 10.0.0.1 -> 10.1.2.3:443",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct alarm_subject subject;
		if (alarm_key_parse(bad[i], &subject))
			fail_msg("\"%s\" is no key", bad[i]);
	}
}

static void
the_longest_key_has_room(void **state)
{
	struct alarm_subject subject = {.kind = ALARM_POOL, .port = 65535}, again;
	char key[ALARM_KEY_MAX];
	(void)state;
	memset(subject.local.octet, 0xff, sizeof(subject.local.octet));
	subject.local.octet[0] = 0xfe;
	subject.local.octet[1] = 0x80;
	subject.local.zone = UINT32_MAX;
	subject.peer = subject.local;
	alarm_key(&subject, key);
	assert_int_equal(strlen(key), 5 + 50 + 4 + 1 + 39 + 1 + 6);
	assert_true(alarm_key_parse(key, &again));
	assert_true(alarm_subject_equal(&subject, &again));
	/* Of another network namespace. */
	subject.kind = ALARM_NAMESPACE_POOL;
	memset(subject.space, 'n', ALARM_SPACE_MAX);
	alarm_key(&subject, key);
	assert_int_equal(strlen(key), 5 + 50 + 4 + 1 + 39 + 1 + 6 + 4 + 32);
	assert_true(alarm_key_parse(key, &again));
	assert_true(alarm_subject_equal(&subject, &again));
	/* A key is a value of the MIB: SIZE (1..255). */
	assert_true(sizeof(key) <= 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_leads_back_to_its_subject),
	    cmocka_unit_test(a_link_local_peer_has_the_zone_of_the_local_address),
	    cmocka_unit_test(subjects_differ_in_every_part),
	    cmocka_unit_test(what_is_no_key_is_refused),
	    cmocka_unit_test(the_longest_key_has_room),
	};
	return cmocka_run_group_tests_name("alarm_key", tests, NULL, NULL);
}

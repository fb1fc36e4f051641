/* SPDX-License-Identifier: ISC */
#include "count/target.h"
#include "support.h"

static void
every_form_is_read_and_written(void **state)
{
	static const struct {
		const char *text, *net;
		uint8_t bits;
		uint16_t port;
		const char *written;
	} good[] = {
	    {"1.2.3.4", "1.2.3.4", 32, 0, "1.2.3.4"},
	    {"1.2.3.4:80", "1.2.3.4", 32, 80, "1.2.3.4:80"},
	    {"1.2.3.4:65535", "1.2.3.4", 32, 65535, "1.2.3.4:65535"},
	    {"1.2.3.4/32", "1.2.3.4", 32, 0, "1.2.3.4"},
	    {"10.0.0.0/8", "10.0.0.0", 8, 0, "10.0.0.0/8"},
	    {"0.0.0.0/0", "0.0.0.0", 0, 0, "0.0.0.0/0"},
	    {"10.0.0.0/8:443", "10.0.0.0", 8, 443, "10.0.0.0/8:443"},
	    {"::1", "::1", 128, 0, "::1"},
	    {"[::1]", "::1", 128, 0, "::1"},
	    {"[::1]:80", "::1", 128, 80, "[::1]:80"},
	    {"2001:db8::/32", "2001:db8::", 32, 0, "2001:db8::/32"},
	    {"[2001:db8::/32]:443", "2001:db8::", 32, 443, "[2001:db8::/32]:443"},
	    {"::/0", "::", 0, 0, "::/0"},
	    {"[2001:db8::]/32:443", "2001:db8::", 32, 443, "[2001:db8::/32]:443"},
	    {"[2001:db8::]/32", "2001:db8::", 32, 0, "2001:db8::/32"},
	    {"[1.2.3.4]", "1.2.3.4", 32, 0, "1.2.3.4"},
	    {"[1.2.3.4]:80", "1.2.3.4", 32, 80, "1.2.3.4:80"},
	    {"::ffff:1.2.3.4", "1.2.3.4", 32, 0, "1.2.3.4"},
	    {"[::ffff:1.2.3.4]:80", "1.2.3.4", 32, 80, "1.2.3.4:80"},
	    {"fe80::1%7", "fe80::1%7", 128, 0, "fe80::1%7"},
	    {"[fe80::1%7]:22", "fe80::1%7", 128, 22, "[fe80::1%7]:22"},
	    {"fe80::%7/64", "fe80::%7", 64, 0, "fe80::%7/64"},
	    {"[1111:2222:3333:4444:5555:6666:7777:8888%4294967295/127]:65535",
	     "1111:2222:3333:4444:5555:6666:7777:8888%4294967295", 127, 65535,
	     "[1111:2222:3333:4444:5555:6666:7777:8888%4294967295/127]:65535"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct target t = target_of(good[i].text), again;
		struct addr net = address(good[i].net);
		char text[TARGET_SPEC_MAX];
		assert_true(addr_equal(&t.net, &net));
		assert_int_equal(t.bits, good[i].bits);
		assert_int_equal(t.port, good[i].port);
		assert_string_equal(target_text(&t, text), good[i].written);
		again = target_of(text);
		assert_true(addr_equal(&t.net, &again.net));
		assert_true(t.bits == again.bits && t.port == again.port);
	}
}

static void
name_and_levels_are_left_alone(void **state)
{
	struct target t = {.levels.raise.warning_percent = 33};
	(void)state;
	assert_null(target_parse("1.2.3.4", &t));
	assert_int_equal(t.levels.raise.warning_percent, 33);
	assert_string_equal(t.name, "");
}

static void
malformed_text_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "",
	    " ",
	    "localhost",
	    "1.2.3",
	    "1.2.3.4.5",
	    "1.2.3.256",
	    "1.2.3.4 ",
	    "1.2.3.4:",
	    "1.2.3.4:0",
	    "1.2.3.4:65536",
	    "1.2.3.4:-1",
	    "1.2.3.4:+1",
	    "1.2.3.4: 1",
	    "1.2.3.4:80x",
	    "1.2.3.4:http",
	    "1.2.3.4:99999999999999999999",
	    "1.2.3.4/",
	    "1.2.3.4/33",
	    "1.2.3.4/-1",
	    "1.2.3.4/8/8",
	    "1.2.3.4:80/8",
	    "1.2.3.4/8:",
	    "1.2.3.4/8:0",
	    "1.2.3.4/255",
	    "::/255",
	    "::1/129",
	    "::1/",
	    "[::1",
	    "::1]",
	    "[::1]80",
	    "[::1]:",
	    "[::1]:0",
	    "[::1]:65536",
	    "[::1]:80:80",
	    "[::1]x",
	    "[1.2.3.4",
	    "[1.2.3.4/8]/8",
	    "[1.2.3.4]:80/8",
	    "[]",
	    "[]:80",
	    "[[::1]]:80",
	    "[::1]64",
	    "[::1/64]/64",
	    "[::1/129]:80",
	    "[::1/64",
	    ":80",
	    "::ffff:1.2.3.4/32",
	    "::ffff:0.0.0.0/96",
	    "[::ffff:1.2.3.4/32]:80",
	    "*",
	    "1.2.3.4,5.6.7.8",
	    "111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct target t = target_of("9.9.9.9:9"), before = t;
		const char *expected = target_parse(wrong[i], &t);
		if (expected == NULL)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_string_equal(expected, "ADDR, ADDR:PORT, [V6]:PORT or ADDR/BITS");
		assert_memory_equal(&t, &before, sizeof(t));
	}
}

static void
what_cannot_be_meant_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
	    {"0.0.0.0", "the wildcard"},
	    {"::", "the wildcard"},
	    {"[::]:443", "the wildcard"},
	    {"0.0.0.0:80", "the wildcard"},
	    {"fe80::1%nosuchdevice", "a device that this host has"},
	    {"[fe80::1%nosuchdevice]:22", "a device that this host has"},
	    {"::1%", "a device that this host has"},
	    {"1.2.3.4%lo", "an IPv4 address without %DEVICE"},
	    {"224.0.0.1", "multicast"},
	    {"255.255.255.255", "broadcast"},
	    {"ff02::1", "multicast"},
	    {"10.0.0.5/8", "the first address of the net"},
	    {"2001:db8::1/32", "the first address of the net"},
	    {"10.128.0.0/8", "the first address of the net"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct target t;
		const char *expected = target_parse(wrong[i].text, &t);
		if (expected == NULL || strstr(expected, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].text, expected != NULL ? expected : "taken");
	}
}

/* The old way, grep, took 11.2.3.40 for 1.2.3.4. */
static void
matches_the_peer_it_names(void **state)
{
	static const struct {
		const char *target, *peer;
		uint16_t port;
		bool match;
	} cases[] = {
	    {"1.2.3.4", "1.2.3.4", 80, true},
	    {"1.2.3.4", "1.2.3.4", 0, true},
	    {"1.2.3.4", "11.2.3.40", 80, false},
	    {"1.2.3.4", "1.2.3.40", 80, false},
	    {"1.2.3.4:80", "1.2.3.4", 80, true},
	    {"1.2.3.4:80", "1.2.3.4", 8080, false},
	    {"10.0.0.0/8", "10.255.0.1", 80, true},
	    {"10.0.0.0/8", "11.0.0.1", 80, false},
	    {"10.0.0.0/8:80", "10.255.0.1", 80, true},
	    {"10.0.0.0/8:80", "10.255.0.1", 81, false},
	    {"0.0.0.0/0", "1.1.1.1", 80, true},
	    {"0.0.0.0/0", "::1", 80, false},
	    {"::/0", "::1", 80, true},
	    {"::/0", "1.1.1.1", 80, false},
	    {"fe80::1", "fe80::1%2", 80, true},
	    {"fe80::1%3", "fe80::1%2", 80, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct target t = target_of(cases[i].target);
		struct addr peer = address(cases[i].peer);
		if (target_matches(&t, &peer, cases[i].port) != cases[i].match)
			fail_msg("%s and %s:%u", cases[i].target, cases[i].peer, cases[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_form_is_read_and_written),
	    cmocka_unit_test(name_and_levels_are_left_alone),
	    cmocka_unit_test(malformed_text_is_refused),
	    cmocka_unit_test(what_cannot_be_meant_is_named),
	    cmocka_unit_test(matches_the_peer_it_names),
	};
	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

static void
text_round_trips(void **state)
{
	/* What is read, and RFC 5952 as what is written. */
	static const char *const forms[][2] = {
	    {"10.1.2.3", "10.1.2.3"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::ffff:10.1.2.3", "10.1.2.3"},
	    {"::FFFF:0a01:0203", "10.1.2.3"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	    {"fe80::1%4294967295", "fe80::1%4294967295"},
	    {"fe80::1%9", "fe80::1%9"},
	    {"fe80::1%2", "fe80::1%2"},
	};
	char text[ADDR_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct addr a = address(forms[i][0]);
		assert_string_equal(addr_text(&a, text), forms[i][1]);
	}
}

static void
interface_name_is_a_zone(void **state)
{
	struct addr a;
	(void)state;
	/* The loopback interface is the first of every network namespace. */
	assert_true(addr_parse("fe80::1%lo", &a));
	assert_int_equal(a.zone, 1);
}

static void
malformed_text_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "",
	    " ",
	    "1.2.3",
	    "1.2.3.4.5",
	    "1.2.3.256",
	    "1.2.3.4 ",
	    " 1.2.3.4",
	    "1.2.3.-4",
	    "0x7f.0.0.1",
	    "localhost",
	    ":",
	    ":::",
	    "1::2::3",
	    "12345::",
	    "::g",
	    "::1%",
	    "::1%0",
	    "::1%-1",
	    "fe80::1%4294967296",
	    "fe80::1%18446744073709551617",
	    "::1%4294967296",
	    "::1%nosuchif0",
	    "::1%1x",
	    "1.2.3.4%1",
	    "::ffff:1.2.3.4%1",
	    "[::1]",
	    "::1/64",
	    "1.2.3.4/8",
	    "1.2.3.4:80",
	    "1:2:3:4:5:6:7:8:9",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff:0000",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct addr a = {.octet = {[3] = 9}, .zone = 77}, before = a;
		if (addr_parse(wrong[i], &a))
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void
octets_make_addresses(void **state)
{
	static const uint8_t v4[4] = {10, 1, 2, 3};
	static const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};
	struct addr a = addr_from_v4(v4), b = address("10.1.2.3");
	struct addr c = addr_from_v6(v6), d = address("2001:db8::9");
	(void)state;
	assert_true(addr_equal(&a, &b));
	assert_true(addr_equal(&c, &d));
	assert_true(addr_is_v4(&a));
	assert_false(addr_is_v4(&c));
}

/* An AF_INET6 socket to an IPv4 peer competes with AF_INET ones: it must have the same key. */
static void
mapped_address_is_ipv4(void **state)
{
	static const uint8_t octets[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
	struct addr a = addr_from_v6(octets), b = address("127.0.0.1");
	(void)state;
	assert_true(addr_equal(&a, &b));
	assert_int_equal(addr_type(&a), ADDR_IPV4);
}

static void
kinds_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool any, loopback, link_local;
	} kinds[] = {
	    {"0.0.0.0", true, false, false},
	    {"::", true, false, false},
	    {"::ffff:0.0.0.0", true, false, false},
	    {"0.0.0.1", false, false, false},
	    {"::2", false, false, false},
	    {"127.0.0.1", false, true, false},
	    {"127.255.255.255", false, true, false},
	    {"::ffff:127.9.9.9", false, true, false},
	    {"::1", false, true, false},
	    {"126.255.255.255", false, false, false},
	    {"128.0.0.1", false, false, false},
	    {"::127.0.0.1", false, false, false},
	    {"fe80::1", false, false, true},
	    {"febf::1", false, false, true},
	    {"fec0::1", false, false, false},
	    {"169.254.1.1", false, false, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct addr a = address(kinds[i].text);
		assert_int_equal(addr_is_any(&a), kinds[i].any);
		assert_int_equal(addr_is_loopback(&a), kinds[i].loopback);
		assert_int_equal(addr_is_link_local(&a), kinds[i].link_local);
	}
	struct addr bound = address("::");
	bound.zone = 3;
	assert_true(addr_is_any(&bound));
}

static void
inet_address_octets(void **state)
{
	uint8_t octet[20];
	struct addr a = address("10.1.2.3");
	(void)state;
	assert_int_equal(addr_octets(&a, octet), 4);
	assert_memory_equal(octet, "\x0a\x01\x02\x03", 4);
	assert_int_equal(addr_type(&a), 1);

	a.zone = 258;
	assert_int_equal(addr_octets(&a, octet), 8);
	assert_memory_equal(octet, "\x0a\x01\x02\x03\x00\x00\x01\x02", 8);
	assert_int_equal(addr_type(&a), 3);

	a = address("2001:db8::9");
	assert_int_equal(addr_octets(&a, octet), 16);
	assert_memory_equal(octet, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09", 16);
	assert_int_equal(addr_type(&a), 2);

	a = address("fe80::1%16909060");
	assert_int_equal(addr_octets(&a, octet), 20);
	assert_memory_equal(octet + 16, "\x01\x02\x03\x04", 4);
	assert_int_equal(addr_type(&a), 4);
}

static void
ordered_by_type_octets_zone(void **state)
{
	static const char *const ascending[] = {
	    "0.0.0.0",   "9.255.255.255", "10.0.0.0",   "10.0.0.1", "255.255.255.255",
	    "::",        "::1",           "2001:db8::", "fe80::2",  "fe80::1%1",
	    "fe80::1%2", "fe80::1%256",   "fe80::2%1",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ascending); i++) {
		for (size_t j = 0; j < COUNT_OF(ascending); j++) {
			struct addr a = address(ascending[i]), b = address(ascending[j]);
			int order = addr_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(addr_equal(&a, &b), i == j);
		}
	}
}

static void
port_goes_behind(void **state)
{
	char text[ADDR_PORT_TEXT_MAX];
	struct addr a = address("10.1.2.3");
	(void)state;
	assert_string_equal(addr_port_text(&a, 443, text), "10.1.2.3:443");
	a = address("::1");
	assert_string_equal(addr_port_text(&a, 65535, text), "[::1]:65535");
	a = address("1111:2222:3333:4444:5555:6666:7777:8888%4294967295");
	assert_string_equal(addr_port_text(&a, 65535, text),
			    "[1111:2222:3333:4444:5555:6666:7777:8888%4294967295]:65535");
}

static void
prefixes_match_bit_by_bit(void **state)
{
	static const struct {
		const char *a, *net;
		unsigned bits;
		bool match;
	} cases[] = {
	    {"10.1.2.3", "10.0.0.0", 8, true},
	    {"11.1.2.3", "10.0.0.0", 8, false},
	    {"10.1.2.3", "10.255.0.0", 8, true},
	    {"1.2.3.4", "1.2.3.4", 32, true},
	    {"11.2.3.40", "1.2.3.4", 32, false},
	    {"1.2.3.5", "1.2.3.4", 32, false},
	    {"1.2.3.5", "1.2.3.4", 31, true},
	    {"1.2.3.6", "1.2.3.4", 31, false},
	    {"200.1.1.1", "128.0.0.0", 1, true},
	    {"127.1.1.1", "128.0.0.0", 1, false},
	    {"9.9.9.9", "0.0.0.0", 0, true},
	    {"::1", "0.0.0.0", 0, false},
	    {"9.9.9.9", "::", 0, false},
	    {"2001:db8::1", "::", 0, true},
	    {"2001:db8:ffff::1", "2001:db8::", 32, true},
	    {"2001:db9::1", "2001:db8::", 32, false},
	    {"2001:db9::1", "2001:db8::", 31, true},
	    {"2001:db8::1", "2001:db8::1", 128, true},
	    {"2001:db8::2", "2001:db8::1", 128, false},
	    {"fe80::1%2", "fe80::", 10, true},
	    {"fe80::1%2", "fe80::1", 128, true},
	    {"fe80::1%2", "fe80::1%2", 128, true},
	    {"fe80::1%3", "fe80::1%2", 128, false},
	    {"fe80::1", "fe80::1%2", 128, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a = address(cases[i].a), net = address(cases[i].net);
		if (addr_in_prefix(&a, &net, cases[i].bits) != cases[i].match)
			fail_msg("%s in %s/%u", cases[i].a, cases[i].net, cases[i].bits);
	}
}

/* Equal addresses, however they came about, have one hash; the zone counts. */
static void
hash_follows_equality(void **state)
{
	static const char *const texts[] = {
	    "10.0.0.1", "10.0.0.2", "::", "::1", "fe80::1%1", "fe80::1%2"};
	const uint8_t octets[4] = {10, 0, 0, 1};
	(void)state;
	struct addr made = addr_from_v4(octets), v4 = address("10.0.0.1");
	struct addr mapped = address("::ffff:10.0.0.1");
	assert_int_equal(addr_hash(&made), addr_hash(&v4));
	assert_int_equal(addr_hash(&mapped), addr_hash(&v4));
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct addr a = address(texts[i]);
		for (size_t j = 0; j < COUNT_OF(texts); j++) {
			struct addr b = address(texts[j]);
			assert_int_equal(addr_hash(&a) == addr_hash(&b), i == j);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_round_trips),
	    cmocka_unit_test(interface_name_is_a_zone),
	    cmocka_unit_test(malformed_text_is_refused),
	    cmocka_unit_test(octets_make_addresses),
	    cmocka_unit_test(mapped_address_is_ipv4),
	    cmocka_unit_test(kinds_are_told_apart),
	    cmocka_unit_test(inet_address_octets),
	    cmocka_unit_test(ordered_by_type_octets_zone),
	    cmocka_unit_test(port_goes_behind),
	    cmocka_unit_test(prefixes_match_bit_by_bit),
	    cmocka_unit_test(hash_follows_equality),
	};
	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}

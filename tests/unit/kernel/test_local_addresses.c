/* SPDX-License-Identifier: ISC */
#include "kernel/local_addresses.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* What the kernel wrote in a container. */
static const char trie[] = "Main:\n"
			   "  +-- 0.0.0.0/0 3 0 5\n"
			   "     |-- 0.0.0.0\n"
			   "        /0 universe UNICAST\n"
			   "     +-- 127.0.0.0/8 2 0 2\n"
			   "        +-- 127.0.0.0/31 1 0 0\n"
			   "           |-- 127.0.0.0\n"
			   "              /8 host LOCAL\n"
			   "           |-- 127.0.0.1\n"
			   "              /32 host LOCAL\n"
			   "        |-- 127.255.255.255\n"
			   "           /32 link BROADCAST\n"
			   "     +-- 172.17.0.0/16 2 0 2\n"
			   "        +-- 172.17.0.0/30 2 0 2\n"
			   "           |-- 172.17.0.0\n"
			   "              /16 link UNICAST\n"
			   "           |-- 172.17.0.2\n"
			   "              /32 host LOCAL\n"
			   "        |-- 172.17.255.255\n"
			   "           /32 link BROADCAST\n";
static const char inet6[] = "00000000000000000000000000000001 01 80 10 80       lo\n"
			    "20010db8000000000000000000000002 05 40 00 00     eth0\n"
			    "fe800000000000000042acfffe110002 05 40 20 80     eth0\n";

static char taken[1024];

static void
take(void *arg, const struct addr *address)
{
	char text[ADDR_TEXT_MAX];
	(void)arg;
	size_t used = strlen(taken);
	snprintf(taken + used, sizeof(taken) - used, "%s ", addr_text(address, text));
}

static const char *
read_text(void (*read)(FILE *, local_addresses_take *, void *), const char *text)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	assert_non_null(file);
	taken[0] = '\0';
	read(file, take, NULL);
	fclose(file);
	return taken;
}

static void
addresses_of_a_container(void **state)
{
	(void)state;
	assert_string_equal(read_text(local_addresses_of_trie, trie), "127.0.0.1 172.17.0.2 ");
	assert_string_equal(read_text(local_addresses_of_inet6, inet6),
			    "::1 2001:db8::2 fe80::42:acff:fe11:2 ");
}

static void
what_is_no_address_is_passed_over(void **state)
{
	static const char *const tries[] = {
	    "/32 host LOCAL\n", "|-- \n/32 host LOCAL\n",     "|-- 1.2.3\n/32 host LOCAL\n",
	    "|-- 10.0.0.1",     "|-- 10.0.0.1\n/32 host LOC", "|-- ::1\n/32 host LOCAL\n"};
	static const char *const lines[] = {"2001", "\n", "zz010db8000000000000000000000002 05\n",
					    "20010db800000000000000000000000205\n"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(tries); i++)
		assert_string_equal(read_text(local_addresses_of_trie, tries[i]), "");
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_string_equal(read_text(local_addresses_of_inet6, lines[i]), "");
}

/* The next line is whole again. */
static void
a_long_line(void **state)
{
	static const char end[] = "\n|-- 10.0.0.1\n/32 host LOCAL\n";
	char text[1000];
	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "|-- 10.0.0.9", 12);
	memcpy(text + sizeof(text) - sizeof(end), end, sizeof(end));
	assert_string_equal(read_text(local_addresses_of_trie, text), "10.0.0.1 ");
}

static void
what_is_very_long_is_read_so_far(void **state)
{
	enum { LINES = LOCAL_ADDRESSES_LINES };
	char *text = malloc((size_t)2 * LINES + sizeof(trie));
	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < LINES; i++)
		memcpy(text + 2 * i, "x\n", 2);
	memcpy(text + (size_t)2 * LINES, trie, sizeof(trie));
	assert_string_equal(read_text(local_addresses_of_trie, text), "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_of_a_container),
	    cmocka_unit_test(what_is_no_address_is_passed_over),
	    cmocka_unit_test(a_long_line),
	    cmocka_unit_test(what_is_very_long_is_read_so_far),
	};
	return cmocka_run_group_tests_name("local_addresses", tests, NULL, NULL);
}

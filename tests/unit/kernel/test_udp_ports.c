/* SPDX-License-Identifier: ISC */
/* Which UDP ports are services. */
#include "support.h"

#include "kernel/udp_ports.h"

static const char v4[] =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout\n"
    "  391: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0\n"
    " 2731: 0100007F:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0\n"
    " 2732: 0100007F:9C40 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0\n";
static const char v6[] =
    "  sl  local_address                         remote_address                        st\n"
    " 1: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 0\n";

static void
sockets_connected_to_nobody_are_services(void **state)
{
	struct portset set;
	(void)state;
	portset_clear(&set);
	udp_ports_parse(v4, &set);
	udp_ports_parse(v6, &set);
	assert_int_equal(portset_count(&set), 3);
	assert_true(portset_has(&set, 0x44) && portset_has(&set, 51820) && portset_has(&set, 5353));
}

static void
what_is_none_of_its_lines_is_passed_over(void **state)
{
	static const char *const texts[] = {"",
					    "\n",
					    "1:",
					    "1: :",
					    "1: x:0G00 0:0000",
					    "1: :0044",
					    "1: 0:0000 0:0000",
					    "1: 0:44 0:0000",
					    "1: 0:0044 0:000"};
	struct portset set;
	(void)state;
	portset_clear(&set);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		udp_ports_parse(texts[i], &set);
	assert_int_equal(portset_count(&set), 0);
}

static void
both_files_are_read(void **state)
{
	struct procfile_source source = {.replay = true};
	struct portset set;
	(void)state;
	assert_false(udp_ports_read(&source, &set));
	assert_true(procfile_add_copy(&source, "net/udp", v4, strlen(v4)));
	assert_true(procfile_add_copy(&source, "net/udp6", v6, strlen(v6)));
	assert_true(udp_ports_read(&source, &set));
	assert_int_equal(portset_count(&set), 3);
	procfile_free_copies(&source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sockets_connected_to_nobody_are_services),
	    cmocka_unit_test(what_is_none_of_its_lines_is_passed_over),
	    cmocka_unit_test(both_files_are_read),
	};
	return cmocka_run_group_tests_name("udp_ports", tests, NULL, NULL);
}

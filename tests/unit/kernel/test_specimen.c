/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "kernel/specimen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where one is bound with these settings; 0 = nowhere. It is bound there indeed. */
static uint16_t
port_of(const struct settings *settings, const struct portset *taken)
{
	struct specimen specimen;
	struct sockaddr_in sin = {.sin_port = 0};
	socklen_t length = sizeof(sin);
	if (!specimen_bind(&specimen, settings, taken)) {
		assert_int_equal(specimen.fd, -1);
		return 0;
	}
	assert_int_equal(getsockname(specimen.fd, (struct sockaddr *)&sin, &length), 0);
	assert_int_equal(ntohs(sin.sin_port), specimen.port);
	assert_int_equal(ntohl(sin.sin_addr.s_addr), 0x7f535250);
	struct diag_socket s = bound_idle("127.83.82.80", specimen.port);
	assert_true(specimen_is(&specimen, &s));
	s = bound_idle("127.83.82.80", (uint16_t)(specimen.port - 1));
	assert_false(specimen_is(&specimen, &s));
	s = bound_idle("127.83.82.81", specimen.port);
	assert_false(specimen_is(&specimen, &s));
	s = listener("127.83.82.80", specimen.port);
	assert_false(specimen_is(&specimen, &s));
	specimen_close(&specimen);
	assert_int_equal(specimen.fd, -1);
	specimen_close(&specimen);
	s = bound_idle("127.83.82.80", specimen.port);
	assert_false(specimen_is(&specimen, &s));
	return specimen.port;
}

static void
never_on_a_port_that_connect_could_take(void **state)
{
	static const struct {
		uint16_t low, high;
		const char *reserved;
		uint16_t least, most;
	} row[] = {
	    {32768, 60999, "", 61000, 65535},
	    {32768, 60999, "65000-65535", 61000, 64999},
	    {32768, 65535, "", 1024, 32767},
	    {32768, 65534, "65535", 1024, 32767},
	    {1024, 60999, "", 61000, 65535},
	    {1, 65535, "40000-40009", 40000, 40009},
	    {1, 65535, "", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct settings settings = settings_of(row[i].low, row[i].high, row[i].reserved);
		uint16_t port = port_of(&settings, NULL);
		if (port < row[i].least || port > row[i].most)
			fail_msg("%u-%u reserved %s: %u", row[i].low, row[i].high, row[i].reserved,
				 port);
	}
}

static void
or_on_one_that_nobody_is_on(void **state)
{
	struct settings settings = settings_of(1, 65535, "");
	struct portset taken = ports_of("1-50000,50009-65535");
	(void)state;
	assert_between(port_of(&settings, &taken), 50001, 50008);
	taken = ports_of("1-65535");
	assert_int_equal(port_of(&settings, &taken), 0);
}

/* Beside servers, one of them on every address, and beside another specimen. */
static void
a_port_in_use_is_passed_over(void **state)
{
	struct settings settings = settings_of(1, 65535, "49990-49999");
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct specimen one, two;
	const int on = 1;
	(void)state;
	uint16_t port = port_of(&settings, NULL);
	assert_between(port, 49990, 49999);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sin.sin_port = htons(port);
	/* The server is not hindered by a specimen. */
	assert_true(specimen_bind(&one, &settings, NULL));
	assert_int_equal(one.port, port);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_true(specimen_bind(&two, &settings, NULL));
	assert_int_not_equal(two.port, port);
	specimen_close(&one);
	specimen_close(&two);
	close(fd);
}

static void
what_may_be_one(void **state)
{
	const struct settings settings = settings_of(40000, 40099, "40050");
	const struct diag_socket none[] = {
	    bound_idle("127.83.82.80", 40000), bound_idle("127.83.82.81", 65535),
	    bound_idle("0.0.0.0", 65535), listener("127.83.82.80", 65535),
	    on_device(bound_idle("127.83.82.80", 65535), 2)};
	const struct diag_socket one[] = {bound_idle("127.83.82.80", 65535),
					  bound_idle("127.83.82.80", 40050)};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(none); i++)
		assert_false(specimen_is_any(&settings, &none[i]));
	for (size_t i = 0; i < COUNT_OF(one); i++)
		assert_true(specimen_is_any(&settings, &one[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(never_on_a_port_that_connect_could_take),
	    cmocka_unit_test(or_on_one_that_nobody_is_on),
	    cmocka_unit_test(a_port_in_use_is_passed_over),
	    cmocka_unit_test(what_may_be_one),
	};
	return cmocka_run_group_tests_name("specimen", tests, NULL, NULL);
}

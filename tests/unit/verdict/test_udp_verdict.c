/* SPDX-License-Identifier: ISC */
#include "one_host.h"

#include "advice/advice_udp.h"
#include "verdict/udp_verdict.h"

static struct udp_row rows[3];
static struct udp_tally udp = {.available = true, .rows = rows, .count = 3};

static void
assert_verdict(uint32_t position, uint32_t remaining, uint32_t uncertain, enum severity severity,
	       enum cause cause)
{
	udp.size = 1000;
	rows[position] = (struct udp_row){.used = 1000 - remaining,
					  .remaining = remaining,
					  .uncertain = uncertain,
					  .capacity = 1000};
	struct verdict v = udp_verdict(&udp, position, &udp_band_default.raise);
	assert_int_equal(v.severity, severity);
	assert_int_equal(v.cause, cause);
}

static void
by_what_remains(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < UDP_WILDCARDS; i++) {
		assert_verdict(i, 1000, 0, SEVERITY_NORMAL, CAUSE_NONE);
		assert_verdict(i, 201, 0, SEVERITY_NORMAL, CAUSE_NONE);
		assert_verdict(i, 200, 0, SEVERITY_WARNING, CAUSE_BLOCKED);
		assert_verdict(i, 51, 0, SEVERITY_WARNING, CAUSE_BLOCKED);
		assert_verdict(i, 50, 0, SEVERITY_CRITICAL, CAUSE_BLOCKED);
		assert_verdict(i, 0, 0, SEVERITY_CRITICAL, CAUSE_BLOCKED);
	}
	assert_verdict(2, 1, 0, SEVERITY_NORMAL, CAUSE_NONE);
	assert_verdict(2, 0, 0, SEVERITY_WARNING, CAUSE_BLOCKED);
}

static void
what_is_uncertain_makes_a_doubt(void **state)
{
	(void)state;
	assert_verdict(0, 500, 299, SEVERITY_NORMAL, CAUSE_NONE);
	assert_verdict(0, 500, 300, SEVERITY_WARNING, CAUSE_IN_DOUBT);
	assert_verdict(0, 500, 500, SEVERITY_WARNING, CAUSE_IN_DOUBT);
	assert_verdict(0, 100, 50, SEVERITY_WARNING, CAUSE_IN_DOUBT);
	assert_verdict(0, 100, 49, SEVERITY_WARNING, CAUSE_BLOCKED);
	assert_verdict(2, 50, 50, SEVERITY_WARNING, CAUSE_IN_DOUBT);
}

static void
a_range_that_offers_little(void **state)
{
	(void)state;
	const struct levels *levels = &udp_band_default.raise;
	rows[0] = (struct udp_row){.used = 1, .remaining = 49, .capacity = 50};
	udp.size = 1000;
	assert_int_equal(udp_verdict(&udp, 0, levels).cause, CAUSE_RESERVED);
	udp.size = 50;
	assert_int_equal(udp_verdict(&udp, 0, levels).cause, CAUSE_SMALL_RANGE);
	rows[0] = (struct udp_row){.remaining = 50, .capacity = 50};
	assert_int_equal(udp_verdict(&udp, 0, levels).severity, SEVERITY_NORMAL);
	rows[0] = (struct udp_row){.remaining = 50, .uncertain = 1, .capacity = 50};
	assert_int_equal(udp_verdict(&udp, 0, levels).severity, SEVERITY_WARNING);
	rows[0] = (struct udp_row){.remaining = 0, .capacity = 0};
	assert_int_equal(udp_verdict(&udp, 0, levels).severity, SEVERITY_CRITICAL);
}

static const char *
advise(uint32_t position, char out[static ADVICE_MAX])
{
	return advice_udp(&(struct scene){.findings = host.findings}, position, out);
}

/* The kernel looks at each port of a large range in turn. */
static void
near_the_end_calls_are_slow(void **state)
{
	char text[ADVICE_MAX];
	(void)state;
	host_with_range(32768, 60999, "");
	host.census.udp_held.available = true;
	for (unsigned i = 0; i < 28200; i++) {
		if (i == 28000) {
			host_tally(&host, NULL, 0);
			assert_null(strstr(advise(0, text), "milliseconds"));
		}
		host_add(&host, DIAG_UDP,
			 socket_of(STATE_ESTABLISHED, "10.0.0.1", (uint16_t)(32768 + i), "10.0.0.2",
				   53));
	}
	host_tally(&host, NULL, 0);
	assert_memory_equal(advise(0, text),
			    "32 of 28,232 ports are left for UDP sockets of IPv4 without a local "
			    "address, and each call takes milliseconds; ",
			    105);
}

/* What does nothing for UDP is not advised. */
static void
in_words(void **state)
{
	char text[ADVICE_MAX];
	(void)state;
	host.census.udp_held.available = true;
	for (unsigned i = 0; i < 100; i++)
		host_add(&host, DIAG_UDP,
			 socket_of(STATE_ESTABLISHED, "10.0.0.1", (uint16_t)(40000 + i), "10.0.0.2",
				   53));
	host_tally(&host, NULL, 0);
	assert_string_equal(
	    advise(0, text),
	    "no port is left for UDP sockets of IPv4 without a local address: connect() and "
	    "sendto() fail with EAGAIN; widen net.ipv4.ip_local_port_range, or use one socket for "
	    "many peers (sendto() without connect())");
	assert_non_null(strstr(advise(2, text),
			       "no port is left for UDP sockets bound to 10.0.0.1: bind() fails "
			       "with EADDRINUSE; "));
	/* An address that has more than any is a way out, if it is this host's. */
	host_add(&host, DIAG_UDP, socket_of(STATE_ESTABLISHED, "10.0.0.8", 40000, "10.0.0.2", 53));
	host_tally(&host, NULL, 0);
	assert_null(strstr(advise(0, text), "10.0.0.8"));
	host.state.sources = (struct sources){
	    .known = true, .count = 1, .of = {{.address = address("10.0.0.9"), .device = 2}}};
	host_add(&host, DIAG_UDP, socket_of(STATE_ESTABLISHED, "10.0.0.9", 40000, "10.0.0.2", 53));
	host_tally(&host, NULL, 0);
	assert_non_null(strstr(advise(0, text), ", or bind() to 10.0.0.9, which has 99 left"));
	assert_null(strstr(advise(2, text), "10.0.0.9"));
	host_with_range(40000, 40999, "");
	host.census.udp_held.available = true;
	host_add(&host, DIAG_UDP, socket_of(STATE_ESTABLISHED, "::1", 40001, "::1", 53));
	host_tally(&host, NULL, 0);
	assert_string_equal(
	    advise(0, text),
	    "1,000 of 1,000 ports are left for UDP sockets of IPv4 without a local address, or up "
	    "to 1 fewer: the kernel does not show which connected IPv6 sockets are IPv6 only");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(by_what_remains),
	    CASE(what_is_uncertain_makes_a_doubt),
	    CASE(a_range_that_offers_little),
	    CASE(near_the_end_calls_are_slow),
	    CASE(in_words),
	};
	return cmocka_run_group_tests_name("udp_verdict", tests, NULL, NULL);
}

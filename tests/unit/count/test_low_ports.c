/* SPDX-License-Identifier: ISC */
#include "count/low_ports.h"
#include "support.h"

#define HERE  "10.0.0.1"
#define PEER  "10.0.0.2"
#define OTHER "10.0.0.3"

static void
connected(struct low_ports *low, const char *local, uint16_t port)
{
	const struct diag_socket s = socket_of(STATE_ESTABLISHED, local, port, PEER, 2049);
	low_ports_add(low, &s);
}

static void
both_ends_of_the_ports(void **state)
{
	struct low_ports low = {.count = 0};
	(void)state;
	connected(&low, HERE, 511);
	connected(&low, HERE, 1024);
	assert_int_equal(low.count, 0);
	assert_int_equal(low_ports_left_any(&low), 512);
	assert_false(low_ports_used(&low));
	connected(&low, HERE, 512);
	connected(&low, HERE, 1023);
	connected(&low, HERE, 1023);
	assert_int_equal(low.count, 1);
	assert_int_equal(low_ports_left(&low, 0), 510);
	assert_int_equal(low_ports_left_any(&low), 510);
	assert_true(low_ports_used(&low));
}

/* What one has is in both, and every address keeps what is its own. */
static void
one_is_added_to_another(void **state)
{
	struct low_ports low = {.count = 0}, other = {.count = 0};
	struct diag_socket s = bound_idle("0.0.0.0", 800);
	(void)state;
	connected(&low, HERE, 700);
	connected(&other, HERE, 700);
	connected(&other, HERE, 701);
	connected(&other, OTHER, 702);
	low_ports_add(&other, &s);
	low_ports_merge(&low, &other);
	assert_int_equal(low.count, 2);
	assert_int_equal(low_ports_left(&low, 0), 509);
	assert_int_equal(low_ports_left(&low, 1), 510);
	assert_int_equal(low_ports_left_any(&low), 508);
}

static void
a_level_is_reached_by_fewer(void **state)
{
	(void)state;
	assert_int_equal(low_ports_severity(50, 50), SEVERITY_NORMAL);
	assert_int_equal(low_ports_severity(49, 50), SEVERITY_WARNING);
	assert_int_equal(low_ports_severity(0, 0), SEVERITY_NORMAL);
}

static void
each_address_has_its_own(void **state)
{
	struct low_ports low = {.count = 0};
	(void)state;
	for (uint16_t i = 0; i < 10; i++)
		connected(&low, HERE, (uint16_t)(700 + i));
	connected(&low, OTHER, 705);
	connected(&low, OTHER, 900);
	connected(&low, "2001:db8::1", 901);
	assert_int_equal(low_ports_left(&low, 0), 502);
	assert_int_equal(low_ports_left(&low, 1), 510);
	assert_int_equal(low_ports_left(&low, 2), 511);
	assert_int_equal(low_ports_left_any(&low), 501);
}

static void
wildcards_hold_at_every_address(void **state)
{
	struct low_ports low = {.count = 0};
	struct diag_socket s = bound_idle("0.0.0.0", 800);
	(void)state;
	connected(&low, HERE, 700);
	connected(&low, "2001:db8::1", 700);
	low_ports_add(&low, &s);
	assert_int_equal(low_ports_left(&low, 0), 510);
	assert_int_equal(low_ports_left(&low, 1), 511);
	s = bound_idle("::", 801);
	low_ports_add(&low, &s);
	assert_int_equal(low_ports_left(&low, 0), 509);
	assert_int_equal(low_ports_left(&low, 1), 510);
	s = with_v6only(bound_idle("::", 802));
	low_ports_add(&low, &s);
	assert_int_equal(low_ports_left(&low, 0), 509);
	assert_int_equal(low_ports_left(&low, 1), 509);
}

/* A server of IMAP over TLS has no need of them. */
static void
what_a_service_has_accepted_is_no_use(void **state)
{
	struct low_ports low = {.count = 0};
	struct diag_socket s = listener("0.0.0.0", 993);
	(void)state;
	low_ports_add(&low, &s);
	connected(&low, HERE, 993);
	assert_false(low_ports_used(&low));
	assert_int_equal(low_ports_left(&low, 0), 511);
	s = request_sock(HERE, 994, PEER, 1);
	low_ports_add(&low, &s);
	assert_int_equal(low_ports_left(&low, 0), 511);
	connected(&low, HERE, 700);
	assert_true(low_ports_used(&low));
}

static void
addresses_beyond_the_room(void **state)
{
	struct low_ports low = {.count = 0};
	char text[32];
	(void)state;
	for (unsigned i = 0; i < LOW_ADDRESSES_MAX + 2; i++) {
		snprintf(text, sizeof(text), "10.0.1.%u", i);
		connected(&low, text, (uint16_t)(600 + i));
	}
	assert_int_equal(low.count, LOW_ADDRESSES_MAX);
	assert_int_equal(low_ports_omitted(&low), 2);
	assert_int_equal(low_ports_left_any(&low), 512 - LOW_ADDRESSES_MAX - 2);
	connected(&low, "10.0.1.0", 601);
	assert_int_equal(low_ports_left(&low, 0), 510);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ends_of_the_ports),
	    cmocka_unit_test(each_address_has_its_own),
	    cmocka_unit_test(one_is_added_to_another),
	    cmocka_unit_test(a_level_is_reached_by_fewer),
	    cmocka_unit_test(wildcards_hold_at_every_address),
	    cmocka_unit_test(what_a_service_has_accepted_is_no_use),
	    cmocka_unit_test(addresses_beyond_the_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

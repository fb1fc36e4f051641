/* SPDX-License-Identifier: ISC */
#include "one_host.h"

#include "advice/advice_hygiene.h"

static struct hygiene hygiene;

static int
end(void **state)
{
	hygiene_free(&hygiene);
	return host_teardown(state);
}

#define BIT(finding) (UINT32_C(1) << (finding))

/* Listeners come as bind() was given their ports, but for `got`. */
static void
listen_on(uint16_t port, bool got)
{
	struct diag_socket s = listener("0.0.0.0", port);
	host_add(&host, DIAG_HOLDERS, s);
	if (!got)
		host_add(&host, DIAG_EXPLICIT, s);
}

static void
look(void)
{
	host.census.features |= UINT32_C(1) << FEATURE_EXPLICIT;
	hygiene_free(&hygiene);
	assert_true(hygiene_look(&host.census, &hygiene));
}

static void
found(uint32_t findings, const char *reserve, bool mend_range, uint16_t low, uint16_t high)
{
	look();
	assert_int_equal(hygiene.findings, findings);
	if (reserve == NULL)
		assert_null(hygiene.reserve);
	else
		assert_string_equal(hygiene.reserve, reserve);
	assert_int_equal(hygiene.mend_range, mend_range);
	if (mend_range) {
		assert_int_equal(hygiene.better.low, low);
		assert_int_equal(hygiene.better.high, high);
	}
}

static void
nothing_is_unwise_about_the_kernels_own_range(void **state)
{
	(void)state;
	host_with_range(32768, 60999, "");
	listen_on(8080, false);
	found(0, NULL, false, 0, 0);
}

static void
a_listener_that_took_what_it_got_is_at_home_nowhere(void **state)
{
	(void)state;
	host_with_range(32768, 60999, "");
	listen_on(40000, true);
	found(0, NULL, false, 0, 0);
	listen_on(40001, false);
	found(BIT(HYGIENE_LISTENERS), "40001", false, 0, 0);
}

static void
where_the_kernel_does_not_tell_every_listener_counts(void **state)
{
	(void)state;
	host_with_range(32768, 60999, "");
	listen_on(40000, true);
	assert_true(hygiene_look(&host.census, &hygiene));
	assert_int_equal(hygiene.findings, BIT(HYGIENE_LISTENERS));
}

static void
node_ports_matter_on_a_node(void **state)
{
	(void)state;
	host_with_range(29000, 60999, "");
	found(0, NULL, false, 0, 0);
	host.census.node_ports = true;
	found(BIT(HYGIENE_NODE_PORTS), "30000-32767", false, 0, 0);
	host_with_range(30000, 60999, "30000-32767");
	host.census.node_ports = true;
	found(0, NULL, false, 0, 0);
}

static void
ends_of_equal_parity(void **state)
{
	const uint32_t both = BIT(HYGIENE_EQUAL_PARITY) | BIT(HYGIENE_ODD_SIZE);
	(void)state;
	host_with_range(32768, 60998, "");
	found(both, NULL, true, 32768, 60999);
	host_with_range(32769, 65535, "");
	found(both, NULL, true, 32768, 65535);
	/* Where it may not begin earlier it ends earlier. */
	host_with_range(32769, 65535, "");
	host.census.settings.unprivileged_start = 32769;
	found(both, NULL, true, 32769, 65534);
}

static void
a_range_that_begins_too_low(void **state)
{
	(void)state;
	host_with_range(33000, 60999, "");
	host.census.settings.unprivileged_start = 33002;
	found(BIT(HYGIENE_LOW_PORTS), NULL, true, 33002, 60999);
}

/* Of the range and not reserved alone. */
static void
services_of_udp(void **state)
{
	(void)state;
	host_with_range(40000, 48999, "40001");
	portset_add(&host.census.udp_given, 40001);
	found(0, NULL, false, 0, 0);
	portset_add(&host.census.udp, 40002); /* which took what it got */
	portset_add(&host.census.udp_given, 40003);
	found(BIT(HYGIENE_UDP_SERVICES), "40001,40003", false, 0, 0);
}

static void
a_tiny_range_far_below(void **state)
{
	(void)state;
	host_with_range(40000, 40000, "");
	found(BIT(HYGIENE_EQUAL_PARITY) | BIT(HYGIENE_ODD_SIZE) | BIT(HYGIENE_FAR_BELOW), NULL,
	      true, 32768, 60999);
	/* One port less than a quarter, and a quarter. */
	host_with_range(40000, 47055, "");
	found(BIT(HYGIENE_FAR_BELOW), NULL, true, 32768, 60999);
	/* Services that the wider range would have. */
	portset_add(&host.census.udp, 50000);
	portset_add(&host.census.udp, 40000);
	listen_on(50001, true);
	found(BIT(HYGIENE_FAR_BELOW), "50000-50001", true, 32768, 60999);
	host_with_range(40000, 47057, "");
	found(0, NULL, false, 0, 0);
}

static void
a_message_has_its_settings_whole_or_not_at_all(void **state)
{
	char text[ADVICE_MAX];
	(void)state;
	host_with_range(32768, 60999, "");
	look();
	assert_string_equal(advice_hygiene(&hygiene, text), "");
	listen_on(40000, false);
	look();
	assert_string_equal(advice_hygiene(&hygiene, text),
			    "range 32768-60999: listeners not reserved; set "
			    "net.ipv4.ip_local_reserved_ports=\"40000\"");
	for (uint16_t port = 40002; port < 40200; port = (uint16_t)(port + 2))
		listen_on(port, false);
	look();
	assert_string_equal(advice_hygiene(&hygiene, text),
			    "range 32768-60999: listeners not reserved; srcportd --once has the "
			    "settings");
	assert_string_equal(advice_hygiene_finding(&hygiene, HYGIENE_LISTENERS, text),
			    "100 ports (40000, 40002, 40004, 40006, ...) with a listener in the "
			    "range and not reserved: a connection can take one while its service "
			    "restarts");
}

/* Of a longer one the kernel takes the first part. */
static void
a_list_that_cannot_be_set_is_none(void **state)
{
	(void)state;
	host_with_range(32768, 60998, "");
	for (uint16_t port = 40000; port < 41362; port = (uint16_t)(port + 2))
		listen_on(port, false);
	look();
	assert_int_equal(strlen(hygiene.reserve), 4085);
	assert_true(hygiene.mend_range);
	listen_on(41362, false);
	listen_on(41364, false);
	look();
	assert_true(hygiene.findings >> HYGIENE_LISTENERS & 1);
	assert_null(hygiene.reserve);
	assert_false(hygiene.mend_range);
}

static void
the_services_are_in_order_and_have_names(void **state)
{
	(void)state;
	assert_string_equal(hygiene_service(5432), "PostgreSQL");
	assert_null(hygiene_service(5433));
	assert_string_equal(hygiene_name(HYGIENE_OUTSIDE), "reservedOutside");
	assert_null(hygiene_name(HYGIENE_FINDINGS));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, host_setup, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(nothing_is_unwise_about_the_kernels_own_range),
	    CASE(a_listener_that_took_what_it_got_is_at_home_nowhere),
	    CASE(where_the_kernel_does_not_tell_every_listener_counts),
	    CASE(node_ports_matter_on_a_node),
	    CASE(ends_of_equal_parity),
	    CASE(a_range_that_begins_too_low),
	    CASE(services_of_udp),
	    CASE(a_tiny_range_far_below),
	    CASE(a_message_has_its_settings_whole_or_not_at_all),
	    CASE(a_list_that_cannot_be_set_is_none),
	    CASE(the_services_are_in_order_and_have_names),
	};
	return cmocka_run_group_tests_name("hygiene", tests, NULL, NULL);
}

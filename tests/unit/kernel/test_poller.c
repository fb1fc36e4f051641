/* SPDX-License-Identifier: ISC */
/*
 * The poller against kernels that can do less than the one of today, or refuse.
 */
#include "mock_kernel.h"

#include <errno.h>

static void
the_kernel_of_today(void **state)
{
	(void)state;
	mock_open();
	for (unsigned poll = 0; poll < 3; poll++)
		assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
	assert_true(portset_has(&census.listening, 40020));
	assert_true(portset_has(&census.bound, 40000));
}

static void
before_6_8_bound_idle_is_not_listed(void **state)
{
	(void)state;
	kernel.old = true;
	mock_open();
	assert_good("H2 E2 S2 H2", BOTH | EXPLICIT, 2);
}

/* A socket of our own is there while it is to be seen, outside the range, and is no one's. Once the
 * answer is known, whatever it is, there is none any more. */
static void
what_bound_idle_sockets_are_like_is_asked_once(void **state)
{
	(void)state;
	for (unsigned old = 0; old < 2; old++) {
		struct portset ports = ports_of("443,40020");
		kernel.old = old;
		mock_open();
		assert_int_equal(mock_poll(NULL), POLLER_DONE);
		assert_int_equal(census.totals.of[STATE_CLOSE], 0);
		assert_int_equal(portset_count(&census.bound), 1);
		assert_int_equal(census.local_count, 1);
		for (unsigned poll = 0; poll < 2; poll++) {
			assert_good("H2 E2 S2 H2", BOTH | (old ? 0 : IDLE) | EXPLICIT, 2);
			assert_int_equal(kernel.specimen, 0);
		}
		mock_close();
		/* A poll that fails tells nothing. */
		mock_open();
		kernel.breaks_off_sockets = EIO;
		assert_int_equal(mock_poll(NULL), POLLER_FAILED);
		assert_between(kernel.specimen, 40100, 65535);
		kernel.breaks_off_sockets = 0;
		assert_good("H2 E2 S2 H2", BOTH | (old ? 0 : IDLE) | EXPLICIT, 2);
		assert_between(kernel.specimen, 40100, 65535);
		mock_close();
		/* No port will do: it is not known yet, until a dump has shown one to be free. */
		kernel.all_ports = true;
		mock_open();
		assert_good("H2 E2 S2 H2", BOTH | EXPLICIT, 2);
		kernel.taken = &ports;
		assert_good("H2 E2 S2 H2", BOTH | (old ? 0 : IDLE) | EXPLICIT, 2);
		assert_int_equal(census.totals.of[STATE_CLOSE], 0);
		kernel.all_ports = false;
		kernel.taken = NULL;
		mock_close();
	}
}

static void
no_request_for_both_families(void **state)
{
	static const int errors[] = {EOPNOTSUPP, EINVAL, ENOENT};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		kernel.no_both = errors[i];
		mock_open();
		assert_good("H2 H4 H6 E4 E6 S4 S6 H4 H6", IDLE | EXPLICIT, 4);
		assert_good("H4 H6 E4 E6 S4 S6 H4 H6", IDLE | EXPLICIT, 4);
		mock_close();
	}
}

static void
no_ipv6(void **state)
{
	(void)state;
	kernel.no_both = EOPNOTSUPP;
	kernel.no_v6 = ENOENT;
	mock_open();
	assert_good("H2 H4 H6 E4 E6 S4 S6 H4 H6", IDLE | EXPLICIT, 2);
}

static void
no_filter_for_explicit_binds(void **state)
{
	(void)state;
	kernel.no_explicit = EINVAL;
	mock_open();
	assert_good("H2 E2 S2 H2", BOTH | IDLE, 2);
	assert_good("H2 S2 H2", BOTH | IDLE, 2);
	mock_close();
	kernel.no_both = EOPNOTSUPP;
	mock_open();
	assert_good("H2 H4 H6 E4 S4 S6 H4 H6", IDLE, 4);
	assert_good("H4 H6 S4 S6 H4 H6", IDLE, 4);
}

static void
no_tcp_diag(void **state)
{
	(void)state;
	kernel.no_both = kernel.no_v4 = kernel.no_v6 = ENOENT;
	mock_open();
	assert_failed("dump of listeners: this kernel has no tcp_diag: "
		      "No such file or directory");
}

/* What may be different next time must not make every later poll cost twice. */
static void
passing_trouble_is_forgotten(void **state)
{
	static const int errors[] = {EBUSY, ENOMEM, EPERM, ENOBUFS, EINTR};
	(void)state;
	mock_open();
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		char expected[128];
		kernel.no_both = errors[i];
		snprintf(expected, sizeof(expected), "dump of listeners: the kernel refused it: %s",
			 strerror(errors[i]));
		assert_failed(expected);
		kernel.no_both = 0;
		assert_good("H2 E2 S2 H2", BOTH | IDLE | EXPLICIT, 2);
	}
}

/* What the kernel tells of sockets is learnt from one of our own, or from the first that shows it,
 * and holds from then on: that a host has no socket to tell is no news of its kernel. */
static void
what_sockets_show_holds_on(void **state)
{
	(void)state;
	for (unsigned old = 0; old < 2; old++) {
		for (unsigned i = 0; i < 2; i++) {
			uint32_t known = (old ? 0 : IDLE) | BOTH | EXPLICIT;
			uint32_t shown = 1U << (i == 0 ? FEATURE_NO_PORT : FEATURE_CGROUP);
			kernel.old = old;
			*(i == 0 ? &kernel.shows_no_port : &kernel.shows_cgroup) = true;
			mock_open();
			assert_good("H2 E2 S2 H2", known | shown, 2);
			kernel.shows_no_port = kernel.shows_cgroup = false;
			assert_good("H2 E2 S2 H2", known | shown, 2);
			mock_close();
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MOCK_TEST(the_kernel_of_today),
	    MOCK_TEST(before_6_8_bound_idle_is_not_listed),
	    MOCK_TEST(what_bound_idle_sockets_are_like_is_asked_once),
	    MOCK_TEST(no_request_for_both_families),
	    MOCK_TEST(no_ipv6),
	    MOCK_TEST(no_filter_for_explicit_binds),
	    MOCK_TEST(no_tcp_diag),
	    MOCK_TEST(passing_trouble_is_forgotten),
	    MOCK_TEST(what_sockets_show_holds_on),
	};
	return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* The kernel is asked, in a network namespace of the test's own; without one the test is skipped.
 */
#include "count/evidence.h"
#include "daemon/probing.h"
#include "one_host.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS 500

static bool
enter_namespace(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return up;
}

static struct probing *probing;

/* What is said of ports that a list has in doubt and the kernel does not know at all. */
static const char *
run(uint64_t budget_us)
{
	host_with_range(40000, 41999, "");
	assert_true(census_watch(&host.census));
	host_connect(&host, STATE_TIME_WAIT, "10.0.0.1", "10.0.0.2", 443, 40001, PORTS, 2);
	assert_true(evidence_weigh(&host.census));
	const char *trouble = probing_run(probing, &host.census, UINT32_MAX, budget_us);
	host_tally(&host, NULL, 0);
	return trouble;
}

static void
forget(void)
{
	probing_free(probing);
	probing = probing_new();
	assert_non_null(probing);
}

static int
end(void **state)
{
	probing_free(probing);
	probing = NULL;
	return host_teardown(state);
}

static void
every_port_is_settled_in_time(void **state)
{
	(void)state;
	forget();
	if (!enter_namespace() || run(UINT64_MAX) != NULL)
		skip(); /* not Linux 6.3 */
	assert_int_equal(host.tally->range.uncertain, 0);
	assert_true(host.census.features & 1U << FEATURE_PROBE);
}

/* What was settled stays so, and the next poll goes on from there. */
static void
time_runs_out(void **state)
{
	uint32_t left = PORTS;
	unsigned polls = 0;
	(void)state;
	forget();
	if (!enter_namespace() || run(UINT64_MAX) != NULL)
		skip();
	forget();
	assert_string_equal(run(0), "cannot probe ports: there was no time for 500 of them");
	assert_int_equal(host.tally->range.uncertain, PORTS);
	for (; left > 0 && polls < 2 * PORTS; polls++) {
		run(50);
		assert_true(host.tally->range.uncertain <= left);
		left = host.tally->range.uncertain;
	}
	assert_int_equal(left, 0);
	assert_true(polls > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(every_port_is_settled_in_time, end),
	    cmocka_unit_test_teardown(time_runs_out, end),
	};
	return cmocka_run_group_tests_name("probing", tests, NULL, NULL);
}

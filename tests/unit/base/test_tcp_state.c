/* SPDX-License-Identifier: ISC */
#include "support.h"

/* include/net/tcp_states.h */
static void
numbers_and_names_are_the_kernels(void **state)
{
	static const char *const name[] = {
	    "?",     "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
	    "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "?",         "?",
	};
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(name); i++)
		assert_string_equal(tcp_state_name(i), name[i]);
	assert_string_equal(tcp_state_name(255), "?");
}

static void
sum_is_over_the_eleven_states(void **state)
{
	struct state_counts counts = {{1000, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}};
	(void)state;
	assert_int_equal(tcp_state_sum(&counts), 2047);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_and_names_are_the_kernels),
	    cmocka_unit_test(sum_is_over_the_eleven_states),
	};
	return cmocka_run_group_tests_name("tcp_state", tests, NULL, NULL);
}

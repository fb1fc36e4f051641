/* SPDX-License-Identifier: ISC */
#include "count/reuse.h"
#include "support.h"

#define HERE  "10.0.0.1"
#define THERE "10.0.0.2"

static struct settings settings;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "");
	return 0;
}

/* tcp_twsk_unique(): which TIME_WAIT a connect() takes over. */
static void
recyclable_time_wait(void **state)
{
	static const char lo[] = "127.0.0.1", lo6[] = "::1", eth[] = HERE, eth6[] = "2001:db8::1";
	static const struct {
		int32_t reuse, timestamps, delay_ms;
		const char *local, *peer;
		uint32_t interface, age_ms;
		enum reuse expected;
	} cases[] = {
	    /* off, or not there */
	    {0, 1, 1000, lo, lo, 0, 30000, REUSE_NO},
	    {0, 1, 1000, eth, THERE, 0, 30000, REUSE_NO},
	    {SETTING_ABSENT, 1, 1000, lo, lo, 0, 30000, REUSE_NO},
	    /* on: everywhere, when older than the delay */
	    {1, 1, 1000, eth, THERE, 0, 0, REUSE_NO},
	    {1, 1, 1000, eth, THERE, 0, 300, REUSE_NO},
	    {1, 1, 1000, eth, THERE, 0, 1000, REUSE_NO},
	    {1, 1, 1000, eth, THERE, 0, 1001, REUSE_YES},
	    {1, 1, 1000, eth6, "2001:db8::2", 0, 1300, REUSE_YES},
	    {1, 1, 1000, lo, lo, 0, 1300, REUSE_YES},
	    {1, 1, 1000, eth, THERE, 0, 60000, REUSE_YES},
	    /* loopback only: either address, or the loopback device */
	    {2, 1, 1000, lo, lo, 0, 300, REUSE_NO},
	    {2, 1, 1000, lo, lo, 0, 1300, REUSE_YES},
	    {2, 1, 1000, lo6, lo6, 0, 1300, REUSE_YES},
	    {2, 1, 1000, "::ffff:127.0.0.1", "::ffff:127.1.1.1", 0, 1300, REUSE_YES},
	    {2, 1, 1000, eth, "127.0.0.9", 0, 1300, REUSE_YES},
	    {2, 1, 1000, lo, THERE, 0, 1300, REUSE_YES},
	    {2, 1, 1000, eth, THERE, 0, 1300, REUSE_NO},
	    {2, 1, 1000, eth6, "2001:db8::2", 0, 1300, REUSE_NO},
	    {2, 1, 1000, eth, THERE, 1, 1300, REUSE_YES},
	    {2, 1, 1000, eth, THERE, 2, 1300, REUSE_NO},
	    /* the delay of 6.14, at its ends and where it is not there */
	    {1, 1, 1, eth, THERE, 0, 1, REUSE_NO},
	    {1, 1, 1, eth, THERE, 0, 2, REUSE_YES},
	    {1, 1, 300, eth, THERE, 0, 300, REUSE_NO},
	    {1, 1, 300, eth, THERE, 0, 500, REUSE_YES},
	    {1, 1, 5000, eth, THERE, 0, 1300, REUSE_NO},
	    {1, 1, 60000, eth, THERE, 0, 60000, REUSE_NO},
	    {1, 1, SETTING_ABSENT, eth, THERE, 0, 1000, REUSE_MAYBE},
	    {1, 1, SETTING_ABSENT, eth, THERE, 0, 1001, REUSE_YES},
	    /* never without timestamps; taken as on where the sysctl cannot be seen */
	    {1, 0, 1000, eth, THERE, 0, 30000, REUSE_NO},
	    {2, 0, 1000, lo, lo, 0, 30000, REUSE_NO},
	    {1, 2, 1000, eth, THERE, 0, 30000, REUSE_YES},
	    {1, SETTING_ABSENT, 1000, eth, THERE, 0, 30000, REUSE_YES},
	    /* what cannot be read, or is of a newer kernel, may be either */
	    {SETTING_UNKNOWN, 1, 1000, eth, THERE, 0, 1300, REUSE_MAYBE},
	    {SETTING_UNKNOWN, 1, 1000, eth, THERE, 0, 300, REUSE_NO},
	    {SETTING_UNKNOWN, 0, 1000, eth, THERE, 0, 1300, REUSE_NO},
	    {1, SETTING_UNKNOWN, 1000, eth, THERE, 0, 1300, REUSE_MAYBE},
	    {0, SETTING_UNKNOWN, 1000, eth, THERE, 0, 1300, REUSE_NO},
	    {1, 1, SETTING_UNKNOWN, eth, THERE, 0, 0, REUSE_MAYBE},
	    {0, 1, SETTING_UNKNOWN, eth, THERE, 0, 60000, REUSE_NO},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct diag_socket s =
		    time_wait(cases[i].local, 40000, cases[i].peer, 80, cases[i].age_ms);
		settings.tw_reuse = cases[i].reuse;
		settings.timestamps = cases[i].timestamps;
		settings.tw_reuse_delay_ms = cases[i].delay_ms;
		s = on_device(s, cases[i].interface);
		if (reuse_of(&settings, &s) != cases[i].expected)
			fail_msg("case %zu", i);
	}
}

/* A timer that was armed anew, or a clock that jumped: never older than it says. */
static void
time_wait_with_more_than_its_time(void **state)
{
	struct diag_socket s = time_wait(HERE, 40000, THERE, 80, 0);
	(void)state;
	settings.tw_reuse = 1;
	settings.tw_reuse_delay_ms = 1;
	s.expires = 60001;
	assert_int_equal(reuse_of(&settings, &s), REUSE_NO);
	s.expires = UINT32_MAX;
	assert_int_equal(reuse_of(&settings, &s), REUSE_NO);
	s.expires = 0;
	assert_int_equal(reuse_of(&settings, &s), REUSE_YES);
}

static void
only_time_wait_mini_sockets_are_recyclable(void **state)
{
	struct diag_socket s = fin_wait2_mini(HERE, 40000, THERE, 80, 30000);
	(void)state;
	settings.tw_reuse = 1;
	assert_int_equal(reuse_of(&settings, &s), REUSE_NO);
	for (unsigned tcp = 1; tcp < STATE_MAX; tcp++) {
		s.state = (uint8_t)tcp;
		s.mini = true;
		assert_int_equal(reuse_of(&settings, &s),
				 tcp == STATE_TIME_WAIT ? REUSE_YES : REUSE_NO);
		s.mini = false;
		assert_int_equal(reuse_of(&settings, &s), REUSE_NO);
	}
}

/* Without tcp_tw_reuse_delay: from the first tick of a second on that follows the entry. */
static void
by_whole_seconds(void **state)
{
	static const struct {
		uint64_t from_ms, to_ms;
		uint32_t age_ms;
		enum reuse reuse;
	} cases[] = {
	    /* Looked at in the middle of a second: entered in the same one, or before it. */
	    {7500, 7500, 0, REUSE_NO},
	    {7500, 7500, 400, REUSE_NO},
	    {7500, 7500, 479, REUSE_NO},
	    {7500, 7500, 480, REUSE_NO},
	    {7500, 7500, 481, REUSE_MAYBE},
	    {7500, 7500, 500, REUSE_MAYBE},
	    {7500, 7500, 510, REUSE_MAYBE},
	    {7500, 7500, 511, REUSE_YES},
	    {7500, 7500, 900, REUSE_YES},
	    {7500, 7500, 1001, REUSE_YES},
	    /* Just behind the edge the kernel's own second may still be the last one. */
	    {7000, 7000, 100, REUSE_MAYBE},
	    {7009, 7009, 100, REUSE_MAYBE},
	    {7010, 7010, 100, REUSE_YES},
	    {6999, 6999, 100, REUSE_NO},
	    /* A poll over the edge. */
	    {6990, 7020, 100, REUSE_MAYBE},
	    {6990, 7020, 0, REUSE_MAYBE},
	    {6990, 7020, 999, REUSE_MAYBE},
	    {6990, 7020, 1001, REUSE_YES},
	    {6300, 6900, 100, REUSE_NO},
	    {6300, 6900, 350, REUSE_MAYBE},
	    {6300, 6900, 950, REUSE_YES},
	    {5000, 7000, 1000, REUSE_MAYBE},
	    /* Since the machine booted, and not known when. */
	    {300, 300, 100, REUSE_NO},
	    {300, 300, 900, REUSE_YES},
	    {0, 0, 100, REUSE_MAYBE},
	    {0, 0, 1001, REUSE_YES},
	};
	(void)state;
	settings.tw_reuse = 1;
	settings.tw_reuse_delay_ms = SETTING_ABSENT;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct diag_socket s = time_wait(HERE, 40000, THERE, 80, cases[i].age_ms);
		s.from_ms = cases[i].from_ms;
		s.to_ms = cases[i].to_ms;
		if (reuse_of(&settings, &s) != cases[i].reuse)
			fail_msg("case %zu: %d", i, reuse_of(&settings, &s));
	}
}

/* Some of the kernels without tcp_tw_reuse_delay take it over, by the rules of TIME_WAIT. */
static void
an_orphaned_fin_wait2_may_be_taken_over(void **state)
{
	struct diag_socket near = fin_wait2_mini("127.0.0.1", 40000, "127.0.0.1", 80, 30000);
	struct diag_socket far = fin_wait2_mini(HERE, 40000, THERE, 80, 30000);
	(void)state;
	assert_int_equal(reuse_of(&settings, &near), REUSE_NO);
	settings.tw_reuse_delay_ms = SETTING_ABSENT;
	assert_int_equal(reuse_of(&settings, &near), REUSE_MAYBE);
	assert_int_equal(reuse_of(&settings, &far), REUSE_NO);
	settings.tw_reuse = 1;
	assert_int_equal(reuse_of(&settings, &far), REUSE_MAYBE);
	settings.fin_wait2_kept = true;
	assert_int_equal(reuse_of(&settings, &far), REUSE_NO);
	settings.fin_wait2_kept = false;
	settings.timestamps = 0;
	assert_int_equal(reuse_of(&settings, &far), REUSE_NO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(recyclable_time_wait, begin),
	    cmocka_unit_test_setup(time_wait_with_more_than_its_time, begin),
	    cmocka_unit_test_setup(only_time_wait_mini_sockets_are_recyclable, begin),
	    cmocka_unit_test_setup(by_whole_seconds, begin),
	    cmocka_unit_test_setup(an_orphaned_fin_wait2_may_be_taken_over, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "one_host.h"
#include "verdict/survey.h"

#define HERE "10.0.0.1"

static struct owner_subjects subjects;

static void
connect_to(const char *peer, uint16_t port, enum tcp_state state, unsigned count)
{
	host_connect(&host, state, HERE, peer, port, 40000, count, 1);
}

/* The ports of the pools that are chosen, in their order: "80 443 ". */
static const char *
chosen(bool asked)
{
	static char text[256];
	survey_choose(host.findings, asked, &subjects);
	text[0] = '\0';
	for (uint32_t i = 0; i < subjects.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ",
			 subjects.pools[i].port);
	return text;
}

static void
nobody_is_asked_about_while_all_is_well(void **state)
{
	(void)state;
	host_with_range(40000, 49999, "");
	connect_to("10.0.0.2", 80, STATE_ESTABLISHED, 500);
	host_tally(&host, NULL, 0);
	assert_string_equal(chosen(false), "");
	assert_string_equal(chosen(true), "");
}

/* The most severe first, then those with the most connections; of a bad peer all pools. */
static void
the_worst_come_first(void **state)
{
	(void)state;
	host_with_range(40000, 49999, "");
	connect_to("10.0.0.2", 1, STATE_ESTABLISHED, 8100);
	connect_to("10.0.0.3", 2, STATE_ESTABLISHED, 9600);
	connect_to("10.0.0.2", 3, STATE_ESTABLISHED, 8200);
	connect_to("10.0.0.2", 4, STATE_ESTABLISHED, 7);
	connect_to("10.0.0.4", 5, STATE_ESTABLISHED, 7000);
	host_tally(&host, NULL, 0);
	assert_string_equal(chosen(false), "2 3 1 4 ");
}

/* Before the alarm is raised: its polls are only counted yet. */
static void
what_is_measured_counts_before_the_verdict(void **state)
{
	const struct hysteresis_rules rules = {.raise_polls = 3, .clear_polls = 3, .room = 10};
	struct hysteresis *hysteresis = hysteresis_new();
	(void)state;
	host_with_range(40000, 49999, "");
	connect_to("10.0.0.3", 2, STATE_ESTABLISHED, 9600);
	host_count(&host, NULL, 0);
	host_find_next(&host, hysteresis, &rules);
	assert_int_equal(host.findings->pools[0].verdict.severity, SEVERITY_NORMAL);
	assert_string_equal(chosen(false), "2 ");
	hysteresis_free(hysteresis);
}

/* A leak is of all pools of a peer, or of a target. */
static void
a_leak_is_of_all_pools(void **state)
{
	struct target target = target_of("10.0.0.8/29");
	(void)state;
	host_with_range(40000, 49999, "");
	connect_to("10.0.0.2", 1, STATE_CLOSE_WAIT, 600);
	connect_to("10.0.0.2", 2, STATE_CLOSE_WAIT, 601);
	connect_to("10.0.0.9", 3, STATE_CLOSE_WAIT, 700);
	connect_to("10.0.0.10", 4, STATE_CLOSE_WAIT, 701);
	connect_to("10.0.0.17", 5, STATE_CLOSE_WAIT, 702);
	host_tally(&host, &target, 1);
	assert_string_equal(chosen(false), "4 3 2 1 ");
}

static void
an_answer_comes_before_what_was_not_asked(void **state)
{
	struct target target = target_of("10.0.0.9");
	(void)state;
	host_with_range(40000, 49999, "");
	connect_to("10.0.0.2", 1, STATE_ESTABLISHED, 9600);
	connect_to("10.0.0.9", 3, STATE_ESTABLISHED, 7);
	host_tally(&host, &target, 1);
	assert_string_equal(chosen(true), "3 1 ");
	assert_string_equal(chosen(false), "1 ");
}

static void
udp_sockets_where_their_ports_are_short(void **state)
{
	(void)state;
	host_with_range(40000, 40299, "40100-40199");
	host.census.udp_held.available = true;
	for (unsigned i = 0; i < 101; i++) {
		if (i == 99) {
			host_tally(&host, NULL, 0);
			assert_string_equal(chosen(false), "");
			assert_false(subjects.udp);
		}
		host_add(&host, DIAG_UDP,
			 socket_of(STATE_ESTABLISHED, HERE, (uint16_t)(i < 100 ? 40000 + i : 40200),
				   "10.0.0.2", 53));
	}
	host_tally(&host, NULL, 0);
	assert_string_equal(chosen(false), "");
	assert_true(subjects.udp);
	assert_int_equal(portset_count(&subjects.udp_ports), 200);
	assert_true(portset_has(&subjects.udp_ports, 40200));
	assert_false(portset_has(&subjects.udp_ports, 40199));
}

static void
there_is_room_for_so_many(void **state)
{
	(void)state;
	host_with_range(40000, 40009, "");
	for (uint16_t port = 1; port <= 40; port++)
		connect_to("10.0.0.2", port, STATE_ESTABLISHED, 10);
	host_tally(&host, NULL, 0);
	survey_choose(host.findings, false, &subjects);
	assert_int_equal(subjects.count, OWNER_POOLS_MAX);
	for (unsigned n = 1; n <= 3; n++) {
		allocations_fail_from(n);
		survey_choose(host.findings, false, &subjects);
		assert_int_equal(subjects.count, 0);
		assert_true(allocations_fail_from(0));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(nobody_is_asked_about_while_all_is_well),
	    CASE(the_worst_come_first),
	    CASE(what_is_measured_counts_before_the_verdict),
	    CASE(a_leak_is_of_all_pools),
	    CASE(an_answer_comes_before_what_was_not_asked),
	    CASE(udp_sockets_where_their_ports_are_short),
	    CASE(there_is_room_for_so_many),
	};
	return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}

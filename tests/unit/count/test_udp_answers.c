/* SPDX-License-Identifier: ISC */
#include "count/udp_answers.h"
#include "support.h"

#include <stdlib.h>

static struct udp_census census;
static struct udp_answers answers;
static struct settings settings;
static struct probe_question questions[100];
static uint32_t asked;

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "");
	answers = (struct udp_answers){0};
	return 0;
}

static int
end(void **state)
{
	(void)state;
	udp_none(&census, "");
	udp_answers_free(&answers);
	return 0;
}

/* A poll that finds a connected IPv6 socket on each of the first ports; those of number `other` are
 * others than before. */
static void
poll_of(unsigned count, unsigned other)
{
	udp_none(&census, "");
	census.available = true;
	assert_true(udp_watch(&census));
	for (unsigned i = 0; i < count; i++) {
		struct diag_socket s = socket_of(STATE_ESTABLISHED, "2001:db8::1",
						 (uint16_t)(40000 + i), "2001:db8::2", 53);
		s.cookie = i == other ? 1000 + i : i + 1;
		assert_true(udp_add(&census, &settings, &s));
	}
	assert_true(udp_answers_recall(&answers, &census));
}

/* What is asked about, and answered: every third port is not in the way. */
static const char *
ask(uint32_t most)
{
	static char text[1024];
	text[0] = '\0';
	asked = udp_answers_choose(&answers, &census, questions, most);
	for (uint32_t i = 0; i < asked; i++) {
		uint16_t number = (uint16_t)(questions[i].port - 40000);
		questions[i].answer = number % 3 == 0 ? PROBE_FREE : PROBE_BLOCKED;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", number);
	}
	udp_answers_take(&answers, &census, questions, asked);
	return text;
}

static struct udp_row
row(void)
{
	struct udp_tally udp;
	assert_true(udp_count(&census, &settings, &udp));
	struct udp_row of = udp.rows[0];
	free(udp.rows);
	return of;
}

/* With fewer questions than ports in doubt each gets its turn, and what is settled stays so. */
static void
by_turns(void **state)
{
	static const char *const turns[] = {"0 1 2 3 ", "4 5 6 7 ", "8 9 0 1 ", "2 3 4 5 "};
	static const unsigned uncertain[] = {6, 2, 0, 0};
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(turns); i++) {
		poll_of(10, 99);
		assert_string_equal(ask(4), turns[i]);
		assert_int_equal(row().uncertain, uncertain[i]);
	}
	assert_int_equal(row().used, 6); /* 1 2 4 5 7 8 */
	assert_int_equal(row().sockets, 6);
}

/* Each is asked for a second time, and then rarely. */
static void
answers_are_kept(void **state)
{
	(void)state;
	poll_of(3, 99);
	assert_string_equal(ask(100), "0 1 2 ");
	poll_of(3, 99);
	assert_string_equal(ask(100), "0 1 2 ");
	for (unsigned i = 1; i < UDP_REST; i++) {
		poll_of(3, 99);
		assert_string_equal(ask(100), "");
		assert_int_equal(row().uncertain, 0);
		assert_int_equal(row().used, 2);
	}
	poll_of(3, 99);
	assert_string_equal(ask(100), "0 1 2 ");
}

static void
another_socket_is_another_question(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		poll_of(3, 99);
		ask(100);
	}
	poll_of(3, 1);
	assert_int_equal(row().uncertain, 1);
	assert_string_equal(ask(100), "1 ");
	assert_int_equal(row().uncertain, 0);
	/* Beside one of IPv4 there is nothing to ask. */
	poll_of(3, 2);
	struct diag_socket v4 = socket_of(STATE_ESTABLISHED, "10.0.0.1", 40002, "10.0.0.2", 53);
	assert_true(udp_add(&census, &settings, &v4));
	assert_string_equal(ask(100), "1 ");
}

/* The kernel has changed its mind: what it says last counts. */
static void
an_answer_that_changes(void **state)
{
	(void)state;
	poll_of(1, 99);
	assert_string_equal(ask(1), "0 ");
	poll_of(1, 99);
	assert_int_equal(row().used, 0);
	questions[0] = (struct probe_question){40000, PROBE_UNKNOWN};
	udp_answers_take(&answers, &census, questions, 1);
	assert_int_equal(row().used, 0);
	questions[0] = (struct probe_question){40000, PROBE_BLOCKED};
	udp_answers_take(&answers, &census, questions, 1);
	assert_int_equal(row().used, 1);
	assert_int_equal(row().sockets, 1);
	poll_of(1, 99);
	assert_int_equal(row().used, 1);
	assert_string_equal(ask(1), "0 "); /* soon again */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(by_turns),
	    CASE(answers_are_kept),
	    CASE(another_socket_is_another_question),
	    CASE(an_answer_that_changes),
	};
	return cmocka_run_group_tests_name("udp_answers", tests, NULL, NULL);
}

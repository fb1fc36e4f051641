/* SPDX-License-Identifier: ISC */
#include "count/evidence.h"
#include "count/probe_cache.h"
#include "support.h"

static struct settings settings;
static struct probe_cache cache;
static struct host host;
static struct probe_question questions[100];

static int
begin(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "");
	memset(&cache, 0, sizeof(cache));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	probe_cache_free(&cache);
	return 0;
}

static void
poll_begin(void)
{
	host_begin(&host, &settings, NULL);
	assert_true(census_watch(&host.census));
}

static struct diag_socket
holder(uint16_t port, uint64_t cookie)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.1", port, "10.0.0.2", 443);
	s.cookie = cookie;
	return s;
}

/* The host's numbers after what has been settled. */
static void
assert_said(uint32_t capacity, uint32_t uncertain)
{
	host_tally(&host, NULL, 0);
	assert_int_equal(host.tally->range.capacity, capacity);
	assert_int_equal(host.tally->range.uncertain, uncertain);
}

static void
answer(uint16_t port, bool blocked)
{
	assert_true(evidence_weigh(&host.census));
	const struct probe_question question = {port, blocked ? PROBE_BLOCKED : PROBE_FREE};
	probe_cache_answer(&cache, &host.census, &question, 1);
}

/* Fails unless exactly these ports are chosen, in this order. */
static void
assert_chosen(uint32_t most, const uint16_t *expected, uint32_t count)
{
	assert_true(evidence_weigh(&host.census));
	assert_int_equal(probe_cache_choose(&cache, &host.census, questions, most), count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(questions[i].port, expected[i]);
}

#define CHOSEN(most, ...)                                                                          \
	do {                                                                                       \
		const uint16_t expected_[] = {__VA_ARGS__};                                        \
		assert_chosen(most, expected_, COUNT_OF(expected_));                               \
	} while (0)

/* Where bound idle sockets are counted and not listed. */
static void
all_that_may_have_an_unlisted_socket(void **state)
{
	const struct unseen_count two = {true, true, 2}, hidden = {true, false, 3};
	(void)state;
	settings = settings_of(40000, 40009, "40008");
	poll_begin();
	host_add(&host, DIAG_HOLDERS, listener("10.0.0.1", 40003));
	host_add(&host, DIAG_SOCKETS, holder(40007, 7));
	host_add(&host, DIAG_SOCKETS, holder(40002, 2));
	assert_true(probe_cache_begin(&cache, &host.census));
	CHOSEN(100, 40007, 40002);
	census_unseen(&host.census, &two);
	assert_said(8, 3);
	CHOSEN(4, 40007, 40002, 40000, 40001);
	answer(40007, false);
	answer(40002, false);
	answer(40000, false);
	/* One was found, and is one less; who is asked next follows on it. */
	answer(40001, true);
	assert_said(7, 1);
	CHOSEN(100, 40002, 40004, 40005, 40006, 40007, 40009, 40000);
	host_free(&host);

	/* It is asked about again before the others, and so are all, for nothing shows them. */
	poll_begin();
	assert_true(probe_cache_begin(&cache, &host.census));
	census_unseen(&host.census, &hidden);
	CHOSEN(3, 40001, 40002, 40003);
	assert_true(evidence_weigh(&host.census));
	assert_int_equal(probe_cache_choose(&cache, &host.census, questions, 100), 9);
	for (unsigned i = 0; i < 9; i++)
		questions[i].answer = questions[i].port == 40001 ? PROBE_BLOCKED : PROBE_FREE;
	probe_cache_answer(&cache, &host.census, questions, 8);
	assert_int_equal(host.census.elsewhere, 2);
	host_free(&host);

	/* Once all have been asked about there are no others. */
	poll_begin();
	assert_true(probe_cache_begin(&cache, &host.census));
	census_unseen(&host.census, &two);
	probe_cache_answer(&cache, &host.census, questions, 9);
	assert_int_equal(host.census.idle, 0);
	assert_said(8, 0);
	host_free(&host);
}

static void
ambiguous_first_then_assumed(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_HOLDERS, listener("10.0.0.1", 40003));
	host_add(&host, DIAG_EXPLICIT, holder(40005, 5));
	host_add(&host, DIAG_SOCKETS, holder(40005, 5));
	host_add(&host, DIAG_SOCKETS, holder(40002, 2));
	host_add(&host, DIAG_SOCKETS, holder(40007, 7));
	host_add(&host, DIAG_SOCKETS, with_no_port(holder(40009, 9), true));
	host_add(&host, DIAG_SOCKETS, holder(50001, 50));
	assert_true(probe_cache_begin(&cache, &host.census));
	CHOSEN(100, 40007, 40002, 40009);
	CHOSEN(2, 40007, 40002);
	assert_true(evidence_weigh(&host.census));
	assert_int_equal(probe_cache_choose(&cache, &host.census, questions, 0), 0);
	host_free(&host);
}

static void
reserved_ports_are_not_asked_about(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "40007");
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40007, 7));
	assert_true(probe_cache_begin(&cache, &host.census));
	assert_true(evidence_weigh(&host.census));
	assert_int_equal(probe_cache_choose(&cache, &host.census, questions, 100), 0);
	host_free(&host);
}

/* A port may be bound to again beside a connection, at another address: the connection's key stays.
 */
static void
what_is_bound_since_is_no_longer_free(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40002, 2));
	assert_true(probe_cache_begin(&cache, &host.census));
	answer(40002, false);
	assert_said(100, 0);
	host_free(&host);

	poll_begin();
	host_add(&host, DIAG_HOLDERS, bound_idle("10.0.0.9", 40002));
	host_add(&host, DIAG_SOCKETS, holder(40002, 2));
	assert_true(probe_cache_begin(&cache, &host.census));
	assert_true(evidence_weigh(&host.census));
	assert_int_equal(probe_cache_choose(&cache, &host.census, questions, 100), 0);
	assert_said(99, 0);
	host_free(&host);

	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40002, 2));
	assert_true(probe_cache_begin(&cache, &host.census));
	CHOSEN(100, 40002);
	assert_said(100, 0);
	host_free(&host);
}

/* What the fullest pool does not hold decides what it has left. */
static void
tightest_pool_first(void **state)
{
	(void)state;
	poll_begin();
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.1", "10.0.0.9", 80, 40001, 3, 2);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.1", "10.0.0.8", 80, 40003, 2, 4);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.1", "10.0.0.7", 80, 40001, 1, 2);
	assert_true(probe_cache_begin(&cache, &host.census));
	/* The first pool holds 40001, 40003 and 40005, the second 40003 and 40007. */
	CHOSEN(100, 40007, 40001, 40005, 40003);
	host_free(&host);
}

static void
answers_settle(void **state)
{
	(void)state;
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40001, 1));
	host_add(&host, DIAG_SOCKETS, holder(40003, 3));
	host_add(&host, DIAG_SOCKETS, holder(40004, 4));
	assert_true(probe_cache_begin(&cache, &host.census));
	assert_said(100, 2);
	answer(40001, true);
	assert_said(99, 1);
	answer(40003, false);
	assert_said(99, 0);
	answer(40004, true);
	assert_said(98, 0);
	host_free(&host);
}

/* One poll with two sockets on 40001, in some order; fails unless the answer is still known. */
static void
assert_known(uint64_t first, uint64_t second, bool known)
{
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40001, first));
	struct diag_socket other = holder(40001, second);
	other.peer_port = 80;
	host_add(&host, DIAG_SOCKETS, other);
	assert_true(probe_cache_begin(&cache, &host.census));
	assert_said(known ? 99 : 100, known ? 0 : 1);
	if (!known)
		answer(40001, true);
	host_free(&host);
}

static void
an_answer_is_about_these_sockets(void **state)
{
	struct diag_socket s;
	(void)state;
	assert_known(11, 12, false);
	assert_known(11, 12, true);
	assert_known(12, 11, true);
	assert_known(12, 13, false);
	assert_known(11, 12, false);
	assert_known(11, 12, true);

	/* A socket keeps its cookie in TIME_WAIT: the answer holds. */
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40001, 11));
	s = time_wait("10.0.0.1", 40001, "10.0.0.2", 80, 100);
	s.cookie = 12;
	host_add(&host, DIAG_SOCKETS, s);
	assert_true(probe_cache_begin(&cache, &host.census));
	assert_said(99, 0);
	host_free(&host);

	/* All gone, and all of it forgotten. */
	poll_begin();
	assert_true(probe_cache_begin(&cache, &host.census));
	assert_said(100, 0);
	host_free(&host);
	assert_known(11, 12, false);
}

/* Whether port 40001, held by one socket, is asked about; answers that it is free. */
static bool
asked(void)
{
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40001, 1));
	assert_true(probe_cache_begin(&cache, &host.census));
	uint32_t count = probe_cache_choose(&cache, &host.census, questions, 1);
	if (count == 1)
		answer(40001, false);
	host_free(&host);
	return count == 1;
}

static void
asked_again_soon_and_then_rarely(void **state)
{
	(void)state;
	assert_true(asked());
	assert_true(asked());
	for (unsigned poll = 1; poll < PROBE_REST; poll++)
		assert_false(asked());
	assert_true(asked());
	assert_false(asked());
}

/* Asked again, a port may turn out not to be blocked any more. */
static void
a_later_answer_replaces(void **state)
{
	(void)state;
	for (unsigned poll = 0; poll < 2; poll++) {
		poll_begin();
		host_add(&host, DIAG_SOCKETS, holder(40001, 1));
		assert_true(probe_cache_begin(&cache, &host.census));
		CHOSEN(100, 40001);
		answer(40001, poll == 0);
		assert_said(poll == 0 ? 99 : 100, 0);
		host_free(&host);
	}
}

static void
another_range_begins_anew(void **state)
{
	(void)state;
	assert_known(11, 12, false);
	settings = settings_of(40001, 40100, "");
	poll_begin();
	host_add(&host, DIAG_SOCKETS, holder(40100, 11));
	assert_true(probe_cache_begin(&cache, &host.census));
	CHOSEN(100, 40100);
	host_free(&host);
	settings = settings_of(40000, 40099, "");
	assert_known(11, 12, false);
}

static void
out_of_memory(void **state)
{
	(void)state;
	host_begin(&host, &settings, NULL);
	allocations_fail_from(1);
	assert_false(census_watch(&host.census));
	allocations_fail_from(0);
	assert_true(census_watch(&host.census));
	allocations_fail_from(1);
	assert_false(probe_cache_begin(&cache, &host.census));
	allocations_fail_from(0);
	assert_true(probe_cache_begin(&cache, &host.census));
	host_free(&host);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
	    TEST(ambiguous_first_then_assumed),
	    TEST(all_that_may_have_an_unlisted_socket),
	    TEST(reserved_ports_are_not_asked_about),
	    TEST(what_is_bound_since_is_no_longer_free),
	    TEST(tightest_pool_first),
	    TEST(answers_settle),
	    TEST(an_answer_is_about_these_sockets),
	    TEST(asked_again_soon_and_then_rarely),
	    TEST(a_later_answer_replaces),
	    TEST(another_range_begins_anew),
	    TEST(out_of_memory),
	};
	return cmocka_run_group_tests_name("suspect", tests, NULL, NULL);
}

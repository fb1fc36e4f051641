/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/notifications.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

/* 'a' to 'z' a target of that name, 'A' to 'Z' a peer, '*' the summary. */
static struct notification
notification_of(char name)
{
	struct notification n = {.kind = NOTIFICATION_SUPPRESSED};
	if (name == '*')
		return n;
	n.kind = NOTIFICATION_CRITICAL;
	n.alarm.severity = SEVERITY_CRITICAL;
	n.alarm.subject.kind = name >= 'a' ? ALARM_TARGET : ALARM_PEER;
	n.alarm.subject.name[0] = name;
	return n;
}

static void
post(struct notifications *q, const char *names)
{
	for (; *names != '\0'; names++) {
		struct notification n = notification_of(*names);
		assert_true(notifications_post(q, &n));
	}
}

static char
name_of(const struct notification *n)
{
	return n->kind == NOTIFICATION_SUPPRESSED ? '*' : n->alarm.subject.name[0];
}

static void
note(void *arg, const struct notification *n, enum notification_fate fate)
{
	static const char letters[] = "wfarl"; /* by fate */
	char *text = arg;
	snprintf(text + strlen(text), 256 - strlen(text), "%c%u:%c ", name_of(n), n->alarm.sequence,
		 letters[fate]);
}

/* "a1:f ": a, under number 1, is in flight. */
static const char *
collect(struct notifications *q, struct notifications_state *state)
{
	static char text[256];
	struct notifications_state unused;
	text[0] = '\0';
	notifications_collect(q, note, text, state != NULL ? state : &unused);
	return text;
}

static bool
readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

/* What leaves at that time; '-' = none does. */
static char
leave(struct notifications *q, uint64_t now_ms)
{
	struct notification n;
	if (!notifications_take(q, now_ms, &n))
		return '-';
	notifications_sent(q);
	return name_of(&n);
}

static void
each_meets_its_fate_in_order(void **state)
{
	struct notifications *q = notifications_new();
	struct notifications_state s;
	(void)state;
	notifications_continue(q, 6);
	assert_int_equal(leave(q, 0), '-');
	assert_false(readable(notifications_fd(q)));
	assert_true(notifications_idle(q));
	post(q, "ab*c");
	assert_true(readable(notifications_fd(q)));
	notifications_drain(notifications_fd(q));
	assert_false(readable(notifications_fd(q)));
	assert_int_equal(leave(q, 0), 'a');
	assert_int_equal(leave(q, 0), 'b');
	assert_int_equal(leave(q, 0), '*');
	notifications_done(q, FATE_ACCEPTED);
	notifications_done(q, FATE_REFUSED);
	assert_int_equal(notifications_waiting(q), 1);
	assert_string_equal(collect(q, &s), "a7:a b8:r *9:f c0:w ");
	assert_int_equal(s.sequence, 9);
	assert_int_equal(s.sent, 3);
	assert_int_equal(s.room, NOTIFICATIONS_MAX - 1);
	/* What had not left is the collector's again. */
	assert_string_equal(collect(q, NULL), "*9:f ");
	assert_false(notifications_idle(q));
	assert_false(readable(notifications_done_fd(q)));
	notifications_done(q, FATE_ACCEPTED);
	assert_true(readable(notifications_done_fd(q)));
	assert_true(notifications_idle(q));
	notifications_done(q, FATE_ACCEPTED); /* of none */
	assert_string_equal(collect(q, NULL), "*9:a ");
	notifications_free(q);
}

static void
what_was_not_handed_over_has_not_left(void **state)
{
	struct notifications *q = notifications_new();
	struct notifications_state s;
	struct notification n;
	(void)state;
	notifications_limit(q, 2);
	post(q, "ab");
	assert_int_equal(leave(q, 0), 'a');
	assert_true(notifications_take(q, 0, &n));
	assert_int_equal(n.alarm.sequence, 2);
	/* While it is being handed over nobody knows, and it takes its part of the budget. */
	assert_string_equal(collect(q, &s), "a1:f ");
	assert_int_equal(budget_rest(&s.budget, 0, true), 0);
	notifications_return(q);
	assert_string_equal(collect(q, &s), "a1:f b2:w ");
	assert_int_equal(budget_rest(&s.budget, 0, true), 1);
	assert_int_equal(s.sequence, 1);
	assert_int_equal(s.sent, 1);
	post(q, "c");
	assert_true(notifications_take(q, 0, &n));
	assert_int_equal(n.alarm.sequence, 2);
	notifications_free(q);
}

static void
what_has_left_before_keeps_its_number(void **state)
{
	struct notifications *q = notifications_new();
	struct notification n = notification_of('a');
	(void)state;
	notifications_continue(q, UINT32_MAX - 1);
	n.again = true;
	n.alarm.sequence = 5;
	assert_true(notifications_post(q, &n));
	post(q, "bc");
	for (unsigned i = 0; i < 3; i++)
		leave(q, 0);
	/* None has number 0. */
	assert_string_equal(collect(q, NULL), "a5:f b4294967295:f c1:f ");
	notifications_free(q);
}

/* The summary is not limited, and takes no part. */
static void
no_more_leave_than_the_limit_allows(void **state)
{
	struct notifications *q = notifications_new();
	(void)state;
	notifications_limit(q, 2);
	post(q, "A*bCd");
	assert_int_equal(leave(q, 1000), 'A');
	assert_int_equal(leave(q, 1000), '*');
	assert_int_equal(leave(q, 30000), 'b');
	assert_int_equal(leave(q, 61999), '-');
	assert_int_equal(leave(q, 62000), 'C');
	assert_int_equal(leave(q, 62000), '-');
	notifications_limit(q, 0);
	assert_int_equal(leave(q, 62000), 'd');
	notifications_free(q);
}

static void
another_master_agent_or_the_same(void **state)
{
	(void)state;
	for (unsigned same = 0; same < 2; same++) {
		struct notifications *q = notifications_new();
		struct notifications_state s;
		post(q, "abc");
		collect(q, &s);
		assert_false(s.open);
		post(q, "abc");
		notifications_open(q, true);
		assert_true(readable(notifications_done_fd(q)));
		notifications_drain(notifications_done_fd(q));
		notifications_open(q, true); /* is no news */
		assert_false(readable(notifications_done_fd(q)));
		leave(q, 0);
		leave(q, 0);
		notifications_open(q, false);
		if (same)
			notifications_resume(q);
		else
			notifications_renew(q);
		assert_string_equal(collect(q, &s), same ? "a1:a b2:a c0:w " : "a1:l b2:l c0:w ");
		assert_false(s.open);
		assert_int_equal(s.masters, same ? 0 : 1);
		notifications_free(q);
	}
}

static void
there_is_room_for_so_many(void **state)
{
	struct notifications *q = notifications_new();
	struct notification n = notification_of('a');
	(void)state;
	for (unsigned i = 0; i < NOTIFICATIONS_MAX; i++)
		assert_true(notifications_post(q, &n));
	assert_false(notifications_post(q, &n));
	for (unsigned i = 0; i < NOTIFICATIONS_MAX / 2; i++) {
		assert_false(readable(notifications_done_fd(q)));
		leave(q, 0);
		notifications_done(q, FATE_ACCEPTED);
	}
	assert_true(readable(notifications_done_fd(q))); /* room can be made */
	allocations_fail_from(1);
	bool posted = notifications_post(q, &n);
	allocations_fail_from(0);
	assert_false(posted);
	notifications_free(q);
}

/* Under the sanitizers: two threads, each notification exactly once. */
#define POSTED 3000

static void *
send_all(void *q)
{
	for (unsigned sent = 0; sent < POSTED;) {
		if (leave(q, 0) == '-')
			continue;
		notifications_done(q, FATE_ACCEPTED);
		sent++;
	}
	return NULL;
}

static void
count_accepted(void *arg, const struct notification *n, enum notification_fate fate)
{
	uint32_t *left = arg;
	if (fate == FATE_ACCEPTED) {
		left[0]++;
		assert_int_equal(n->alarm.sequence, left[0]);
	}
	left[1] += fate == FATE_WAITED;
}

static void
two_threads_lose_nothing(void **state)
{
	struct notifications *q = notifications_new();
	struct notifications_state s;
	struct notification n = notification_of('a');
	uint32_t counts[2] = {0, POSTED}; /* accepted; to be posted, once more if it had to wait */
	pthread_t thread;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, send_all, q), 0);
	while (counts[0] < POSTED) {
		while (counts[1] > 0 && notifications_post(q, &n))
			counts[1]--;
		notifications_collect(q, count_accepted, counts, &s);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(notifications_idle(q));
	assert_int_equal(s.sequence, POSTED);
	notifications_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_meets_its_fate_in_order),
	    cmocka_unit_test(what_was_not_handed_over_has_not_left),
	    cmocka_unit_test(what_has_left_before_keeps_its_number),
	    cmocka_unit_test(no_more_leave_than_the_limit_allows),
	    cmocka_unit_test(another_master_agent_or_the_same),
	    cmocka_unit_test(there_is_room_for_so_many),
	    cmocka_unit_test(two_threads_lose_nothing),
	};
	return cmocka_run_group_tests_name("notifications", tests, NULL, NULL);
}

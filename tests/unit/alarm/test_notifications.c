/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/notifications.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

static const char letters[] = "?NWCU"; /* by severity */

/* "a:NC" is a notification that target a went from normal to critical; "*" the summary. */
static struct notification
notification_of(const char *text)
{
	struct notification n = {.kind = NOTIFICATION_SUPPRESSED};
	if (strcmp(text, "*") == 0)
		return n;
	n.before = (enum severity)(strchr(letters, text[2]) - letters);
	n.alarm.severity = (enum severity)(strchr(letters, text[3]) - letters);
	n.kind = n.alarm.severity == SEVERITY_CRITICAL  ? NOTIFICATION_CRITICAL
		 : n.alarm.severity == SEVERITY_WARNING ? NOTIFICATION_WARNING
							: NOTIFICATION_CLEARED;
	n.alarm.subject.kind = ALARM_TARGET;
	n.alarm.subject.name[0] = text[0];
	return n;
}

static void
post(struct notifications *q, const char *texts)
{
	char copy[256], *save, *text;
	snprintf(copy, sizeof(copy), "%s", texts);
	for (text = strtok_r(copy, " ", &save); text != NULL; text = strtok_r(NULL, " ", &save)) {
		struct notification n = notification_of(text);
		notifications_post(q, &n);
	}
}

/* Everything in the queue, '|' between what is in flight and what waits. */
static const char *
content(struct notifications *q)
{
	static char text[4096];
	static struct notification copy[NOTIFICATIONS_MAX];
	uint32_t count = notifications_copy(q, copy), flying = notifications_in_flight(q);
	size_t at = 0;
	text[0] = '\0';
	for (uint32_t i = 0; i <= count && at < sizeof(text) - 16; i++) {
		if (i == flying)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "|");
		if (i == count)
			break;
		const struct notification *n = &copy[i];
		if (n->kind == NOTIFICATION_SUPPRESSED)
			at += (size_t)snprintf(text + at, sizeof(text) - at, " *");
		else
			at += (size_t)snprintf(text + at, sizeof(text) - at, " %c:%c%c",
					       n->alarm.subject.name[0], letters[n->before],
					       letters[n->alarm.severity]);
	}
	return text;
}

static uint32_t
unsent(struct notifications *q)
{
	struct alarm_summary s;
	notifications_count(q, &s);
	return s.unsent;
}

static uint32_t
lost(struct notifications *q)
{
	struct alarm_summary s;
	notifications_count(q, &s);
	return s.lost;
}

static bool
readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void
take(struct notifications *q, unsigned count)
{
	struct notification n;
	while (count-- > 0)
		assert_true(notifications_take(q, &n));
}

static void
first_in_first_out(void **state)
{
	struct notifications *q = notifications_new();
	struct notification n;
	struct alarm_summary s;
	(void)state;
	assert_false(notifications_take(q, &n));
	assert_false(readable(notifications_fd(q)));
	post(q, "a:NC b:NW * c:WN");
	assert_true(readable(notifications_fd(q)));
	notifications_drain(notifications_fd(q));
	assert_false(readable(notifications_fd(q)));
	assert_string_equal(content(q), "| a:NC b:NW * c:WN");
	assert_true(notifications_take(q, &n));
	assert_int_equal(n.kind, NOTIFICATION_CRITICAL);
	assert_int_equal(n.alarm.subject.name[0], 'a');
	notifications_sent(q);
	take(q, 1);
	notifications_sent(q);
	assert_string_equal(content(q), " a:UC b:UW| * c:WN");
	assert_false(readable(notifications_done_fd(q)));
	notifications_done(q, 1);
	assert_true(readable(notifications_done_fd(q)));
	assert_string_equal(content(q), " b:UW| * c:WN");
	take(q, 2);
	assert_false(notifications_take(q, &n));
	notifications_done(q, 99);
	assert_string_equal(content(q), "|");
	notifications_count(q, &s);
	assert_int_equal(s.sent, 2);
	assert_int_equal(s.unsent, 0);
	notifications_free(q);
}

static void
only_the_newest_about_a_subject_waits(void **state)
{
	static const struct {
		const char *posted, *content;
		uint32_t unsent;
	} cases[] = {
	    {"a:NC b:NC a:CW", "| a:NW b:NC", 1},
	    {"a:NC a:CN b:NW", "| b:NW", 2},
	    {"a:CN a:NC", "|", 2},
	    {"a:CW a:WN", "| a:CN", 1},
	    {"a:CN a:NW", "| a:CW", 1},
	    {"* *", "| *", 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct notifications *q = notifications_new();
		post(q, cases[i].posted);
		assert_string_equal(content(q), cases[i].content);
		assert_int_equal(unsent(q), cases[i].unsent);
		assert_int_equal(lost(q), 0); /* it was overtaken */
		notifications_free(q);
	}
}

static void
what_is_in_flight_is_not_changed(void **state)
{
	struct notifications *q = notifications_new();
	(void)state;
	post(q, "a:NC");
	take(q, 1);
	post(q, "a:CN");
	assert_string_equal(content(q), " a:UC| a:CN");
	notifications_done(q, 1);
	assert_string_equal(content(q), "| a:CN");
	notifications_free(q);
}

static void
what_was_not_handed_over_waits_again(void **state)
{
	struct notifications *q = notifications_new();
	(void)state;
	post(q, "a:NC b:NC c:NC");
	take(q, 2);
	notifications_return(q);
	assert_string_equal(content(q), " a:UC| b:NC c:NC");
	take(q, 1);
	post(q, "b:CN"); /* nobody has heard of b */
	notifications_return(q);
	assert_string_equal(content(q), " a:UC| c:NC");
	assert_int_equal(unsent(q), 2);
	notifications_done(q, 1);
	notifications_return(q); /* nothing is in flight */
	assert_string_equal(content(q), "| c:NC");
	notifications_free(q);
}

static void
what_may_have_arrived_is_told_again_and_never_forgotten(void **state)
{
	struct notifications *q = notifications_new();
	(void)state;
	post(q, "a:NC b:NC c:NW");
	take(q, 2);
	post(q, "a:CN");
	notifications_retry(q);
	/* Someone may know of a: that it is over must be told. */
	assert_string_equal(content(q), "| a:UN b:UC c:NW");
	post(q, "b:CN");
	assert_string_equal(content(q), "| a:UN b:UN c:NW");
	notifications_free(q);
}

static void
an_active_alarm_is_repeated_unless_there_is_news(void **state)
{
	struct notifications *q = notifications_new();
	struct alarm a = notification_of("a:NC").alarm, b = notification_of("b:NW").alarm;
	(void)state;
	post(q, "a:CN");
	notifications_repeat(q, &a);
	notifications_repeat(q, &b);
	notifications_repeat(q, &b);
	assert_string_equal(content(q), "| a:CN b:UW");
	post(q, "b:WN");
	assert_string_equal(content(q), "| a:CN b:UN");
	notifications_free(q);
}

/* A row is served before its notification is posted. */
static void
what_was_repeated_too_early_is_told(void **state)
{
	struct notifications *q = notifications_new();
	struct alarm a = notification_of("a:NC").alarm;
	(void)state;
	notifications_repeat(q, &a);
	post(q, "a:NC");
	assert_string_equal(content(q), "| a:UC");
	notifications_free(q);
}

static void
post_number(struct notifications *q, unsigned i, enum notification_kind kind)
{
	struct notification n = {
	    .kind = kind,
	    .before = SEVERITY_WARNING,
	    .alarm.severity = kind == NOTIFICATION_CLEARED ? SEVERITY_NORMAL : SEVERITY_CRITICAL};
	n.alarm.subject.kind = ALARM_PEER;
	n.alarm.subject.peer = addr_from_v4((uint8_t[]){10, 0, (uint8_t)(i >> 8), (uint8_t)i});
	notifications_post(q, &n);
}

static void
the_end_of_an_alarm_finds_room(void **state)
{
	struct notifications *q = notifications_new();
	static struct notification copy[NOTIFICATIONS_MAX];
	(void)state;
	for (unsigned i = 0; i < NOTIFICATIONS_MAX + 10; i++)
		post_number(q, i, NOTIFICATION_CRITICAL);
	assert_int_equal(unsent(q), 10);
	post_number(q, 5000, NOTIFICATION_CLEARED);
	assert_int_equal(notifications_copy(q, copy), NOTIFICATIONS_MAX);
	assert_int_equal(copy[0].alarm.subject.peer.octet[15], 1); /* 0 made room */
	assert_int_equal(copy[NOTIFICATIONS_MAX - 1].kind, NOTIFICATION_CLEARED);
	assert_int_equal(unsent(q), 11);
	/* With nothing but ends in the queue, the newest finds none. */
	for (unsigned i = 6000; i < 6000 + NOTIFICATIONS_MAX; i++)
		post_number(q, i, NOTIFICATION_CLEARED);
	assert_int_equal(notifications_copy(q, copy), NOTIFICATIONS_MAX);
	assert_int_equal(copy[0].alarm.subject.peer.octet[15], (uint8_t)5000);
	assert_int_equal(unsent(q), 11 + NOTIFICATIONS_MAX);
	assert_int_equal(lost(q), 11 + NOTIFICATIONS_MAX);
	notifications_free(q);
}

/* Under the sanitizers: two threads, each notification exactly once. */
#define POSTED 3000

static void *
post_many(void *q)
{
	for (unsigned i = 0; i < POSTED; i++)
		post_number(q, i, NOTIFICATION_CRITICAL);
	return NULL;
}

static void
two_threads_lose_nothing(void **state)
{
	struct notifications *q = notifications_new();
	struct alarm_summary s = {.sent = 0};
	struct notification n;
	pthread_t thread;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, post_many, q), 0);
	while (s.sent + s.unsent < POSTED) {
		if (notifications_take(q, &n)) {
			notifications_sent(q);
			notifications_done(q, 1);
		}
		notifications_count(q, &s);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(notifications_copy(q, &n), 0);
	notifications_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_in_first_out),
	    cmocka_unit_test(only_the_newest_about_a_subject_waits),
	    cmocka_unit_test(what_is_in_flight_is_not_changed),
	    cmocka_unit_test(what_was_not_handed_over_waits_again),
	    cmocka_unit_test(what_may_have_arrived_is_told_again_and_never_forgotten),
	    cmocka_unit_test(an_active_alarm_is_repeated_unless_there_is_news),
	    cmocka_unit_test(what_was_repeated_too_early_is_told),
	    cmocka_unit_test(the_end_of_an_alarm_finds_room),
	    cmocka_unit_test(two_threads_lose_nothing),
	};
	return cmocka_run_group_tests_name("notifications", tests, NULL, NULL);
}

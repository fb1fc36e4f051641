/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/notices.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

static const char letters[] = "?NWCU"; /* by severity */

/* "a:NC" is a notice that target a went from normal to critical; "*" the summary. */
static struct notice
notice_of(const char *text)
{
	struct notice n = {.kind = NOTICE_SUPPRESSED};
	if (strcmp(text, "*") == 0)
		return n;
	n.before = (enum severity)(strchr(letters, text[2]) - letters);
	n.alarm.severity = (enum severity)(strchr(letters, text[3]) - letters);
	n.kind = n.alarm.severity == SEVERITY_CRITICAL  ? NOTICE_CRITICAL
		 : n.alarm.severity == SEVERITY_WARNING ? NOTICE_WARNING
							: NOTICE_CLEARED;
	n.alarm.subject.kind = ALARM_TARGET;
	n.alarm.subject.name[0] = text[0];
	return n;
}

static void
post(struct notices *q, const char *texts)
{
	char copy[256], *save, *text;
	snprintf(copy, sizeof(copy), "%s", texts);
	for (text = strtok_r(copy, " ", &save); text != NULL; text = strtok_r(NULL, " ", &save)) {
		struct notice n = notice_of(text);
		notices_post(q, &n);
	}
}

/* Everything in the queue, '|' between what is in flight and what waits. */
static const char *
content(struct notices *q)
{
	static char text[4096];
	static struct notice copy[NOTICES_MAX];
	uint32_t count = notices_copy(q, copy), flying = notices_in_flight(q);
	size_t at = 0;
	text[0] = '\0';
	for (uint32_t i = 0; i <= count && at < sizeof(text) - 16; i++) {
		if (i == flying)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "|");
		if (i == count)
			break;
		const struct notice *n = &copy[i];
		if (n->kind == NOTICE_SUPPRESSED)
			at += (size_t)snprintf(text + at, sizeof(text) - at, " *");
		else
			at += (size_t)snprintf(text + at, sizeof(text) - at, " %c:%c%c",
					       n->alarm.subject.name[0], letters[n->before],
					       letters[n->alarm.severity]);
	}
	return text;
}

static uint32_t
unsent(struct notices *q)
{
	struct alarm_summary s;
	notices_count(q, &s);
	return s.unsent;
}

static uint32_t
lost(struct notices *q)
{
	struct alarm_summary s;
	notices_count(q, &s);
	return s.lost;
}

static bool
readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void
take(struct notices *q, unsigned count)
{
	struct notice n;
	while (count-- > 0)
		assert_true(notices_take(q, &n));
}

static void
first_in_first_out(void **state)
{
	struct notices *q = notices_new();
	struct notice n;
	struct alarm_summary s;
	(void)state;
	assert_false(notices_take(q, &n));
	assert_false(readable(notices_fd(q)));
	post(q, "a:NC b:NW * c:WN");
	assert_true(readable(notices_fd(q)));
	notices_drain(notices_fd(q));
	assert_false(readable(notices_fd(q)));
	assert_string_equal(content(q), "| a:NC b:NW * c:WN");
	assert_true(notices_take(q, &n));
	assert_int_equal(n.kind, NOTICE_CRITICAL);
	assert_int_equal(n.alarm.subject.name[0], 'a');
	notices_sent(q);
	take(q, 1);
	notices_sent(q);
	assert_string_equal(content(q), " a:UC b:UW| * c:WN");
	assert_false(readable(notices_done_fd(q)));
	notices_done(q, 1);
	assert_true(readable(notices_done_fd(q)));
	assert_string_equal(content(q), " b:UW| * c:WN");
	take(q, 2);
	assert_false(notices_take(q, &n));
	notices_done(q, 99);
	assert_string_equal(content(q), "|");
	notices_count(q, &s);
	assert_int_equal(s.sent, 2);
	assert_int_equal(s.unsent, 0);
	notices_free(q);
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
		struct notices *q = notices_new();
		post(q, cases[i].posted);
		assert_string_equal(content(q), cases[i].content);
		assert_int_equal(unsent(q), cases[i].unsent);
		assert_int_equal(lost(q), 0); /* it was overtaken */
		notices_free(q);
	}
}

static void
what_is_in_flight_is_not_changed(void **state)
{
	struct notices *q = notices_new();
	(void)state;
	post(q, "a:NC");
	take(q, 1);
	post(q, "a:CN");
	assert_string_equal(content(q), " a:UC| a:CN");
	notices_done(q, 1);
	assert_string_equal(content(q), "| a:CN");
	notices_free(q);
}

static void
what_was_not_handed_over_waits_again(void **state)
{
	struct notices *q = notices_new();
	(void)state;
	post(q, "a:NC b:NC c:NC");
	take(q, 2);
	notices_return(q);
	assert_string_equal(content(q), " a:UC| b:NC c:NC");
	take(q, 1);
	post(q, "b:CN"); /* nobody has heard of b */
	notices_return(q);
	assert_string_equal(content(q), " a:UC| c:NC");
	assert_int_equal(unsent(q), 2);
	notices_done(q, 1);
	notices_return(q); /* nothing is in flight */
	assert_string_equal(content(q), "| c:NC");
	notices_free(q);
}

static void
what_may_have_arrived_is_told_again_and_never_forgotten(void **state)
{
	struct notices *q = notices_new();
	(void)state;
	post(q, "a:NC b:NC c:NW");
	take(q, 2);
	post(q, "a:CN");
	notices_retry(q);
	/* Someone may know of a: that it is over must be told. */
	assert_string_equal(content(q), "| a:UN b:UC c:NW");
	post(q, "b:CN");
	assert_string_equal(content(q), "| a:UN b:UN c:NW");
	notices_free(q);
}

static void
an_active_alarm_is_repeated_unless_there_is_news(void **state)
{
	struct notices *q = notices_new();
	struct alarm a = notice_of("a:NC").alarm, b = notice_of("b:NW").alarm;
	(void)state;
	post(q, "a:CN");
	notices_repeat(q, &a);
	notices_repeat(q, &b);
	notices_repeat(q, &b);
	assert_string_equal(content(q), "| a:CN b:UW");
	post(q, "b:WN");
	assert_string_equal(content(q), "| a:CN b:UN");
	notices_free(q);
}

/* A row is served before its notice is posted. */
static void
what_was_repeated_too_early_is_told(void **state)
{
	struct notices *q = notices_new();
	struct alarm a = notice_of("a:NC").alarm;
	(void)state;
	notices_repeat(q, &a);
	post(q, "a:NC");
	assert_string_equal(content(q), "| a:UC");
	notices_free(q);
}

static void
post_number(struct notices *q, unsigned i, enum notice_kind kind)
{
	struct notice n = {.kind = kind,
			   .before = SEVERITY_WARNING,
			   .alarm.severity =
			       kind == NOTICE_CLEARED ? SEVERITY_NORMAL : SEVERITY_CRITICAL};
	n.alarm.subject.kind = ALARM_PEER;
	n.alarm.subject.peer = addr_from_v4((uint8_t[]){10, 0, (uint8_t)(i >> 8), (uint8_t)i});
	notices_post(q, &n);
}

static void
the_end_of_an_alarm_finds_room(void **state)
{
	struct notices *q = notices_new();
	static struct notice copy[NOTICES_MAX];
	(void)state;
	for (unsigned i = 0; i < NOTICES_MAX + 10; i++)
		post_number(q, i, NOTICE_CRITICAL);
	assert_int_equal(unsent(q), 10);
	post_number(q, 5000, NOTICE_CLEARED);
	assert_int_equal(notices_copy(q, copy), NOTICES_MAX);
	assert_int_equal(copy[0].alarm.subject.peer.octet[15], 1); /* 0 made room */
	assert_int_equal(copy[NOTICES_MAX - 1].kind, NOTICE_CLEARED);
	assert_int_equal(unsent(q), 11);
	/* With nothing but ends in the queue, the newest finds none. */
	for (unsigned i = 6000; i < 6000 + NOTICES_MAX; i++)
		post_number(q, i, NOTICE_CLEARED);
	assert_int_equal(notices_copy(q, copy), NOTICES_MAX);
	assert_int_equal(copy[0].alarm.subject.peer.octet[15], (uint8_t)5000);
	assert_int_equal(unsent(q), 11 + NOTICES_MAX);
	assert_int_equal(lost(q), 11 + NOTICES_MAX);
	notices_free(q);
}

/* Under the sanitizers: two threads, each notice exactly once. */
#define POSTED 3000

static void *
post_many(void *q)
{
	for (unsigned i = 0; i < POSTED; i++)
		post_number(q, i, NOTICE_CRITICAL);
	return NULL;
}

static void
two_threads_lose_nothing(void **state)
{
	struct notices *q = notices_new();
	struct alarm_summary s = {.sent = 0};
	struct notice n;
	pthread_t thread;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, post_many, q), 0);
	while (s.sent + s.unsent < POSTED) {
		if (notices_take(q, &n)) {
			notices_sent(q);
			notices_done(q, 1);
		}
		notices_count(q, &s);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(notices_copy(q, &n), 0);
	notices_free(q);
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
	return cmocka_run_group_tests_name("notices", tests, NULL, NULL);
}

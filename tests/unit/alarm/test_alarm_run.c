/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "alarm/alarm_run.h"
#include "base/clock.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define POOL "pool 10.0.0.1 -> 10.1.2.3:443"

/* A daemon's life after life, with one state file. */
struct life {
	struct directory directory;
	struct config config;
	struct notifications *notifications;
	struct hysteresis *hysteresis;
	struct alarm_run *run;
	uint32_t active;   /* after the last poll */
	bool hangs;        /* before alarm_run_tell() */
	uint32_t early;    /* notifications posted before alarm_run_tell() */
	char posted[1024]; /* by the last poll */
};

static void
open_run(struct life *l)
{
	hysteresis_free(l->hysteresis);
	l->hysteresis = hysteresis_new();
	assert_non_null(l->hysteresis);
	l->run = alarm_run_open(&l->config, l->notifications, l->hysteresis);
}

static void
begin(struct life *l)
{
	memset(l, 0, sizeof(*l));
	directory_make(&l->directory);
	config_init(&l->config);
	l->config.levels.raise.warning_remaining = 0;
	l->config.clear_polls = 1;
	snprintf(l->config.state_file, sizeof(l->config.state_file), "%s/alarms",
		 l->directory.path);
	l->notifications = notifications_new();
	notifications_open(l->notifications, true);
	open_run(l);
	assert_non_null(l->run);
}

static void
end(struct life *l)
{
	alarm_run_close(l->run);
	hysteresis_free(l->hysteresis);
	notifications_free(l->notifications);
	config_free(&l->config);
	directory_remove(&l->directory);
}

/* What waits and is in flight goes the way of the process. */
static void
restart(struct life *l)
{
	alarm_run_close(l->run);
	notifications_free(l->notifications);
	l->notifications = notifications_new();
	notifications_open(l->notifications, true);
	open_run(l);
	assert_non_null(l->run);
}

/* Those that wait, by a collection that nothing comes of. */
struct waiting {
	struct notification items[8];
	uint32_t count;
};

static void
note(void *arg, const struct notification *notification, enum notification_fate fate)
{
	struct waiting *w = arg;
	if (fate != FATE_WAITED)
		return;
	assert_true(w->count < COUNT_OF(w->items));
	w->items[w->count++] = *notification;
}

static struct waiting
look(struct life *l)
{
	struct waiting w = {.count = 0};
	struct notifications_state state;
	notifications_collect(l->notifications, note, &w, &state);
	for (uint32_t i = 0; i < w.count; i++)
		assert_true(notifications_post(l->notifications, &w.items[i]));
	return w;
}

/* The oldest that waits leaves. */
static struct notification
leave(struct life *l)
{
	struct notification n;
	assert_true(notifications_take(l->notifications, clock_us() / 1000, &n));
	notifications_sent(l->notifications);
	return n;
}

/* A poll that finds so many of 100 ports in use. */
static const char *
poll_pool(struct life *l, unsigned used)
{
	static const char *const word[] = {"?",       "CRITICAL",   "WARNING",
					   "CLEARED", "SUPPRESSED", "UNKNOWN"};
	struct settings settings = settings_of(40000, 40099, "");
	struct host host;
	char key[ALARM_KEY_MAX];
	uint32_t waiting = notifications_waiting(l->notifications);
	host_begin(&host, &settings, NULL);
	host_connect(&host, STATE_ESTABLISHED, "10.0.0.1", "10.1.2.3", 443, 40000, used, 1);
	host.config = l->config;
	host_count(&host, NULL, 0);
	const struct hysteresis_rules rules = alarm_run_rules(l->run, &l->config, 5);
	host_find_next(&host, l->hysteresis, &rules);
	const struct scene scene = {.findings = host.findings};
	struct alarm_list list;
	alarm_run_poll(l->run, &scene, &list);
	l->early = notifications_waiting(l->notifications) - waiting;
	if (!l->hangs)
		alarm_run_tell(l->run);
	alarm_run_save(l->run);
	l->active = list.count;
	alarm_list_free(&list);
	host_free(&host);
	const struct waiting w = look(l);
	l->posted[0] = '\0';
	for (uint32_t i = 0; i < w.count; i++)
		snprintf(l->posted + strlen(l->posted), sizeof(l->posted) - strlen(l->posted),
			 "%s %s;", word[w.items[i].kind],
			 alarm_key(&w.items[i].alarm.subject, key));
	return l->posted;
}

/* Everything that waits arrives. */
static void
deliver(struct life *l)
{
	while (notifications_waiting(l->notifications) > 0) {
		leave(l);
		notifications_done(l->notifications, FATE_ACCEPTED);
	}
	alarm_run_again(l->run);
}

static void
nothing_is_told_before_its_row_is_served(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	assert_int_equal(l.early, 0);
	end(&l);
}

static void
what_was_told_is_not_told_again(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	deliver(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 97), "");
	assert_int_equal(l.active, 1);
	restart(&l);
	assert_string_equal(poll_pool(&l, 85), "WARNING " POOL ";"); /* that is news */
	deliver(&l);
	end(&l);
}

static void
what_never_left_is_told(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	restart(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	end(&l);
}

static void
what_ended_meanwhile_is_told_as_cleared(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	poll_pool(&l, 97);
	deliver(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "CLEARED " POOL ";");
	/* It did not leave either. */
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "CLEARED " POOL ";");
	deliver(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "");
	end(&l);
}

static void
what_came_and_went_untold_is_forgotten(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	poll_pool(&l, 97);
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "");
	assert_int_equal(l.active, 0);
	end(&l);
}

/* In flight when it died: it may have arrived, so that its end must be told. */
static void
what_was_on_its_way_is_told_once_more(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	poll_pool(&l, 97);
	deliver(&l);
	poll_pool(&l, 0);
	leave(&l);
	notifications_renew(l.notifications);
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "CLEARED " POOL ";");
	end(&l);
}

/* Whether that it was raised has arrived, nobody knows: that it is over must be told. */
static void
what_may_have_been_told_is_told_as_cleared(void **state)
{
	(void)state;
	for (unsigned again = 0; again < 2; again++) {
		struct life l;
		begin(&l);
		poll_pool(&l, 97);
		leave(&l);
		if (again)
			notifications_renew(l.notifications); /* to another master agent */
		restart(&l);
		assert_string_equal(poll_pool(&l, 0), "CLEARED " POOL ";");
		restart(&l); /* nor has that arrived */
		assert_string_equal(poll_pool(&l, 0), "CLEARED " POOL ";");
		deliver(&l);
		restart(&l);
		assert_string_equal(poll_pool(&l, 0), "");
		end(&l);
	}
}

/* It is not what it was, and not over either: nothing is told before it is clear which. */
static void
what_is_ending_is_not_told_as_raised(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	l.config.clear_polls = 3;
	poll_pool(&l, 97);
	leave(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "");
	assert_string_equal(poll_pool(&l, 50), "");
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";"); /* it is back */
	leave(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 0), "");
	assert_string_equal(poll_pool(&l, 0), "");
	assert_string_equal(poll_pool(&l, 0), "CLEARED " POOL ";");
	end(&l);
}

/* Neither its rise nor its end need have arrived: if it is back, that is told. */
static void
what_is_back_is_told_if_its_end_was_on_its_way(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	poll_pool(&l, 85);
	deliver(&l);
	poll_pool(&l, 0);
	assert_int_equal(leave(&l).kind, NOTIFICATION_CLEARED);
	restart(&l);
	assert_string_equal(poll_pool(&l, 85), "WARNING " POOL ";");
	leave(&l);
	assert_string_equal(poll_pool(&l, 0), "");
	restart(&l); /* one in flight, its end not yet told */
	assert_string_equal(poll_pool(&l, 85), "WARNING " POOL ";");
	end(&l);
}

static uint32_t
sequence(struct life *l)
{
	struct alarm_figures figures;
	alarm_run_figures(l->run, UINT64_MAX, "", &figures);
	return figures.summary.sequence;
}

static void
numbers_go_on(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	for (unsigned i = 0; i < 3; i++) {
		poll_pool(&l, 97);
		deliver(&l);
		poll_pool(&l, 0);
		deliver(&l);
	}
	restart(&l);
	assert_int_equal(sequence(&l), 6); /* before there is a poll */
	poll_pool(&l, 97);
	assert_int_equal(sequence(&l), 7);
	const struct waiting w = look(&l);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.items[0].alarm.id, 4);
	assert_int_equal(leave(&l).alarm.sequence, 7);
	end(&l);
}

static void
less_room_for_alarms_forgets_none(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	alarm_run_close(l.run);
	directory_text(&l.directory, "alarms",
		       "srcportd alarms 1\nlast 2 2\n"
		       "alarm 1 1 critical critical 0 peer 10.9.0.1\n"
		       "alarm 2 2 critical critical 0 " POOL "\n");
	l.config.max_alarms = 1;
	open_run(&l);
	assert_string_equal(poll_pool(&l, 0), "CLEARED peer 10.9.0.1;CLEARED " POOL ";");
	end(&l);
}

static void
a_broken_file_is_as_good_as_none(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	poll_pool(&l, 97);
	deliver(&l);
	alarm_run_close(l.run);
	directory_text(&l.directory, "alarms", "srcportd alarms 1\nlast 1 1\nalarm x\n");
	open_run(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	deliver(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 97), ""); /* it is whole again */
	end(&l);
}

static void
without_a_file_it_works_too(void **state)
{
	struct life l;
	(void)state;
	begin(&l);
	alarm_run_close(l.run);
	l.config.state_file[0] = '\0';
	open_run(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	deliver(&l);
	assert_string_equal(poll_pool(&l, 97), "");
	restart(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");

	snprintf(l.config.state_file, sizeof(l.config.state_file), "%s/no/such/directory",
		 l.directory.path);
	restart(&l);
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	end(&l);
}

static void
the_file_is_written_when_something_has_changed(void **state)
{
	struct stat before, after;
	struct life l;
	(void)state;
	begin(&l);
	poll_pool(&l, 97);
	deliver(&l);
	assert_int_equal(stat(l.config.state_file, &before), 0);
	poll_pool(&l, 98);
	poll_pool(&l, 99);
	assert_int_equal(stat(l.config.state_file, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	poll_pool(&l, 0);
	assert_int_equal(stat(l.config.state_file, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	end(&l);
}

/* Figures that are too old are told between polls, once, and that there are some again by the next
 * good one; over a restart too. */
static void
figures_that_are_too_old_are_told(void **state)
{
	struct alarm_figures f;
	struct life l;
	(void)state;
	begin(&l);
	/* Before there was any poll. */
	alarm_run_figures(l.run, 60000, "no /proc", &f);
	assert_false(f.stale || f.active);
	alarm_run_figures(l.run, 0, "no /proc", &f);
	assert_true(f.stale && f.active);
	assert_int_equal(f.alarm.severity, SEVERITY_UNKNOWN);
	assert_string_equal(f.alarm.message,
			    "no poll has succeeded for 0 s, and none before: no /proc");
	assert_int_equal(f.summary.active, 1);
	alarm_run_figures(l.run, 0, "no /proc", &f);
	struct waiting w = look(&l);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.items[0].kind, NOTIFICATION_UNKNOWN);
	/* Not told, it needs no end. */
	assert_string_equal(poll_pool(&l, 97), "CRITICAL " POOL ";");
	deliver(&l);
	alarm_run_figures(l.run, 0, "", &f);
	assert_string_equal(f.alarm.message,
			    "no poll has succeeded for 0 s, the figures are that old: the poll "
			    "under way does not end");
	assert_int_equal(f.summary.active, 2);
	deliver(&l);
	restart(&l);
	alarm_run_figures(l.run, 60000, "", &f);
	assert_true(f.active && !f.stale);
	alarm_run_figures(l.run, 0, "", &f);
	assert_int_equal(notifications_waiting(l.notifications), 0); /* they know */
	assert_string_equal(poll_pool(&l, 97), "CLEARED host figures;");
	restart(&l); /* which did not leave */
	assert_string_equal(poll_pool(&l, 97), "CLEARED host figures;");
	deliver(&l);
	restart(&l);
	assert_string_equal(poll_pool(&l, 97), "");
	/* On its way when the program was killed: the file has it since it was told. */
	alarm_run_figures(l.run, 0, "", &f);
	leave(&l);
	alarm_run_figures(l.run, 0, "", &f);
	restart(&l);
	alarm_run_figures(l.run, 0, "", &f);
	w = look(&l);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.items[0].kind, NOTIFICATION_UNKNOWN);
	assert_string_equal(poll_pool(&l, 97), "CLEARED host figures;");
	end(&l);
}

/* Where it is not wanted nobody is told, of its end neither. */
static void
figures_are_told_if_that_is_wanted(void **state)
{
	struct alarm_figures f;
	struct life l;
	(void)state;
	begin(&l);
	l.config.notify = NOTIFY_ALL & ~(uint32_t)NOTIFY_UNKNOWN;
	alarm_run_configure(l.run, &l.config);
	assert_string_equal(poll_pool(&l, 0), "");
	alarm_run_figures(l.run, 0, "", &f);
	assert_true(f.active);
	assert_int_equal(notifications_waiting(l.notifications), 0);
	assert_string_equal(poll_pool(&l, 0), "");
	end(&l);
}

static bool
file_has(const struct life *l, const char *words)
{
	char text[1024];
	FILE *in = fopen(l->config.state_file, "r");
	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return strstr(text, words) != NULL;
}

/* The disk may be what hangs. */
static void
figures_are_told_before_they_are_kept(void **state)
{
	struct alarm_figures f;
	struct life l;
	(void)state;
	begin(&l);
	alarm_run_figures(l.run, 0, "", &f);
	assert_int_equal(notifications_waiting(l.notifications), 1);
	assert_false(file_has(&l, "host figures"));
	leave(&l);
	alarm_run_figures(l.run, 0, "", &f);
	assert_true(file_has(&l, "host figures"));
	end(&l);
}

/* A reload counts at once: no good poll may ever follow. */
static void
figures_are_told_once_that_is_wanted(void **state)
{
	struct alarm_figures f;
	struct life l;
	(void)state;
	begin(&l);
	l.config.notify = 0;
	alarm_run_configure(l.run, &l.config);
	alarm_run_figures(l.run, 0, "", &f);
	assert_true(f.active);
	assert_int_equal(notifications_waiting(l.notifications), 0);
	l.config.notify = NOTIFY_ALL;
	alarm_run_configure(l.run, &l.config);
	alarm_run_figures(l.run, 0, "", &f);
	assert_int_equal(notifications_waiting(l.notifications), 1);
	deliver(&l);
	assert_string_equal(poll_pool(&l, 0), "CLEARED host figures;");
	end(&l);
}

/* The collector hangs between a poll and its notifications. */
static void
what_was_planned_is_posted_before_figures(void **state)
{
	struct alarm_figures f;
	struct life l;
	(void)state;
	begin(&l);
	l.hangs = true;
	poll_pool(&l, 97);
	assert_int_equal(notifications_waiting(l.notifications), 0);
	alarm_run_figures(l.run, 0, "", &f);
	assert_int_equal(notifications_waiting(l.notifications), 2);
	alarm_run_tell(l.run); /* it goes on */
	const struct waiting w = look(&l);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.items[0].kind, NOTIFICATION_UNKNOWN);
	assert_int_equal(w.items[1].kind, NOTIFICATION_CRITICAL);
	end(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_told_before_its_row_is_served),
	    cmocka_unit_test(what_was_told_is_not_told_again),
	    cmocka_unit_test(what_never_left_is_told),
	    cmocka_unit_test(what_ended_meanwhile_is_told_as_cleared),
	    cmocka_unit_test(what_came_and_went_untold_is_forgotten),
	    cmocka_unit_test(what_was_on_its_way_is_told_once_more),
	    cmocka_unit_test(what_may_have_been_told_is_told_as_cleared),
	    cmocka_unit_test(what_is_ending_is_not_told_as_raised),
	    cmocka_unit_test(what_is_back_is_told_if_its_end_was_on_its_way),
	    cmocka_unit_test(numbers_go_on),
	    cmocka_unit_test(figures_that_are_too_old_are_told),
	    cmocka_unit_test(figures_are_told_if_that_is_wanted),
	    cmocka_unit_test(figures_are_told_before_they_are_kept),
	    cmocka_unit_test(figures_are_told_once_that_is_wanted),
	    cmocka_unit_test(what_was_planned_is_posted_before_figures),
	    cmocka_unit_test(less_room_for_alarms_forgets_none),
	    cmocka_unit_test(a_broken_file_is_as_good_as_none),
	    cmocka_unit_test(without_a_file_it_works_too),
	    cmocka_unit_test(the_file_is_written_when_something_has_changed),
	};
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What reaches standard error between log_begin() and log_end(). */
static int saved;
static char said[8192];
static FILE *caught;

static int
begin(void **state)
{
	(void)state;
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	caught = tmpfile();
	if (saved < 0 || caught == NULL)
		return 1;
	return dup2(fileno(caught), STDERR_FILENO) < 0;
}

static int
end(void **state)
{
	(void)state;
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(caught);
	return 0;
}

/* What was said since the test began. */
static const char *
heard(void)
{
	fflush(stderr);
	ssize_t got = pread(fileno(caught), said, sizeof(said) - 1, 0);
	assert_true(got >= 0);
	said[got] = '\0';
	return said;
}

static unsigned
lines(const char *text)
{
	unsigned count = 0;
	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

/* What waits in a pipe, less the x of fill(). */
static const char *
drain(int fd)
{
	static char all[65536];
	size_t kept = 0;
	ssize_t got;
	while ((got = read(fd, all, sizeof(all) - 1)) > 0) {
		kept = 0;
		for (ssize_t i = 0; i < got; i++)
			if (all[i] != 'x')
				all[kept++] = all[i];
	}
	all[kept] = '\0';
	return all;
}

/* A supervisor hangs, or a terminal is held: nobody waits for it, whatever they hold meanwhile. */
static void
who_logs_does_not_wait_for_who_reads(void **state)
{
	int ends[2];
	(void)state;
	log_open(LOG_TO_STDERR, false);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	while (write(ends[1], "x", 1) == 1)
		;
	fcntl(ends[1], F_SETFL, 0);
	alarm(10); /* ends the test if it hangs */
	log_error("test", "first");
	log_warn("test", "second");
	alarm(0);
	assert_string_equal(drain(ends[0]), "");
	log_info("test", "third");
	log_info("test", "fourth");
	assert_string_equal(drain(ends[0]),
			    "srcportd: test: third (lines before it that nobody took: 2)\n"
			    "srcportd: test: fourth\n");
	close(ends[0]);
	close(ends[1]);
}

static void
one_line_with_its_subsystem(void **state)
{
	(void)state;
	log_open(LOG_TO_STDERR, false);
	log_error("poller", "dump of %s: %d", "connections", 7);
	log_warn("agent", "lost");
	log_info("main", "started");
	log_debug("main", "not for everybody");
	assert_string_equal(heard(), "srcportd: poller: dump of connections: 7\n"
				     "srcportd: agent: lost\nsrcportd: main: started\n");
}

static void
a_state_is_told_when_it_begins_and_when_it_ends(void **state)
{
	static const bool on[] = {false, true, true, false, false, true};
	bool told = false;
	(void)state;
	log_open(LOG_TO_STDERR, false);
	for (size_t i = 0; i < COUNT_OF(on); i++) {
		log_condition(&told, on[i], "memory", "none: 100 % used", "enough");
		assert_int_equal(told, on[i]);
	}
	assert_string_equal(heard(), "srcportd: memory: none: 100 % used\n"
				     "srcportd: memory: enough\n"
				     "srcportd: memory: none: 100 % used\n");
}

static void
debug_is_asked_for(void **state)
{
	(void)state;
	log_open(LOG_TO_STDERR, true);
	log_debug("main", "%s", "shown");
	assert_string_equal(heard(), "srcportd: main: shown\n");
}

static void
journal_gets_priorities(void **state)
{
	(void)state;
	log_open(LOG_TO_JOURNAL, true);
	log_error("a", "1 error");
	log_warn("a", "1 warning");
	log_info("a", "1 info");
	log_debug("a", "1 debug");
	assert_string_equal(heard(),
			    "<3>a: 1 error\n<4>a: 1 warning\n<6>a: 1 info\n<7>a: 1 debug\n");
}

/* Text of others, such as a file name, must not make a second line or speak to a terminal. */
static void
control_characters_do_not_pass(void **state)
{
	(void)state;
	log_open(LOG_TO_STDERR, false);
	log_error("config", "found \"%s\"", "a\n<0>b: c\r\x1b[2J\x7f");
	assert_int_equal(lines(heard()), 1);
	assert_null(strpbrk(said, "\r\x1b\x7f"));
	assert_non_null(strstr(said, "srcportd: config: found \"a"));
}

static void
long_lines_are_cut(void **state)
{
	static char longest[5000];
	(void)state;
	log_open(LOG_TO_STDERR, false);
	memset(longest, 'x', sizeof(longest) - 1);
	log_error("config", "long: %s", longest);
	assert_int_equal(lines(heard()), 1);
	assert_between(strlen(said), 900, 1200);
}

/* The same line over and over, as from a poll that fails each time, is held back after a while. */
static void
floods_are_held_back(void **state)
{
	(void)state;
	log_open(LOG_TO_STDERR, false);
	for (unsigned i = 0; i < 1000; i++)
		log_error("poller", "flood %u", i);
	log_error("poller", "of another kind");
	heard();
	assert_between(lines(said), 5, 100);
	assert_non_null(strstr(said, "(more lines like this are left out for a minute)\n"));
	assert_non_null(strstr(said, "srcportd: poller: of another kind\n"));
}

/* Lines that are made elsewhere all have the format "%s": those of one subsystem, and each
 * condition, are a kind of their own. */
static void
a_flood_of_one_subsystem_silences_no_other(void **state)
{
	bool told = false, other = false;
	(void)state;
	log_open(LOG_TO_STDERR, false);
	for (unsigned i = 0; i < 40; i++)
		log_error("config", "%s", "an error");
	log_warn("alarm", "%s", "notifications held back");
	log_condition(&told, true, "config", "a state of the same subsystem", "its end");
	for (unsigned i = 0; i < 40; i++)
		log_condition(&told, i % 2 != 0, "config", "begins", "ends");
	log_condition(&other, true, "config", "another state", "its end");
	log_error("config", "%s", "an error more");
	heard();
	/* 20 errors, 20 lines of the first state, and what came between and after them. */
	assert_int_equal(lines(said), 20 + 1 + 20 + 1);
	assert_non_null(strstr(said, "srcportd: alarm: notifications held back\n"));
	assert_non_null(strstr(said, "srcportd: config: a state of the same subsystem\n"));
	assert_non_null(strstr(said, "srcportd: config: another state\n"));
	assert_null(strstr(said, "more\n"));
}

static void
journal_is_known_by_its_stream(void **state)
{
	struct stat st;
	char stream[64];
	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	unsetenv("JOURNAL_STREAM");
	assert_false(log_is_journal());
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(log_is_journal());
	strcat(stream, "x");
	setenv("JOURNAL_STREAM", stream, 1);
	assert_false(log_is_journal());
	/* Inherited from a service whose standard error was another one. */
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_false(log_is_journal());
	setenv("JOURNAL_STREAM", "", 1);
	assert_false(log_is_journal());
	unsetenv("JOURNAL_STREAM");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(one_line_with_its_subsystem),
	    CASE(who_logs_does_not_wait_for_who_reads),
	    CASE(a_state_is_told_when_it_begins_and_when_it_ends),
	    CASE(debug_is_asked_for),
	    CASE(journal_gets_priorities),
	    CASE(control_characters_do_not_pass),
	    CASE(long_lines_are_cut),
	    CASE(floods_are_held_back),
	    CASE(a_flood_of_one_subsystem_silences_no_other),
	    CASE(journal_is_known_by_its_stream),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

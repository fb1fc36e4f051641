/* SPDX-License-Identifier: ISC */
#include "config/options.h"
#include "support.h"

#define MOST 12

static struct options options;
static char error[256];

/* Parses the words of a line; one space between two. */
static const char *
parse(const char *line)
{
	static char copy[512];
	static char *argv[MOST + 1];
	int argc = 0;
	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	argv[argc++] = (char *)(uintptr_t) "srcportd";
	for (char *word = copy, *next; word != NULL && *line != '\0' && argc < MOST; word = next) {
		next = strchr(word, ' ');
		if (next != NULL)
			*next++ = '\0';
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	strcpy(error, "untouched");
	return options_parse(argc, argv, &options, error, sizeof(error));
}

static void
defaults(void **state)
{
	(void)state;
	assert_null(parse(""));
	assert_int_equal(options.mode, RUN_DAEMON);
	assert_int_equal(options.format, FORMAT_TEXT);
	assert_string_equal(options.proc_root, "/proc");
	assert_string_equal(options.sys_root, "/sys");
	assert_false(options.background || options.verbose || options.probe);
	assert_null(options.config_file);
	assert_null(options.agentx_socket);
	assert_null(options.base_oid);
	assert_null(options.record);
	assert_null(options.replay);
	assert_null(options.pid_file);
	assert_int_equal(options.interval_s, 0);
	assert_int_equal(options.target_count, 0);
}

static void
modes(void **state)
{
	static const struct {
		const char *line;
		enum run_mode mode;
	} cases[] = {
	    {"--once", RUN_ONCE},
	    {"--check-config", RUN_CHECK_CONFIG},
	    {"--dump-config", RUN_DUMP_CONFIG},
	    {"--help", RUN_HELP},
	    {"-h", RUN_HELP},
	    {"--version", RUN_VERSION},
	    {"-V", RUN_VERSION},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_null(parse(cases[i].line));
		assert_int_equal(options.mode, cases[i].mode);
	}
}

static void
formats(void **state)
{
	(void)state;
	assert_null(parse("--once --format text"));
	assert_int_equal(options.format, FORMAT_TEXT);
	assert_null(parse("--once --format json"));
	assert_int_equal(options.format, FORMAT_JSON);
	assert_null(parse("--once --format=nagios"));
	assert_int_equal(options.format, FORMAT_NAGIOS);
}

static void
values_behind_a_space_or_an_equals_sign(void **state)
{
	static const char *const lines[] = {
	    "--config /c --agentx-socket /a --base-oid 1.3 --proc-root /p --pid-file /q",
	    "--config=/c --agentx-socket=/a --base-oid=1.3 --proc-root=/p --pid-file=/q",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		assert_null(parse(lines[i]));
		assert_string_equal(options.config_file, "/c");
		assert_string_equal(options.agentx_socket, "/a");
		assert_string_equal(options.base_oid, "1.3");
		assert_string_equal(options.proc_root, "/p");
		assert_string_equal(options.pid_file, "/q");
	}
	assert_null(parse("--sys-root /s --interval 86400 -d -v"));
	assert_string_equal(options.sys_root, "/s");
	assert_int_equal(options.interval_s, 86400);
	assert_true(options.background && options.verbose);
	assert_null(parse("-vd"));
	assert_true(options.background && options.verbose);
	assert_null(parse("--form=json --onc"));
	assert_int_equal(options.format, FORMAT_JSON);
	assert_null(parse("--config=/a=b"));
	assert_string_equal(options.config_file, "/a=b");
	assert_null(parse("--once --record /r --probe"));
	assert_string_equal(options.record, "/r");
	assert_true(options.probe);
	assert_null(parse("--once --replay -"));
	assert_string_equal(options.replay, "-");
}

static void
targets_before_and_behind_the_options(void **state)
{
	(void)state;
	assert_null(parse("--once 1.2.3.4 [::1]:80"));
	assert_int_equal(options.target_count, 2);
	assert_string_equal(options.targets[0], "1.2.3.4");
	assert_string_equal(options.targets[1], "[::1]:80");
	assert_null(parse("--once -- -x"));
	assert_int_equal(options.target_count, 1);
	assert_string_equal(options.targets[0], "-x");
	assert_null(parse("--once -"));
	assert_string_equal(options.targets[0], "-");
	assert_null(parse("--once --"));
	assert_int_equal(options.target_count, 0);
	assert_null(parse("1.2.3.4 --once [::1]:80 --format json"));
	assert_int_equal(options.format, FORMAT_JSON);
	assert_int_equal(options.target_count, 2);
	assert_string_equal(options.targets[0], "1.2.3.4");
	assert_string_equal(options.targets[1], "[::1]:80");
}

static void
errors_say_what_was_found_and_expected(void **state)
{
	static const char *const cases[][2] = {
	    {"--nonsense", "unknown option \"--nonsense\", see --help"},
	    {"-x", "unknown option \"-x\", see --help"},
	    {"-dx", "unknown option \"-x\", see --help"},
	    {"--re x", "unknown option \"--re\", see --help"},
	    {"--oncee", "unknown option \"--oncee\", see --help"},
	    {"--once=yes", "unknown option \"--once=yes\", see --help"},
	    {"--=x", "unknown option \"--=x\", see --help"},
	    {"--once --format xml", "--format: found \"xml\", expected text|json|nagios"},
	    {"--once --format TEXT", "--format: found \"TEXT\", expected text|json|nagios"},
	    {"--once --format", "--format: found \"\", expected text|json|nagios"},
	    {"--once --format=", "--format: found \"\", expected text|json|nagios"},
	    {"--interval 0", "--interval: found \"0\", expected 1 to 86400 seconds"},
	    {"--interval 86401", "--interval: found \"86401\", expected 1 to 86400 seconds"},
	    {"--interval -1", "--interval: found \"-1\", expected 1 to 86400 seconds"},
	    {"--interval +1", "--interval: found \"+1\", expected 1 to 86400 seconds"},
	    {"--interval 1s", "--interval: found \"1s\", expected 1 to 86400 seconds"},
	    {"--interval 99999999999999999999",
	     "--interval: found \"99999999999999999999\", expected 1 to 86400 seconds"},
	    {"--config", "--config: found \"\", expected FILE"},
	    {"--config=", "--config: found \"\", expected FILE"},
	    {"--pid-file=", "--pid-file: found \"\", expected FILE"},
	    {"--agentx-socket=", "--agentx-socket: found \"\", expected PATH"},
	    {"--base-oid=", "--base-oid: found \"\", expected OID"},
	    {"--proc-root=", "--proc-root: found \"\", expected DIR"},
	    {"--once --record", "--record: found \"\", expected FILE"},
	    {"1.2.3.4", "a TARGET needs --once"},
	    {"--check-config 1.2.3.4", "a TARGET needs --once"},
	    {"--record /r", "--record and --replay need --once"},
	    {"--replay /r", "--record and --replay need --once"},
	    {"--format json", "--format needs --once"},
	    {"--once --record /a --replay /b", "--record and --replay exclude each other"},
	    {"--once -d", "--background and --pid-file are the daemon's: not with --once"},
	    {"--once --pid-file /p",
	     "--background and --pid-file are the daemon's: not with --once"},
	    {"--once --check-config",
	     "--once, --check-config and --dump-config exclude each other"},
	    {"--dump-config -v --once",
	     "--once, --check-config and --dump-config exclude each other"},
	    {"--check-config --dump-config",
	     "--once, --check-config and --dump-config exclude each other"},
	    {"--nonsense --help", "unknown option \"--nonsense\", see --help"},
	    {"--namespaces", "--namespaces needs --once"},
	    {"--once --namespaces --replay /b", "--namespaces and --replay exclude each other"},
	    {"--once --namespaces --format nagios", "--namespaces needs --format text or json"},
	    {"--once --namespaces --port 22", "--port and --namespaces exclude each other"},
	    {"--once --probe --replay /b", "--probe and --replay exclude each other"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *wrong = parse(cases[i][0]);
		if (wrong == NULL)
			fail_msg("\"%s\" was taken", cases[i][0]);
		assert_ptr_equal(wrong, error);
		assert_string_equal(wrong, cases[i][1]);
	}
}

/* A plugin says in its own form what is wrong with its command line: the format is known. */
static void
a_mistake_hides_no_format(void **state)
{
	static const char *const lines[] = {"--once --nonsense --format nagios",
					    "--interval x --once --format nagios -y",
					    "--format nagios --once --check-config"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		assert_non_null(parse(lines[i]));
		assert_int_equal(options.format, FORMAT_NAGIOS);
	}
	assert_string_equal(parse(lines[1]),
			    "--interval: found \"x\", expected 1 to 86400 seconds");
}

/* In the background the working directory is the root: relative paths would mean something else. */
static void
background_needs_absolute_paths(void **state)
{
	static const char *const relative[] = {"-d --config c", "-d --proc-root p",
					       "-d --sys-root s", "-d --pid-file q"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(relative); i++)
		if (parse(relative[i]) == NULL)
			fail_msg("\"%s\" was taken", relative[i]);
	assert_null(parse("-d --config /c --proc-root /p --sys-root /s --pid-file /q"));
	assert_null(parse("--config c --proc-root p --sys-root s --pid-file q"));
}

static void
help_wins_over_nonsense_combinations(void **state)
{
	(void)state;
	assert_null(parse("--format json --help"));
	assert_int_equal(options.mode, RUN_HELP);
	assert_null(parse("--once --version 1.2.3.4"));
	assert_int_equal(options.mode, RUN_VERSION);
	assert_null(parse("--help --check-config --nonsense"));
	assert_int_equal(options.mode, RUN_HELP);
	assert_null(parse("--once --once"));
	assert_int_equal(options.mode, RUN_ONCE);
}

static void
long_arguments_are_cut_in_the_message(void **state)
{
	static char word[400] = "--";
	char small[40];
	char *argv[] = {(char *)(uintptr_t) "srcportd", word, NULL};
	(void)state;
	memset(word + 2, 'x', sizeof(word) - 3);
	assert_ptr_equal(options_parse(2, argv, &options, small, sizeof(small)), small);
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

/* One line for each option, and none over 90 columns. */
static void
help_names_every_option(void **state)
{
	static const char *const names[] = {
	    "--once",           "--format text|json|nagios",
	    "--record FILE",    "--replay FILE",
	    "--config FILE",    "--check-config",
	    "--dump-config",    "--agentx-socket PATH",
	    "--base-oid OID",   "--interval SECONDS",
	    "--probe",          "--proc-root DIR",
	    "--sys-root DIR",   "--pid-file FILE",
	    "-d, --background", "-v, --verbose",
	    "-h, --help",       "-V, --version",
	};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	(void)state;
	options_help(out);
	fclose(out);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char expected[64];
		snprintf(expected, sizeof(expected), "\n  %s ", names[i]);
		if (strstr(text, expected) == NULL)
			fail_msg("no \"%s\"", names[i]);
	}
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 90);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(modes),
	    cmocka_unit_test(formats),
	    cmocka_unit_test(values_behind_a_space_or_an_equals_sign),
	    cmocka_unit_test(targets_before_and_behind_the_options),
	    cmocka_unit_test(errors_say_what_was_found_and_expected),
	    cmocka_unit_test(a_mistake_hides_no_format),
	    cmocka_unit_test(background_needs_absolute_paths),
	    cmocka_unit_test(help_wins_over_nonsense_combinations),
	    cmocka_unit_test(long_arguments_are_cut_in_the_message),
	    cmocka_unit_test(help_names_every_option),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

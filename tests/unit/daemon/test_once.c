/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "config/config.h"
#include "daemon/once.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* One run over a recording: what it wrote and how it ended. */
static struct directory directory;
static char tape[96], out[65536], error[4096];
static struct options options;
static struct config config;

static int
begin(void **state)
{
	(void)state;
	directory_make(&directory);
	snprintf(tape, sizeof(tape), "%s/tape", directory.path);
	FILE *file = fopen(tape, "w");
	assert_non_null(file);
	write_recording(file);
	fclose(file);
	config_init(&config);
	options = (struct options){.mode = RUN_ONCE,
				   .replay = tape,
				   .proc_root = "/nonexistent",
				   .sys_root = "/nonexistent"};
	return 0;
}

static int
end(void **state)
{
	(void)state;
	config_free(&config);
	directory_remove(&directory);
	return 0;
}

/* Sends a stream into a file of the directory; returns where it went before. */
static int
divert(FILE *stream, const char *name)
{
	char path[128];
	fflush(stream);
	int before = dup(fileno(stream));
	snprintf(path, sizeof(path), "%s/%s", directory.path, name);
	FILE *file = fopen(path, "w");
	assert_true(before >= 0 && file != NULL);
	assert_true(dup2(fileno(file), fileno(stream)) >= 0);
	fclose(file);
	return before;
}

static void
restore(FILE *stream, int before, const char *name, char *text, size_t room)
{
	char path[128];
	fflush(stream);
	dup2(before, fileno(stream));
	close(before);
	snprintf(path, sizeof(path), "%s/%s", directory.path, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, room - 1, file)] = '\0';
	fclose(file);
}

/* Runs with the n-th allocation failing (0 = none does); *failed says whether one did. */
static int
run_starved(unsigned n, bool *failed)
{
	int stdout_before = divert(stdout, "out"), stderr_before = divert(stderr, "err");
	allocations_fail_from(n);
	int status = once_run(&options, &config);
	*failed = allocations_fail_from(0);
	restore(stdout, stdout_before, "out", out, sizeof(out));
	restore(stderr, stderr_before, "err", error, sizeof(error));
	return status;
}

static int
run(void)
{
	bool failed;
	return run_starved(0, &failed);
}

static void
set_targets(const char *const *targets, int count)
{
	options.targets = targets;
	options.target_count = count;
}

static void
text_of_a_recording(void **state)
{
	(void)state;
	assert_int_equal(run(), EXIT_OK);
	assert_string_equal(error, "");
	assert_non_null(strstr(out, "\n  reserved           10 "));
	assert_non_null(strstr(out, "10.0.0.2:80"));
	assert_null(strstr(out, "TARGET"));
}

static void
targets_of_the_command_line(void **state)
{
	static const char *const targets[] = {"10.0.0.2:80", "::1"};
	struct target configured = target_of("9.9.9.9");
	(void)state;
	assert_true(config_add_target(&config, &configured));
	set_targets(targets, 2);
	assert_int_equal(run(), EXIT_OK);
	assert_non_null(strstr(out, "\nTARGET 10.0.0.2:80  "));
	assert_non_null(strstr(out, "\nTARGET ::1  "));
	assert_null(strstr(out, "9.9.9.9"));
}

static void
targets_of_the_configuration(void **state)
{
	struct target configured = target_of("10.0.0.2");
	(void)state;
	strcpy(configured.name, "backend");
	configured.levels = level_band_off;
	assert_true(config_add_target(&config, &configured));
	assert_int_equal(run(), EXIT_OK);
	assert_non_null(strstr(out, "\nTARGET backend 10.0.0.2  SAFE (TCP)\n"));
}

static void
malformed_target(void **state)
{
	static const char *const targets[] = {"10.0.0.2", "10.0.0.256"};
	(void)state;
	set_targets(targets, 2);
	assert_int_equal(run(), EXIT_USAGE);
	assert_string_equal(out, "");
	assert_string_equal(error,
			    "srcportd: TARGET: found \"10.0.0.256\", expected ADDR, ADDR:PORT, "
			    "[V6]:PORT or ADDR/BITS\n");
	/* A plugin tells its scheduler, and never with one of the good codes. */
	options.format = FORMAT_NAGIOS;
	assert_int_equal(run(), 3);
	assert_string_equal(error, "");
	assert_non_null(strstr(out, "SRCPORT UNKNOWN: TARGET: found \"10.0.0.256\""));
}

static void
missing_recording(void **state)
{
	(void)state;
	options.replay = "/nonexistent/tape";
	assert_int_equal(run(), EXIT_FAILED);
	assert_string_equal(out, "");
	assert_string_equal(error, "srcportd: /nonexistent/tape: No such file or directory\n");
	options.format = FORMAT_NAGIOS;
	assert_int_equal(run(), 3);
	assert_string_equal(out, "SRCPORT UNKNOWN: /nonexistent/tape: No such file or directory\n");
}

static void
proc_that_is_not_there(void **state)
{
	(void)state;
	/* qemu-user has no such sockets. */
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	if (fd < 0 && errno == EPROTONOSUPPORT)
		skip();
	close(fd);
	options.replay = NULL;
	assert_int_equal(run(), EXIT_FAILED);
	assert_string_equal(error, "srcportd: /nonexistent/sys/net/ipv4/ip_local_port_range: "
				   "No such file or directory\n");
}

static void
recording_that_cannot_be_made(void **state)
{
	(void)state;
	options.replay = NULL;
	options.record = "/nonexistent/tape";
	assert_int_equal(run(), EXIT_FAILED);
	assert_string_equal(error, "srcportd: /nonexistent/tape: No such file or directory\n");
}

static void
nagios_code_is_the_verdict(void **state)
{
	(void)state;
	options.format = FORMAT_NAGIOS;
	config.levels = level_band_off;
	assert_int_equal(run(), 0);
	assert_non_null(strstr(out, "SRCPORT OK - "));
	config.levels.raise.warning_remaining = 200;
	assert_int_equal(run(), 1);
	config.levels.raise.critical_remaining = 200;
	assert_int_equal(run(), 2);
	assert_non_null(strstr(out, "SRCPORT CRITICAL - "));
}

/* Whatever allocation fails: one line that says so, no report, nothing leaked. */
static void
out_of_memory_is_told(void **state)
{
	static const char *const targets[] = {"10.0.0.2:80"};
	bool failed = true;
	(void)state;
	set_targets(targets, 1);
	for (unsigned n = 1; failed; n++) {
		int status = run_starved(n, &failed);
		assert_true(n < 200);
		if (status == EXIT_OK)
			continue; /* what is missing can be done without, such as a limit of the
				     host */
		assert_true(failed);
		assert_int_equal(status, EXIT_FAILED);
		assert_string_equal(out, "");
		assert_true(strncmp(error, "srcportd: ", 10) == 0);
		assert_ptr_equal(strchr(error, '\n'), error + strlen(error) - 1);
	}
	assert_non_null(strstr(out, "TARGET 10.0.0.2:80"));
	options.format = FORMAT_NAGIOS;
	for (unsigned n = 1; n < 4; n++) {
		assert_int_equal(run_starved(n, &failed), 3);
		assert_true(strncmp(out, "SRCPORT UNKNOWN: ", 17) == 0);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(text_of_a_recording),
	    CASE(targets_of_the_command_line),
	    CASE(targets_of_the_configuration),
	    CASE(malformed_target),
	    CASE(missing_recording),
	    CASE(proc_that_is_not_there),
	    CASE(recording_that_cannot_be_made),
	    CASE(nagios_code_is_the_verdict),
	    CASE(out_of_memory_is_told),
	};
	return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}

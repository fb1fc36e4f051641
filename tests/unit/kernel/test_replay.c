/* SPDX-License-Identifier: ISC */
#include "kernel/recording.h"
#include "kernel/replay.h"
#include "support.h"

#include <errno.h>

/* A recording that is put together record by record, and what a replay makes of it. */
struct tape {
	struct directory directory;
	char *text;
	size_t length;
	FILE *file;
	struct procfile_source source;
	struct census census;
	char error[512];
};

static void
tape_begin(struct tape *tape)
{
	memset(tape, 0, sizeof(*tape));
	directory_make(&tape->directory);
	tape->file = open_memstream(&tape->text, &tape->length);
	assert_non_null(tape->file);
	recording_begin(tape->file);
}

static void
tape_file(struct tape *tape, const char *name, const char *text)
{
	recording_file(tape->file, name, text, strlen(text));
}

/* The files that every recording has. */
static void
tape_files(struct tape *tape)
{
	tape_file(tape, "sys/net/ipv4/ip_local_port_range", "40000\t40099\n");
	tape_file(tape, "sys/net/ipv4/ip_local_reserved_ports", "40090-40099\n");
	tape_file(tape, "sys/net/ipv4/tcp_tw_reuse", "2\n");
	tape_file(tape, "sys/net/ipv4/tcp_timestamps", "1\n");
	recording_absent(tape->file, "sys/net/ipv4/tcp_tw_reuse_delay");
}

/* One datagram of the dump with these sockets, and its end. */
static void
tape_dump(struct tape *tape, unsigned dump, const struct diag_socket *sockets, size_t count)
{
	struct datagram d = {0};
	for (size_t i = 0; i < count; i++)
		datagram_socket(&d, &sockets[i]);
	if (count > 0) {
		recording_dump(tape->file, dump, d.octet, d.length);
		d.length = 0;
	}
	datagram_done(&d);
	recording_dump(tape->file, dump, d.octet, d.length);
}

/* One of each kind: a listener, an idle bind, an explicit bind, two connections. */
static void
tape_sockets(struct tape *tape)
{
	const struct diag_socket holders[] = {listener("0.0.0.0", 40010), bound_idle("::1", 40011)};
	const struct diag_socket open[] = {
	    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40000, "10.0.0.2", 80),
	    socket_of(STATE_CLOSE_WAIT, "10.0.0.1", 40002, "10.0.0.2", 80),
	};
	tape_dump(tape, DIAG_HOLDERS, holders, 2);
	tape_dump(tape, DIAG_EXPLICIT, &open[1], 1);
	tape_dump(tape, DIAG_SOCKETS, open, 2);
}

/* Closes the recording and cuts it to `keep` octets at most. */
static const char *
tape_play_cut(struct tape *tape, size_t keep)
{
	char path[128];
	fflush(tape->file);
	directory_write(&tape->directory, "tape", tape->text,
			keep < tape->length ? keep : tape->length);
	snprintf(path, sizeof(path), "%s/tape", tape->directory.path);
	strcpy(tape->error, "untouched");
	return replay_whole(path, &tape->source, &tape->census, tape->error, sizeof(tape->error));
}

static const char *
tape_play(struct tape *tape)
{
	return tape_play_cut(tape, SIZE_MAX);
}

/* Forgets what was played, to play again. */
static void
tape_rewind(struct tape *tape)
{
	census_free(&tape->census);
	procfile_free_copies(&tape->source);
}

static void
tape_end(struct tape *tape)
{
	tape_rewind(tape);
	fclose(tape->file);
	free(tape->text);
	directory_remove(&tape->directory);
}

/* The play was refused for that reason, after the path. */
static void
refused_for(struct tape *tape, const char *reason)
{
	const char *error = tape_play(tape);
	assert_non_null(error);
	assert_ptr_equal(error, tape->error);
	const char *colon = strstr(error, "/tape: ");
	assert_non_null(colon);
	assert_string_equal(colon + strlen("/tape: "), reason);
}

/* A recording of a whole poll, which plays. */
static void
tape_whole(struct tape *tape)
{
	tape_begin(tape);
	tape_files(tape);
	tape_sockets(tape);
	recording_features(tape->file, 7);
	recording_end(tape->file);
	assert_null(tape_play(tape));
}

static void
all_goes_into_the_census(void **state)
{
	struct tape t;
	(void)state;
	tape_whole(&t);

	assert_int_equal(t.census.settings.range.low, 40000);
	assert_int_equal(portset_count(&t.census.settings.reserved), 10);
	assert_int_equal(t.census.settings.tw_reuse, 2);
	assert_int_equal(t.census.settings.tw_reuse_delay_ms, SETTING_ABSENT);
	assert_int_equal(t.census.features, 7);
	assert_int_equal(t.census.sockets, 4);
	assert_true(portset_has(&t.census.listening, 40010));
	assert_true(portset_has(&t.census.bound, 40011));
	assert_true(portset_has(&t.census.bound, 40002));
	assert_int_equal(t.census.pool_count, 1);
	assert_int_equal(t.census.pools[0].held.count, 2);

	char text[32];
	assert_int_equal(procfile_read(&t.source, "sys/net/ipv4/tcp_tw_reuse", text, sizeof(text)),
			 2);
	assert_string_equal(text, "2\n");
	assert_int_equal(procfile_read(&t.source, "sys/net/ipv4/tcp_tw_reuse_delay", text, 32), -1);
	assert_int_equal(errno, ENOENT);
	tape_end(&t);
}

/* A kernel without the AUTO filter or TCPDIAG_GETSOCK: no explicit dump, two of each other. */
static void
older_kernels_recordings(void **state)
{
	const struct diag_socket v4 = listener("0.0.0.0", 40010), v6 = listener("::", 40011);
	struct tape t;
	(void)state;
	tape_begin(&t);
	tape_files(&t);
	tape_dump(&t, DIAG_HOLDERS, &v4, 1);
	tape_dump(&t, DIAG_HOLDERS, &v6, 1);
	tape_dump(&t, DIAG_SOCKETS, NULL, 0);
	tape_dump(&t, DIAG_SOCKETS, NULL, 0);
	recording_end(t.file);
	assert_null(tape_play(&t));
	assert_int_equal(t.census.sockets, 2);
	tape_end(&t);
}

/* Bound idle sockets stand before the connections of each family, or, in older recordings, with the
 * listeners: it comes to the same. */
static void
bound_idle_sockets_in_either_place(void **state)
{
	const struct diag_socket holders[] = {listener("0.0.0.0", 40010), bound_idle("::1", 40011),
					      bound_idle("10.0.0.1", 40012)};
	const struct diag_socket v4[] = {
	    bound_idle("10.0.0.1", 40012),
	    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40000, "10.0.0.2", 80)};
	const struct diag_socket v6[] = {bound_idle("::1", 40011)};
	(void)state;
	for (unsigned old = 0; old < 2; old++) {
		struct tape t;
		tape_begin(&t);
		tape_files(&t);
		tape_dump(&t, DIAG_HOLDERS, holders, old ? 3 : 1);
		tape_dump(&t, DIAG_SOCKETS, old ? v4 + 1 : v4, old ? 1 : 2);
		if (!old)
			tape_dump(&t, DIAG_SOCKETS, v6, 1);
		recording_end(t.file);
		assert_null(tape_play(&t));
		assert_int_equal(t.census.sockets, 4);
		assert_int_equal(t.census.totals.of[STATE_CLOSE], 2);
		assert_int_equal(t.census.pool_count, 1);
		assert_int_equal(portset_count(&t.census.bound), 2);
		assert_true(portset_has(&t.census.bound, 40011));
		assert_true(portset_has(&t.census.bound, 40012));
		tape_end(&t);
	}
}

static void
cut_anywhere_is_refused(void **state)
{
	struct tape t;
	(void)state;
	tape_whole(&t);
	size_t whole = t.length;
	assert_between(whole, 500, 3000);
	for (size_t keep = 0; keep < whole; keep++) {
		tape_rewind(&t);
		if (tape_play_cut(&t, keep) == NULL)
			fail_msg("cut at %zu of %zu it was taken", keep, whole);
	}
	tape_end(&t);
}

static void
missing_and_foreign_files(void **state)
{
	struct procfile_source source;
	struct census census;
	char error[256];
	(void)state;
	assert_string_equal(
	    replay_whole("/nonexistent/tape", &source, &census, error, sizeof(error)),
	    "/nonexistent/tape: No such file or directory");
	census_free(&census);
	assert_string_equal(replay_whole("/", &source, &census, error, sizeof(error)),
			    "/: expected the first line \"srcportd-recording 1\"");
	census_free(&census);
	assert_string_equal(replay_whole("/dev/null", &source, &census, error, sizeof(error)),
			    "/dev/null: expected the first line \"srcportd-recording 1\"");
	census_free(&census);
	procfile_free_copies(&source);
}

static void
settings_must_be_there_and_right(void **state)
{
	struct tape t;
	(void)state;
	tape_begin(&t);
	tape_sockets(&t);
	recording_end(t.file);
	refused_for(&t, "recording/sys/net/ipv4/ip_local_port_range: No such file or directory");
	tape_end(&t);

	tape_begin(&t);
	tape_files(&t);
	tape_file(&t, "sys/net/ipv4/ip_local_port_range", "40099 40000\n");
	tape_sockets(&t);
	recording_end(t.file);
	refused_for(&t,
		    "recording/sys/net/ipv4/ip_local_port_range: expected two ports LOW HIGH with "
		    "1 <= LOW <= HIGH <= 65535");
	tape_end(&t);
}

static void
every_dump_must_end(void **state)
{
	static const char *const reason = "a dump does not end";
	const struct diag_socket s =
	    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40000, "10.0.0.2", 80);
	(void)state;
	for (unsigned open = 0; open < DIAG_DUMPS; open++) {
		struct tape t;
		tape_begin(&t);
		tape_files(&t);
		for (unsigned dump = 0; dump < DIAG_DUMPS; dump++) {
			struct datagram d = {0};
			datagram_socket(&d, &s);
			if (dump != open)
				datagram_done(&d);
			recording_dump(t.file, dump, d.octet, d.length);
		}
		recording_end(t.file);
		refused_for(&t, reason);
		tape_end(&t);
	}
	/* The second family's part of a dump that has one for each. */
	struct tape t;
	struct datagram d = {0};
	tape_begin(&t);
	tape_files(&t);
	tape_dump(&t, DIAG_HOLDERS, NULL, 0);
	tape_dump(&t, DIAG_SOCKETS, NULL, 0);
	datagram_socket(&d, &s);
	recording_dump(t.file, DIAG_SOCKETS, d.octet, d.length);
	recording_end(t.file);
	refused_for(&t, reason);
	tape_end(&t);

	tape_begin(&t);
	tape_files(&t);
	recording_end(t.file);
	refused_for(&t, reason);
	tape_end(&t);

	tape_begin(&t);
	tape_files(&t);
	tape_dump(&t, DIAG_SOCKETS, NULL, 0);
	recording_end(t.file);
	refused_for(&t, reason);
	tape_end(&t);
}

static void
dumps_must_be_in_order_and_whole(void **state)
{
	static const unsigned orders[][2] = {
	    {DIAG_SOCKETS, DIAG_HOLDERS}, {DIAG_HOLDERS, DIAG_DUMPS}, {DIAG_HOLDERS, 255}};
	struct tape t;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		tape_begin(&t);
		tape_files(&t);
		tape_dump(&t, orders[i][0], NULL, 0);
		tape_dump(&t, orders[i][1], NULL, 0);
		recording_end(t.file);
		refused_for(&t, "a dump is out of order or too short");
		tape_end(&t);
	}
	for (size_t length = 0; length < NLMSG_HDRLEN; length++) {
		tape_begin(&t);
		tape_files(&t);
		recording_dump(t.file, DIAG_HOLDERS, "0123456789abcdef", length);
		recording_end(t.file);
		refused_for(&t, "a dump is out of order or too short");
		tape_end(&t);
	}
}

static void
impossible_answers_are_refused(void **state)
{
	struct datagram d = {0};
	struct tape t;
	(void)state;
	datagram_error(&d, EPERM);
	tape_begin(&t);
	tape_files(&t);
	recording_dump(t.file, DIAG_HOLDERS, d.octet, d.length);
	recording_end(t.file);
	refused_for(&t, "a dump is not what a kernel answers");
	tape_end(&t);

	/* Two numbers in one datagram. */
	d.length = 0;
	datagram_message(&d, NLMSG_NOOP, "", 0);
	datagram_done(&d);
	((struct nlmsghdr *)(void *)d.octet)->nlmsg_seq++;
	tape_begin(&t);
	tape_files(&t);
	recording_dump(t.file, DIAG_HOLDERS, d.octet, d.length);
	recording_end(t.file);
	refused_for(&t, "a dump is not what a kernel answers");
	tape_end(&t);
}

static void
out_of_memory_is_told(void **state)
{
	struct tape t;
	(void)state;
	tape_begin(&t);
	tape_files(&t);
	tape_sockets(&t);
	recording_end(t.file);
	bool refused = true;
	for (unsigned n = 1; refused; n++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/tape", t.directory.path);
		directory_write(&t.directory, "tape", t.text, t.length);
		allocations_fail_from(n);
		refused =
		    replay_whole(path, &t.source, &t.census, t.error, sizeof(t.error)) != NULL;
		bool failed = allocations_fail_from(0);
		assert_int_equal(refused, failed);
		assert_true(n < 100);
		tape_rewind(&t);
	}
	tape_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_goes_into_the_census),
	    cmocka_unit_test(older_kernels_recordings),
	    cmocka_unit_test(bound_idle_sockets_in_either_place),
	    cmocka_unit_test(cut_anywhere_is_refused),
	    cmocka_unit_test(missing_and_foreign_files),
	    cmocka_unit_test(settings_must_be_there_and_right),
	    cmocka_unit_test(every_dump_must_end),
	    cmocka_unit_test(dumps_must_be_in_order_and_whole),
	    cmocka_unit_test(impossible_answers_are_refused),
	    cmocka_unit_test(out_of_memory_is_told),
	};
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The poller against kernels that answer otherwise than the one at hand: this file stands in for
 * the part of libmnl that speaks to the kernel.
 */
#include "support.h"

#include "poller.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <unistd.h>

#define REQUESTS_MAX 32

/* What was asked for, in one letter and form: "H2" holders of both families, "E4", "S6" ... */
struct request {
	char dump;
	char form;
};

static struct kernel {
	/* Refusals; 0 = answers. */
	int no_both, no_explicit, no_v4, no_v6, no_open, no_send;
	/* What the next receive does instead: an errno, or -1 for nothing received. */
	int receive_fails;
	/* Breaks off with that error what it began to answer: in the same datagram, or the next. */
	int breaks_off;
	bool breaks_later, begun;
	bool wrong_seq, wrong_portid, inconsistent, old; /* old: does not know state bit 13 */
	int fd;
	unsigned opened, closed, sent;
	struct request requests[REQUESTS_MAX];
	struct nlmsghdr pending; /* of the last request; its length is 0 when it is answered */
} kernel;

struct mnl_socket *
mnl_socket_open2(int bus, int flags)
{
	assert_int_equal(bus, NETLINK_SOCK_DIAG);
	assert_int_equal(flags, SOCK_CLOEXEC);
	if (kernel.no_open != 0) {
		errno = kernel.no_open;
		return NULL;
	}
	kernel.opened++;
	kernel.pending.nlmsg_len = 0;
	return (struct mnl_socket *)(void *)&kernel;
}

int
mnl_socket_bind(struct mnl_socket *nl, unsigned groups, pid_t pid)
{
	assert_ptr_equal(nl, &kernel);
	return groups == 0 && pid == MNL_SOCKET_AUTOPID ? 0 : -1;
}

int
mnl_socket_close(struct mnl_socket *nl)
{
	assert_ptr_equal(nl, &kernel);
	kernel.closed++;
	return 0;
}

int
mnl_socket_get_fd(const struct mnl_socket *nl)
{
	assert_ptr_equal(nl, &kernel);
	return kernel.fd;
}

unsigned
mnl_socket_get_portid(const struct mnl_socket *nl)
{
	assert_ptr_equal(nl, &kernel);
	return TEST_PORTID;
}

ssize_t
mnl_socket_sendto(const struct mnl_socket *nl, const void *buf, size_t length)
{
	const struct nlmsghdr *m = buf;
	const struct inet_diag_req_v2 *v2 = NLMSG_DATA(m);
	const struct inet_diag_req *both = NLMSG_DATA(m);
	bool one_walk = m->nlmsg_type == TCPDIAG_GETSOCK;
	uint32_t states = one_walk ? both->idiag_states : v2->idiag_states;
	size_t fixed = one_walk ? sizeof(*both) : sizeof(*v2);
	assert_ptr_equal(nl, &kernel);
	assert_int_equal(length, m->nlmsg_len);
	/* A second request during a dump would be EBUSY. */
	assert_int_equal(kernel.pending.nlmsg_len, 0);
	if (kernel.no_send != 0) {
		errno = kernel.no_send;
		return -1;
	}
	assert_true(kernel.sent < REQUESTS_MAX);
	kernel.requests[kernel.sent++] =
	    (struct request){.dump = states == (1U << 13)            ? 'T'
				     : states & 1U << STATE_LISTEN   ? 'H'
				     : length > NLMSG_HDRLEN + fixed ? 'E'
								     : 'S',
			     .form = one_walk                      ? '2'
				     : v2->sdiag_family == AF_INET ? '4'
								   : '6'};
	kernel.pending = *m;
	return (ssize_t)length;
}

static int
refusal(struct request r)
{
	int error = r.form == '2' ? kernel.no_both : r.form == '4' ? kernel.no_v4 : kernel.no_v6;
	return error == 0 && r.dump == 'E' ? kernel.no_explicit : error;
}

/* One socket of the kind that was asked for, and the end; or the refusal. */
static void
make_answer(struct datagram *d)
{
	struct request r = kernel.requests[kernel.sent - 1];
	bool v6 = r.form == '6';
	const struct diag_socket holder = listener(v6 ? "::" : "0.0.0.0", v6 ? 40010 : 40020);
	const struct diag_socket idle = bound_idle("127.0.0.1", 40030);
	const struct diag_socket open = socket_of(STATE_ESTABLISHED, v6 ? "::1" : "10.0.0.1", 40000,
						  v6 ? "::2" : "10.0.0.2", 80);
	if (refusal(r) != 0) {
		datagram_error(d, refusal(r));
		return;
	}
	if (r.dump != 'T')
		datagram_socket(d, r.dump == 'H' ? &holder : &open);
	else if (!kernel.old)
		datagram_socket(d, &idle);
	if (kernel.breaks_off == 0)
		datagram_done(d);
	else if (!kernel.breaks_later)
		datagram_failed(d, kernel.breaks_off);
}

ssize_t
mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t room)
{
	struct datagram d = {0};
	assert_ptr_equal(nl, &kernel);
	/* The kernel's largest chunk must fit. */
	assert_true(room >= 32768);
	assert_true(kernel.pending.nlmsg_len > 0);
	if (kernel.receive_fails != 0) {
		int error = kernel.receive_fails;
		kernel.receive_fails = 0;
		errno = error;
		return error > 0 ? -1 : 0;
	}
	make_answer(&d);
	bool goes_on = kernel.breaks_later && kernel.breaks_off != 0;
	if (goes_on && kernel.begun) {
		d.length = 0;
		datagram_failed(&d, kernel.breaks_off);
		goes_on = false;
	}
	kernel.begun = goes_on;
	for (size_t at = 0; at < d.length;) {
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)(d.octet + at);
		m->nlmsg_seq = kernel.pending.nlmsg_seq + kernel.wrong_seq;
		m->nlmsg_pid = TEST_PORTID + kernel.wrong_portid;
		m->nlmsg_flags |= kernel.inconsistent ? NLM_F_DUMP_INTR : 0;
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	if (!goes_on)
		kernel.pending.nlmsg_len = 0;
	memcpy(buf, d.octet, d.length);
	return (ssize_t)d.length;
}

static struct poller *poller;
static struct census census;

static int
begin(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return kernel.fd < 0;
}

static int
end(void **state)
{
	(void)state;
	census_free(&census);
	poller_close(poller);
	poller = NULL;
	assert_int_equal(kernel.opened, kernel.closed);
	close(kernel.fd);
	return 0;
}

static void
open_poller(void)
{
	char error[128];
	poller = poller_open(error, sizeof(error));
	assert_non_null(poller);
	assert_int_equal(poller_fd(poller), kernel.fd);
	kernel.sent = 0;
}

/* One whole poll, or as far as it gets. */
static enum poller_step
poll_once(FILE *record)
{
	const struct settings settings = settings_of(40000, 40099, "");
	kernel.sent = 0;
	census_free(&census);
	census_init(&census, &settings, NULL);
	enum poller_step step = poller_begin(poller, &census, record);
	while (step == POLLER_MORE)
		step = poller_read(poller);
	return step;
}

/* The requests since the poll began, as in "H2 E2 S2". */
static void
assert_asked(const char *expected)
{
	char asked[3 * REQUESTS_MAX + 1] = "", *at = asked;
	for (unsigned i = 0; i < kernel.sent; i++)
		at += sprintf(at, "%s%c%c", i > 0 ? " " : "", kernel.requests[i].dump,
			      kernel.requests[i].form);
	assert_string_equal(asked, expected);
}

#define BOTH     (1U << FEATURE_BOTH_FAMILIES)
#define IDLE     (1U << FEATURE_BOUND_IDLE)
#define EXPLICIT (1U << FEATURE_EXPLICIT)
#define DELAY    (1U << FEATURE_TW_DELAY)

static void
assert_good(const char *asked, uint32_t features, uint64_t sockets)
{
	assert_int_equal(poll_once(NULL), POLLER_DONE);
	assert_asked(asked);
	assert_int_equal(census.features, features | DELAY);
	assert_int_equal(census.sockets, sockets);
	assert_string_equal(poller_error(poller), "");
}

static void
assert_failed(const char *error)
{
	assert_int_equal(poll_once(NULL), POLLER_FAILED);
	assert_string_equal(poller_error(poller), error);
}

static void
the_kernel_of_today(void **state)
{
	(void)state;
	open_poller();
	for (unsigned poll = 0; poll < 3; poll++)
		assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
	assert_true(portset_has(&census.listening, 40020));
	assert_true(portset_has(&census.bound, 40000));
}

static void
before_6_8_bound_idle_is_not_listed(void **state)
{
	(void)state;
	kernel.old = true;
	open_poller();
	assert_good("H2 E2 S2", BOTH | EXPLICIT, 2);
}

static void
no_request_for_both_families(void **state)
{
	static const int errors[] = {EOPNOTSUPP, EINVAL, ENOENT};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		kernel.no_both = errors[i];
		open_poller();
		assert_good("H2 H4 H6 E4 E6 S4 S6", IDLE | EXPLICIT, 4);
		assert_good("H4 H6 E4 E6 S4 S6", IDLE | EXPLICIT, 4);
		poller_close(poller);
		poller = NULL;
	}
}

static void
no_ipv6(void **state)
{
	(void)state;
	kernel.no_both = EOPNOTSUPP;
	kernel.no_v6 = ENOENT;
	open_poller();
	assert_good("H2 H4 H6 E4 E6 S4 S6", IDLE | EXPLICIT, 2);
}

static void
no_filter_for_explicit_binds(void **state)
{
	(void)state;
	kernel.no_explicit = EINVAL;
	open_poller();
	assert_good("H2 E2 S2", BOTH | IDLE, 2);
	assert_good("H2 S2", BOTH | IDLE, 2);
	poller_close(poller);
	kernel.no_both = EOPNOTSUPP;
	open_poller();
	assert_good("H2 H4 H6 E4 E6 S4 S6", IDLE, 4);
	assert_good("H4 H6 S4 S6", IDLE, 4);
}

static void
no_tcp_diag(void **state)
{
	(void)state;
	kernel.no_both = kernel.no_v4 = kernel.no_v6 = ENOENT;
	open_poller();
	assert_failed("dump of listeners and bound sockets: this kernel has no tcp_diag: "
		      "No such file or directory");
}

/* What may be different next time must not make every later poll cost twice. */
static void
passing_trouble_is_forgotten(void **state)
{
	static const int errors[] = {EBUSY, ENOMEM, EPERM, ENOBUFS, EINTR};
	(void)state;
	open_poller();
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		char expected[128];
		kernel.no_both = errors[i];
		snprintf(expected, sizeof(expected),
			 "dump of listeners and bound sockets: the kernel refused it: %s",
			 strerror(errors[i]));
		assert_failed(expected);
		kernel.no_both = 0;
		assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
	}
}

/* An answer that is in the census in part is not asked for once more, in two families. */
static void
broken_off_in_the_middle(void **state)
{
	static const int errors[] = {EINVAL, EOPNOTSUPP, ENOENT, ENOMEM};
	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(errors); i++) {
		int error = errors[i / 2];
		char expected[128];
		open_poller();
		kernel.breaks_off = error;
		kernel.breaks_later = i % 2 == 1;
		snprintf(expected, sizeof(expected), "dump of listeners and bound sockets: %s: %s",
			 kernel.breaks_later ? "the kernel broke it off" : "answer",
			 strerror(error));
		assert_failed(expected);
		assert_asked("H2");
		kernel.breaks_off = 0;
		assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
		poller_close(poller);
		poller = NULL;
	}
}

static void
failed_receives(void **state)
{
	static const struct {
		int error;
		const char *text;
	} cases[] = {
	    {EAGAIN, "it did not end: Connection timed out"},
	    {ENOSPC, "a datagram was cut short: Message too long"},
	    {ENOBUFS, "receive: No buffer space available"},
	    {-1, "receive: Bad message"},
	};
	(void)state;
	open_poller();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char expected[128];
		kernel.receive_fails = cases[i].error;
		snprintf(expected, sizeof(expected), "dump of listeners and bound sockets: %s",
			 cases[i].text);
		assert_failed(expected);
		assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
	}
	kernel.receive_fails = EINTR;
	assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
}

static void
answers_to_something_else(void **state)
{
	(void)state;
	open_poller();
	kernel.wrong_seq = true;
	assert_failed("dump of listeners and bound sockets: answer: Bad message");
	kernel.wrong_seq = false;
	kernel.wrong_portid = true;
	assert_failed("dump of listeners and bound sockets: answer: Bad message");
	kernel.wrong_portid = false;
	kernel.inconsistent = true;
	assert_failed("dump of listeners and bound sockets: answer: Interrupted system call");
	kernel.inconsistent = false;
	unsigned opened = kernel.opened;
	assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
	/* The rest of that answer may still be on its way: a new socket does not see it. */
	assert_int_equal(kernel.opened, opened + 1);
	assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
	assert_int_equal(kernel.opened, opened + 1);
}

static void
poll_given_up_half_way(void **state)
{
	const struct settings settings = settings_of(40000, 40099, "");
	(void)state;
	open_poller();
	census_init(&census, &settings, NULL);
	assert_int_equal(poller_begin(poller, &census, NULL), POLLER_MORE);
	assert_int_equal(poller_read(poller), POLLER_MORE);
	assert_int_equal(poller_give_up(poller), POLLER_FAILED);
	assert_string_equal(poller_error(poller),
			    "dump of explicit binds: it did not end: Connection timed out");
	assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
}

static void
failed_requests(void **state)
{
	(void)state;
	open_poller();
	kernel.no_send = ECONNREFUSED;
	assert_failed("dump of listeners and bound sockets: request: Connection refused");
	kernel.no_send = 0;
	assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
}

static void
no_socket(void **state)
{
	char error[128];
	(void)state;
	kernel.no_open = EMFILE;
	assert_null(poller_open(error, sizeof(error)));
	assert_string_equal(error, "netlink sock_diag socket: Too many open files");
	kernel.no_open = 0;
	open_poller();
	kernel.receive_fails = EAGAIN;
	assert_int_equal(poll_once(NULL), POLLER_FAILED);
	kernel.no_open = EMFILE;
	assert_int_equal(poll_once(NULL), POLLER_FAILED);
	assert_non_null(strstr(poller_error(poller), "netlink socket: Too many open files"));
	assert_int_equal(poller_fd(poller), -1);
	kernel.no_open = 0;
	assert_good("H2 E2 S2", BOTH | IDLE | EXPLICIT, 2);
	poller_close(NULL);
}

static void
recording_that_cannot_be_written(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	open_poller();
	assert_int_equal(poll_once(full), POLLER_FAILED);
	assert_string_equal(poller_error(poller), "dump of listeners and bound sockets: recording: "
						  "No space left on device");
	fclose(full);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_kernel_of_today),
	    CASE(before_6_8_bound_idle_is_not_listed),
	    CASE(no_request_for_both_families),
	    CASE(no_ipv6),
	    CASE(no_filter_for_explicit_binds),
	    CASE(no_tcp_diag),
	    CASE(passing_trouble_is_forgotten),
	    CASE(broken_off_in_the_middle),
	    CASE(failed_receives),
	    CASE(answers_to_something_else),
	    CASE(poll_given_up_half_way),
	    CASE(failed_requests),
	    CASE(no_socket),
	    CASE(recording_that_cannot_be_written),
	};
	return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "mock_kernel.h"
#include "count/census_take.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <unistd.h>

struct mock_kernel kernel;
struct poller *poller;
struct census census;
static uint32_t known; /* of the kernel's features, from poll to poll */

struct mnl_socket *
mnl_socket_open2(int bus, int flags)
{
	assert_int_equal(flags, SOCK_CLOEXEC);
	/* Of this host's addresses it knows nothing. */
	if (bus == NETLINK_ROUTE) {
		errno = EPROTONOSUPPORT;
		return NULL;
	}
	assert_int_equal(bus, NETLINK_SOCK_DIAG);
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
	assert_true(kernel.sent < MOCK_REQUESTS_MAX);
	kernel.requests[kernel.sent++] = (struct mock_request){
	    .dump = states == (1U << STATE_CLOSE | 1U << STATE_ESTABLISHED) ? 'U'
		    : !(states & 1U << STATE_LISTEN)                        ? 'S'
		    : length == NLMSG_HDRLEN + fixed                        ? 'H'
		    : states == 1U << STATE_LISTEN                          ? 'L'
									    : 'E',
	    .form = one_walk                      ? '2'
		    : v2->sdiag_family == AF_INET ? '4'
						  : '6'};
	kernel.asks_idle = (states & 1U << 13) != 0;
	kernel.pending = *m;
	return (ssize_t)length;
}

static int
refusal(struct mock_request r)
{
	int error = r.form == '2' ? kernel.no_both : r.form == '4' ? kernel.no_v4 : kernel.no_v6;
	if (r.dump == 'U' && kernel.no_udp != 0)
		return kernel.no_udp;
	return error == 0 && (r.dump == 'E' || r.dump == 'L') ? kernel.no_explicit : error;
}

static struct diag_socket
shown(struct diag_socket s)
{
	if (kernel.shows_no_port)
		return with_no_port(s, false);
	return kernel.shows_cgroup ? with_cgroup(s) : s;
}

/* The port to which this process has bound the specimen; 0 = it has none. */
static uint16_t
specimen_port(void)
{
	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_in sin = {.sin_family = AF_UNSPEC};
		socklen_t length = sizeof(sin);
		if (getsockname(fd, (struct sockaddr *)&sin, &length) == 0 &&
		    sin.sin_family == AF_INET && ntohl(sin.sin_addr.s_addr) == 0x7f535250)
			return ntohs(sin.sin_port);
	}
	return 0;
}

/* One socket of the kind that was asked for, and the end; or the refusal. */
static void
make_answer(struct datagram *d)
{
	struct mock_request r = kernel.requests[kernel.sent - 1];
	bool v6 = r.form == '6';
	const struct diag_socket holder =
	    shown(listener(v6 ? "::" : "0.0.0.0", v6 ? 40010 : 40020));
	bool late =
	    r.dump == 'H' && kernel.sent > 1 && kernel.requests[kernel.sent - 2].dump == 'S';
	if (!late)
		kernel.specimen = r.form == '6' ? 0 : specimen_port();
	/* It is there for the one answer that may show it. */
	assert_true(late || kernel.specimen == 0 || r.dump == 'S');
	const struct diag_socket newcomer = shown(listener("0.0.0.0", kernel.late));
	const struct diag_socket idle = shown(bound_idle("127.83.82.80", kernel.specimen));
	const struct diag_socket open = socket_of(STATE_ESTABLISHED, v6 ? "::1" : "10.0.0.1", 40000,
						  v6 ? "::2" : "10.0.0.2", 80);
	const struct diag_socket client =
	    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40001, "10.0.0.2", 53);
	if (refusal(r) != 0) {
		datagram_error(d, refusal(r));
		return;
	}
	if (r.dump == 'S' && kernel.specimen != 0 && !kernel.old && kernel.asks_idle)
		datagram_socket(d, &idle);
	if (r.dump == 'H' || (r.dump != 'L' && r.dump != 'U' && !kernel.lonely))
		datagram_socket(d, r.dump == 'H' ? &holder : &open);
	if (r.dump == 'U' && !v6)
		datagram_socket(d, &client);
	if (r.dump == 'H' && kernel.late != 0 && kernel.sent >= 4)
		datagram_socket(d, &newcomer);
	if (r.dump == 'U' && kernel.udp_fails)
		datagram_failed(d, EIO);
	else if (r.dump == 'S' && kernel.breaks_off_sockets != 0)
		datagram_failed(d, kernel.breaks_off_sockets);
	else if (kernel.breaks_off == 0)
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
		if (kernel.inconsistent)
			m->nlmsg_flags = (uint16_t)(m->nlmsg_flags | NLM_F_DUMP_INTR);
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	if (!goes_on)
		kernel.pending.nlmsg_len = 0;
	memcpy(buf, d.octet, d.length);
	return (ssize_t)d.length;
}

int
mock_begin(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return kernel.fd < 0;
}

void
mock_close(void)
{
	poller_close(poller);
	poller = NULL;
}

int
mock_end(void **state)
{
	(void)state;
	census_free(&census);
	mock_close();
	assert_int_equal(kernel.opened, kernel.closed);
	close(kernel.fd);
	return 0;
}

void
mock_open(void)
{
	char error[128];
	poller = poller_open(error, sizeof(error));
	assert_non_null(poller);
	assert_int_equal(poller_fd(poller), kernel.fd);
	kernel.sent = 0;
	known = 0;
}

enum poller_step
mock_poll(FILE *record)
{
	const struct settings settings =
	    settings_of(kernel.all_ports ? 1 : 40000, kernel.all_ports ? 65535 : 40099, "");
	kernel.sent = 0;
	census_free(&census);
	census_init(&census, &settings, NULL);
	const struct diag_plan plan = {.range = settings.range};
	if (!(known & IDLE))
		poller_test(poller, &settings, kernel.taken);
	enum poller_step step = poller_begin(poller, &plan, census_take, &census, record);
	while (step == POLLER_MORE)
		step = poller_read(poller);
	if (step == POLLER_DONE) {
		known |= poller_features(poller);
		census_learn(&census, &known);
	}
	return step;
}

void
assert_asked(const char *expected)
{
	char asked[3 * MOCK_REQUESTS_MAX + 1] = "", *at = asked;
	for (unsigned i = 0; i < kernel.sent; i++)
		at += sprintf(at, "%s%c%c", i > 0 ? " " : "", kernel.requests[i].dump,
			      kernel.requests[i].form);
	assert_string_equal(asked, expected);
}

void
assert_good(const char *asked, uint32_t features, uint64_t sockets)
{
	assert_int_equal(mock_poll(NULL), POLLER_DONE);
	assert_asked(asked);
	assert_int_equal(census.features, features | DELAY);
	assert_int_equal(census.sockets, sockets);
	assert_string_equal(poller_error(poller), "");
}

void
assert_failed(const char *error)
{
	assert_int_equal(mock_poll(NULL), POLLER_FAILED);
	assert_string_equal(poller_error(poller), error);
}

/* SPDX-License-Identifier: ISC */
/*
 * mock_kernel: stands in for the part of libmnl that speaks to the kernel, so that a poller meets
 * kernels that answer otherwise than the one at hand. Linked with test_poller*.c and
 * test_poll.c only.
 */
#ifndef SRCPORTD_TEST_MOCK_KERNEL_H
#define SRCPORTD_TEST_MOCK_KERNEL_H

#include "support.h"

#include "kernel/poller.h"

#include <linux/netlink.h>

#define MOCK_REQUESTS_MAX 32

/* What was asked for, in one letter and form: "H2" holders of both families, "E4", "L2" (of E,
 * listeners alone), "S6" ... */
struct mock_request {
	char dump;
	char form;
};

struct mock_kernel {
	/* Refusals; 0 = answers. */
	int no_both, no_explicit, no_v4, no_v6, no_udp, no_open, no_send;
	/* What the next receive does instead: an errno, or -1 for nothing received. */
	int receive_fails;
	bool udp_fails; /* an answer to it is none */
	/* Breaks off with that error what it began to answer: in the same datagram, or the next. */
	int breaks_off;
	int breaks_off_sockets; /* the same, of connections only */
	bool breaks_later, begun;
	bool wrong_seq, wrong_portid, inconsistent, old; /* old: does not know state bit 13 */
	/* What sockets come with, but for connections: one of these attributes. */
	bool shows_no_port, shows_cgroup;
	uint16_t late;  /* a listener comes to this port after the connections; 0 = none does */
	bool lonely;    /* there are listeners, and no connections */
	bool all_ports; /* its range is 1-65535 */
	const struct portset *taken; /* for poller_test() */
	bool asks_idle;              /* the last request has state bit 13 */
	uint16_t specimen;           /* at the last answer that may show it: its port, 0 = none */
	int fd;
	unsigned opened, closed, sent;
	struct mock_request requests[MOCK_REQUESTS_MAX];
	struct nlmsghdr pending; /* of the last request; its length is 0 when it is answered */
};

/* The kernel at work, what polls it, and what the last poll found. */
extern struct mock_kernel kernel;
extern struct poller *poller;
extern struct census census;

/* Before and after each test: a kernel of today, without a poller; all is closed again. */
int mock_begin(void **state);
int mock_end(void **state);
#define MOCK_TEST(name) cmocka_unit_test_setup_teardown(name, mock_begin, mock_end)

/* The poller is there from then on, and has asked for nothing yet. */
void mock_open(void);
/* The kernel may change; the next mock_open() makes a poller that knows nothing of it. */
void mock_close(void);

/* One whole poll, or as far as it gets. */
enum poller_step mock_poll(FILE *record);

#define BOTH     (1U << FEATURE_BOTH_FAMILIES)
#define IDLE     (1U << FEATURE_BOUND_IDLE)
#define EXPLICIT (1U << FEATURE_EXPLICIT)
#define DELAY    (1U << FEATURE_TW_DELAY)

/* The requests since the poll began, as in "H2 E2 S2". */
void assert_asked(const char *expected);
/* One poll that succeeds with these requests, features (but for DELAY, which is always there) and
 * so many sockets; and one that fails with that text. */
void assert_good(const char *asked, uint32_t features, uint64_t sockets);
void assert_failed(const char *error);

#endif

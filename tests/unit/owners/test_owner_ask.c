/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "owners/owner_ask.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <sys/socket.h>

/* The filter of a request. */
struct filter {
	const char *code;
	int length;
};

static char request[DUMP_REQUEST_MAX] __attribute__((aligned(8)));

static struct owner_pool
pool(const char *local, const char *peer, uint16_t port)
{
	return (struct owner_pool){.local = address(local), .peer = address(peer), .port = port};
}

static struct filter
filter_in(const struct nlmsghdr *message)
{
	assert_true(message->nlmsg_len <= sizeof(request));
	assert_int_equal(message->nlmsg_seq, 7);
	const struct nlattr *attr =
	    mnl_nlmsg_get_payload_offset(message, sizeof(struct inet_diag_req_v2));
	assert_int_equal(mnl_attr_get_type(attr), INET_DIAG_REQ_BYTECODE);
	assert_ptr_equal((const char *)attr + attr->nla_len, request + message->nlmsg_len);
	return (struct filter){mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr)};
}

static struct filter
filter_of(const struct owner_pool *pools, uint32_t count)
{
	return filter_in(owner_ask_request(request, DUMP_V4, 7, pools, count));
}

static struct inet_diag_bc_op
op_at(const struct filter *f, int at)
{
	struct inet_diag_bc_op op;
	assert_true(at % 4 == 0 && at + (int)sizeof(op) <= f->length);
	memcpy(&op, f->code + at, sizeof(op));
	return op;
}

/* inet_diag_bc_audit(): the chain of "yes" ends at the end, and every "no" hits the chain, the end,
 * or what is four octets behind it. */
static void
audit(const struct filter *f)
{
	for (int at = 0; at < f->length;) {
		struct inet_diag_bc_op op = op_at(f, at);
		assert_true(op.yes >= 4 && at + op.yes <= f->length);
		assert_true(op.no >= 4 && at + op.no <= f->length + 4);
		int chain = 0;
		while (chain < at + op.no && chain < f->length)
			chain += op_at(f, chain).yes;
		assert_true(chain == at + op.no || at + op.no == f->length + 4);
		at += op.yes;
	}
}

/* inet_diag_bc_run() for the three operations that are used. An AF_INET condition takes the
 * IPv4-mapped addresses of an AF_INET6 socket too. */
static bool
accepts(const struct filter *f, int family, const char *local, const char *peer, uint16_t port)
{
	int at = 0;
	while (at < f->length) {
		struct inet_diag_bc_op op = op_at(f, at);
		struct inet_diag_hostcond condition;
		bool yes = false;
		if (op.code != INET_DIAG_BC_JMP) {
			bool to = op.code == INET_DIAG_BC_D_COND;
			struct addr a = address(to ? peer : local);
			const char *octets = f->code + at + sizeof(op) + sizeof(condition);
			memcpy(&condition, f->code + at + sizeof(op), sizeof(condition));
			assert_true(to || op.code == INET_DIAG_BC_S_COND);
			size_t from = condition.family == AF_INET ? 12 : 0;
			assert_int_equal(condition.prefix_len, (16 - from) * 8);
			yes = (condition.port == -1 || condition.port == port) &&
			      (condition.family == family ||
			       (family == AF_INET6 && condition.family == AF_INET &&
				addr_is_v4(&a))) &&
			      memcmp(a.octet + from, octets, 16 - from) == 0;
		}
		at += yes ? op.yes : op.no;
	}
	return at == f->length;
}

static void
test_one_pool(void **state)
{
	struct owner_pool p = pool("10.0.0.9", "10.1.2.3", 443);
	(void)state;
	struct filter f = filter_of(&p, 1);
	audit(&f);
	assert_true(accepts(&f, AF_INET, "10.0.0.9", "10.1.2.3", 443));
	assert_true(accepts(&f, AF_INET6, "10.0.0.9", "10.1.2.3", 443)); /* ::ffff:10.1.2.3 */
	assert_false(accepts(&f, AF_INET, "10.0.0.9", "10.1.2.3", 444));
	assert_false(accepts(&f, AF_INET, "10.0.0.9", "10.1.2.4", 443));
	assert_false(accepts(&f, AF_INET, "10.0.0.8", "10.1.2.3", 443));
	assert_false(accepts(&f, AF_INET6, "2001:db8::9", "2001:db8::1", 443));
}

static void
test_many_pools(void **state)
{
	struct owner_pool pools[OWNER_POOLS_MAX];
	(void)state;
	for (uint16_t i = 0; i < OWNER_POOLS_MAX; i++)
		pools[i] = i % 3 == 1 ? pool("2001:db8::9", "2001:db8::1", (uint16_t)(1000 + i))
				      : pool("10.0.0.9", "10.1.2.3", (uint16_t)(1000 + i));
	for (uint32_t count = 1; count <= OWNER_POOLS_MAX; count++) {
		struct filter f = filter_of(pools, count);
		audit(&f);
		for (uint16_t i = 0; i < OWNER_POOLS_MAX; i++) {
			bool six = i % 3 == 1;
			uint16_t port = (uint16_t)(1000 + i);
			assert_int_equal(accepts(&f, AF_INET6, "2001:db8::9", "2001:db8::1", port),
					 six && i < count);
			assert_int_equal(accepts(&f, AF_INET, "10.0.0.9", "10.1.2.3", port),
					 !six && i < count);
		}
	}
}

/* Of both families, and nothing but what is over. */
static void
test_a_server_port(void **state)
{
	const struct nlmsghdr *message = owner_ask_server(request, DUMP_V4, 7, 443);
	struct inet_diag_req_v2 v4;
	struct inet_diag_req all;
	struct filter f = filter_in(message);
	struct inet_diag_hostcond condition;
	(void)state;
	memcpy(&v4, mnl_nlmsg_get_payload(message), sizeof(v4));
	assert_int_equal(v4.idiag_states, 1 << 8 | 1 << 5); /* CLOSE_WAIT, FIN_WAIT2 */
	audit(&f);
	assert_int_equal(f.length, sizeof(struct inet_diag_bc_op) + sizeof(condition));
	assert_int_equal(op_at(&f, 0).code, INET_DIAG_BC_S_COND);
	memcpy(&condition, f.code + sizeof(struct inet_diag_bc_op), sizeof(condition));
	assert_int_equal(condition.family, AF_UNSPEC);
	assert_int_equal(condition.prefix_len, 0);
	assert_int_equal(condition.port, 443);
	message = owner_ask_server(request, DUMP_ALL, 8, 443);
	memcpy(&all, mnl_nlmsg_get_payload(message), sizeof(all));
	assert_int_equal(all.idiag_states, 1 << 8 | 1 << 5);
}

/* This file stands in for the part of libmnl that speaks to the kernel: what each request is
 * answered with, one after the other, and how often there was one. */
static struct datagram answers[3];
static unsigned sent, received;
static int opened_with;     /* flags */
static unsigned not_so_far; /* receives before an answer comes */

struct mnl_socket *
mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	opened_with = flags;
	return (struct mnl_socket *)(void *)answers;
}

int
mnl_socket_bind(struct mnl_socket *nl, unsigned groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int
mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

unsigned
mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return TEST_PORTID;
}

ssize_t
mnl_socket_sendto(const struct mnl_socket *nl, const void *buf, size_t length)
{
	(void)nl;
	(void)buf;
	sent++;
	return (ssize_t)length;
}

ssize_t
mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t room)
{
	(void)nl;
	if (not_so_far > 0) {
		not_so_far--;
		errno = EAGAIN;
		return -1;
	}
	struct datagram *d = &answers[received++];
	assert_true(received <= COUNT_OF(answers) && d->length <= room);
	for (size_t at = 0; at < d->length;) {
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)(d->octet + at);
		m->nlmsg_seq = sent;
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	memcpy(buf, d->octet, d->length);
	return (ssize_t)d->length;
}

/* Asks for one pool; how that ends. */
static enum owner_ask_step
ask(struct owner_book *book)
{
	struct owner_pool p = pool("10.0.0.1", "10.0.0.2", 80);
	enum owner_ask_step step = OWNER_ASK_MORE;
	sent = received = 0;
	assert_true(owner_book_pool(book, &p.local, &p.peer, p.port));
	struct owner_ask *a = owner_ask_open(&p, 1, 0);
	assert_non_null(a);
	while (step == OWNER_ASK_MORE)
		step = owner_ask_read(a, book);
	owner_ask_close(a);
	return step;
}

static void
test_a_form_that_the_kernel_does_not_know(void **state)
{
	struct owner_book *book = owner_book_new();
	const struct diag_socket s = time_wait("10.0.0.1", 40000, "10.0.0.2", 80, 100);
	(void)state;
	memset(answers, 0, sizeof(answers));
	datagram_error(&answers[0], EINVAL);
	datagram_socket(&answers[1], &s);
	datagram_done(&answers[1]);
	datagram_error(&answers[2], ENOENT); /* no IPv6 */
	assert_int_equal(ask(book), OWNER_ASK_DONE);
	assert_int_equal(sent, 3);
	struct owner_list *list = owner_book_list(book, 0);
	assert_int_equal(list->pools[0].connections, 1);
	owner_list_free(list);
	owner_book_free(book);
}

/* The loop waits, and not the dump. */
static void
test_an_answer_is_never_waited_for(void **state)
{
	struct owner_book *book = owner_book_new();
	struct owner_pool p = pool("10.0.0.1", "10.0.0.2", 80);
	(void)state;
	memset(answers, 0, sizeof(answers));
	datagram_done(&answers[0]);
	sent = received = 0;
	not_so_far = 2;
	struct owner_ask *a = owner_ask_open(&p, 1, 0);
	assert_non_null(a);
	assert_true(opened_with & SOCK_NONBLOCK);
	assert_int_equal(owner_ask_read(a, book), OWNER_ASK_MORE);
	assert_int_equal(owner_ask_read(a, book), OWNER_ASK_MORE);
	assert_int_equal(owner_ask_read(a, book), OWNER_ASK_DONE);
	owner_ask_close(a);
	owner_book_free(book);
}

/* A survey is as strict as a poll. */
static void
test_what_no_kernel_answers_is_refused(void **state)
{
	const struct diag_socket s = time_wait("10.0.0.1", 40000, "10.0.0.2", 80, 100);
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct owner_book *book = owner_book_new();
		memset(answers, 0, sizeof(answers));
		datagram_socket(&answers[0], &s);
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)answers[0].octet;
		if (i == 0)
			m->nlmsg_flags |= NLM_F_DUMP_INTR;
		else if (i == 1)
			m->nlmsg_type = 99;
		else
			answers[0].length -= 4;
		assert_int_equal(ask(book), OWNER_ASK_FAILED);
		assert_int_equal(errno, i == 0 ? EINTR : EBADMSG);
		owner_book_free(book);
	}
}

/* What the kernel alone holds has no inode to be known again by. */
static void
test_an_answer_that_breaks_off_is_not_asked_for_again(void **state)
{
	static const int errors[] = {EINVAL, ENOMEM};
	const struct diag_socket s = time_wait("10.0.0.1", 40000, "10.0.0.2", 80, 100);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		struct owner_book *book = owner_book_new();
		memset(answers, 0, sizeof(answers));
		datagram_socket(&answers[0], &s);
		datagram_failed(&answers[0], errors[i]);
		assert_int_equal(ask(book), OWNER_ASK_FAILED);
		assert_int_equal(errno, errors[i]);
		assert_int_equal(sent, 1);
		owner_book_free(book);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_pool),
	    cmocka_unit_test(test_many_pools),
	    cmocka_unit_test(test_a_server_port),
	    cmocka_unit_test(test_a_form_that_the_kernel_does_not_know),
	    cmocka_unit_test(test_an_answer_is_never_waited_for),
	    cmocka_unit_test(test_what_no_kernel_answers_is_refused),
	    cmocka_unit_test(test_an_answer_that_breaks_off_is_not_asked_for_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

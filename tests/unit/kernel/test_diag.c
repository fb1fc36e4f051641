/* SPDX-License-Identifier: ISC */
#include "kernel/diag.h"
#include "support.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

struct request {
	_Alignas(8) uint8_t octet[DIAG_REQUEST_MAX];
};

static const struct diag_plan plan = {.range = {40000, 40099}};

/* One operation of the kernel's filter language (struct inet_diag_bc_op). */
struct op {
	uint8_t code, yes;
	uint16_t no;
};

/* The filter of a request whose fixed part has that size; its length in *length. */
static const struct op *
filter_of(const struct nlmsghdr *m, size_t fixed, size_t *length)
{
	const struct nlattr *attr =
	    (const struct nlattr *)(const void *)((const char *)m + NLMSG_HDRLEN + fixed);
	assert_int_equal(attr->nla_type, 1); /* INET_DIAG_REQ_BYTECODE */
	assert_int_equal(m->nlmsg_len, (size_t)NLMSG_HDRLEN + fixed + attr->nla_len);
	*length = attr->nla_len - sizeof(*attr);
	return (const struct op *)(const void *)(attr + 1);
}

static void
requests_for_both_families(void **state)
{
	static const uint32_t states[DIAG_DUMPS] = {
	    [DIAG_HOLDERS] = 1 << 10,
	    /* 1 to 6, 8, 9 and 11: TIME_WAIT and SYN_RECV too; and 10, listeners */
	    [DIAG_EXPLICIT] = 0xb7e | 1 << 10,
	    [DIAG_SOCKETS] = 0xb7e | 1 << 13,
	    [DIAG_LATE] = 1 << 10,
	    [DIAG_STAMPS] = 1 << 1,
	};
	struct diag_plan light = plan;
	light.light = true;
	(void)state;
	for (enum diag_dump dump = 0; dump < DIAG_UDP; dump++) {
		struct request buf;
		const struct nlmsghdr *m = diag_request(buf.octet, &plan, dump, DUMP_ALL, 99);
		const struct inet_diag_req *req = NLMSG_DATA(m);
		assert_ptr_equal(m, buf.octet);
		assert_int_equal(m->nlmsg_type, 18);     /* TCPDIAG_GETSOCK */
		assert_int_equal(m->nlmsg_flags, 0x301); /* NLM_F_REQUEST | NLM_F_DUMP */
		assert_int_equal(m->nlmsg_seq, 99);
		assert_int_equal(req->idiag_states, states[dump]);
		/* INET_DIAG_INFO alone shows timestamps. */
		assert_int_equal(req->idiag_ext, dump == DIAG_STAMPS ? 2 : 0);
		if (dump != DIAG_EXPLICIT && dump != DIAG_STAMPS)
			assert_int_equal(m->nlmsg_len, NLMSG_HDRLEN + 60);
		m = diag_request(buf.octet, &light, dump, DUMP_ALL, 99);
		req = NLMSG_DATA(m);
		assert_int_equal(req->idiag_states,
				 dump == DIAG_EXPLICIT ? 1U << 10 : states[dump] & ~(1U << 13));
	}
}

static void
udp_is_asked_for_by_family(void **state)
{
	(void)state;
	for (enum dump_form form = DUMP_V4; form <= DUMP_V6; form++) {
		struct request buf;
		const struct nlmsghdr *m = diag_request(buf.octet, &plan, DIAG_UDP, form, 7);
		const struct inet_diag_req_v2 *req = NLMSG_DATA(m);
		assert_int_equal(m->nlmsg_type, 20); /* SOCK_DIAG_BY_FAMILY */
		assert_int_equal(m->nlmsg_len, NLMSG_HDRLEN + 56);
		assert_int_equal(req->sdiag_family, form == DUMP_V4 ? AF_INET : AF_INET6);
		assert_int_equal(req->sdiag_protocol, 17);
		assert_int_equal(req->idiag_states, 1 << 7 | 1 << 1); /* unconnected, connected */
	}
}

static void
requests_for_one_family(void **state)
{
	(void)state;
	for (enum dump_form form = DUMP_V4; form <= DUMP_V6; form++) {
		struct request buf;
		const struct nlmsghdr *m = diag_request(buf.octet, &plan, DIAG_HOLDERS, form, 1);
		const struct inet_diag_req_v2 *req = NLMSG_DATA(m);
		assert_int_equal(m->nlmsg_type, 20); /* SOCK_DIAG_BY_FAMILY */
		assert_int_equal(m->nlmsg_len, NLMSG_HDRLEN + 56);
		assert_int_equal(req->sdiag_family, form == DUMP_V4 ? 2 : 10);
		assert_int_equal(req->sdiag_protocol, 6);
		assert_int_equal(req->idiag_states, 1 << 10);
	}
}

static void
filter_of_explicit_binds(void **state)
{
	static const struct op expected[] = {{2, 8, 28},    {0, 0, 40000}, {3, 8, 20},
					     {0, 0, 40099}, {6, 4, 8},     {1, 4, 8}};
	static const size_t fixed[] = {[DUMP_ALL] = 60, [DUMP_V4] = 56, [DUMP_V6] = 56};
	(void)state;
	for (enum dump_form form = DUMP_ALL; form <= DUMP_V6; form++) {
		struct request buf;
		size_t length;
		const struct nlmsghdr *m = diag_request(buf.octet, &plan, DIAG_EXPLICIT, form, 1);
		const struct op *code = filter_of(m, fixed[form], &length);
		assert_int_equal(length, sizeof(expected));
		assert_memory_equal(code, expected, sizeof(expected));
	}
}

/* inet_diag_bc_run(): whether the filter lets a socket through. */
static bool
kernel_runs(const struct op *code, size_t length, uint16_t port, bool automatic)
{
	long left = (long)length;
	while (left > 0) {
		bool yes = false;
		switch (code->code) {
		case 2: yes = port >= code[1].no; break;
		case 3: yes = port <= code[1].no; break;
		case 6: yes = automatic; break;
		case 1: break;
		default: fail();
		}
		unsigned step = yes ? code->yes : code->no;
		assert_true(step >= 4 && step % 4 == 0);
		left -= (long)step;
		code += step / 4;
	}
	return left == 0;
}

static void
filter_lets_explicit_binds_of_the_range_through(void **state)
{
	struct request buf;
	size_t length;
	const struct op *code =
	    filter_of(diag_request(buf.octet, &plan, DIAG_EXPLICIT, DUMP_ALL, 1), 60, &length);
	(void)state;
	for (unsigned port = 1; port <= 65535; port++) {
		bool in_range = port >= 40000 && port <= 40099;
		assert_int_equal(kernel_runs(code, length, (uint16_t)port, false), in_range);
		assert_false(kernel_runs(code, length, (uint16_t)port, true));
	}
}

static const struct nlmsghdr *
only_message(const struct datagram *d)
{
	return (const struct nlmsghdr *)(const void *)d->octet;
}

static void
every_field_is_decoded(void **state)
{
	struct diag_socket in = socket_of(STATE_CLOSE_WAIT, "10.1.2.3", 40007, "10.9.8.7", 443),
			   out;
	struct datagram d = {0};
	(void)state;
	in.uid = 1000;
	in.inode = 77;
	in.expires = 1234;
	in.cookie = UINT64_C(0x123456789abcdef0);
	datagram_socket(&d, &in);
	assert_true(diag_decode(only_message(&d), &out));
	assert_true(addr_equal(&out.local, &in.local) && addr_equal(&out.peer, &in.peer));
	assert_int_equal(out.local_port, 40007);
	assert_int_equal(out.peer_port, 443);
	assert_int_equal(out.state, STATE_CLOSE_WAIT);
	assert_int_equal(out.family, 2);
	assert_int_equal(out.uid, 1000);
	assert_int_equal(out.inode, 77);
	assert_int_equal(out.expires, 1234);
	assert_true(out.cookie == UINT64_C(0x123456789abcdef0));
	assert_int_equal(out.interface, 0);
	assert_false(out.mini || out.request);
	assert_int_equal(out.attrs_length, 0);
}

static void
mapped_address_folds_and_keeps_its_family(void **state)
{
	struct diag_socket in = socket_of(STATE_ESTABLISHED, "127.0.0.1", 1, "127.0.0.2", 2), out;
	struct datagram d = {0};
	(void)state;
	in.family = 10;
	datagram_socket(&d, &in);
	assert_true(diag_decode(only_message(&d), &out));
	assert_true(addr_is_v4(&out.local) && addr_is_v4(&out.peer));
	assert_int_equal(out.family, 10);
}

/* A global peer is the same peer through any interface; a link-local one is not. */
static void
zones(void **state)
{
	static const struct {
		const char *local, *peer;
		uint32_t interface;
		const char *decoded_local, *decoded_peer;
	} cases[] = {
	    {"fe80::1", "fe80::2", 3, "fe80::1%3", "fe80::2%3"},
	    {"2001:db8::1", "2001:db8::2", 3, "2001:db8::1%3", "2001:db8::2"},
	    {"2001:db8::1", "2001:db8::2", 0, "2001:db8::1", "2001:db8::2"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct diag_socket in =
		    socket_of(STATE_ESTABLISHED, cases[i].local, 1, cases[i].peer, 2);
		struct diag_socket out;
		struct datagram d = {0};
		struct addr local = address(cases[i].decoded_local);
		struct addr peer = address(cases[i].decoded_peer);
		in.interface = cases[i].interface;
		datagram_socket(&d, &in);
		assert_true(diag_decode(only_message(&d), &out));
		assert_true(addr_equal(&out.local, &local));
		assert_true(addr_equal(&out.peer, &peer));
		assert_int_equal(out.interface, cases[i].interface);
	}
}

static void
mini_sockets_are_told_by_their_timer(void **state)
{
	struct diag_socket s = fin_wait2_mini("10.0.0.1", 1, "10.0.0.2", 2, 500), out;
	struct datagram d = {0};
	(void)state;
	datagram_socket(&d, &s);
	assert_true(diag_decode(only_message(&d), &out));
	assert_true(out.mini);
	assert_int_equal(out.state, STATE_FIN_WAIT2);
	assert_int_equal(out.expires, 59500);
}

/* A SYN_RECV socket of TCP Fast Open is a full one and has INET_DIAG_SHUTDOWN; a request sock has
 * nothing, or for CAP_NET_ADMIN the mark. */
static void
request_socks_are_told_by_their_attributes(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t length;
		uint8_t state;
		bool request;
	} cases[] = {
	    {0, 0, STATE_SYN_RECV, true},
	    {INET_DIAG_MARK, 4, STATE_SYN_RECV, true},
	    {INET_DIAG_SHUTDOWN, 1, STATE_SYN_RECV, false},
	    {INET_DIAG_SHUTDOWN, 1, STATE_ESTABLISHED, false},
	    {0, 0, STATE_SYN_SENT, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct {
			struct nlattr head;
			uint8_t payload[4];
		} attr = {.head = {(uint16_t)(4 + cases[i].length), cases[i].type}};
		struct diag_socket s = socket_of(cases[i].state, "10.0.0.1", 1, "10.0.0.2", 2), out;
		struct datagram d = {0};
		s.attrs = &attr.head;
		s.attrs_length = cases[i].length > 0 ? sizeof(attr) : 0;
		datagram_socket(&d, &s);
		assert_true(diag_decode(only_message(&d), &out));
		assert_int_equal(out.request, cases[i].request);
	}
}

static void
attributes_are_found(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.1", 1, "10.0.0.2", 2), out;
	/* Lengths without the padding; of two words, as an attribute of 64 bits is not aligned. */
	struct {
		struct nlattr shutdown;
		uint32_t mask;
		struct nlattr unknown;
		struct nlattr cgroup;
		uint8_t id[8];
		struct nlattr v6only;
		uint8_t only[4];
		struct nlattr sockopt;
		struct inet_diag_sockopt option;
		uint8_t padding[4 - sizeof(struct inet_diag_sockopt) % 4];
	} attributes = {
	    .shutdown = {5, INET_DIAG_SHUTDOWN},
	    .unknown = {4, 99},
	    .cgroup = {12, INET_DIAG_CGROUP_ID},
	    .v6only = {5, INET_DIAG_SKV6ONLY},
	    .only = {1},
	    .sockopt = {(uint16_t)(4 + sizeof(struct inet_diag_sockopt)), INET_DIAG_SOCKOPT},
	    .option = {.bind_address_no_port = 1},
	};
	const uint64_t id = 513;
	(void)state;
	memcpy(attributes.id, &id, sizeof(id));
	s.attrs = &attributes.shutdown;
	s.attrs_length = sizeof(attributes);

	struct datagram d = {0};
	datagram_socket(&d, &s);
	assert_true(diag_decode(only_message(&d), &out));
	assert_int_equal(diag_no_port(&out), NO_PORT_ON);
	assert_true(diag_v6only(&out));
	assert_int_equal(diag_cgroup(&out), 513);

	s.attrs_length = 0;
	assert_int_equal(diag_no_port(&s), NO_PORT_UNKNOWN);
	assert_false(diag_v6only(&s));
	assert_int_equal(diag_cgroup(&s), 0);
	s = with_no_port(s, false);
	assert_int_equal(diag_no_port(&s), NO_PORT_OFF);
}

/* Lengths that lie: nothing behind them is read, and the walk ends. */
static void
attributes_with_bad_lengths_end_the_walk(void **state)
{
	static const uint16_t bad[] = {0, 1, 3, 13, 200, 65535};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		/* On the heap in its exact size, so that ASan sees a read behind it. */
		uint8_t *bytes = calloc(1, 12);
		assert_non_null(bytes);
		const struct nlattr lie = {bad[i], 99}, v6only = {5, INET_DIAG_SKV6ONLY};
		memcpy(bytes, &lie, sizeof(lie));
		memcpy(bytes + 4, &v6only, sizeof(v6only));
		bytes[8] = 1;
		struct diag_socket s = {.attrs = (const struct nlattr *)(const void *)bytes,
					.attrs_length = 12};
		assert_false(diag_v6only(&s));
		free(bytes);
	}
	/* Too short a payload for what it should hold. */
	static const struct nlattr empty[] = {
	    {4, INET_DIAG_SKV6ONLY}, {4, INET_DIAG_SOCKOPT}, {4, INET_DIAG_CGROUP_ID}};
	struct diag_socket s = {.attrs = empty, .attrs_length = sizeof(empty)};
	assert_false(diag_v6only(&s));
	assert_int_equal(diag_no_port(&s), NO_PORT_UNKNOWN);
	assert_int_equal(diag_cgroup(&s), 0);
	/* The last one ends before its padding does. */
	for (size_t length = 0; length <= 8; length++) {
		uint8_t *bytes = calloc(1, length + 1);
		assert_non_null(bytes);
		const struct nlattr v6only = {5, INET_DIAG_SKV6ONLY};
		const uint8_t whole[8] = {0};
		uint8_t built[8];
		memcpy(built, whole, 8);
		memcpy(built, &v6only, sizeof(v6only));
		built[4] = 1;
		memcpy(bytes, built, length);
		s = (struct diag_socket){.attrs = (const struct nlattr *)(const void *)bytes,
					 .attrs_length = length};
		assert_int_equal(diag_v6only(&s), length >= 5);
		free(bytes);
	}
}

/* As which dump the sockets of an answer were handed over. */
static bool
note_dump(void *arg, enum diag_dump dump, const struct diag_socket *socket)
{
	char *said = arg;
	(void)socket;
	said[strlen(said)] = "HES"[dump];
	return true;
}

static const char *
handed_over(enum diag_dump dump, const struct diag_socket *sockets, size_t count)
{
	static char said[16];
	struct diag_taker taker = {.take = note_dump, .arg = said, .dump = dump};
	memset(said, 0, sizeof(said));
	for (size_t i = 0; i < count; i++) {
		struct datagram d = {0};
		datagram_socket(&d, &sockets[i]);
		assert_int_equal(diag_take_message(&taker, only_message(&d)), 0);
	}
	return said;
}

/* The kernel walks the table of bound sockets first. What is closed behind a connection was one
 * itself a moment before. */
static void
bound_idle_sockets_come_before_connections(void **state)
{
	const struct diag_socket s[] = {bound_idle("10.0.0.1", 1), bound_idle("::", 2),
					socket_of(STATE_ESTABLISHED, "10.0.0.1", 3, "10.0.0.2", 80),
					socket_of(STATE_CLOSE, "10.0.0.1", 4, "10.0.0.2", 80)};
	(void)state;
	assert_string_equal(handed_over(DIAG_SOCKETS, s, 4), "HHSS");
	assert_string_equal(handed_over(DIAG_SOCKETS, s + 2, 2), "SS");
	assert_string_equal(handed_over(DIAG_SOCKETS, s + 3, 1), "H");
	assert_string_equal(handed_over(DIAG_HOLDERS, s, 2), "HH");
	assert_string_equal(handed_over(DIAG_EXPLICIT, s, 4), "EEEE");
}

static bool
take_nothing(void *arg, enum diag_dump dump, const struct diag_socket *socket)
{
	(void)arg;
	(void)dump;
	(void)socket;
	return false;
}

static void
what_cannot_be_taken_is_told(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.1", 1, "10.0.0.2", 2);
	struct diag_taker taker = {.take = take_nothing};
	struct datagram d = {0};
	(void)state;
	datagram_socket(&d, &s);
	assert_int_equal(diag_take_message(&taker, only_message(&d)), ENOMEM);
	d.length = 0;
	datagram_message(&d, 20, "", 0);
	assert_int_equal(diag_take_message(&taker, only_message(&d)), EBADMSG);
}

static void
impossible_messages_are_refused(void **state)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.1", 1, "10.0.0.2", 2), out;
	struct datagram d = {0};
	struct nlmsghdr *m = (struct nlmsghdr *)(void *)d.octet;
	struct inet_diag_msg *body = NLMSG_DATA(m);
	uint32_t whole;
	(void)state;
	datagram_socket(&d, &s);
	whole = m->nlmsg_len;
	assert_int_equal(whole, 88);
	for (uint32_t length = 0; length < whole; length++) {
		m->nlmsg_len = length;
		assert_false(diag_decode(m, &out));
	}
	m->nlmsg_len = whole;
	assert_true(diag_decode(m, &out));

	for (unsigned type = 0; type < 300; type++) {
		m->nlmsg_type = (uint16_t)type;
		assert_int_equal(diag_decode(m, &out), type == 18 || type == 20);
	}
	m->nlmsg_type = 20;
	for (unsigned family = 0; family < 256; family++) {
		body->idiag_family = (uint8_t)family;
		assert_int_equal(diag_decode(m, &out), family == 2 || family == 10);
	}
	body->idiag_family = 2;
	for (unsigned tcp = 0; tcp < 256; tcp++) {
		body->idiag_state = (uint8_t)tcp;
		assert_int_equal(diag_decode(m, &out), tcp >= 1 && tcp <= 11);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_for_both_families),
	    cmocka_unit_test(udp_is_asked_for_by_family),
	    cmocka_unit_test(requests_for_one_family),
	    cmocka_unit_test(filter_of_explicit_binds),
	    cmocka_unit_test(filter_lets_explicit_binds_of_the_range_through),
	    cmocka_unit_test(every_field_is_decoded),
	    cmocka_unit_test(mapped_address_folds_and_keeps_its_family),
	    cmocka_unit_test(zones),
	    cmocka_unit_test(mini_sockets_are_told_by_their_timer),
	    cmocka_unit_test(request_socks_are_told_by_their_attributes),
	    cmocka_unit_test(attributes_are_found),
	    cmocka_unit_test(attributes_with_bad_lengths_end_the_walk),
	    cmocka_unit_test(bound_idle_sockets_come_before_connections),
	    cmocka_unit_test(what_cannot_be_taken_is_told),
	    cmocka_unit_test(impossible_messages_are_refused),
	};
	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}

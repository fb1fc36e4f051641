/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "owners/owner_book.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>

static struct owner_book *book;

static int
set_up(void **state)
{
	struct addr local = address("10.0.0.9"), peer = address("10.1.2.3");
	(void)state;
	book = owner_book_new();
	return book == NULL || !owner_book_pool(book, &local, &peer, 443) ||
	       !owner_book_pool(book, &local, &peer, 80);
}

static int
tear_down(void **state)
{
	(void)state;
	owner_book_free(book);
	return 0;
}

/* A socket with INET_DIAG_CGROUP_ID. */
static void
add(enum tcp_state tcp_state, uint16_t port, uint32_t uid, uint64_t cgroup, uint32_t inode)
{
	_Alignas(8) char buf[64];
	struct nlattr *attr = (struct nlattr *)(void *)buf;
	struct diag_socket s =
	    socket_of(tcp_state, "10.0.0.9", (uint16_t)(40000 + inode % 1000), "10.1.2.3", port);
	s.uid = uid;
	s.inode = inode;
	attr->nla_type = INET_DIAG_CGROUP_ID;
	attr->nla_len = sizeof(*attr) + sizeof(cgroup);
	memcpy(attr + 1, &cgroup, sizeof(cgroup));
	s.attrs = cgroup != 0 ? attr : NULL;
	s.attrs_length = cgroup != 0 ? attr->nla_len : 0;
	assert_true(owner_book_socket(book, &s));
}

static void
assert_owner(const struct owner *o, enum owner_kind kind, uint32_t connections, uint32_t close_wait,
	     uint32_t uid, uint32_t pid, uint64_t cgroup)
{
	assert_int_equal(o->kind, kind);
	assert_int_equal(o->connections, connections);
	assert_int_equal(o->close_wait, close_wait);
	assert_int_equal(o->uid, uid);
	assert_int_equal(o->pid, pid);
	assert_int_equal(o->cgroup, cgroup);
}

static void
test_without_processes(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		add(STATE_CLOSE_WAIT, 443, 1000, 77, 100 + i);
	add(STATE_ESTABLISHED, 443, 1000, 77, 105);
	add(STATE_ESTABLISHED, 443, 1000, 78, 106);
	add(STATE_ESTABLISHED, 443, 0, 0, 107);
	add(STATE_TIME_WAIT, 443, 0, 0, 0);
	add(STATE_FIN_WAIT2, 443, 1000, 77, 0); /* an orphan: no file refers to it */
	add(STATE_ESTABLISHED, 80, 1001, 77, 108);
	add(STATE_ESTABLISHED, 8080, 1001, 77, 109); /* of no pool */
	assert_int_equal(owner_book_unclaimed(book), 9);
	assert_true(owner_book_has_user(book, 1000));
	assert_true(owner_book_has_user(book, 0));
	assert_false(owner_book_has_user(book, 1002));

	assert_int_equal(owner_book_cgroup(book), 77);
	assert_true(owner_book_name(book, 77, "/system.slice/payments.service"));
	assert_int_equal(owner_book_cgroup(book), 78);
	assert_false(owner_book_name(book, 79, "/other"));
	assert_true(owner_book_name(book, 78, "/"));
	assert_int_equal(owner_book_cgroup(book), 0);

	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->pool_count, 2);
	assert_int_equal(list->pools[0].connections, 10);
	assert_int_equal(list->pools[0].close_wait, 5);
	assert_int_equal(list->pools[0].count, 4);
	assert_owner(&list->owners[0], OWNER_GROUP, 6, 5, 1000, 0, 77);
	assert_string_equal(list->owners[0].unit, "payments.service");
	assert_string_equal(list->owners[0].path, "/system.slice/payments.service");
	assert_owner(&list->owners[1], OWNER_NOBODY, 2, 0, 0, 0, 0);
	assert_owner(&list->owners[2], OWNER_GROUP, 1, 0, 0, 0, 0);
	assert_owner(&list->owners[3], OWNER_GROUP, 1, 0, 1000, 0, 78);
	assert_string_equal(list->owners[3].path, "/");
	assert_string_equal(list->owners[3].unit, "");
	assert_int_equal(list->pools[1].first, 4);
	assert_int_equal(list->owners[3].number, 4);
	assert_int_equal(list->owners[4].number, 1);
	assert_int_equal(list->owners[4].port, 80);
	assert_int_equal(list->owners[4].taken_ms, 5000);
	assert_int_equal(list->pools[1].count, 1);
	assert_owner(&list->owners[4], OWNER_GROUP, 1, 0, 1001, 0, 77);
	owner_list_free(list);
}

/* Connections of our own, and accepted ones on port 80, of which some are over. */
static void
test_a_server_port(void **state)
{
	(void)state;
	static const enum tcp_state states[] = {STATE_CLOSE_WAIT, STATE_FIN_WAIT2,
						STATE_ESTABLISHED};
	add(STATE_ESTABLISHED, 443, 1000, 77, 100);
	owner_book_server(book, 8080);
	for (uint32_t i = 0; i < 12; i++) {
		struct diag_socket s =
		    socket_of(states[i % 3], "10.0.0.9", 8080, "10.9.9.9", (uint16_t)(50000 + i));
		s.inode = i < 9 ? 200 + i : 0; /* orphans are the kernel's */
		s.uid = 33;
		assert_true(owner_book_socket(book, &s));
	}
	assert_int_equal(owner_book_unclaimed(book), 1 + 6);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(owner_book_claim(book, 900, 200 + i), i % 3 != 2);
	owner_book_describe(book, &(struct owner_process){900, 30, {1024, 4096}, "httpd"});

	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->owner_count, 1); /* of pools */
	assert_int_equal(list->server.port, 8080);
	assert_int_equal(list->server.connections, 6);
	assert_int_equal(list->server.close_wait, 3);
	assert_int_equal(list->server.count, 1);
	assert_owner(&list->owners[list->server.first], OWNER_PROCESS, 6, 3, 33, 900, 0);
	char text[OWNER_TEXT_MAX];
	struct owner_question question = {.server = true, .port = 8080};
	assert_string_equal(owner_holder(list, &question, text), "\"httpd\" (pid 900)");
	question.port = 443;
	assert_string_equal(owner_holder(list, &question, text), "");
	owner_list_free(list);
}

static void
add_udp(const char *local, enum tcp_state tcp_state, uint16_t port, uint32_t inode)
{
	struct diag_socket s = socket_of(tcp_state, local, port, "0.0.0.0", 0);
	s.inode = inode;
	assert_true(owner_book_udp_socket(book, &s));
}

static const char *
udp_holder(const struct owner_list *list, uint32_t pools)
{
	static char text[OWNER_TEXT_MAX];
	const struct owner_question question = {.udp = pools};
	return owner_holder(list, &question, text);
}

/* Beside them a socket of IPv6 alone, on ports that count and on others, and a connection. */
static void
test_udp(void **state)
{
	(void)state;
	struct portset ports = {{0}};
	portset_add_range(&ports, 40000, 40099);
	add(STATE_ESTABLISHED, 443, 1000, 77, 100);
	owner_book_udp(book, &ports);
	for (uint32_t i = 0; i < 30; i++)
		add_udp(i < 15 ? "10.0.0.9" : "2001:db8::1",
			i < 20 ? STATE_ESTABLISHED : STATE_CLOSE, (uint16_t)(40000 + i), 200 + i);
	for (uint32_t i = 0; i < 15; i++) {
		struct diag_socket s =
		    with_v6only(socket_of(STATE_CLOSE, "::", (uint16_t)(40050 + i), "::", 0));
		s.inode = 300 + i;
		assert_true(owner_book_udp_socket(book, &s));
	}
	for (uint32_t i = 0; i < 50; i++)
		add_udp("10.0.0.9", STATE_CLOSE, (uint16_t)(40100 + i), 400 + i);
	assert_int_equal(owner_book_unclaimed(book), 1 + 45);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(owner_book_claim(book, 900, 200 + i));
	owner_book_describe(book, &(struct owner_process){900, 30, {1024, 4096}, "dns"});
	for (uint32_t i = 0; i < 15; i++)
		assert_true(owner_book_claim(book, 901, 300 + i));
	for (uint32_t i = 0; i < 10; i++)
		assert_true(owner_book_claim(book, 901, 220 + i));
	owner_book_describe(book, &(struct owner_process){901, 30, {1024, 4096}, "quic"});

	struct owner_list *list = owner_book_list(book, 5000);
	assert_true(list->has_udp);
	assert_int_equal(list->owner_count, 1);
	/* bind() to an address of IPv6 leaves IPv4 alone. */
	assert_int_equal(list->udp[0].connections, 15 + 5 + 10);
	assert_int_equal(list->udp[1].connections, 15);
	assert_string_equal(udp_holder(list, 1), "\"dns\" (pid 900)");
	assert_string_equal(udp_holder(list, 2), "\"quic\" (pid 901)");
	owner_list_free(list);
}

static void
test_with_processes(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		add(i < 4 ? STATE_CLOSE_WAIT : STATE_ESTABLISHED, 443, 1000, 77, 100 + i);
	add(STATE_ESTABLISHED, 80, 1000, 77, 200);
	add(STATE_ESTABLISHED, 443, 1001, 77, 300);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(owner_book_claim(book, 812, 100 + i));
	assert_true(owner_book_claim(book, 812, 200));
	assert_true(owner_book_claim(book, 812, 103));
	assert_false(owner_book_claim(book, 812, 103)); /* a second descriptor */
	assert_false(owner_book_claim(book, 812, 999)); /* another socket */
	assert_false(owner_book_claim(book, 812, 0));
	owner_book_describe(book, &(struct owner_process){812, 1024, {1024, 4096}, "java"});
	assert_false(owner_book_claim(book, 813, 100)); /* a child that inherited it */
	assert_true(owner_book_claim(book, 813, 104));
	owner_book_describe(book, &(struct owner_process){813, 9, {1024, 4096}, "sh"});
	assert_int_equal(owner_book_unclaimed(book), 2);
	assert_true(owner_book_has_user(book, 1000));
	assert_true(owner_book_claim(book, 814, 105));
	assert_false(owner_book_has_user(book, 1000));
	assert_true(owner_book_has_user(book, 1001));

	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->pools[0].count, 4);
	assert_owner(&list->owners[0], OWNER_PROCESS, 4, 4, 1000, 812, 77);
	assert_string_equal(list->owners[0].process, "java");
	assert_int_equal(list->owners[0].open_files, 1024);
	assert_int_equal(list->owners[0].files.soft, 1024);
	assert_int_equal(list->owners[0].files.hard, 4096);
	assert_owner(&list->owners[1], OWNER_PROCESS, 1, 0, 1000, 813, 77);
	assert_string_equal(list->owners[1].process, "sh");
	assert_owner(&list->owners[2], OWNER_PROCESS, 1, 0, 1000, 814, 77);
	assert_string_equal(list->owners[2].process, "");
	assert_owner(&list->owners[3], OWNER_GROUP, 1, 0, 1001, 0, 77);
	assert_int_equal(list->pools[1].count, 1);
	assert_owner(&list->owners[4], OWNER_PROCESS, 1, 0, 1000, 812, 77);
	assert_string_equal(list->owners[4].process, "java");
	owner_list_free(list);
}

/* A dump may show a socket twice. */
static void
test_duplicates(void **state)
{
	(void)state;
	add(STATE_ESTABLISHED, 443, 1000, 77, 100);
	add(STATE_ESTABLISHED, 443, 1000, 77, 100);
	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->pools[0].connections, 1);
	assert_int_equal(list->owners[0].connections, 1);
	owner_list_free(list);
}

static void
test_bounds(void **state)
{
	struct addr a = address("10.0.0.1");
	(void)state;
	for (uint32_t i = 2; i < OWNER_POOLS_MAX; i++)
		assert_true(owner_book_pool(book, &a, &a, (uint16_t)i));
	assert_false(owner_book_pool(book, &a, &a, 9999));

	/* More users than are counted, more sockets than can be told apart, more owners than fit.
	 */
	for (uint32_t i = 1; i <= 1000; i++)
		add(STATE_ESTABLISHED, 443, i, 77, i);
	assert_int_equal(owner_book_unclaimed(book), 512);
	for (uint32_t i = 1; i <= OWNER_BOOK_SOCKETS; i++)
		add(STATE_ESTABLISHED, 443, 1, 77, 1000 + i);
	assert_int_equal(owner_book_unclaimed(book), OWNER_BOOK_SOCKETS);
	for (uint32_t i = 1; i <= 511; i++)
		assert_true(owner_book_claim(book, 5000 + i, i));
	struct owner_list *list = owner_book_list(book, 5000);
	assert_int_equal(list->pools[0].connections, OWNER_BOOK_SOCKETS + 1000);
	assert_int_equal(list->pools[0].count, OWNER_ROWS_MAX);
	assert_int_equal(list->owner_count, OWNER_ROWS_MAX);
	owner_list_free(list);
}

static void
test_out_of_memory(void **state)
{
	(void)state;
	allocations_fail_from(1);
	struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.9", 40000, "10.1.2.3", 443);
	s.inode = 1;
	assert_false(owner_book_socket(book, &s));
	assert_null(owner_book_list(book, 5000));
	assert_true(allocations_fail_from(0));
	assert_true(owner_book_socket(book, &s));
	assert_int_equal(owner_book_unclaimed(book), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_without_processes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_server_port, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_udp, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_with_processes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_duplicates, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

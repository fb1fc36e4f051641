/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/census_take.h"
#include "count/evidence.h"
#include "count/light.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>

#define MANY 60000

static struct settings settings;

static int
set_up(void **state)
{
	(void)state;
	settings = settings_of(40000, 40099, "");
	return 0;
}

static struct diag_plan
plan_of(struct light *light, const struct settings *of, uint64_t sockets, bool urgent)
{
	const struct light_moment moment = {.sockets = sockets, .urgent = urgent};
	return light_plan(light, of, &moment);
}

/* A census of `servers` inbound connections on port 443, one of port 22, ten outbound ones, a bound
 * idle socket on an address and one on the wildcard, and an explicit bind. */
static void
fill(struct census *census, struct light *light, const struct diag_plan *plan, unsigned servers)
{
	const struct diag_socket holders[] = {listener("0.0.0.0", 443), listener("0.0.0.0", 22),
					      bound_idle("10.0.0.1", 40001),
					      bound_idle("0.0.0.0", 40002)};
	const struct diag_socket bound =
	    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40003, "10.0.0.2", 80);
	census_init(census, &settings, NULL);
	if (plan->light)
		assert_true(light_patch(light, census));
	for (size_t i = 0; i < COUNT_OF(holders); i++)
		if (!plan->light || holders[i].state == STATE_LISTEN)
			assert_true(census_add(census, DIAG_HOLDERS, &holders[i]));
	if (!plan->light)
		assert_true(census_add(census, DIAG_EXPLICIT, &bound));
	for (unsigned i = 0; i < servers && !plan->light; i++) {
		struct diag_socket s = socket_of(i % 2 ? STATE_ESTABLISHED : STATE_CLOSE_WAIT,
						 "10.0.0.1", 443, "10.9.9.9", (uint16_t)i);
		assert_true(census_add(census, DIAG_SOCKETS, &s));
	}
	struct diag_socket ssh = socket_of(STATE_ESTABLISHED, "10.0.0.1", 22, "10.9.9.9", 1);
	assert_true(census_add(census, DIAG_SOCKETS, &ssh));
	assert_true(census_add(census, DIAG_SOCKETS, &bound));
	for (unsigned i = 0; i < 10; i++) {
		struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.1",
						 (uint16_t)(40010 + 2 * i), "10.0.0.2", 80);
		assert_true(census_add(census, DIAG_SOCKETS, &s));
	}
	if (!plan->light)
		light_keep(light, census);
}

static void
a_light_poll_says_what_the_full_one_said(void **state)
{
	(void)state;
	struct light light = {0};
	struct census census;
	for (int poll = 0; poll < 2; poll++) {
		struct diag_plan plan = plan_of(&light, &settings, poll == 0 ? 0 : MANY, false);
		assert_int_equal(plan.light, poll == 1);
		fill(&census, &light, &plan, 6000);
		struct tally *tally = tally_make(&census, NULL, 0);
		assert_non_null(tally);
		assert_int_equal(tally->totals.sockets, 6000 + 1 + 11 + 4);
		assert_int_equal(tally->totals.inbound, 6001);
		assert_int_equal(tally->totals.outbound, 11);
		assert_int_equal(tally->totals.states.of[STATE_CLOSE_WAIT], 3000);
		assert_int_equal(tally->totals.states.of[STATE_ESTABLISHED], 3012);
		assert_int_equal(tally->totals.states.of[STATE_CLOSE], 2);
		assert_int_equal(tally->totals.states.of[STATE_LISTEN], 2);
		assert_int_equal(tally->range.bound, 3);
		assert_int_equal(tally->range.capacity, 97);
		assert_int_equal(tally->range.free, 100 - 3 - 10);
		assert_int_equal(tally->pools[0].usage.remaining, 87);
		assert_int_equal(tally->local_count, 1);
		assert_int_equal(tally->locals[0].remaining, 100 - 3 - 10);
		assert_int_equal(plan.light ? light_sockets(&light) : 0, poll == 0 ? 0 : 6000 + 2);
		tally_free(tally);
		census_free(&census);
	}
	light_free(&light);
}

static void
small_server_ports_are_not_left_out(void **state)
{
	(void)state;
	struct light light = {0};
	struct census census;
	struct diag_plan plan = plan_of(&light, &settings, 0, false);
	fill(&census, &light, &plan, LIGHT_PORT_FROM - 1);
	assert_int_equal(light.server_count, 0);
	census_free(&census);
	plan = plan_of(&light, &settings, 0, false);
	fill(&census, &light, &plan, LIGHT_PORT_FROM);
	assert_int_equal(light.server_count, 1);
	assert_int_equal(light.servers[0].port, 443);
	census_free(&census);
	light_free(&light);
}

/* Only the number of connections to a port outside the range can be carried: one of the range is
 * held by each. */
static void
a_server_port_of_the_range_is_not_left_out(void **state)
{
	struct light light = {0};
	struct census census;
	(void)state;
	census_init(&census, &settings, NULL);
	struct diag_socket server = listener("0.0.0.0", 40050);
	assert_true(census_add(&census, DIAG_HOLDERS, &server));
	for (unsigned i = 0; i < LIGHT_PORT_FROM; i++) {
		struct diag_socket s =
		    socket_of(STATE_ESTABLISHED, "10.0.0.1", 40050, "10.9.9.9", (uint16_t)(i + 1));
		assert_true(census_add(&census, DIAG_SOCKETS, &s));
	}
	light_keep(&light, &census);
	assert_int_equal(census.inbound.count, LIGHT_PORT_FROM);
	assert_int_equal(light.server_count, 0);
	census_free(&census);
	light_free(&light);
}

/* The connections of a server port stay where they are when their listener goes; of more server
 * ports than the kernel's filter can name, the first are carried. */
static void
server_ports_without_listeners_and_beyond_count(void **state)
{
	struct light light = {0};
	struct census census;
	(void)state;
	for (unsigned poll = 0; poll < 2; poll++) {
		struct diag_plan plan = plan_of(&light, &settings, MANY, false);
		assert_int_equal(plan.light, poll);
		census_init(&census, &settings, NULL);
		if (plan.light)
			assert_true(light_patch(&light, &census));
		for (uint16_t port = 1; port <= DIAG_SKIP_MAX + 4 && !plan.light; port++) {
			struct diag_socket server = listener("0.0.0.0", port);
			assert_true(census_add(&census, DIAG_HOLDERS, &server));
			struct diag_socket s =
			    socket_of(STATE_ESTABLISHED, "10.0.0.1", port, "10.9.9.9", 1);
			for (unsigned i = 0; i < LIGHT_PORT_FROM; i++)
				assert_true(census_add(&census, DIAG_SOCKETS, &s));
		}
		if (!plan.light) {
			light_keep(&light, &census);
			assert_int_equal(census.inbound.count,
					 (DIAG_SKIP_MAX + 4) * LIGHT_PORT_FROM);
		} else {
			assert_int_equal(plan.without_count, DIAG_SKIP_MAX);
			for (uint16_t i = 0; i < DIAG_SKIP_MAX; i++)
				assert_int_equal(plan.without[i], i + 1);
			assert_int_equal(census.inbound.count, DIAG_SKIP_MAX * LIGHT_PORT_FROM);
			assert_true(portset_has(&census.any, DIAG_SKIP_MAX));
			assert_false(portset_has(&census.any, DIAG_SKIP_MAX + 1));
		}
		assert_int_equal(light.server_count, DIAG_SKIP_MAX);
		census_free(&census);
	}
	light_free(&light);
}

/* What is carried is of one full poll, not of two. */
static void
a_full_poll_forgets_what_was_carried(void **state)
{
	struct light light = {0};
	struct census census;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct diag_plan plan = plan_of(&light, &settings, 0, false);
		fill(&census, &light, &plan, i == 2 ? 0 : 6000);
		assert_int_equal(light.server_count, i == 2 ? 0 : 1);
		assert_int_equal(light.hold_count, 1);
		census_free(&census);
	}
	light_free(&light);
}

static struct {
	struct diag_socket holder[120], open[200];
	unsigned holders, opens;
	bool given[200]; /* open[i] got its port from bind() */
} world;

static void
make_world(unsigned *seed)
{
	static const char *const at[] = {"0.0.0.0", "::", "10.0.0.1", "10.0.0.7", "2001:db8::1"};
	memset(&world, 0, sizeof(world));
	for (unsigned i = (unsigned)rand_r(seed) % COUNT_OF(world.holder); i > 0; i--) {
		const char *local = at[rand_r(seed) % 5];
		uint16_t port = (uint16_t)(40000 + rand_r(seed) % 100);
		struct diag_socket s =
		    rand_r(seed) % 4 == 0 ? listener(local, port) : bound_idle(local, port);
		if (s.family == 10 && rand_r(seed) % 2 == 0)
			s = with_v6only(s);
		world.holder[world.holders++] = s;
	}
	for (unsigned i = (unsigned)rand_r(seed) % COUNT_OF(world.open); i > 0; i--) {
		bool v6 = rand_r(seed) % 3 == 0;
		world.given[world.opens] = rand_r(seed) % 5 == 0;
		world.open[world.opens++] = socket_of(
		    rand_r(seed) % 2 ? STATE_ESTABLISHED : STATE_CLOSE_WAIT,
		    v6 ? "2001:db8::1" : "10.0.0.1", (uint16_t)(40000 + rand_r(seed) % 100),
		    v6 ? "2001:db8::2" : "10.0.0.2", (uint16_t)(80 + rand_r(seed) % 3));
		world.open[world.opens - 1].cookie += (uint64_t)world.opens << 32;
	}
}

/* The poll as the poller would make it: what a light one does not ask for does not come. */
static struct tally *
poll_world(struct light *light, struct origins *origins, bool *was_light)
{
	struct census census;
	struct diag_plan plan = plan_of(light, &settings, MANY, false);
	*was_light = plan.light;
	origins_begin(origins);
	census_init(&census, &settings, origins);
	/* What is taken over may go in at any time. */
	bool first = world.opens % 2 == 0;
	if (plan.light && first)
		assert_true(light_patch(light, &census));
	for (unsigned i = 0; i < world.holders; i++)
		if (!plan.light || world.holder[i].state == STATE_LISTEN)
			assert_true(census_add(&census, DIAG_HOLDERS, &world.holder[i]));
	for (unsigned i = 0; i < world.opens && !plan.light; i++)
		if (world.given[i])
			assert_true(census_add(&census, DIAG_EXPLICIT, &world.open[i]));
	for (unsigned i = 0; i < world.opens; i++)
		assert_true(census_add(&census, DIAG_SOCKETS, &world.open[i]));
	if (plan.light && !first)
		assert_true(light_patch(light, &census));
	assert_true(evidence_weigh(&census));
	if (!plan.light)
		light_keep(light, &census);
	origins_commit(origins, &census.listening, &census.bound, &census.any, !plan.light);
	struct tally *tally = tally_make(&census, NULL, 0);
	assert_non_null(tally);
	census_free(&census);
	return tally;
}

static void
assert_same_range(const struct range_tally *a, const struct range_tally *b)
{
	assert_int_equal(a->listening, b->listening);
	assert_int_equal(a->bound, b->bound);
	assert_int_equal(a->capacity, b->capacity);
	assert_int_equal(a->uncertain, b->uncertain);
	assert_int_equal(a->in_use, b->in_use);
	assert_int_equal(a->free, b->free);
}

/* Where nothing has changed, a light poll comes to what the full one came to, for whatever host. */
static void
nothing_new_nothing_different(void **state)
{
	unsigned seed = 6;
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct light kept = {0};
		struct origins *origins = origins_new();
		make_world(&seed);
		bool was_light;
		struct tally *full = poll_world(&kept, origins, &was_light);
		assert_false(was_light);
		for (unsigned n = 0; n < 2; n++) {
			struct tally *light = poll_world(&kept, origins, &was_light);
			assert_true(was_light);
			assert_same_range(&light->range, &full->range);
			assert_int_equal(light->pool_count, full->pool_count);
			assert_int_equal(light->totals.outbound, full->totals.outbound);
			assert_int_equal(light->totals.sockets, full->totals.sockets);
			assert_memory_equal(&light->totals.states, &full->totals.states,
					    sizeof(full->totals.states));
			for (uint32_t i = 0; i < full->pool_count; i++) {
				const struct usage *a = &light->pools[i].usage;
				const struct usage *b = &full->pools[i].usage;
				assert_int_equal(a->connections, b->connections);
				assert_int_equal(a->remaining, b->remaining);
				assert_int_equal(a->uncertain, b->uncertain);
			}
			assert_int_equal(light->local_count, full->local_count);
			for (uint32_t i = 0; i < full->local_count; i++) {
				const struct local_tally *l = &full->locals[i];
				uint32_t j = 0;
				while (!addr_equal(&light->locals[j].address, &l->address))
					j++;
				assert_int_equal(light->locals[j].remaining, l->remaining);
			}
			tally_free(light);
		}
		tally_free(full);
		origins_free(origins);
		light_free(&kept);
	}
}

static void
when_a_poll_is_light(void **state)
{
	(void)state;
	struct settings other = settings_of(40000, 40100, "");
	struct light light = {0};
	assert_false(plan_of(&light, &settings, MANY, false).light); /* nothing is carried yet */
	assert_false(
	    plan_of(&light, &settings, MANY, false).light); /* nor after a full poll that failed */
	for (int round = 0; round < 2; round++) {
		light.valid = true;
		for (int i = 0; i < LIGHT_POLLS; i++) {
			assert_true(plan_of(&light, &settings, MANY, false).light);
			assert_int_equal(light.age, i + 1);
		}
		assert_false(plan_of(&light, &settings, MANY, false).light); /* not for ever */
		assert_false(plan_of(&light, &settings, MANY, false).light); /* that one failed */
	}
	light.valid = true;
	assert_true(plan_of(&light, &settings, LIGHT_FROM, false).light);
	assert_false(plan_of(&light, &settings, LIGHT_FROM - 1, false).light); /* few sockets */
	light.valid = true;
	assert_false(plan_of(&light, &settings, MANY, true).light); /* a pool is near its level */
	light.valid = true;
	assert_false(plan_of(&light, &other, MANY, false).light); /* another range */
}

/* One of 1,000 ports, at a moment, with so many sockets in no table. */
static bool
is_light(struct light *light, uint64_t now_ms, int64_t outside)
{
	const struct settings wide = settings_of(40000, 40999, "");
	const struct light_moment moment = {.now_ms = now_ms, .sockets = MANY, .outside = outside};
	bool is = light_plan(light, &wide, &moment).light;
	light->valid = true; /* it ended well */
	return is;
}

static void
what_was_kept_grows_old(void **state)
{
	struct light light = {0};
	(void)state;
	assert_false(is_light(&light, 1000000, 0));
	assert_true(is_light(&light, 1034999, 0));
	assert_false(is_light(&light, 1035000, 0));
	assert_true(is_light(&light, 1035001, 0));
}

static void
many_sockets_outside_of_all_tables_are_looked_for(void **state)
{
	struct light light = {0};
	(void)state;
	assert_false(is_light(&light, 1000000, 100));
	assert_true(is_light(&light, 1010000, 149));  /* fewer than 5 % of the range */
	assert_true(is_light(&light, 1009999, 150));  /* not before ten seconds have gone */
	assert_false(is_light(&light, 1010000, 150)); /* now */
	assert_true(is_light(&light, 1020000, 199));
	assert_true(is_light(&light, 1021000, 20)); /* gone again */
	/* Not to be known, then and now. */
	assert_true(is_light(&light, 1022000, -1));
	assert_false(is_light(&light, 1060000, -1));
	assert_true(is_light(&light, 1070000, 100000));
}

static void
a_listener_that_closes_makes_the_next_poll_full(void **state)
{
	const struct diag_socket both[] = {listener("0.0.0.0", 443), listener("::", 40001)};
	struct light light = {0};
	(void)state;
	for (int poll = 0; poll < 5; poll++) {
		/* The second goes at the third poll. */
		struct diag_plan plan = plan_of(&light, &settings, MANY, false);
		struct census census;
		assert_int_equal(plan.light, poll != 0 && poll != 3);
		census_init(&census, &settings, NULL);
		for (int i = 0; i < (poll < 2 ? 2 : 1); i++)
			assert_true(census_add(&census, DIAG_HOLDERS, &both[i]));
		if (plan.light)
			light_check(&light, &census);
		else
			light_keep(&light, &census);
		census_free(&census);
	}
	light_free(&light);
}

/* inet_diag_bc_audit(): a "no" goes to where the chain of "yes" passes, to the end, or behind it.
 */
static void
audit(const struct inet_diag_bc_op *code, int length)
{
	bool passed[8 + 20 * DIAG_SKIP_MAX] = {false};
	for (int at = 0; at < length; at += code[at / 4].yes)
		passed[at] = true;
	for (int at = 0; at < length; at += code[at / 4].yes) {
		int no = at + code[at / 4].no;
		assert_true(no == length || no == length + 4 || (no < length && passed[no]));
	}
}

/* inet_diag_bc_run() for the operations that are used. */
static bool
accepts(const struct inet_diag_bc_op *code, int length, uint16_t port)
{
	int at = 0;
	while (at < length) {
		const struct inet_diag_bc_op *op = &code[at / 4];
		bool yes = false;
		if (op->code == INET_DIAG_BC_S_GE)
			yes = port >= op[1].no;
		else if (op->code == INET_DIAG_BC_S_LE)
			yes = port <= op[1].no;
		else
			assert_int_equal(op->code, INET_DIAG_BC_JMP);
		at += yes ? op->yes : op->no;
	}
	assert_true(at == length || at == length + 4);
	return at == length;
}

static void
the_filter_rejects_exactly_its_ports(void **state)
{
	(void)state;
	struct diag_plan plan = {.without = {443, 80, 1, 65535, 8080, 22, 25, 110, 143, 0, 53, 389,
					     636, 993, 995, 3306}};
	char buf[DIAG_REQUEST_MAX] __attribute__((aligned(8)));
	for (unsigned count = 1; count <= DIAG_SKIP_MAX; count++) {
		plan.without_count = count;
		const struct nlmsghdr *m = diag_request(buf, &plan, DIAG_SOCKETS, DUMP_ALL, 1);
		assert_true(m->nlmsg_len <= DIAG_REQUEST_MAX);
		const struct nlattr *attr =
		    mnl_nlmsg_get_payload_offset(m, sizeof(struct inet_diag_req));
		assert_int_equal(mnl_attr_get_type(attr), INET_DIAG_REQ_BYTECODE);
		const int length = (int)(8 + 20 * count);
		assert_int_equal(mnl_attr_get_payload_len(attr), length);
		const struct inet_diag_bc_op *code = mnl_attr_get_payload(attr);
		audit(code, length);
		for (uint32_t port = 0; port <= 65535; port++) {
			bool listed = false;
			for (unsigned i = 0; i < count; i++)
				listed |= plan.without[i] == port;
			assert_int_equal(accepts(code, length, (uint16_t)port), !listed);
		}
	}
}

/* What a program does not close is counted by its port, also where a light poll leaves that out. */
static void
what_is_not_closed_is_carried(void **state)
{
	struct light light = {0};
	struct census census;
	(void)state;
	for (int poll = 0; poll < 2; poll++) {
		const struct diag_socket servers[] = {listener("0.0.0.0", 443),
						      listener("0.0.0.0", 40051)};
		struct diag_plan plan = plan_of(&light, &settings, MANY, false);
		assert_int_equal(plan.light, poll);
		census_init(&census, &settings, NULL);
		if (plan.light)
			assert_true(light_patch(&light, &census));
		for (unsigned i = 0; i < 2; i++)
			assert_true(census_add(&census, DIAG_HOLDERS, &servers[i]));
		for (unsigned i = 0; i < LIGHT_PORT_FROM && !plan.light; i++) {
			uint16_t peer = (uint16_t)(i + 1);
			struct diag_socket s =
			    i % 2 == 0
				? socket_of(STATE_CLOSE_WAIT, "10.0.0.1", 443, "10.9.9.9", peer)
				: fin_wait2_mini("10.0.0.1", 443, "10.9.9.9", peer, 1000);
			assert_true(census_add(&census, DIAG_SOCKETS, &s));
		}
		for (uint16_t peer = 1; peer <= 3; peer++) {
			struct diag_socket s =
			    socket_of(STATE_FIN_WAIT2, "10.0.0.1", 40051, "10.9.9.9", peer);
			assert_true(census_add(&census, DIAG_SOCKETS, &s));
		}
		struct tally *tally = tally_make(&census, NULL, 0);
		assert_non_null(tally);
		assert_int_equal(tally->totals.leaked.close_wait, LIGHT_PORT_FROM / 2);
		assert_int_equal(tally->totals.leaked.fin_wait2, 3);
		assert_int_equal(tally->totals.worst_leak.port, 443);
		assert_int_equal(tally->totals.worst_leak.leaked.close_wait, LIGHT_PORT_FROM / 2);
		tally_free(tally);
		if (!plan.light)
			light_keep(&light, &census);
		census_free(&census);
	}
	light_free(&light);
}

/* A poll that asked for so many UDP sockets, one on each port from 40000 on and then no port. */
static void
keep_udp(struct light *light, unsigned sockets, int64_t stat)
{
	struct census census;
	struct udp_tally tally;
	census_init(&census, &settings, NULL);
	census.udp_held.available = true;
	for (unsigned i = 0; i < sockets; i++) {
		struct diag_socket s = socket_of(STATE_CLOSE, "0.0.0.0",
						 (uint16_t)(i < 40 ? 40000 + i : 53), "0.0.0.0", 0);
		assert_true(udp_add(&census.udp_held, &settings, &s));
	}
	assert_true(udp_count(&census.udp_held, &settings, &tally));
	light_keep_udp(light, &census, &tally, stat, 1000);
	assert_false(census.udp_held.available);
	free(tally.rows);
	census_free(&census);
}

/* Asked for afresh, of as many as that. */
static bool
udp_kept(const struct settings *of, const struct light_moment *moment, unsigned sockets)
{
	struct light light = {0};
	struct udp_census lent = {0};
	keep_udp(&light, sockets, 20000);
	bool kept = light_plan_udp(&light, of, moment);
	assert_int_equal(light.udp.available, kept);
	if (kept) {
		light_lend_udp(&light, &lent);
		assert_int_equal(lent.sockets, sockets);
		assert_false(light_plan_udp(&light, of, moment)); /* until it is brought back */
		light_return_udp(&light, &lent);
		light.udp_age = LIGHT_POLLS - 1;
		assert_true(light_plan_udp(&light, of, moment));
		assert_false(light_plan_udp(&light, of, moment)); /* not for ever */
	}
	light_free(&light);
	return kept;
}

static void
when_udp_sockets_are_taken_over(void **state)
{
	(void)state;
	const struct settings reserved = settings_of(40000, 40099, "40001");
	const struct settings wider = settings_of(40000, 40100, "");
	struct light_moment moment = {.now_ms = 1000 + LIGHT_MS - 1, .udp = 20000};
	struct light nothing = {0};
	assert_false(light_plan_udp(&nothing, &settings, &moment));
	assert_true(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
	assert_false(udp_kept(&settings, &moment, LIGHT_UDP_FROM - 1));
	assert_false(udp_kept(&reserved, &moment, LIGHT_UDP_FROM));
	assert_false(udp_kept(&wider, &moment, LIGHT_UDP_FROM));
	/* 60 ports are left: 3 are 5 % of them. */
	moment.udp = 20002;
	assert_true(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
	moment.udp = 20003;
	assert_false(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
	moment.udp = 100;
	assert_true(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
	moment.udp = -1;
	assert_false(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
	moment = (struct light_moment){.now_ms = 1000, .udp = 20000, .urgent = true};
	assert_false(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
	moment = (struct light_moment){.now_ms = 1000 + LIGHT_MS, .udp = 20000};
	assert_false(udp_kept(&settings, &moment, LIGHT_UDP_FROM));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(when_udp_sockets_are_taken_over),
	    cmocka_unit_test(what_was_kept_grows_old),
	    cmocka_unit_test(many_sockets_outside_of_all_tables_are_looked_for),
	    cmocka_unit_test(a_listener_that_closes_makes_the_next_poll_full),
	    cmocka_unit_test(a_light_poll_says_what_the_full_one_said),
	    cmocka_unit_test(small_server_ports_are_not_left_out),
	    cmocka_unit_test(a_server_port_of_the_range_is_not_left_out),
	    cmocka_unit_test(server_ports_without_listeners_and_beyond_count),
	    cmocka_unit_test(what_is_not_closed_is_carried),
	    cmocka_unit_test(a_full_poll_forgets_what_was_carried),
	    cmocka_unit_test(nothing_new_nothing_different),
	    cmocka_unit_test(when_a_poll_is_light),
	    cmocka_unit_test(the_filter_rejects_exactly_its_ports),
	};
	return cmocka_run_group_tests_name("light", tests, set_up, NULL);
}

/* SPDX-License-Identifier: ISC */
/* Which rows a table has that is too small for all, and what is said of the others. */
#include "one_host.h"
#include "snmp/mib_columns.h"
#include "snmp/mibtree.h"
#include "snmp/snapshot.h"

#include <arpa/inet.h>

#define LOCAL "10.0.0.1"

static const struct poll_stats poll = {.made_ms = 1};

static int
begin(void **state)
{
	(void)state;
	host_with_range(40000, 40999, "");
	return 0;
}

/* A pool with `used` connections. */
static void
pool(const char *local, const char *peer, uint16_t port, unsigned used)
{
	host_connect(&host, STATE_ESTABLISHED, local, peer, port, 40000, used, 1);
}

static struct snapshot *
build(uint32_t pools, uint32_t peers, uint32_t locals, const struct snapshot *last)
{
	const struct row_limits limits = {pools, peers, locals, 0, 0};
	const struct alarm_list none = {.alarms = NULL};
	const struct scene scene = {.findings = host.findings};
	struct snapshot *s = snapshot_build(&scene, &none, &poll, &limits, last);
	assert_non_null(s);
	return s;
}

/* The ports of the pools that have a row: "80 443 ". */
static const char *
ports(const struct snapshot *s)
{
	static char text[256];
	text[0] = '\0';
	for (uint32_t i = 0; i < s->pool_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ",
			 s->pools[i].t.port);
	return text;
}

static const char *
peers(const struct snapshot *s)
{
	static char text[256];
	char peer[ADDR_TEXT_MAX];
	text[0] = '\0';
	for (uint32_t i = 0; i < s->peer_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
			 addr_text(&s->peers[i].t.peer, peer));
	return text;
}

/* Whatever rows there are: with what is omitted they add up. */
static void
assert_adds_up(const struct snapshot *s)
{
	uint32_t sum = s->omitted.pools.connections;
	for (uint32_t i = 0; i < s->pool_count; i++)
		sum += s->pools[i].t.usage.connections;
	assert_int_equal(sum, host.tally->totals.outbound);
	sum = s->omitted.peers.connections;
	for (uint32_t i = 0; i < s->peer_count; i++)
		sum += s->peers[i].t.usage.connections;
	assert_int_equal(sum, host.tally->totals.outbound);
	sum = s->omitted.locals.connections;
	for (uint32_t i = 0; i < s->local_count; i++)
		sum += s->locals[i].t.connections;
	assert_int_equal(sum, host.tally->totals.outbound);
	assert_int_equal(s->pool_count + s->omitted.pools.rows, host.tally->pool_count);
	assert_int_equal(s->peer_count + s->omitted.peers.rows, host.tally->peer_count);
	assert_int_equal(s->local_count + s->omitted.locals.rows, host.tally->local_count);
}

static void
what_is_omitted_is_counted(void **state)
{
	(void)state;
	pool(LOCAL, "10.0.0.2", 1, 50);
	pool(LOCAL, "10.0.0.2", 2, 40);
	pool(LOCAL, "10.0.0.3", 3, 30);
	pool("10.0.0.9", "10.0.0.4", 4, 20);
	host_tally(&host, NULL, 0);
	struct snapshot *s = build(2, 1, 1, NULL);
	assert_string_equal(ports(s), "1 2 ");
	assert_int_equal(s->omitted.pools.rows, 2);
	assert_int_equal(s->omitted.pools.connections, 50);
	assert_string_equal(peers(s), "10.0.0.2 ");
	assert_int_equal(s->omitted.peers.rows, 2);
	assert_int_equal(s->omitted.peers.connections, 50);
	assert_int_equal(s->omitted.locals.rows, 1);
	assert_int_equal(s->omitted.locals.connections, 20);
	assert_adds_up(s);
	snapshot_release(s);
	s = build(4, 3, 2, NULL);
	assert_int_equal(s->omitted.pools.rows + s->omitted.peers.rows + s->omitted.locals.rows, 0);
	assert_int_equal(s->omitted.pools.connections, 0);
	assert_int_equal(s->omitted.peers.connections, 0);
	assert_int_equal(s->omitted.locals.connections, 0);
	snapshot_release(s);
}

static void
targets_are_always_there(void **state)
{
	static struct target list[2];
	(void)state;
	list[0] = target_of("10.0.0.7");
	list[1] = target_of("10.0.0.8:8");
	for (uint16_t i = 1; i <= 6; i++)
		pool(LOCAL, "10.0.0.2", i, 100U * i);
	pool(LOCAL, "10.0.0.7", 7, 2);
	pool(LOCAL, "10.0.0.8", 8, 1);
	pool(LOCAL, "10.0.0.8", 9, 90);
	pool(LOCAL, "10.0.0.9", 9, 95);
	host_tally(&host, list, 2);
	struct snapshot *s = build(4, 3, 1, NULL);
	assert_string_equal(ports(s), "5 6 7 8 ");
	assert_string_equal(peers(s), "10.0.0.2 10.0.0.7 10.0.0.8 ");
	assert_adds_up(s);
	snapshot_release(s);
	/* Too many of them: the tightest; and the worst pool of all, which srcPortSystem names. */
	s = build(2, 1, 1, NULL);
	assert_string_equal(ports(s), "6 7 ");
	assert_string_equal(peers(s), "10.0.0.8 ");
	assert_int_equal(s->extremes.worst.port, 6);
	snapshot_release(s);
}

/* What is in alarm goes before targets that are not, however much it has left. */
static void
alarms_are_always_there(void **state)
{
	static struct target list[1];
	(void)state;
	list[0] = target_of("10.0.0.7");
	for (uint16_t i = 1; i <= 6; i++)
		pool(LOCAL, "10.0.0.2", i, 100U * i);
	pool(LOCAL, "10.0.0.3", 10, 1);
	pool(LOCAL, "10.0.0.4", 11, 2);
	pool(LOCAL, "10.0.0.7", 7, 1);
	host_tally(&host, list, 1);
	for (uint32_t i = 0; i < host.tally->pool_count; i++) {
		const struct pool_tally *p = &host.tally->pools[i];
		enum severity *found = &host.findings->pools[i].verdict.severity;
		enum severity *peer = &host.findings->peers[p->peer_position].verdict.severity;
		if (p->port == 10)
			*found = *peer = SEVERITY_CRITICAL;
		if (p->port == 11)
			*found = *peer = SEVERITY_WARNING;
	}
	struct snapshot *s = build(4, 3, 1, NULL);
	assert_string_equal(ports(s), "6 10 11 7 ");
	assert_string_equal(peers(s), "10.0.0.3 10.0.0.4 10.0.0.7 ");
	assert_adds_up(s);
	snapshot_release(s);
	s = build(2, 2, 1, NULL);
	assert_string_equal(ports(s), "10 11 ");
	assert_string_equal(peers(s), "10.0.0.3 10.0.0.4 ");
	snapshot_release(s);
	s = build(1, 1, 1, NULL);
	assert_string_equal(ports(s), "10 ");
	assert_string_equal(peers(s), "10.0.0.3 ");
	snapshot_release(s);
}

static void
a_local_address_in_alarm_is_always_there(void **state)
{
	(void)state;
	pool("10.0.0.8", "10.0.0.2", 1, 50);
	pool("10.0.0.9", "10.0.0.2", 1, 10);
	host_tally(&host, NULL, 0);
	for (unsigned alarm = 0; alarm < 2; alarm++) {
		for (uint32_t i = 0; i < 2; i++)
			if (alarm && host.tally->locals[i].remaining == 990)
				host.findings->locals[i] = SEVERITY_WARNING;
		struct snapshot *s = build(9, 9, 1, NULL);
		assert_int_equal(s->locals[0].t.remaining, alarm ? 990 : 950);
		assert_adds_up(s);
		snapshot_release(s);
	}
}

/* The margin is 10 ports of 1,000. */
static void
rows_stay_while_it_makes_little_difference(void **state)
{
	struct snapshot *last = NULL;
	static const struct {
		unsigned used[4]; /* of the pools with the ports 1 to 4 */
		const char *ports;
	} polls[] = {
	    {{500, 30, 20, 10}, "1 2 "},
	    {{500, 30, 31, 10}, "1 2 "},
	    {{500, 30, 40, 10}, "1 2 "},
	    {{500, 30, 41, 10}, "1 3 "},
	    {{500, 50, 41, 10}, "1 3 "},
	    {{500, 50, 41, 51}, "1 3 "},
	    {{500, 50, 41, 52}, "1 4 "},
	    {{500, 50, 41, 50}, "1 4 "},
	    {{500, 50, 41, 0}, "1 2 "},
	    /* But the worst has a row, whoever was there before. */
	    {{500, 50, 501, 0}, "1 3 "},
	    {{500, 502, 501, 0}, "2 3 "},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(polls); i++) {
		begin(NULL);
		for (uint16_t p = 0; p < 4; p++)
			pool(LOCAL, "10.0.0.2", (uint16_t)(p + 1), polls[i].used[p]);
		host_tally(&host, NULL, 0);
		struct snapshot *s = build(2, 1, 1, last);
		if (strcmp(ports(s), polls[i].ports) != 0)
			fail_msg("poll %zu: %s, expected %s", i, ports(s), polls[i].ports);
		snapshot_release(last);
		last = s;
	}
	snapshot_release(last);
}

static bool
has_row(const struct snapshot *s, const struct pool_tally *p)
{
	for (uint32_t i = 0; s != NULL && i < s->pool_count; i++)
		if (s->pools[i].t.port == p->port && addr_equal(&s->pools[i].t.peer, &p->peer))
			return true;
	return false;
}

/* Alarms, then targets, then the rest. */
static unsigned
claim(const struct pool_tally *p, const struct finding *f)
{
	enum severity severity = f->verdict.severity;
	return severity > SEVERITY_NORMAL ? 4 - severity : p->target != 0 ? 3 : 4;
}

/* Nothing that is left out has a better claim than something that is there: a better class, or in
 * the same class fewer remaining, by more than the margin where that was there before. */
static void
assert_fair(const struct snapshot *s, const struct snapshot *last)
{
	const struct tally *tally = host.tally;
	const struct pool_tally *worst = &s->extremes.worst;
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct pool_tally *out = &tally->pools[i];
		if (has_row(s, out))
			continue;
		for (uint32_t j = 0; j < s->pool_count; j++) {
			const struct pool_tally *in = &s->pools[j].t;
			uint32_t margin = has_row(last, in) && !has_row(last, out) ? 10 : 0;
			bool worst_of_all =
			    in->port == worst->port && addr_equal(&in->peer, &worst->peer);
			unsigned out_claim = claim(out, &host.findings->pools[i]);
			unsigned in_claim = claim(in, &s->pools[j].f);
			assert_true(worst_of_all || out_claim > in_claim ||
				    (out_claim == in_claim &&
				     out->usage.remaining + margin >= in->usage.remaining));
		}
	}
}

static void
random_hosts_add_up_and_are_fair(void **state)
{
	static struct target list[2];
	unsigned seed = 31;
	(void)state;
	list[0] = target_of("10.0.1.3");
	list[1] = target_of("10.0.1.4/30");
	for (unsigned host_number = 0; host_number < 60; host_number++) {
		struct snapshot *last = NULL;
		uint32_t limit = 1 + (uint32_t)rand_r(&seed) % 12;
		for (unsigned round = 0; round < 4; round++) {
			begin(NULL);
			for (unsigned n = 0; n < 20; n++) {
				char peer[32];
				snprintf(peer, sizeof(peer), "10.0.1.%u",
					 (unsigned)rand_r(&seed) % 9);
				pool(rand_r(&seed) % 4 ? LOCAL : "10.0.0.9", peer,
				     (uint16_t)(1 + n), (unsigned)rand_r(&seed) % 40);
			}
			host_tally(&host, list, 2);
			for (unsigned n = 0; n < 3 && host.tally->pool_count > 0; n++)
				host.findings
				    ->pools[(uint32_t)rand_r(&seed) % host.tally->pool_count]
				    .verdict.severity = (enum severity)(1 + rand_r(&seed) % 3);
			struct snapshot *s = build(limit, limit, limit % 2, last);
			assert_int_equal(s->pool_count, limit < host.tally->pool_count
							    ? limit
							    : host.tally->pool_count);
			assert_adds_up(s);
			assert_fair(s, last);
			snapshot_release(last);
			last = s;
		}
		snapshot_release(last);
	}
}

/* Instances below the entry of a table. */
static unsigned
walk(const struct snapshot *s, uint32_t table)
{
	const struct mib_view view = {.snapshot = s, .now_ms = 2};
	uint32_t sub[MIBTREE_OID_MAX] = {table};
	size_t length = 1;
	struct mib_value value;
	unsigned count = 0;
	while (mibtree_next(&mib_columns_tree, &view, sub, length, false, sub, &length, &value) ==
		   MIB_FOUND &&
	       sub[0] == table)
		count++;
	return count;
}

/* Whatever connects, and to whatever: what is kept and what a walk costs has a bound. */
static void
a_hundred_thousand_pools(void **state)
{
	static struct target list[1];
	(void)state;
	list[0] = target_of("10.1.200.7");
	host_with_range(32768, 60999, "");
	struct diag_socket s = socket_of(STATE_ESTABLISHED, LOCAL, 32768, "10.1.0.0", 443);
	for (uint32_t i = 0; i < 100000; i++) {
		const uint32_t net = htonl(0x0a010000 + i);
		s.peer = addr_from_v4(&net);
		s.local_port = (uint16_t)(32768 + 2 * i % 28232); /* as connect() does */
		host_add(&host, DIAG_SOCKETS, s);
	}
	host_tally(&host, list, 1);
	assert_int_equal(host.tally->pool_count, 100000);
	assert_int_equal(host.tally->peer_count, 100000);
	size_t before = octets_allocated();
	struct snapshot *last = build(1000, 1000, 256, NULL), *now = build(1000, 1000, 256, last);
	/* Two of them, with nothing left of the choice. */
	assert_true(octets_allocated() - before < 2 << 20);
	assert_int_equal(now->pool_count, 1000);
	assert_int_equal(now->peer_count, 1000);
	assert_int_equal(now->omitted.pools.rows, 99000);
	assert_int_equal(now->omitted.pools.connections, 99000);
	assert_int_equal(now->omitted.peers.rows, 99000);
	assert_int_equal(now->omitted.peers.connections, 99000);
	assert_adds_up(now);
	unsigned targeted = 0;
	for (uint32_t i = 0; i < now->pool_count; i++) {
		targeted += now->pools[i].t.target != 0;
		assert_true(addr_equal(&now->pools[i].t.peer, &last->pools[i].t.peer));
	}
	assert_int_equal(targeted, 1);
	assert_int_equal(walk(now, 12) % 1000, 0);
	assert_between(walk(now, 12), 20000, 30000);
	assert_between(walk(now, 11), 20000, 30000);
	snapshot_release(last);
	snapshot_release(now);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(what_is_omitted_is_counted),
	    CASE(targets_are_always_there),
	    CASE(alarms_are_always_there),
	    CASE(a_local_address_in_alarm_is_always_there),
	    CASE(rows_stay_while_it_makes_little_difference),
	    CASE(random_hosts_add_up_and_are_fair),
	    CASE(a_hundred_thousand_pools),
	};
	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}

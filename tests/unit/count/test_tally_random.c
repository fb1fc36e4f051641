/* SPDX-License-Identifier: ISC */
/*
 * The formula against another one: what the kernel does, port by port and socket by socket, over
 * random hosts. It knows no sets, no pools and no bitmaps; it is slow and short.
 */
#include "count/evidence.h"
#include "count/reuse.h"
#include "support.h"

#define MOST 1200

static struct {
	struct settings settings;
	struct diag_socket holder[MOST], open[MOST];
	bool given[MOST]; /* open[i] got its port from bind() */
	unsigned holders, opens;
	/* Sockets by their local port: the number of the first, plus one, and of the next. */
	unsigned holder_at[65536], open_at[65536], next_holder[MOST], next_open[MOST];
	bool doubted[65536]; /* ports that may be blocked, for all that is seen */
} world;

static unsigned seed;

static unsigned
any(unsigned below)
{
	return (unsigned)rand_r(&seed) % below;
}

static const char *
any_text(const char *const *list, unsigned count)
{
	return list[any(count)];
}

static void
make_range(void)
{
	static const unsigned sizes[] = {1, 2, 3, 4, 5, 6, 7, 31, 64, 65, 100, 101, 300, 700, 701};
	unsigned size = sizes[any(COUNT_OF(sizes))];
	unsigned low = any(3) == 0 ? 65536 - size : 1 + any(64000);
	world.settings = settings_of((uint16_t)low, (uint16_t)(low + size - 1),
				     any(2) == 0 ? "" : "60000-60010");
	for (unsigned i = 0; i < any(4); i++)
		portset_add(&world.settings.reserved, (uint16_t)(low + any(size)));
	world.settings.tw_reuse = (int32_t)any(3);
	world.settings.timestamps = any(5) != 0;
	if (any(3) == 0)
		world.settings.tw_reuse_delay_ms = SETTING_ABSENT;
}

/* A port of the range, or sometimes one beside it. */
static uint16_t
any_port(void)
{
	const struct port_range *r = &world.settings.range;
	return any(20) == 0 ? (uint16_t)(1 + any(65535)) : (uint16_t)(r->low + any(range_size(r)));
}

static void
make_holder(void)
{
	static const char *const at[] = {"0.0.0.0", "::", "10.0.0.1", "127.0.0.1", "2001:db8::1"};
	struct diag_socket s = any(2) == 0 ? listener(any_text(at, 5), any_port())
					   : bound_idle(any_text(at, 5), any_port());
	if (s.family == 10 && any(2) == 0)
		s = with_v6only(s);
	if (!addr_is_any(&s.local) && any(3) == 0)
		s = on_device(s, 1 + any(2));
	world.holder[world.holders++] = s;
}

static void
make_open(void)
{
	static const char *const v4[] = {"10.0.0.1", "10.0.0.2", "127.0.0.1"};
	static const char *const v6[] = {"2001:db8::1", "2001:db8::2"};
	static const char *const ll[] = {"fe80::1", "fe80::2"};
	unsigned kind = any(8), age = any(2) == 0 ? 300 : 30000;
	const char *local = kind < 5   ? any_text(v4, 3)
			    : kind < 7 ? any_text(v6, 2)
				       : any_text(ll, 2);
	const char *peer = kind < 5   ? any_text(v4, 3)
			   : kind < 7 ? any_text(v6, 2)
				      : any_text(ll, 2);
	uint16_t port = (uint16_t)(80 + any(2)), from = any_port();
	unsigned i = world.opens++, form = any(6);
	struct diag_socket s = form == 0   ? time_wait(local, from, peer, port, age)
			       : form == 1 ? fin_wait2_mini(local, from, peer, port, age)
			       : form == 2 ? request_sock(local, from, peer, port)
					   : socket_of(STATE_ESTABLISHED, local, from, peer, port);
	if (kind == 7 || any(5) == 0)
		s = on_device(s, 1 + any(2));
	if (form >= 3 && any(2) == 0)
		s = with_no_port(s, any(2) == 0);
	world.given[i] = form == 3 && range_has(&world.settings.range, from) && any(4) == 0;
	world.open[i] = s;
}

static void
make_world(void)
{
	world.holders = world.opens = 0;
	make_range();
	unsigned size = range_size(&world.settings.range);
	for (unsigned n = any(size / 4 + 3); n > 0; n--)
		make_holder();
	for (unsigned n = any(size > 300 ? MOST : 3 * size + 3); n > 0; n--)
		make_open();
	memset(world.holder_at, 0, sizeof(world.holder_at));
	memset(world.open_at, 0, sizeof(world.open_at));
	for (unsigned i = 0; i < world.holders; i++) {
		unsigned *at = &world.holder_at[world.holder[i].local_port];
		world.next_holder[i] = *at;
		*at = i + 1;
	}
	for (unsigned i = 0; i < world.opens; i++) {
		unsigned *at = &world.open_at[world.open[i].local_port];
		world.next_open[i] = *at;
		*at = i + 1;
	}
}

static bool
same_address(const struct addr *a, const struct addr *b)
{
	return memcmp(a->octet, b->octet, 16) == 0;
}

/* inet_lookup_listener(): a listener takes what comes to its address, or to any of its families; in
 * a VRF also what comes by a device that it is not bound to. */
static bool
accepts(const struct diag_socket *listener, const struct diag_socket *s)
{
	if (!addr_is_any(&listener->local))
		return same_address(&listener->local, &s->local) &&
		       (listener->interface == 0 || listener->interface == s->interface);
	return addr_is_v4(&s->local) ? addr_is_v4(&listener->local) || !diag_v6only(listener)
				     : !addr_is_v4(&listener->local);
}

static bool
is_inbound(const struct diag_socket *s)
{
	bool in_range = range_has(&world.settings.range, s->local_port);
	for (unsigned i = world.holder_at[s->local_port]; i-- > 0; i = world.next_holder[i])
		if (world.holder[i].state == STATE_LISTEN &&
		    (!in_range || accepts(&world.holder[i], s)))
			return true;
	return false;
}

/* __inet_hash_connect(): the range, the reserved ports, and bind buckets that are not connect()'s.
 */
static bool
is_offered(uint16_t port)
{
	const struct port_range *r = &world.settings.range;
	return range_has(r, port) && !portset_has(&world.settings.reserved, port) &&
	       !(r->high - r->low == 2 && port == r->high);
}

static bool
is_blocked(uint16_t port)
{
	for (unsigned i = world.open_at[port]; i-- > 0; i = world.next_open[i])
		if (world.given[i])
			return true;
	return world.holder_at[port] != 0;
}

static unsigned
offset_of(uint16_t port)
{
	return (unsigned)port - world.settings.range.low;
}

static bool
is_open(uint16_t port)
{
	return is_offered(port) && !is_blocked(port);
}

/* In a bind bucket, and in a pool. */
static bool
is_outgoing(const struct diag_socket *s)
{
	return !s->request && range_has(&world.settings.range, s->local_port) && !is_inbound(s);
}

static bool
same_pool(const struct diag_socket *a, const struct diag_socket *b)
{
	return addr_equal(&a->local, &b->local) && addr_equal(&a->peer, &b->peer) &&
	       a->peer_port == b->peer_port;
}

/* True if its pool holds 199 of 200 of the open even offsets, or more. */
static bool
fills_even(const struct diag_socket *s)
{
	const struct port_range *r = &world.settings.range;
	uint32_t even = 0, taken = 0;
	for (unsigned p = r->low; p <= r->high; p += 2) {
		bool held = false;
		even += is_open((uint16_t)p);
		for (unsigned k = world.open_at[p]; k-- > 0; k = world.next_open[k]) {
			const struct diag_socket *o = &world.open[k];
			if (!is_outgoing(o) || !same_pool(o, s))
				continue;
			bool left = reuse_of(&world.settings, o) != REUSE_NO;
			taken += left;
			held |= !left;
		}
		taken += held && is_open((uint16_t)p);
	}
	return taken >= even || (even - taken) * 200 <= even;
}

static bool
is_odd_and_silent(const struct diag_socket *s)
{
	return is_outgoing(s) && offset_of(s->local_port) % 2 == 1 &&
	       (s->mini || diag_no_port(s) != NO_PORT_ON);
}

static bool
has_socket(const struct addr *local, uint16_t port)
{
	for (unsigned k = world.open_at[port]; k-- > 0; k = world.next_open[k])
		if (!world.open[k].request && addr_equal(&world.open[k].local, local))
			return true;
	return false;
}

/* The even offsets of a pool that holds clearly more odd ones. */
static void
doubt_pool(const struct diag_socket *s)
{
	unsigned odd = 0, even = 0;
	for (unsigned k = 0; k < world.opens; k++) {
		const struct diag_socket *o = &world.open[k];
		if (!is_outgoing(o) || !same_pool(o, s) || world.given[k])
			continue;
		odd += is_odd_and_silent(o);
		even += offset_of(o->local_port) % 2 == 0;
	}
	unsigned more = odd > even ? odd - even : 0;
	if (more == 0 || 4 * more < odd + even || more * more < 4 * (odd + even))
		return;
	for (unsigned k = 0; k < world.opens; k++) {
		const struct diag_socket *o = &world.open[k];
		if (is_outgoing(o) && same_pool(o, s) && offset_of(o->local_port) % 2 == 0 &&
		    reuse_of(&world.settings, o) == REUSE_NO && is_open(o->local_port))
			world.doubted[o->local_port] = true;
	}
}

static bool
is_doubtful(const struct addr *local, const bool in_doubt[])
{
	for (unsigned i = 0; i < world.opens; i++)
		if (in_doubt[i] && addr_equal(&world.open[i].local, local))
			return true;
	return false;
}

static bool
has_any(uint16_t port)
{
	for (unsigned k = world.open_at[port]; k-- > 0; k = world.next_open[k])
		if (!world.open[k].request)
			return true;
	return false;
}

/* The even offsets at an address where odd ones are in doubt, in the half of them from `first` on
 * if half of the odd ones there are. */
static void
doubt_even(const struct addr *local, unsigned first, unsigned end)
{
	unsigned odd = 0, anywhere = 0, here = 0;
	for (unsigned p = first; p < end; p++) {
		if (offset_of((uint16_t)p) % 2 == 0 || !is_open((uint16_t)p))
			continue;
		odd++;
		here += has_socket(local, (uint16_t)p);
		anywhere += has_any((uint16_t)p);
	}
	if (4 * anywhere < odd && 4 * here < odd)
		return;
	for (unsigned p = first; p < end; p++)
		if (offset_of((uint16_t)p) % 2 == 0 && is_open((uint16_t)p) &&
		    has_socket(local, (uint16_t)p))
			world.doubted[p] = true;
}

static void
make_doubts(void)
{
	const struct port_range *r = &world.settings.range;
	unsigned half = r->low + range_size(r) / 4 * 2;
	static bool in_doubt[MOST];
	memset(world.doubted, 0, sizeof(world.doubted));
	for (unsigned i = 0; i < world.opens; i++) {
		const struct diag_socket *s = &world.open[i];
		in_doubt[i] = is_odd_and_silent(s) && !fills_even(s);
		world.doubted[s->local_port] |= in_doubt[i];
	}
	for (unsigned i = 0; i < world.opens; i++)
		if (in_doubt[i]) {
			doubt_even(&world.open[i].local, r->low, half);
			doubt_even(&world.open[i].local, half, r->high + 1U);
		}
	for (unsigned i = 0; i < world.opens; i++)
		if (is_outgoing(&world.open[i]) && is_doubtful(&world.open[i].local, in_doubt))
			doubt_pool(&world.open[i]);
}

static bool
may_be_blocked(uint16_t port)
{
	return world.doubted[port];
}

/* __inet_check_established(): whether the tuple is left to a caller on that device (0 = on none).
 */
static enum reuse
is_left(const struct pool_tally *pool, uint16_t port)
{
	enum reuse left = REUSE_YES;
	for (unsigned i = world.open_at[port]; i-- > 0; i = world.next_open[i]) {
		const struct diag_socket *s = &world.open[i];
		if (s->peer_port != pool->port || !same_address(&s->local, &pool->local) ||
		    !same_address(&s->peer, &pool->peer) ||
		    (s->interface != 0 && s->interface != pool->local.zone))
			continue;
		enum reuse reuse = reuse_of(&world.settings, s);
		left = reuse < left ? reuse : left;
	}
	return left;
}

struct said {
	uint32_t remaining, uncertain, capacity;
};

static struct said
expect_pool(const struct pool_tally *pool)
{
	const struct port_range *r = &world.settings.range;
	struct said said = {0};
	bool end_free = false;
	for (unsigned p = r->low; p <= r->high; p++) {
		uint16_t port = (uint16_t)p;
		if (!is_offered(port) || is_blocked(port))
			continue;
		said.capacity++;
		enum reuse left = is_left(pool, port);
		if (left == REUSE_NO)
			continue;
		said.remaining++;
		said.uncertain += left == REUSE_MAYBE || may_be_blocked(port);
		end_free |= port == r->low || port == r->high;
	}
	if (range_size(r) >= 5 && range_size(r) % 2 == 1 && end_free)
		said.uncertain++;
	if (said.uncertain > said.remaining)
		said.uncertain = said.remaining;
	return said;
}

static void
check_pools(const struct tally *tally)
{
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		struct said said = expect_pool(&tally->pools[i]);
		const struct usage *u = &tally->pools[i].usage;
		assert_int_equal(u->remaining, said.remaining);
		assert_int_equal(u->uncertain, said.uncertain);
		assert_int_equal(u->capacity, said.capacity);
		assert_int_equal(u->used, said.capacity - said.remaining);
	}
}

/* Every connection of the range that is not inbound is in exactly one pool. */
static void
check_counts(const struct tally *tally)
{
	uint32_t outbound = 0, inbound = 0, in_pools = 0;
	for (unsigned i = 0; i < world.opens; i++) {
		bool in = is_inbound(&world.open[i]);
		inbound += in;
		outbound += !in && range_has(&world.settings.range, world.open[i].local_port);
	}
	for (uint32_t i = 0; i < tally->pool_count; i++)
		in_pools += tally->pools[i].usage.connections;
	assert_int_equal(tally->totals.outbound, outbound);
	assert_int_equal(tally->totals.inbound, inbound);
	assert_int_equal(in_pools, outbound);
	assert_int_equal(tcp_state_sum(&tally->totals.states), world.opens + world.holders);
}

static void
check_peers(const struct tally *tally)
{
	const struct port_range *r = &world.settings.range;
	uint32_t pools = 0;
	for (uint32_t i = 0; i < tally->peer_count; i++) {
		const struct peer_tally *peer = &tally->peers[i];
		uint32_t tightest = UINT32_MAX, certain = UINT32_MAX, remaining = 0;
		for (uint32_t k = 0; k < tally->pool_count; k++) {
			const struct usage *u = &tally->pools[k].usage;
			if (!addr_equal(&tally->pools[k].peer, &peer->peer))
				continue;
			pools++;
			if (u->remaining < tightest)
				tightest = u->remaining;
			if (u->remaining - u->uncertain < certain)
				certain = u->remaining - u->uncertain;
		}
		for (unsigned p = r->low; p <= r->high; p++) {
			bool taken = !is_offered((uint16_t)p) || is_blocked((uint16_t)p);
			for (uint32_t k = 0; !taken && k < tally->pool_count; k++) {
				const struct pool_tally *pool = &tally->pools[k];
				taken = addr_equal(&pool->peer, &peer->peer) &&
					is_left(pool, (uint16_t)p) == REUSE_NO;
			}
			remaining += !taken;
		}
		assert_int_equal(peer->usage.tightest, tightest);
		assert_int_equal(peer->usage.remaining, remaining);
		assert_int_equal(peer->usage.uncertain, tightest - certain);
	}
	assert_int_equal(pools, tally->pool_count);
}

/* inet_bind_conflict(): whether a socket at the port hinders bind(address, 0) on that device. */
static bool
hinders(const struct diag_socket *s, const struct addr *a)
{
	if (s->request)
		return false;
	if (s->interface != 0 && a->zone != 0 && s->interface != a->zone)
		return false;
	if (!addr_is_any(&s->local))
		return same_address(&s->local, a);
	if (addr_is_v4(a))
		return addr_is_v4(&s->local) || !diag_v6only(s);
	return !addr_is_v4(&s->local);
}

static void
check_locals(const struct tally *tally)
{
	const struct port_range *r = &world.settings.range;
	for (uint32_t i = 0; i < tally->local_count; i++) {
		const struct local_tally *l = &tally->locals[i];
		uint32_t remaining = 0;
		for (unsigned p = r->low; p <= r->high; p++) {
			bool hindered = !is_offered((uint16_t)p);
			for (unsigned k = world.holder_at[p]; k-- > 0; k = world.next_holder[k])
				hindered |= hinders(&world.holder[k], &l->address);
			for (unsigned k = world.open_at[p]; k-- > 0; k = world.next_open[k])
				hindered |= hinders(&world.open[k], &l->address);
			remaining += !hindered;
		}
		assert_int_equal(l->remaining, remaining);
	}
}

static void
check_range(const struct range_tally *range)
{
	const struct port_range *r = &world.settings.range;
	uint32_t capacity = 0, nobody = 0, uncertain = 0;
	for (unsigned p = r->low; p <= r->high; p++) {
		bool held = false;
		if (!is_offered((uint16_t)p))
			continue;
		for (unsigned k = world.open_at[p]; k-- > 0; k = world.next_open[k])
			held |= !world.open[k].request;
		held |= world.holder_at[p] != 0;
		nobody += !held;
		if (is_blocked((uint16_t)p))
			continue;
		capacity++;
		uncertain += may_be_blocked((uint16_t)p);
	}
	assert_int_equal(range->capacity, capacity);
	assert_int_equal(range->free, nobody);
	assert_between(range->uncertain, uncertain, uncertain + range->size % 2);
}

static void
random_hosts(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct host host;
		seed = 1000 + round;
		make_world();
		make_doubts();
		host_begin(&host, &world.settings, NULL);
		for (unsigned i = 0; i < world.holders; i++)
			host_add(&host, DIAG_HOLDERS, world.holder[i]);
		for (unsigned i = 0; i < world.opens; i++)
			if (world.given[i])
				host_add(&host, DIAG_EXPLICIT, world.open[i]);
		for (unsigned i = 0; i < world.opens; i++)
			host_add(&host, DIAG_SOCKETS, world.open[i]);
		host_tally(&host, NULL, 0);
		check_range(&host.tally->range);
		check_pools(host.tally);
		check_counts(host.tally);
		check_peers(host.tally);
		check_locals(host.tally);
		host_free(&host);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_hosts),
	};
	return cmocka_run_group_tests_name("tally_random", tests, NULL, NULL);
}

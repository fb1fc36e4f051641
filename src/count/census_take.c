/* SPDX-License-Identifier: ISC */
#include "count/census_take.h"

#include "base/array.h"
#include "base/pool_key.h"
#include "count/reuse.h"
#include "kernel/specimen.h"

#include <errno.h>

/* Enters a port of the range with a listener at that address. */
static bool
hold_listener(struct census *census, const struct addr *address, uint16_t port)
{
	uint32_t local = census_enter_local(census, address);
	const struct port_range *range = &census->settings.range;
	return local != LOOKUP_NONE && census_hold_at(census, local, port) &&
	       portbag_add(&census->locals[local].listening, range, port) >= 0;
}

/* Adds a socket to its port's key, in which the order does not matter. */
static void
add_key(struct census *census, const struct diag_socket *s)
{
	uint64_t mixed = (s->cookie ^ s->cookie >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	census->keys[s->local_port - census->settings.range.low] += mixed ^ mixed >> 29;
}

/* What is learned of a socket of the range while it tells, for when it does not any more. */
static void
note(const struct census *census, const struct diag_socket *s, enum origin origin)
{
	if (census->origins != NULL)
		origins_note(census->origins, s->cookie, origin);
}

/* A port that bind() was given. */
static void
add_given(struct census *census, uint16_t port)
{
	portset_add(&census->bound, port);
	portset_add(&census->given, port);
}

/* False with errno ENOMEM. */
static bool
keep_hold(struct census *census, const struct diag_socket *s)
{
	struct census_hold *holds =
	    array_grow(census->holds, census->hold_count, &census->hold_room, sizeof(*holds));
	if (holds == NULL)
		return false;
	census->holds = holds;
	holds[census->hold_count++] = (struct census_hold){s->local, s->local_port};
	return true;
}

/* A port of the range that is held on a wildcard, which of IPv6 may be one of IPv4 too. */
static void
hold_everywhere(struct census *census, const struct diag_socket *s)
{
	bool v6 = !addr_is_v4(&s->local), v4 = !v6 || !diag_v6only(s);
	bool listens = s->state == STATE_LISTEN;
	if (v4)
		portset_add(&census->wild4, s->local_port);
	if (v6)
		portset_add(&census->wild6, s->local_port);
	if (v4 && listens)
		portset_add(&census->listening4, s->local_port);
	if (v6 && listens)
		portset_add(&census->listening6, s->local_port);
}

/* A listener or a bound idle socket: blocks its port for every pool, and for bind(addr, 0) at its
 * own address or, on a wildcard, at every address of its kind. What is bound idle blocks its port
 * in every later state too, where bind(addr, 0) does not show. */
static bool
add_holder(struct census *census, const struct diag_socket *s)
{
	bool idle = s->state != STATE_LISTEN;
	portset_add(&census->any, s->local_port);
	if (idle) {
		add_given(census, s->local_port);
		census->features |= UINT32_C(1) << FEATURE_BOUND_IDLE;
	} else {
		portset_add(&census->listening, s->local_port);
		census->transparent |= diag_transparent(s);
	}
	if ((census->features & FEATURES_OF_SOCKETS) != FEATURES_OF_SOCKETS)
		census->features |= diag_features(s);
	if (!range_has(&census->settings.range, s->local_port))
		return true;
	if (idle)
		note(census, s, ORIGIN_EXPLICIT);
	if (addr_is_any(&s->local)) {
		hold_everywhere(census, s);
		return true;
	}
	if (!idle)
		return hold_listener(census, &s->local, s->local_port);
	return keep_hold(census, s) && census_hold(census, &s->local, s->local_port);
}

/* A socket of the range whose port bind() was given. It comes again among the connections. */
static void
add_explicit(struct census *census, const struct diag_socket *s)
{
	add_given(census, s->local_port);
	note(census, s, ORIGIN_EXPLICIT);
}

/* True if the port had a listener in the last poll, or outside the range, where connect() chooses
 * no ports, ever since there are sockets on it. */
static bool
had_listener(const struct census *census, uint16_t port)
{
	return census->origins != NULL &&
	       origins_listened(census->origins, &census->settings.range, port);
}

/* Where a port stays blocked until its last socket has gone, it matters which were there while it
 * was. What a light poll takes over may have gone before this one came. */
static bool
is_kept(const struct census *census, uint16_t port)
{
	return census->letting_go != LETS_GO &&
	       (portset_has(&census->listening, port) ||
		(!census->carried && portset_has(&census->bound, port)));
}

/* An inbound socket takes nothing from any pool; it holds its port at its local address. A child
 * keeps the port blocked after its listener has gone (__inet_inherit_port). */
static bool
add_inbound(struct census *census, const struct diag_socket *s, bool in_range, enum origin known)
{
	inbound_add(&census->inbound, s,
		    !in_range && portset_has(&census->listening, s->local_port));
	if (!in_range || s->request)
		return true;
	bool held = census->origins != NULL && origins_held(census->origins, s->local_port);
	if (known == ORIGIN_UNKNOWN)
		note(census, s,
		     !held ? ORIGIN_ACCEPTED
			   : (is_kept(census, s->local_port) ? ORIGIN_KEPT : ORIGIN_UNSURE));
	if (!portset_has(&census->listening, s->local_port))
		portset_add(&census->bound, s->local_port);
	uint32_t local = census_enter_local(census, &s->local);
	return local != LOOKUP_NONE && census_hold_at(census, local, s->local_port);
}

/* True if the port was blocked in the last poll, and may be so still: by a listener that may have
 * been this socket's, or where the kernel keeps it so and it was not free in between. */
static bool
was_blocked(const struct census *census, uint16_t port)
{
	return had_listener(census, port) ||
	       (census->letting_go != LETS_GO && census->origins != NULL &&
		origins_blocked(census->origins, port));
}

/* How a socket came by its port, of which memory knows no more than `origin`: at an odd offset from
 * the low end of the range, where bind(addr, 0) searches first, IP_BIND_ADDRESS_NO_PORT tells that
 * connect() chose it, or the whole of its pool does (evidence.h). At an even one that is taken for
 * granted until then, and kept where a listener has come to its port. */
static enum origin
origin_of(struct census *census, const struct pool *pool, const struct diag_socket *s,
	  enum origin origin)
{
	if (origin == ORIGIN_ODD) {
		bool explained = origins_explained(census->origins, pool_key_hash(POOL_KEY(pool)));
		origin = explained ? ORIGIN_CONNECT : ORIGIN_DOUBT;
		note(census, s, origin);
	}
	if (origin != ORIGIN_UNKNOWN)
		return origin;
	if (was_blocked(census, s->local_port)) {
		note(census, s, ORIGIN_UNSURE);
		return ORIGIN_UNSURE;
	}
	bool odd = (s->local_port - census->settings.range.low) & 1;
	if (!odd && portset_has(&census->listening, s->local_port))
		note(census, s, ORIGIN_CONNECT);
	if (!odd)
		return ORIGIN_CONNECT;
	enum diag_no_port no_port = s->mini ? NO_PORT_UNKNOWN : diag_no_port(s);
	if (no_port != NO_PORT_UNKNOWN)
		census->features |= UINT32_C(1) << FEATURE_NO_PORT;
	note(census, s, no_port == NO_PORT_ON ? ORIGIN_CONNECT : ORIGIN_ODD);
	return no_port == NO_PORT_ON ? ORIGIN_CONNECT : ORIGIN_ODD;
}

/* Each socket is looked at, also on a port that is blocked anyway: it may outlive what blocks it.
 * False with errno ENOMEM. */
static bool
settle_origin(struct census *census, struct pool *pool, const struct diag_socket *s,
	      enum origin known)
{
	const struct port_range *range = &census->settings.range;
	enum origin origin = origin_of(census, pool, s, known);
	if (origin == ORIGIN_ODD || origin == ORIGIN_DOUBT)
		pool->odd++;
	else if (origin == ORIGIN_CONNECT && !((s->local_port - range->low) & 1))
		pool->even++;
	bool kept = is_kept(census, s->local_port);
	if (kept && origin != ORIGIN_EXPLICIT)
		note(census, s, ORIGIN_KEPT);
	kept |= origin == ORIGIN_KEPT;
	if (origin == ORIGIN_EXPLICIT || (kept && census->letting_go == KEEPS))
		portset_add(&census->bound, s->local_port);
	else if (kept || origin == ORIGIN_UNSURE || origin == ORIGIN_DOUBT)
		portset_add(&census->ambiguous, s->local_port);
	census->locals[pool->local_index].doubtful |= origin == ORIGIN_DOUBT;
	return origin != ORIGIN_ODD || portbag_add(&pool->doubted, range, s->local_port) >= 0;
}

static bool
add_outbound(struct census *census, const struct diag_socket *s, enum origin known)
{
	const struct port_range *range = &census->settings.range;
	census->outbound++;
	struct pool *pool = census_enter_pool(census, s);
	if (pool == NULL)
		return false;
	pool->states.of[s->state]++;
	census->locals[pool->local_index].connections++;
	if (s->request)
		return portbag_add(&pool->asked, range, s->local_port) >= 0;
	if (!settle_origin(census, pool, s, known))
		return false;
	if (s->state == STATE_ESTABLISHED)
		pool->established = s->local_port;
	enum reuse reuse = reuse_of(&census->settings, s);
	if (reuse == REUSE_NO)
		return portbag_add(&pool->held, range, s->local_port) >= 0;
	pool->recyclable += s->state == STATE_TIME_WAIT;
	pool->recyclable_even += !((s->local_port - range->low) & 1);
	if (!census_hold_at(census, pool->local_index, s->local_port))
		return false;
	if (reuse == REUSE_MAYBE)
		return portbag_add(&pool->unsure, range, s->local_port) >= 0;
	if (!reuse_needs_peer(s))
		return true;
	pool->stamped_sockets++;
	return portbag_add(&pool->stamped, range, s->local_port) >= 0;
}

/* True if it was accepted on another port than its listener's (TPROXY): then it makes a bucket of
 * its own (__inet_inherit_port()), and inherits the listener's IP_TRANSPARENT. A proxy's own
 * connections say so too, but their ports are given to bind(), or it is said that they are not. */
static bool
is_elsewhere_accepted(const struct census *census, const struct diag_socket *s)
{
	return census->transparent && !s->mini && !s->request && diag_transparent(s) &&
	       diag_no_port(s) != NO_PORT_ON && !portset_has(&census->given, s->local_port);
}

static bool
add_connection(struct census *census, const struct diag_socket *s)
{
	bool in_range = range_has(&census->settings.range, s->local_port);
	enum origin known = ORIGIN_UNKNOWN;
	if (!s->request)
		portset_add(&census->any, s->local_port);
	census->full |= in_range && !s->request && !s->mini;
	if (in_range && !s->request && census->keys != NULL)
		add_key(census, s);
	if (in_range && !s->request && census->origins != NULL)
		known = origins_recall(census->origins, s->cookie);
	if (census_listens(census, &s->local, s->local_port) || known == ORIGIN_ACCEPTED ||
	    (!in_range && had_listener(census, s->local_port)) ||
	    (in_range && is_elsewhere_accepted(census, s)))
		return add_inbound(census, s, in_range, known);
	return !in_range || add_outbound(census, s, known);
}

/* A listener that was not there before the connections were asked for. */
static void
add_late(struct census *census, const struct diag_socket *s)
{
	uint16_t port = s->local_port;
	if (portset_has(&census->listening, port))
		return;
	census->late |= range_has(&census->settings.range, port) && portset_has(&census->any, port);
	portset_add(&census->listening, port);
}

/* An answer that shows whether a peer uses timestamps. */
static void
add_stamps(struct census *census, const struct diag_socket *s)
{
	enum stamps stamps = diag_stamps(s);
	unsigned i = 0;
	if (stamps == STAMPS_UNKNOWN || !reuse_needs_peer(s))
		return;
	if (census->origins != NULL)
		origins_note_stamps(census->origins, addr_hash(&s->peer), stamps);
	while (i < census->stamped_count && !addr_equal(&census->stamped[i].peer, &s->peer))
		i++;
	if (i == CENSUS_STAMPED_MAX)
		return;
	census->stamped[i] = (struct census_stamps){s->peer, stamps};
	if (i == census->stamped_count)
		census->stamped_count++;
}

bool
census_add(struct census *census, enum diag_dump dump, const struct diag_socket *s)
{
	if (dump == DIAG_LATE) {
		add_late(census, s);
		return true;
	}
	if (dump == DIAG_STAMPS) {
		add_stamps(census, s);
		return true;
	}
	if (dump == DIAG_UDP_GIVEN) {
		portset_add(&census->udp_given, s->local_port);
		return true;
	}
	if (dump == DIAG_UDP) {
		/* One that is connected is no service. */
		if (s->local_port != 0 && s->state == STATE_CLOSE)
			portset_add(&census->udp, s->local_port);
		return udp_add(&census->udp_held, &census->settings, s);
	}
	if (dump == DIAG_EXPLICIT && s->state == STATE_LISTEN) {
		portset_add(&census->listening_given, s->local_port);
		return true;
	}
	if (dump == DIAG_EXPLICIT) {
		add_explicit(census, s);
		return true;
	}
	if (s->state == STATE_CLOSE && specimen_is_any(&census->settings, s)) {
		census->features |= UINT32_C(1) << FEATURE_BOUND_IDLE | diag_features(s);
		return true;
	}
	census->sockets++;
	census->totals.of[s->state]++;
	low_ports_add(&census->low, s);
	if (s->state == STATE_CLOSE)
		low_ports_add(&census->low_idle, s);
	return dump == DIAG_HOLDERS ? add_holder(census, s) : add_connection(census, s);
}

bool
census_take(void *census, enum diag_dump dump, const struct diag_socket *s)
{
	return census_add(census, dump, s);
}

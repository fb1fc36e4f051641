/* SPDX-License-Identifier: ISC */
#include "count/port_watch.h"

#include "base/array.h"
#include "count/formula.h"
#include "count/reuse.h"
#include "kernel/specimen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port_range
port_watch_span(const struct port_watch *watch, const struct port_range *range)
{
	struct port_range span = *range;
	for (int port = portset_next(&watch->asked, 0); port >= 0;
	     port = portset_next(&watch->asked, (uint32_t)port + 1)) {
		span.low = port < span.low ? (uint16_t)port : span.low;
		span.high = port > span.high ? (uint16_t)port : span.high;
	}
	return span;
}

static bool
keep_cookie(struct port_watch *watch, uint64_t cookie)
{
	uint64_t *more = array_grow(watch->explicit_cookies, watch->explicit_count,
				    &watch->explicit_room, sizeof(*more));
	if (more == NULL)
		return false;
	watch->explicit_cookies = more;
	more[watch->explicit_count++] = cookie;
	return true;
}

static enum holder_kind
first_kind(enum diag_dump dump, const struct diag_socket *s)
{
	if (dump == DIAG_UDP_GIVEN)
		return true;
	if (dump == DIAG_UDP)
		return s->state == STATE_CLOSE ? HOLDER_UDP : HOLDER_UDP_PEER;
	if (dump != DIAG_HOLDERS)
		return HOLDER_OUTGOING;
	return s->state == STATE_LISTEN ? HOLDER_LISTENER : HOLDER_BOUND;
}

bool
port_watch_add(struct port_watch *watch, enum diag_dump dump, const struct diag_socket *s)
{
	bool udp = dump == DIAG_UDP;
	if (!portset_has(&watch->asked, s->local_port) || (dump >= DIAG_LATE && !udp) ||
	    (!udp && s->state == STATE_CLOSE && specimen_is_any(watch->settings, s)))
		return true;
	if (watch->kept[udp] == PORT_WATCH_MAX ||
	    (!udp && watch->explicit_count == PORT_WATCH_MAX)) {
		watch->omitted[udp] += dump != DIAG_EXPLICIT;
		portset_add(&watch->omitted_ports[udp], s->local_port);
		return true;
	}
	if (dump == DIAG_EXPLICIT)
		return keep_cookie(watch, s->cookie);
	struct port_holder *more =
	    array_grow(watch->holders, watch->holder_count, &watch->holder_room, sizeof(*more));
	if (more == NULL)
		return false;
	watch->holders = more;
	watch->kept[udp]++;
	more[watch->holder_count++] = (struct port_holder){
	    .port = s->local_port,
	    .kind = first_kind(dump, s),
	    .state = s->state,
	    .udp = udp,
	    .doubtful = udp && udp_is_doubtful(s),
	    .request = s->request,
	    .reusable = dump == DIAG_SOCKETS && reuse_of(watch->settings, s) == REUSE_YES,
	    .v6only = diag_v6only(s),
	    .local = s->local,
	    .peer = s->peer,
	    .peer_port =
		dump == DIAG_HOLDERS || (udp && s->state == STATE_CLOSE) ? 0 : s->peer_port,
	    .uid = s->uid,
	    .inode = s->inode,
	    .cookie = s->cookie,
	    .cgroup = s->mini ? 0 : diag_cgroup(s)};
	return true;
}

static int
compare_cookies(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static int
compare_holders(const void *left, const void *right)
{
	const struct port_holder *a = left, *b = right;
	if (a->udp != b->udp)
		return a->udp ? 1 : -1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	int order = addr_compare(&a->local, &b->local);
	if (order == 0)
		order = addr_compare(&a->peer, &b->peer);
	return order != 0 ? order : a->peer_port - b->peer_port;
}

/* A connection: which kind it is shows once all have been seen. */
static enum holder_kind
kind_of(const struct port_watch *watch, const struct census *census, const struct port_holder *h)
{
	if (h->udp || h->kind == HOLDER_LISTENER || h->kind == HOLDER_BOUND)
		return h->kind;
	if (watch->explicit_count > 0 &&
	    bsearch(&h->cookie, watch->explicit_cookies, watch->explicit_count, sizeof(h->cookie),
		    compare_cookies) != NULL)
		return HOLDER_EXPLICIT;
	if (h->request || census_listens(census, &h->local, h->port))
		return HOLDER_INBOUND;
	return range_has(&census->settings.range, h->port) ? HOLDER_OUTGOING : HOLDER_CONNECTION;
}

/* Bound idle sockets that this kernel does not list may be on any port. */
static bool
may_be_unseen(const struct census *census)
{
	return !(census->features >> FEATURE_BOUND_IDLE & 1) &&
	       (!census->idle_counted || census->idle > 0 || census->elsewhere > 0);
}

static enum port_reason
reason_of(const struct census *census, const struct portset *offered, uint16_t port)
{
	if (!range_has(&census->settings.range, port))
		return PORT_REASON_OUTSIDE;
	if (portset_has(&census->settings.reserved, port))
		return PORT_REASON_RESERVED;
	if (!portset_has(offered, port))
		return PORT_REASON_SKIPPED;
	if (portset_has(&census->listening, port))
		return PORT_REASON_LISTENER;
	if (portset_has(&census->bound, port))
		return PORT_REASON_BOUND;
	if (portset_has(&census->ambiguous, port))
		return PORT_REASON_AMBIGUOUS;
	if (!portset_has(&census->any, port) && may_be_unseen(census))
		return PORT_REASON_UNSEEN;
	return PORT_REASON_NONE;
}

/* What bind() can do with a port that nobody has. */
static enum port_bind
bind_alone(const struct settings *settings, uint16_t port)
{
	int32_t start = settings->unprivileged_start;
	return start != SETTING_ABSENT && port < start ? PORT_BIND_PRIVILEGED : PORT_BIND_YES;
}

static enum port_bind
worse(enum port_bind a, enum port_bind b)
{
	return a > b ? a : b;
}

/* inet_bind_conflict(): at a wildcard, every socket in the bucket is in the way, but for one of
 * IPv6 alone in the way of 0.0.0.0. A connection of IPv6 does not tell whether it is that
 * (inet_diag_msg_attrs_fill()): where connect() made it, it is not (ipv4_rcv_saddr_equal()). */
static void
judge_bind(const struct census *census, const struct port_watch *watch, struct port_state *state)
{
	state->bind = state->bind4 = bind_alone(&census->settings, state->port);
	state->specific = true;
	if (state->more || (!portset_has(&census->any, state->port) && may_be_unseen(census)))
		state->bind = state->bind4 = PORT_BIND_UNKNOWN;
	for (uint32_t i = 0; i < state->count; i++) {
		const struct port_holder *h = &watch->holders[state->first + i];
		enum port_bind verdict =
		    h->kind == HOLDER_LISTENER ? PORT_BIND_NO : PORT_BIND_REUSE;
		if (h->request)
			continue;
		state->specific &= !addr_is_any(&h->local);
		state->bind = worse(state->bind, verdict);
		if (!h->v6only)
			state->bind4 = worse(state->bind4, verdict);
	}
}

static void
judge(const struct census *census, const struct portset *offered, const struct port_watch *watch,
      struct port_state *state)
{
	state->reason = reason_of(census, offered, state->port);
	if (state->reason == PORT_REASON_AMBIGUOUS || state->reason == PORT_REASON_UNSEEN)
		state->connect = PORT_CONNECT_UNKNOWN;
	else
		state->connect =
		    state->reason == PORT_REASON_NONE ? PORT_CONNECT_YES : PORT_CONNECT_NO;
	for (uint32_t i = 0; i < state->count && state->connect == PORT_CONNECT_YES; i++)
		if (watch->holders[state->first + i].peer_port != 0 &&
		    !watch->holders[state->first + i].reusable)
			state->connect = PORT_CONNECT_OTHERS;
	if (state->more && state->connect == PORT_CONNECT_YES)
		state->connect = PORT_CONNECT_OTHERS;
	judge_bind(census, watch, state);
}

/* inet_rcv_saddr_equal(): a socket without an address and without IPV6_V6ONLY meets every other of
 * its port, one of IPv4 all but those of IPv6 alone. A connected one of IPv6 does not tell whether
 * it is that. Each port of the range is tried, and none is shared by peer. */
static void
judge_udp(const struct settings *settings, const struct port_watch *watch, struct port_state *state)
{
	enum port_bind alone = bind_alone(settings, state->port);
	bool unknown = state->more || watch->no_udp[0] != '\0';
	bool met = false, perhaps = unknown;
	state->specific = true;
	for (uint32_t i = 0; i < state->count; i++) {
		const struct port_holder *h = &watch->holders[state->first + i];
		state->specific &= !addr_is_any(&h->local);
		perhaps |= h->doubtful;
		met |= !h->doubtful && !h->v6only;
	}
	state->bind = state->count > 0 ? PORT_BIND_REUSE : unknown ? PORT_BIND_UNKNOWN : alone;
	state->bind4 = met ? PORT_BIND_REUSE : perhaps ? PORT_BIND_UNKNOWN : alone;
	if (!range_has(&settings->range, state->port))
		state->reason = PORT_REASON_OUTSIDE;
	else if (portset_has(&settings->reserved, state->port))
		state->reason = PORT_REASON_RESERVED;
	else if (state->count > 0)
		state->reason = PORT_REASON_UDP;
	else if (unknown)
		state->reason = state->more ? PORT_REASON_OMITTED : PORT_REASON_NO_UDP;
	state->connect = state->connect4 = PORT_CONNECT_NO;
	if (state->reason == PORT_REASON_NONE)
		state->connect = state->connect4 = PORT_CONNECT_YES;
	else if (state->reason == PORT_REASON_NO_UDP || state->reason == PORT_REASON_OMITTED)
		state->connect = state->connect4 = PORT_CONNECT_UNKNOWN;
	else if (state->reason == PORT_REASON_UDP && !met)
		state->connect4 = perhaps ? PORT_CONNECT_UNKNOWN : PORT_CONNECT_YES;
}

/* The sockets of UDP are not all there. */
static void
forget_udp(struct port_watch *watch)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < watch->holder_count; i++)
		if (!watch->holders[i].udp)
			watch->holders[kept++] = watch->holders[i];
	watch->holder_count = kept;
	watch->kept[1] = watch->omitted[1] = 0;
	portset_clear(&watch->omitted_ports[1]);
}

/* The states of one protocol; *at is where its sockets begin, and then where they end. */
static void
judge_all(struct port_watch *watch, const struct census *census, bool udp, uint32_t *at)
{
	struct portset offered;
	formula_offered(&census->settings, &offered);
	for (int port = portset_next(&watch->asked, 0); port >= 0;
	     port = portset_next(&watch->asked, (uint32_t)port + 1)) {
		struct port_state *state = &watch->states[watch->state_count++];
		*state = (struct port_state){
		    .port = (uint16_t)port,
		    .udp = udp,
		    .more = portset_has(&watch->omitted_ports[udp], (uint16_t)port),
		    .first = *at};
		while (*at < watch->holder_count && watch->holders[*at].port == port &&
		       watch->holders[*at].udp == udp)
			++*at;
		state->count = *at - state->first;
		if (udp)
			judge_udp(&census->settings, watch, state);
		else
			judge(census, &offered, watch, state);
	}
}

void
port_watch_again(struct port_watch *watch)
{
	watch->holder_count = watch->explicit_count = 0;
	memset(watch->kept, 0, sizeof(watch->kept));
	memset(watch->omitted, 0, sizeof(watch->omitted));
	memset(watch->omitted_ports, 0, sizeof(watch->omitted_ports));
}

bool
port_watch_end(struct port_watch *watch, const struct census *census)
{
	watch->states = calloc(2 * portset_count(&watch->asked) + 1, sizeof(*watch->states));
	if (watch->states == NULL)
		return false;
	watch->range = census->settings.range;
	watch->reserved = census->settings.reserved;
	if (!census->udp_held.available) {
		forget_udp(watch);
		snprintf(watch->no_udp, sizeof(watch->no_udp), "%s", census->udp_held.reason);
	}
	if (watch->explicit_count > 0)
		qsort(watch->explicit_cookies, watch->explicit_count,
		      sizeof(*watch->explicit_cookies), compare_cookies);
	for (uint32_t i = 0; i < watch->holder_count; i++)
		watch->holders[i].kind = kind_of(watch, census, &watch->holders[i]);
	if (watch->holder_count > 0)
		qsort(watch->holders, watch->holder_count, sizeof(*watch->holders),
		      compare_holders);
	uint32_t at = 0;
	judge_all(watch, census, false, &at);
	judge_all(watch, census, true, &at);
	return true;
}

void
port_watch_free(struct port_watch *watch)
{
	free(watch->holders);
	free(watch->explicit_cookies);
	free(watch->states);
	watch->holders = NULL;
	watch->explicit_cookies = NULL;
	watch->states = NULL;
}

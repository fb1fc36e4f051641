/* SPDX-License-Identifier: ISC */
#include "count/udp.h"

#include "base/array.h"
#include "count/severity.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the kernel takes for the IPv4 address of an IPv6 socket (LOOPBACK4_IPV6). */
static const uint8_t loopback4_ipv6[4] = {127, 0, 0, 6};

static void
hold(struct udp_held *held, uint16_t port)
{
	held->sockets++;
	portset_add(&held->ports, port);
}

/* Anybody may make as many of these. */
static bool
is_guest(const struct udp_census *census, const struct addr *address)
{
	const struct sources *own = census->own;
	bool known = own != NULL && own->known && own->omitted == 0;
	return addr_is_loopback(address) || (known && sources_find(own, address) == NULL);
}

/* The local address's, entered if there is room for it; *out is NULL if there is not. False with
 * errno ENOMEM. */
static bool
find_local(struct udp_census *census, const struct addr *address, struct udp_local **out)
{
	uint32_t hash = addr_hash(address), cursor = hash, i;
	*out = NULL;
	while ((i = lookup_next(&census->lookup, hash, &cursor)) != LOOKUP_NONE) {
		*out = &census->locals[i];
		if (addr_equal(&(*out)->address, address))
			return true;
	}
	*out = NULL;
	if (census->local_count == UDP_LOCALS_MAX)
		return true;
	bool guest = is_guest(census, address);
	if (guest && census->guest_count == UDP_GUESTS_MAX)
		return true;
	struct udp_local *locals =
	    array_grow(census->locals, census->local_count, &census->local_room, sizeof(*locals));
	if (locals == NULL)
		return false;
	census->locals = locals;
	if (!lookup_enter(&census->lookup, hash, census->local_count))
		return false;
	*out = &locals[census->local_count++];
	memset(*out, 0, sizeof(**out));
	(*out)->address = *address;
	census->guest_count += guest;
	return true;
}

/* An address that has no room of its own. False with errno ENOMEM. */
static bool
note_beyond(struct udp_census *census, const struct addr *address)
{
	uint32_t hash = addr_hash(address), cursor = hash, i;
	census->omitted++;
	while ((i = lookup_next(&census->beyond_lookup, hash, &cursor)) != LOOKUP_NONE)
		if (addr_equal(&census->beyond[i], address))
			return true;
	if (census->beyond_count == UDP_BEYOND_MAX)
		return true;
	struct addr *beyond =
	    array_grow(census->beyond, census->beyond_count, &census->beyond_room, sizeof(*beyond));
	if (beyond == NULL)
		return false;
	census->beyond = beyond;
	if (!lookup_enter(&census->beyond_lookup, hash, census->beyond_count))
		return false;
	beyond[census->beyond_count++] = *address;
	return true;
}

/* A socket at one address. */
static bool
add_local(struct udp_census *census, const struct diag_socket *s)
{
	struct addr address = s->local;
	struct udp_local *local;
	/* A caller without a device meets those with any; but a link-local address has one. */
	if (!addr_is_link_local(&address))
		address.zone = 0;
	if (!find_local(census, &address, &local))
		return false;
	if (local == NULL)
		return note_beyond(census, &address);
	hold(&local->held, s->local_port);
	return true;
}

static bool
is_v4(const struct diag_socket *s)
{
	return s->family == AF_INET || addr_is_v4(&s->local);
}

bool
udp_is_doubtful(const struct diag_socket *s)
{
	return !is_v4(s) && !addr_is_any(&s->local) && s->state == STATE_ESTABLISHED;
}

bool
udp_meets_v4(const struct diag_socket *s)
{
	if (is_v4(s) || udp_is_doubtful(s))
		return true;
	/* bind() to an IPv6 address makes a socket IPv6 only, and one that is not says so. */
	return s->state != STATE_ESTABLISHED && !diag_v6only(s);
}

bool
udp_watch(struct udp_census *census)
{
	if (census->doubts == NULL)
		census->doubts = calloc(UINT16_MAX + 1, sizeof(*census->doubts));
	return census->doubts != NULL;
}

/* Keys are sums: the kernel lists sockets in any order. */
static void
hold_doubtful(struct udp_census *census, const struct diag_socket *s)
{
	hold(&census->doubtful, s->local_port);
	if (census->doubts == NULL)
		return;
	struct udp_doubt *doubt = &census->doubts[s->local_port];
	uint64_t mixed = (s->cookie + 1) * UINT64_C(0x9e3779b97f4a7c15);
	doubt->key += mixed ^ mixed >> 29;
	doubt->sockets++;
}

bool
udp_add(struct udp_census *census, const struct settings *settings, const struct diag_socket *s)
{
	uint16_t port = s->local_port;
	census->sockets++;
	if (!range_has(&settings->range, port) || portset_has(&settings->reserved, port))
		return true;
	bool any = addr_is_any(&s->local), v4 = is_v4(s);
	hold(&census->all, port);
	if (any && !v4)
		hold(s->interface == 0 ? &census->wild6 : &census->device6, port);
	if (udp_is_doubtful(s))
		hold_doubtful(census, s);
	else if (udp_meets_v4(s))
		hold(any ? &census->wild : &census->v4, port);
	return any || add_local(census, s);
}

void
udp_doubts(const struct udp_census *census, struct portset *out)
{
	*out = census->doubtful.ports;
	portset_andnot(out, &census->v4.ports);
	portset_andnot(out, &census->wild.ports);
	portset_andnot(out, &census->blocked);
	portset_andnot(out, &census->harmless);
}

void
udp_settle(struct udp_census *census, uint16_t port, bool blocked)
{
	portset_add(blocked ? &census->blocked : &census->harmless, port);
	portset_del(blocked ? &census->harmless : &census->blocked, port);
}

void
udp_none(struct udp_census *census, const char *reason)
{
	free(census->locals);
	free(census->beyond);
	free(census->doubts);
	lookup_free(&census->lookup);
	lookup_free(&census->beyond_lookup);
	memset(census, 0, sizeof(*census));
	snprintf(census->reason, sizeof(census->reason), "%s", reason);
}

/* What hinders one caller. */
struct caller {
	struct udp_held sure, perhaps;
};

static void
meet(struct udp_held *held, const struct udp_held *more)
{
	held->sockets += more->sockets;
	portset_or(&held->ports, &more->ports);
}

static void
fill_row(struct udp_row *row, const struct caller *c, const struct portset *offered)
{
	struct portset unsure = c->perhaps.ports;
	portset_andnot(&unsure, &c->sure.ports);
	row->sockets = c->sure.sockets + c->perhaps.sockets;
	row->capacity = portset_count(offered);
	row->remaining = portset_count_andnot(offered, &c->sure.ports);
	row->used = row->capacity - row->remaining;
	row->uncertain = portset_count(&unsure);
	row->percent = severity_percent(row->remaining, row->capacity);
}

/* Sockets in doubt, for an IPv4 caller whose address they would hold if they were not IPv6 only. */
static void
meet_doubtful(struct caller *c, const struct udp_census *census)
{
	const struct portset *harmless = &census->harmless;
	portset_or(&c->sure.ports, &census->blocked);
	meet(&c->perhaps, &census->doubtful);
	portset_andnot(&c->perhaps.ports, harmless);
	for (int port = portset_next(harmless, 0); census->doubts != NULL && port >= 0;
	     port = portset_next(harmless, (uint32_t)port + 1))
		c->perhaps.sockets -= census->doubts[port].sockets;
}

static void
meet_local(struct caller *c, const struct udp_census *census, const struct udp_local *local)
{
	c->sure = local->held;
	if (!addr_is_v4(&local->address)) {
		meet(&c->sure, &census->wild6);
		/* At a link-local address the caller has a device, perhaps another. */
		meet(addr_is_link_local(&local->address) ? &c->perhaps : &c->sure,
		     &census->device6);
		return;
	}
	meet(&c->sure, &census->wild);
	if (memcmp(local->address.octet + 12, loopback4_ipv6, sizeof(loopback4_ipv6)) == 0)
		meet_doubtful(c, census);
}

static int
by_remaining(const void *left, const void *right)
{
	const struct udp_row *a = left, *b = right;
	if (a->remaining != b->remaining)
		return a->remaining < b->remaining ? -1 : 1;
	return addr_compare(&a->address, &b->address);
}

bool
udp_count(const struct udp_census *census, const struct settings *settings, struct udp_tally *out)
{
	struct portset *offered = &out->offered;
	memset(out, 0, sizeof(*out));
	memcpy(out->reason, census->reason, sizeof(out->reason));
	if (!census->available)
		return true;
	out->rows = array_new(UDP_WILDCARDS + census->local_count, sizeof(*out->rows));
	if (out->rows == NULL)
		return false;
	out->available = true;
	out->sockets = census->sockets;
	out->omitted = census->omitted;
	out->omitted_locals = census->beyond_count;
	out->size = range_size(&settings->range);
	out->count = UDP_WILDCARDS + census->local_count;
	portset_add_range(offered, settings->range.low, settings->range.high);
	portset_andnot(offered, &settings->reserved);

	struct caller v4 = {.sure = census->v4};
	const struct caller both = {.sure = census->all};
	meet(&v4.sure, &census->wild);
	meet_doubtful(&v4, census);
	out->rows[0].address = addr_from_v4((const uint8_t[4]){0});
	out->rows[1].address = addr_from_v6((const uint8_t[16]){0});
	fill_row(&out->rows[0], &v4, offered);
	fill_row(&out->rows[1], &both, offered);
	for (uint32_t i = 0; i < census->local_count; i++) {
		struct caller caller = {.perhaps = {.sockets = 0}};
		struct udp_row *row = &out->rows[UDP_WILDCARDS + i];
		row->address = census->locals[i].address;
		meet_local(&caller, census, &census->locals[i]);
		fill_row(row, &caller, offered);
	}
	qsort(out->rows + UDP_WILDCARDS, census->local_count, sizeof(*out->rows), by_remaining);
	return true;
}

unsigned
udp_growth(struct udp_before *before, const struct udp_tally *now)
{
	unsigned most = 0;
	bool known = before->known;
	before->known = now->available;
	for (uint32_t i = 0; now->available && i < UDP_WILDCARDS; i++) {
		const struct udp_row *row = &now->rows[i];
		uint32_t used = before->used[i];
		before->used[i] = row->used;
		if (!known || row->used <= used || row->capacity == 0)
			continue;
		unsigned grown = (unsigned)((uint64_t)(row->used - used) * 100 / row->capacity);
		most = grown > most ? grown : most;
	}
	return most;
}

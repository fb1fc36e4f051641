/* SPDX-License-Identifier: ISC */
#include "count/nat_census.h"

#include "base/array.h"
#include "base/pool_key.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const struct port_range all_ports = {0, 65535};

/* What names a pool, as an entry of the table does. */
struct name {
	struct pool_key key;
	uint16_t zone;
	uint8_t protocol;
};

void
nat_census_init(struct nat_census *census, bool evicts)
{
	*census = (struct nat_census){.evicts = evicts};
}

static void
free_outsides(struct nat_census *census)
{
	for (uint32_t i = 0; i < census->outside_count; i++)
		for (int kin = 0; kin < NAT_KINS; kin++)
			portbag_free(&census->outsides[i].moved[kin]);
	free(census->outsides);
	lookup_free(&census->outside_index);
	census->outsides = NULL;
	census->outside_count = census->outside_room = 0;
}

void
nat_census_free(struct nat_census *census)
{
	for (uint32_t i = 0; i < census->count; i++) {
		portbag_free(&census->pools[i].held);
		portbag_free(&census->pools[i].evictable);
	}
	free(census->pools);
	lookup_free(&census->pool_index);
	free_outsides(census);
	free(census->insides);
	free(census->behind);
	lookup_free(&census->inside_index);
	nat_census_init(census, census->evicts);
}

static uint32_t
hash_of(const struct name *name)
{
	const uint32_t word[] = {pool_key_hash(name->key), name->zone, name->protocol};
	return lookup_hash(word, 3);
}

static struct pool_key
key_of(const struct nat_pool *pool)
{
	return (struct pool_key){&pool->outside, &pool->peer, pool->port};
}

static struct nat_pool *
find_pool(const struct nat_census *census, const struct name *name)
{
	uint32_t hash = hash_of(name), cursor = hash, at;
	while ((at = lookup_next(&census->pool_index, hash, &cursor)) != LOOKUP_NONE) {
		struct nat_pool *pool = &census->pools[at];
		if (pool->zone == name->zone && pool->protocol == name->protocol &&
		    pool_key_equal(key_of(pool), name->key))
			return pool;
	}
	return NULL;
}

/* *out is NULL where there is no room for it. False with errno ENOMEM. */
static bool
add_pool(struct nat_census *census, const struct name *name, struct nat_pool **out)
{
	*out = NULL;
	if (census->count == NAT_POOLS_MAX) {
		census->omitted++;
		return true;
	}
	struct nat_pool *pools =
	    array_grow(census->pools, census->count, &census->room, sizeof(*pools));
	if (pools == NULL)
		return false;
	census->pools = pools;
	if (!lookup_enter(&census->pool_index, hash_of(name), census->count))
		return false;
	struct nat_pool *pool = &pools[census->count++];
	*pool = (struct nat_pool){.outside = *name->key.local,
				  .peer = *name->key.peer,
				  .port = name->key.port,
				  .zone = name->zone,
				  .protocol = name->protocol};
	portbag_init(&pool->held);
	portbag_init(&pool->evictable);
	*out = pool;
	return true;
}

static struct nat_outside *
find_outside(const struct nat_census *census, const struct addr *address)
{
	uint32_t hash = addr_hash(address), cursor = hash, at;
	while ((at = lookup_next(&census->outside_index, hash, &cursor)) != LOOKUP_NONE)
		if (addr_equal(&census->outsides[at].address, address))
			return &census->outsides[at];
	return NULL;
}

/* *out stays NULL where there is no room for it. False with errno ENOMEM. */
static bool
want_outside(struct nat_census *census, const struct addr *address, struct nat_outside **out)
{
	*out = find_outside(census, address);
	if (*out != NULL || census->outside_count == NAT_OUTSIDES_MAX)
		return true;
	struct nat_outside *outsides = array_grow(census->outsides, census->outside_count,
						  &census->outside_room, sizeof(*outsides));
	if (outsides == NULL)
		return false;
	census->outsides = outsides;
	if (!lookup_enter(&census->outside_index, addr_hash(address), census->outside_count))
		return false;
	*out = &outsides[census->outside_count++];
	**out = (struct nat_outside){.address = *address};
	for (int kin = 0; kin < NAT_KINS; kin++)
		portbag_init(&(*out)->moved[kin]);
	return true;
}

/* Counts an entry for the host inside, if there is room for it. False with errno ENOMEM. */
static bool
count_inside(struct nat_census *census, uint32_t pool, const struct addr *address)
{
	const uint32_t word[] = {addr_hash(address), pool};
	uint32_t hash = lookup_hash(word, 2), cursor = hash, at;
	while ((at = lookup_next(&census->inside_index, hash, &cursor)) != LOOKUP_NONE) {
		struct nat_inside *inside = &census->insides[at];
		if (inside->pool == pool && addr_equal(&inside->address, address)) {
			inside->entries++;
			return true;
		}
	}
	if (census->inside_count == NAT_INSIDES_MAX)
		return true;
	struct nat_inside *insides = array_grow(census->insides, census->inside_count,
						&census->inside_room, sizeof(*insides));
	if (insides == NULL)
		return false;
	census->insides = insides;
	if (!lookup_enter(&census->inside_index, hash, census->inside_count))
		return false;
	insides[census->inside_count++] = (struct nat_inside){*address, pool, 1};
	return true;
}

static void
find_holders(struct nat_census *census)
{
	for (uint32_t i = 0; i < census->inside_count; i++) {
		const struct nat_inside *inside = &census->insides[i];
		struct nat_pool *pool = &census->pools[inside->pool];
		if (inside->entries < pool->holder_entries ||
		    (inside->entries == pool->holder_entries &&
		     addr_compare(&inside->address, &pool->holder) > 0))
			continue;
		pool->holder = inside->address;
		pool->holder_entries = inside->entries;
	}
}

/* The peer answers to the port that the connection has outside. */
static struct name
reply_name(const struct conntrack_entry *entry)
{
	const struct conntrack_tuple *t = &entry->reply;
	return (struct name){
	    {&t->destination, &t->source, t->source_port}, t->zone, entry->protocol};
}

static struct name
original_name(const struct conntrack_entry *entry)
{
	const struct conntrack_tuple *t = &entry->original;
	return (struct name){
	    {&t->destination, &t->source, t->source_port}, t->zone, entry->protocol};
}

static enum nat_kin
kin_of(uint8_t protocol)
{
	if (protocol == IPPROTO_SCTP)
		return NAT_SCTP;
	return conntrack_has_ids(protocol) ? NAT_ICMP : NAT_TCP_AND_UDP;
}

/* Source ports below have ranges of their own; and the port of one of the host's own connections,
 * where another has it already, is moved to any from 1024 on, whatever the rules are. */
static bool
shows_range(const struct conntrack_entry *entry)
{
	const struct port_range usual = nat_usual_range(entry->protocol);
	return entry->original.source_port >= usual.low &&
	       !addr_equal(&entry->original.source, &entry->reply.destination);
}

static bool
is_moved(const struct conntrack_entry *entry)
{
	return entry->original.source_port != entry->reply.destination_port;
}

static bool
see(struct nat_outside *outside, const struct conntrack_entry *entry)
{
	uint16_t port = entry->reply.destination_port;
	enum nat_kin kin = kin_of(entry->protocol);
	int new = is_moved(entry) ? portbag_add(&outside->moved[kin], &all_ports, port) : 0;
	if (new >= 0)
		nat_seen_add(&outside->seen[kin], port, new == 1);
	return new >= 0;
}

static bool
hold(const struct nat_census *census, struct nat_pool *pool, uint16_t port, bool evictable)
{
	struct portbag *bag = census->evicts && evictable ? &pool->evictable : &pool->held;
	return portbag_add(bag, &all_ports, port) >= 0;
}

/* Each packet gives an entry the whole time again (nf_ct_refresh_acct()). */
static bool
is_idle(const struct nat_census *census, const struct conntrack_entry *entry)
{
	return entry->state == CONNTRACK_ESTABLISHED && entry->left_s > NAT_ENDING_S &&
	       (uint64_t)entry->left_s + NAT_IDLE_S <= census->established_s;
}

/* By the tuple from the peer back to the port that it has outside. */
static bool
hold_back(const struct nat_census *census, struct nat_pool *pool,
	  const struct conntrack_entry *entry)
{
	pool->idle += is_idle(census, entry);
	return hold(census, pool, entry->reply.destination_port, conntrack_is_evictable(entry));
}

/* One whose source is translated: it makes its pool, and may show the range. */
static bool
take_translated(struct nat_census *census, const struct conntrack_entry *entry)
{
	const struct name name = reply_name(entry);
	struct nat_outside *outside;
	if (!conntrack_is_translated(entry))
		return true;
	if (!want_outside(census, name.key.local, &outside))
		return false;
	if (outside == NULL) {
		census->omitted++;
		return true;
	}
	if (shows_range(entry) && !see(outside, entry))
		return false;
	struct nat_pool *pool = find_pool(census, &name);
	if (pool == NULL && !add_pool(census, &name, &pool))
		return false;
	if (pool == NULL)
		return true;
	if (shows_range(entry))
		nat_seen_add(&pool->seen, entry->reply.destination_port, is_moved(entry));
	pool->translated++;
	pool->moved += is_moved(entry);
	return count_inside(census, (uint32_t)(pool - census->pools), &entry->original.source) &&
	       hold_back(census, pool, entry);
}

/* Who else has a port of a pool: one of the host's own, and whoever came in from the peer's very
 * port: not of ICMP, whose questions and answers differ. */
static bool
take_holder(const struct nat_census *census, const struct conntrack_entry *entry)
{
	const struct name back = reply_name(entry), forth = original_name(entry);
	struct nat_pool *pool = conntrack_is_translated(entry) ? NULL : find_pool(census, &back);
	if (pool != NULL && !hold_back(census, pool, entry))
		return false;
	pool = conntrack_has_ids(entry->protocol) ? NULL : find_pool(census, &forth);
	return pool == NULL || hold(census, pool, entry->original.destination_port, false);
}

bool
nat_census_take(void *arg, enum conntrack_dump dump, const struct conntrack_entry *entry)
{
	struct nat_census *census = arg;
	return dump == CONNTRACK_TRANSLATED ? take_translated(census, entry)
					    : take_holder(census, entry);
}

/* Ports, for pool after pool. */
struct desk {
	struct portset all, in_range, taken; /* taken: empty between pools */
	struct port_range range;             /* that of in_range */
};

static void
desk_init(struct desk *desk)
{
	portset_clear(&desk->all);
	portset_add_range(&desk->all, all_ports.low, all_ports.high);
	desk->in_range = desk->all;
	desk->range = all_ports;
	portset_clear(&desk->taken);
}

static void
set_range(struct desk *desk, const struct port_range *range)
{
	if (desk->range.low == range->low && desk->range.high == range->high)
		return;
	desk->range = *range;
	portset_clear(&desk->in_range);
	portset_add_range(&desk->in_range, range->low, range->high);
}

/* How many of the ports in `within` the pool has; of *evictable only evictable entries. */
static uint32_t
count_taken(struct desk *desk, const struct nat_pool *pool, const struct portset *within,
	    uint32_t *evictable)
{
	uint32_t held = portbag_add_new(&pool->held, &all_ports, within, &desk->taken);
	*evictable = portbag_add_new(&pool->evictable, &all_ports, within, &desk->taken);
	portbag_take_from(&pool->held, &all_ports, &desk->taken);
	portbag_take_from(&pool->evictable, &all_ports, &desk->taken);
	return held + *evictable;
}

/* Most pools have few ports: they cost what these do. */
static void
work_out_few(struct nat_pool *pool, struct desk *desk)
{
	uint32_t evictable;
	set_range(desk, &pool->range);
	pool->entries = count_taken(desk, pool, &desk->all, &evictable);
	uint32_t taken = count_taken(desk, pool, &desk->in_range, &evictable);
	nat_usage_easy(taken, evictable, &pool->range, &pool->usage);
}

static void
work_out_many(struct nat_pool *pool)
{
	struct portset taken, evictable;
	portset_clear(&taken);
	portset_clear(&evictable);
	portbag_add_to(&pool->evictable, &all_ports, &evictable);
	portbag_take_from(&pool->held, &all_ports, &evictable);
	portbag_add_to(&pool->held, &all_ports, &taken);
	portset_or(&taken, &evictable);
	pool->entries = portset_count(&taken);
	nat_usage(&taken, &evictable, &pool->range, &pool->usage);
}

static void
work_out(const struct nat_census *census, struct nat_pool *pool, struct desk *desk)
{
	const struct nat_outside *outside = find_outside(census, &pool->outside);
	const struct nat_range_question question = {.protocol = pool->protocol,
						    .outside = &pool->outside,
						    .own = &pool->seen,
						    .seen = &outside->seen[kin_of(pool->protocol)]};
	pool->from = nat_range_of(&census->rules, &question, &pool->range);
	if (nat_is_easy(pool->held.count + pool->evictable.count, &pool->range))
		work_out_few(pool, desk);
	else
		work_out_many(pool);
	pool->lost_ppm = nat_lost_ppm(&pool->usage, pool->moved, pool->translated);
	portbag_free(&pool->held);
	portbag_free(&pool->evictable);
}

const char *
nat_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_UDP: return "udp";
	case IPPROTO_SCTP: return "sctp";
	case IPPROTO_ICMP: return "icmp";
	case IPPROTO_ICMPV6: return "icmpv6";
	default: return "tcp";
	}
}

const char *
nat_pool_unit(const struct nat_pool *pool)
{
	return conntrack_has_ids(pool->protocol) ? "identifier" : "port";
}

const char *
nat_pool_flow(const struct nat_pool *pool)
{
	return conntrack_has_ids(pool->protocol) ? "ping" : "connection";
}

const char *
nat_pool_protocol(const struct nat_pool *pool, char out[static NAT_PROTOCOL_MAX])
{
	const char *name = nat_protocol_name(pool->protocol);
	if (pool->zone == 0)
		snprintf(out, NAT_PROTOCOL_MAX, "%s", name);
	else
		snprintf(out, NAT_PROTOCOL_MAX, "%s/%u", name, pool->zone);
	return out;
}

const char *
nat_pool_peer(const struct nat_pool *pool, char out[static ADDR_PORT_TEXT_MAX])
{
	return pool->port == 0 ? addr_text(&pool->peer, out)
			       : addr_port_text(&pool->peer, pool->port, out);
}

const char *
nat_pool_holder(const struct nat_pool *pool, char out[static NAT_HOLDER_TEXT_MAX])
{
	char address[ADDR_TEXT_MAX];
	snprintf(out, NAT_HOLDER_TEXT_MAX, "%s%s%s", addr_text(&pool->holder, address),
		 pool->behind != NULL ? " in " : "", pool->behind != NULL ? pool->behind : "");
	return out;
}

const char *
nat_pool_text(const struct nat_pool *pool, char out[static NAT_POOL_TEXT_MAX])
{
	char protocol[NAT_PROTOCOL_MAX], outside[ADDR_TEXT_MAX], peer[ADDR_PORT_TEXT_MAX];
	snprintf(out, NAT_POOL_TEXT_MAX, "%s %s -> %s", nat_pool_protocol(pool, protocol),
		 addr_text(&pool->outside, outside), nat_pool_peer(pool, peer));
	return out;
}

int
nat_pool_compare(const struct nat_pool *a, const struct nat_pool *b)
{
	if (a->protocol != b->protocol)
		return (int)a->protocol - (int)b->protocol;
	int order = pool_key_compare(key_of(a), key_of(b));
	return order != 0 ? order : (int)a->zone - (int)b->zone;
}

static int
by_tightness(const void *a, const void *b)
{
	const struct nat_pool *p = a, *q = b;
	if (p->usage.loss_ppm != q->usage.loss_ppm)
		return p->usage.loss_ppm > q->usage.loss_ppm ? -1 : 1;
	if (p->usage.remaining != q->usage.remaining)
		return p->usage.remaining < q->usage.remaining ? -1 : 1;
	return nat_pool_compare(p, q);
}

void
nat_census_end(struct nat_census *census)
{
	struct desk desk;
	desk_init(&desk);
	find_holders(census);
	for (uint32_t i = 0; i < census->count; i++)
		work_out(census, &census->pools[i], &desk);
	/* Positions change: nobody looks for a pool any more. */
	lookup_free(&census->pool_index);
	free_outsides(census);
	lookup_free(&census->inside_index);
	free(census->insides);
	census->insides = NULL;
	census->inside_count = census->inside_room = 0;
	if (census->count > 0)
		qsort(census->pools, census->count, sizeof(*census->pools), by_tightness);
}

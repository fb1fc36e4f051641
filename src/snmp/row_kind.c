/* SPDX-License-Identifier: ISC */
#include "snmp/row_kind.h"

#include "base/lookup.h"
#include "base/pool_key.h"
#include "snmp/mib_index.h"

#include <string.h>

#define PORTS_MOST 65535

static int
compare_pools(const void *left, const void *right)
{
	const struct pool_tally *a = &((const struct pool_row *)left)->t;
	const struct pool_tally *b = &((const struct pool_row *)right)->t;
	return pool_key_compare(POOL_KEY(a), POOL_KEY(b));
}

static int
compare_owners(const void *left, const void *right)
{
	const struct owner *a = &((const struct owner_row *)left)->t;
	const struct owner *b = &((const struct owner_row *)right)->t;
	int by_pool = pool_key_compare(POOL_KEY(a), POOL_KEY(b));
	return by_pool != 0 ? by_pool : (int)a->number - (int)b->number;
}

static int
compare_peers(const void *left, const void *right)
{
	return addr_compare(&((const struct peer_row *)left)->t.peer,
			    &((const struct peer_row *)right)->t.peer);
}

static int
compare_locals(const void *left, const void *right)
{
	return addr_compare(&((const struct local_row *)left)->t.address,
			    &((const struct local_row *)right)->t.address);
}

/* By length, then by octets: the order of the encoded names. */
static int
compare_names(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

static int
compare_targets(const void *left, const void *right)
{
	return compare_names(((const struct target_row *)left)->t.target->name,
			     ((const struct target_row *)right)->t.target->name);
}

static int
compare_netns(const void *left, const void *right)
{
	return compare_names(((const struct netns_row *)left)->t.name,
			     ((const struct netns_row *)right)->t.name);
}

static int
compare_netns_pools(const void *left, const void *right)
{
	const struct netns_pool_tally *a = &((const struct netns_pool_row *)left)->t;
	const struct netns_pool_tally *b = &((const struct netns_pool_row *)right)->t;
	int by_name = compare_names(a->name, b->name);
	return by_name != 0 ? by_name : pool_key_compare(POOL_KEY(&a->pool), POOL_KEY(&b->pool));
}

static int
compare_alarms(const void *left, const void *right)
{
	uint32_t a = ((const struct alarm_row *)left)->t.id;
	uint32_t b = ((const struct alarm_row *)right)->t.id;
	return (a > b) - (a < b);
}

static int
compare_udp_locals(const void *left, const void *right)
{
	return addr_compare(&((const struct udp_local_row *)left)->t.address,
			    &((const struct udp_local_row *)right)->t.address);
}

static int
compare_lows(const void *left, const void *right)
{
	return addr_compare(&((const struct low_row *)left)->t.address,
			    &((const struct low_row *)right)->t.address);
}

static int
compare_nat(const void *left, const void *right)
{
	return nat_pool_compare(&((const struct nat_row *)left)->t,
				&((const struct nat_row *)right)->t);
}

static struct claim
claim_pool(const void *tally, const void *found)
{
	const struct pool_tally *p = tally;
	const struct finding *f = found;
	return (struct claim){f->verdict.severity, p->target != 0, p->usage.remaining,
			      p->usage.capacity, pool_key_hash(POOL_KEY(p))};
}

static struct claim
claim_peer(const void *tally, const void *found)
{
	const struct peer_tally *p = tally;
	const struct finding *f = found;
	return (struct claim){f->verdict.severity, p->targeted != 0, p->usage.tightest,
			      p->usage.capacity, addr_hash(&p->peer)};
}

static struct claim
claim_local(const void *tally, const void *found)
{
	const struct local_tally *l = tally;
	return (struct claim){*(const enum severity *)found, false, l->remaining,
			      l->used + l->remaining, addr_hash(&l->address)};
}

static struct claim
claim_udp_local(const void *tally, const void *found)
{
	const struct udp_row *u = tally;
	return (struct claim){((const struct verdict *)found)->severity, false, u->remaining,
			      u->capacity, addr_hash(&u->address)};
}

static struct claim
claim_nat(const void *tally, const void *found)
{
	const struct nat_pool *p = tally;
	const struct pool_key key = {&p->outside, &p->peer, p->port};
	return (struct claim){((const struct verdict *)found)->severity, false, p->usage.remaining,
			      p->usage.capacity, pool_key_hash(key)};
}

static uint32_t
hash_name(const char name[static NAMESPACE_NAME_MAX])
{
	uint32_t word[(NAMESPACE_NAME_MAX + 3) / 4] = {0};
	memcpy(word, name, strnlen(name, NAMESPACE_NAME_MAX));
	return lookup_hash(word, sizeof(word) / sizeof(word[0]));
}

/* Of what is known of none of them, more than a bound, the severity makes no claim. */
static struct claim
claim_netns(const void *tally, const void *found)
{
	const struct netns_tally *n = tally;
	enum severity severity = n->severity == SEVERITY_UNKNOWN ? SEVERITY_NORMAL : n->severity;
	(void)found;
	return (struct claim){severity, false, PORTS_MOST - n->most_used, PORTS_MOST,
			      hash_name(n->name)};
}

static struct claim
claim_netns_pool(const void *tally, const void *found)
{
	const struct netns_pool_tally *p = tally;
	return (struct claim){((const struct verdict *)found)->severity, false,
			      p->pool.usage.remaining, p->pool.usage.capacity,
			      hash_name(p->name) ^ pool_key_hash(POOL_KEY(&p->pool))};
}

static size_t
encode_pool(const void *row, uint32_t *out)
{
	return mib_index_pool(&((const struct pool_row *)row)->t, out);
}

static size_t
encode_peer(const void *row, uint32_t *out)
{
	return mib_index_peer(&((const struct peer_row *)row)->t, out);
}

static size_t
encode_local(const void *row, uint32_t *out)
{
	return mib_index_local(&((const struct local_row *)row)->t, out);
}

static size_t
encode_target(const void *row, uint32_t *out)
{
	return mib_index_target(((const struct target_row *)row)->t.target->name, out);
}

static size_t
encode_alarm(const void *row, uint32_t *out)
{
	return mib_index_alarm(&((const struct alarm_row *)row)->t, out);
}

static size_t
encode_owner(const void *row, uint32_t *out)
{
	return mib_index_owner(&((const struct owner_row *)row)->t, out);
}

static size_t
encode_udp_local(const void *row, uint32_t *out)
{
	return mib_index_addr(&((const struct udp_local_row *)row)->t.address, out);
}

static size_t
encode_low(const void *row, uint32_t *out)
{
	return mib_index_addr(&((const struct low_row *)row)->t.address, out);
}

static size_t
encode_nat(const void *row, uint32_t *out)
{
	return mib_index_nat(&((const struct nat_row *)row)->t, out);
}

static size_t
encode_netns(const void *row, uint32_t *out)
{
	return mib_index_target(((const struct netns_row *)row)->t.name, out);
}

static size_t
encode_netns_pool(const void *row, uint32_t *out)
{
	const struct netns_pool_tally *t = &((const struct netns_pool_row *)row)->t;
	size_t n = mib_index_target(t->name, out);
	return n + mib_index_pool(&t->pool, out + n);
}

/* With a member that holds what was found, and without. */
#define ROW_KIND(row, found, index_max, claim, compare, encode)                                    \
	{                                                                                          \
		sizeof(struct row), offsetof(struct row, t), sizeof(((struct row *)0)->t),         \
		    offsetof(struct row, found), sizeof(((struct row *)0)->found), index_max,      \
		    claim, compare, encode                                                         \
	}
#define UNFOUND_KIND(row, index_max, claim, compare, encode)                                       \
	{                                                                                          \
		sizeof(struct row), offsetof(struct row, t), sizeof(((struct row *)0)->t), 0, 0,   \
		    index_max, claim, compare, encode                                              \
	}
#define PLAIN_KIND(row, index_max, compare, encode)                                                \
	UNFOUND_KIND(row, index_max, NULL, compare, encode)

const struct row_kind row_kinds[ROW_TABLES] = {
    [ROWS_OF_POOLS] =
	ROW_KIND(pool_row, f, MIB_INDEX_POOL_MAX, claim_pool, compare_pools, encode_pool),
    [ROWS_OF_PEERS] =
	ROW_KIND(peer_row, f, MIB_INDEX_PEER_MAX, claim_peer, compare_peers, encode_peer),
    [ROWS_OF_LOCALS] = ROW_KIND(local_row, severity, MIB_INDEX_LOCAL_MAX, claim_local,
				compare_locals, encode_local),
    [ROWS_OF_TARGETS] =
	ROW_KIND(target_row, f, MIB_INDEX_TARGET_MAX, NULL, compare_targets, encode_target),
    [ROWS_OF_ALARMS] = PLAIN_KIND(alarm_row, MIB_INDEX_ALARM_MAX, compare_alarms, encode_alarm),
    [ROWS_OF_OWNERS] = PLAIN_KIND(owner_row, MIB_INDEX_OWNER_MAX, compare_owners, encode_owner),
    [ROWS_OF_LOWS] = PLAIN_KIND(low_row, MIB_INDEX_ADDR_MAX, compare_lows, encode_low),
    [ROWS_OF_UDP_LOCALS] = ROW_KIND(udp_local_row, verdict, MIB_INDEX_ADDR_MAX, claim_udp_local,
				    compare_udp_locals, encode_udp_local),
    [ROWS_OF_NAT] = ROW_KIND(nat_row, f, MIB_INDEX_NAT_MAX, claim_nat, compare_nat, encode_nat),
    [ROWS_OF_NETNS] =
	UNFOUND_KIND(netns_row, MIB_INDEX_TARGET_MAX, claim_netns, compare_netns, encode_netns),
    [ROWS_OF_NETNS_RANGES] =
	PLAIN_KIND(netns_row, MIB_INDEX_TARGET_MAX, compare_netns, encode_netns),
    [ROWS_OF_NETNS_POOLS] = ROW_KIND(netns_pool_row, f, MIB_INDEX_TARGET_MAX + MIB_INDEX_POOL_MAX,
				     claim_netns_pool, compare_netns_pools, encode_netns_pool),
};

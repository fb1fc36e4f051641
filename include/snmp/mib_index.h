/* SPDX-License-Identifier: ISC */
/*
 * mib_index: the OID suffix of a row, as the INDEX clauses of SRCPORT-MIB make it. Pure.
 *
 * An address is three things in a row: its InetAddressType, the number of its octets (the object
 * has no fixed size: RFC 2578, 7.7), its octets. As the type decides the number of octets, the
 * order of the encoded suffixes is the order of addr_compare() and of the ports, member by member;
 * whoever sorts tallies that way has sorted rows in MIB order.
 */
#ifndef SRCPORTD_MIB_INDEX_H
#define SRCPORTD_MIB_INDEX_H

#include "alarm/alarm.h"
#include "count/nat_census.h"
#include "count/tally.h"
#include "owners/owner_list.h"

/* Sub-identifiers of the longest suffix of each kind. */
#define MIB_INDEX_ADDR_MAX   22
#define MIB_INDEX_PEER_MAX   MIB_INDEX_ADDR_MAX
#define MIB_INDEX_LOCAL_MAX  MIB_INDEX_ADDR_MAX
#define MIB_INDEX_POOL_MAX   (2 * MIB_INDEX_ADDR_MAX + 1)
#define MIB_INDEX_OWNER_MAX  (MIB_INDEX_POOL_MAX + 1)
#define MIB_INDEX_TARGET_MAX (TARGET_NAME_MAX + 1)
#define MIB_INDEX_ALARM_MAX  1
#define MIB_INDEX_NAT_MAX    (MIB_INDEX_POOL_MAX + 2)

/* Each writes the suffix to out, which has room for the ..._MAX of its kind, and returns the number
 * of sub-identifiers written. */
size_t mib_index_addr(const struct addr *address, uint32_t *out);
size_t mib_index_peer(const struct peer_tally *peer, uint32_t *out);    /* address */
size_t mib_index_local(const struct local_tally *local, uint32_t *out); /* address */
size_t mib_index_pool(const struct pool_tally *pool, uint32_t *out);    /* peer, port, local */
size_t mib_index_target(const char *name, uint32_t *out);               /* length, octets */
size_t mib_index_alarm(const struct alarm *alarm, uint32_t *out);       /* number */
size_t mib_index_owner(const struct owner *owner, uint32_t *out);       /* pool, number */

/* protocol, peer, port, outside address, zone */
size_t mib_index_nat(const struct nat_pool *pool, uint32_t *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * notification_pdu: a notification as the objects of its notification, with their values. Pure; the
 * values come from the columns that serve the tables.
 */
#ifndef SRCPORTD_NOTIFICATION_PDU_H
#define SRCPORTD_NOTIFICATION_PDU_H

#include "alarm/alarm.h"
#include "snmp/mibtree.h"

#define PDU_BINDS_MAX 10

/* Octets that the variable bindings of a notification may take when they are encoded, sysUpTime and
 * snmpTrapOID not counted: what RFC 1157 obliges every manager to accept for a whole message. */
#define PDU_OCTETS_MAX 484

struct pdu_bind {
	uint32_t sub[4]; /* below srcPortObjects */
	size_t length;
	struct mib_value value;
};

/* Writes the bindings in the order of the notification's OBJECTS clause. base_octets is what the
 * encoded OID of srcPortMIB takes (pdu_oid_octets()). If all together would be larger than
 * PDU_OCTETS_MAX, parts of the message are left out (sentence_shorten()), or, if its first does not
 * fit, it is cut at a space, with "..." behind it. Returns their number. */
size_t pdu_binds(const struct notification *notification, size_t base_octets,
		 struct pdu_bind out[static PDU_BINDS_MAX]);

/* Octets of an encoded OID, without tag and length (X.690, 8.19). */
size_t pdu_oid_octets(const uint32_t *sub, size_t length);

/* Octets of a binding when it is encoded. */
size_t pdu_bind_octets(const struct pdu_bind *bind, size_t base_octets);

#endif

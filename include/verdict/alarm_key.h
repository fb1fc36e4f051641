/* SPDX-License-Identifier: ISC */
/*
 * alarm_key: what an alarm is about, and the text that stands for it for ever. Pure.
 *
 *     pool LOCAL -> PEER:PORT                 target NAME        host
 *     pool LOCAL -> PEER:PORT in NAMESPACE    local ADDRESS      host figures
 *     nat PROTOCOL OUTSIDE -> PEER[:PORT]     udp ADDRESS        limit NAME
 *     peer PEER                               local ADDRESS in NAMESPACE
 *     inbound                                 udp ADDRESS in NAMESPACE
 *
 * What has a namespace is of another network namespace than our own. PROTOCOL is tcp, udp or
 * the like, with /ZONE behind it where connection tracking has zones.
 *
 * A pool's zone stands behind LOCAL alone: a peer that has one is reached over the same interface.
 *
 * The text is the same in every notification about the subject, before and after any restart: a
 * manager pairs what was raised with what was cleared by it.
 */
#ifndef SRCPORTD_ALARM_KEY_H
#define SRCPORTD_ALARM_KEY_H

#include "base/addr.h"
#include "count/target.h"

/* The numbers are SrcPortSubjectKind of the MIB. */
enum alarm_kind {
	ALARM_POOL = 1,   /* a pool that belongs to no target: by its ports */
	ALARM_PEER = 2,   /* a peer that is not wholly a target's: by its CLOSE_WAIT */
	ALARM_TARGET = 3, /* a target: by the ports of its tightest pool, and its CLOSE_WAIT */
	ALARM_LOCAL = 4,  /* a local address: by what bind() can still get */
	ALARM_HOST = 5,   /* the host: by the ports that no socket holds */
	ALARM_LIMIT = 6,  /* another limit of the host */
	ALARM_UDP = 7,    /* a local address, or all: by what UDP sockets can still get */
	ALARM_NAT = 8,    /* a pool of address translation */
	/* In another network namespace a pool, or by its name what UDP or bind() can still get. */
	ALARM_NAMESPACE_POOL = 9,
	ALARM_INBOUND = 10 /* accepted connections that are not closed */
};

#define ALARM_KINDS (ALARM_INBOUND + 1) /* for an array by kind */

#define ALARM_FIGURES "figures" /* name of ALARM_HOST where these are too old to judge */

/* Names of ALARM_NAMESPACE_POOL; "" = a pool. */
#define ALARM_SPACE_UDP   "udp"
#define ALARM_SPACE_LOCAL "local"

#define ALARM_SPACE_MAX 32 /* octets of the name of a namespace, without the NUL */

/* Members that the kind does not need are zero. */
struct alarm_subject {
	enum alarm_kind kind;
	uint16_t port;
	struct addr local, peer;
	char name[TARGET_NAME_MAX + 1];  /* of ALARM_NAT its protocol and zone */
	char space[ALARM_SPACE_MAX + 1]; /* network namespace; empty = our own */
};

#define ALARM_KEY_MAX (2 * ADDR_PORT_TEXT_MAX + TARGET_NAME_MAX + ALARM_SPACE_MAX + 16)

/* Writes the text. Returns buf. */
const char *alarm_key(const struct alarm_subject *subject, char buf[static ALARM_KEY_MAX]);

/* The way back. False if it is no such text; *out is then not to be used. */
bool alarm_key_parse(const char *key, struct alarm_subject *out);

/* True for what a host may have any number of: pools of every kind, peers and local addresses. */
bool alarm_kind_is_many(enum alarm_kind kind);

/* True for ALARM_HOST by the name of ALARM_FIGURES. */
bool alarm_subject_is_figures(const struct alarm_subject *subject);

/* Two subjects are the same if they have the same key; then the hash (lookup.h) is the same. */
bool alarm_subject_equal(const struct alarm_subject *a, const struct alarm_subject *b);
uint32_t alarm_subject_hash(const struct alarm_subject *subject);

#endif

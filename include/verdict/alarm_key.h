/* SPDX-License-Identifier: ISC */
/*
 * alarm_key: what an alarm is about, and the text that stands for it for ever. Pure.
 *
 *     pool LOCAL -> PEER:PORT      target NAME       host
 *     peer PEER                    local ADDRESS     limit NAME
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

/* The numbers are SrcPortAlarmKind of the MIB. */
enum alarm_kind {
	ALARM_POOL = 1,   /* a pool that belongs to no target: by its ports */
	ALARM_PEER = 2,   /* a peer that is not wholly a target's: by its CLOSE_WAIT */
	ALARM_TARGET = 3, /* a target: by the ports of its tightest pool, and its CLOSE_WAIT */
	ALARM_LOCAL = 4,  /* a local address: by what bind() can still get */
	ALARM_HOST = 5,   /* the host: by the ports that no socket holds */
	ALARM_LIMIT = 6   /* another limit of the host */
};

/* Members that the kind does not need are zero. */
struct alarm_subject {
	enum alarm_kind kind;
	uint16_t port;
	struct addr local, peer;
	char name[TARGET_NAME_MAX + 1];
};

#define ALARM_KEY_MAX (2 * ADDR_PORT_TEXT_MAX + 12)

/* Writes the text. Returns buf. */
const char *alarm_key(const struct alarm_subject *subject, char buf[static ALARM_KEY_MAX]);

/* The way back. False if it is no such text; *out is then not to be used. */
bool alarm_key_parse(const char *key, struct alarm_subject *out);

/* Two subjects are the same if they have the same key; then the hash (lookup.h) is the same. */
bool alarm_subject_equal(const struct alarm_subject *a, const struct alarm_subject *b);
uint32_t alarm_subject_hash(const struct alarm_subject *subject);

#endif

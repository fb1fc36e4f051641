/* SPDX-License-Identifier: ISC */
/*
 * target: a peer that the operator named: ADDR, ADDR:PORT, [V6]:PORT or a CIDR, which may have a
 * port too: 10.0.0.0/8:443, [2001:db8::/32]:443 or [2001:db8::]/32:443. Pure.
 */
#ifndef SRCPORTD_TARGET_H
#define SRCPORTD_TARGET_H

#include "base/addr.h"
#include "count/severity.h"

#define TARGET_NAME_MAX 32 /* octets of a name, without the NUL */
#define TARGET_SPEC_MAX (ADDR_PORT_TEXT_MAX + 8)

struct target {
	char name[TARGET_NAME_MAX + 1]; /* as configured; empty for one from the command line */
	struct addr net;
	uint8_t bits;  /* prefix length: 32 or 128 for a single address */
	uint16_t port; /* 0 = every port */
	struct level_band levels;
};

/* Parses a specification; name is left empty, levels are left as they are. Returns NULL and sets
 * *out, or returns what it should have been (static text) and leaves *out as it was. */
const char *target_parse(const char *text, struct target *out);

/* True for 1 to TARGET_NAME_MAX characters of printable ASCII without quotes: a name becomes an
 * index of the MIB, a part of a key and a word of a message. */
bool target_name_valid(const char *name);

/* True if connections to peer:port are the target's. */
bool target_matches(const struct target *target, const struct addr *peer, uint16_t port);

/* The specification as text, as target_parse() reads it. Returns buf. */
const char *target_text(const struct target *target, char buf[static TARGET_SPEC_MAX]);

#endif

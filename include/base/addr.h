/* SPDX-License-Identifier: ISC */
/*
 * addr: one IP address of either family, as key, as text and as InetAddress.
 *
 * IPv4 is held in its IPv4-mapped form (::ffff:a.b.c.d), so that an AF_INET6 socket that speaks to
 * an IPv4 peer falls into the IPv4 pool by itself, as in the kernel's own lookup.
 */
#ifndef SRCPORTD_ADDR_H
#define SRCPORTD_ADDR_H

#include "base/lookup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Text of the longest address, with a zone and the NUL. */
#define ADDR_TEXT_MAX 64

/* InetAddressType (RFC 4001). */
enum addr_type { ADDR_UNKNOWN = 0, ADDR_IPV4 = 1, ADDR_IPV6 = 2, ADDR_IPV4Z = 3, ADDR_IPV6Z = 4 };

struct addr {
	uint8_t octet[16]; /* network byte order; IPv4 in the last four after ::ffff */
	uint32_t zone;     /* interface index of a device-bound or link-local address; 0 = none */
};

/* The address from 4 (IPv4) or 16 (IPv6) octets in network byte order; zone 0. */
struct addr addr_from_v4(const void *octets);
struct addr addr_from_v6(const void *octets);

bool addr_is_v4(const struct addr *a);         /* IPv4-mapped */
bool addr_is_any(const struct addr *a);        /* 0.0.0.0 or :: (with or without a zone) */
bool addr_is_loopback(const struct addr *a);   /* 127.0.0.0/8, also IPv4-mapped, or ::1 */
bool addr_is_link_local(const struct addr *a); /* fe80::/10 */
bool addr_equal(const struct addr *a, const struct addr *b);

/* The address as words to be hashed, zone included: it has no padding. */
#define ADDR_WORDS 5
_Static_assert(sizeof(struct addr) == ADDR_WORDS * sizeof(uint32_t), "an address is five words");
static inline void
addr_words(const struct addr *a, uint32_t out[static ADDR_WORDS])
{
	memcpy(out, a, ADDR_WORDS * sizeof(*out));
}

/* A hash of the address for lookup.h, zone included; inline: it is worked out for each socket. */
static inline uint32_t
addr_hash(const struct addr *a)
{
	uint32_t word[ADDR_WORDS];
	addr_words(a, word);
	return lookup_hash(word, ADDR_WORDS);
}

/* Order of the MIB: type, then octets, then zone. <0, 0, >0. */
int addr_compare(const struct addr *a, const struct addr *b);

/* InetAddressType of the address; one of the ...Z types if it has a zone. */
enum addr_type addr_type(const struct addr *a);

/* Writes the InetAddress octets (4, 8, 16 or 20; the zone in network byte order) to out, which has
 * room for 20. Returns their number. */
size_t addr_octets(const struct addr *a, uint8_t *out);

/* Text form (RFC 5952), "%N" behind it if it has a zone. Returns buf. */
const char *addr_text(const struct addr *a, char buf[static ADDR_TEXT_MAX]);

/* Same, in brackets if it is IPv6, with ":port" behind it. Returns buf. */
#define ADDR_PORT_TEXT_MAX (ADDR_TEXT_MAX + 8)
const char *addr_port_text(const struct addr *a, uint16_t port,
			   char buf[static ADDR_PORT_TEXT_MAX]);

/* Parses an address of either family, with an optional "%N" or "%name" zone behind an IPv6 address.
 * True on success; false leaves *out as it was. */
bool addr_parse(const char *text, struct addr *out);

/* True if the first `bits` bits of a and net are equal. bits counts from the start of the IPv4
 * address (0..32) or of the IPv6 address (0..128); a and net of different families never match.
 * Zones are compared only if net has one. */
bool addr_in_prefix(const struct addr *a, const struct addr *net, unsigned bits);

#endif

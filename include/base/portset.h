/* SPDX-License-Identifier: ISC */
/*
 * portset: a set of port numbers 0..65535 as a bitmap; range: net.ipv4.ip_local_port_range.
 *
 * Port numbers are in host byte order everywhere in this program.
 */
#ifndef SRCPORTD_PORTSET_H
#define SRCPORTD_PORTSET_H

#include <stdbool.h>
#include <stdint.h>

#define PORTSET_WORDS 1024

struct portset {
	uint64_t word[PORTSET_WORDS];
};

/* low..high, both ends included, low <= high. */
struct port_range {
	uint16_t low;
	uint16_t high;
};

static inline bool
range_has(const struct port_range *r, uint16_t port)
{
	return port >= r->low && port <= r->high;
}

static inline uint32_t
range_size(const struct port_range *r)
{
	return (uint32_t)r->high - r->low + 1;
}

static inline void
portset_add(struct portset *s, uint16_t port)
{
	s->word[port / 64] |= UINT64_C(1) << (port % 64);
}

static inline void
portset_del(struct portset *s, uint16_t port)
{
	s->word[port / 64] &= ~(UINT64_C(1) << (port % 64));
}

static inline bool
portset_has(const struct portset *s, uint16_t port)
{
	return (s->word[port / 64] >> (port % 64)) & 1;
}

/* Number of bits that are set. Nearly all words of a set are empty or full, and popcount is a call
 * where the compiler may not assume the instruction. */
static inline uint32_t
portset_ones(uint64_t word)
{
	if (word == 0)
		return 0;
	return ~word == 0 ? 64 : (uint32_t)__builtin_popcountll(word);
}

/* Makes s empty. */
void portset_clear(struct portset *s);

/* Adds every port of first..last; nothing if first > last. */
void portset_add_range(struct portset *s, uint16_t first, uint16_t last);

/* s = s with every port of other added / removed / not in other removed. */
void portset_or(struct portset *s, const struct portset *other);
void portset_andnot(struct portset *s, const struct portset *other);
void portset_and(struct portset *s, const struct portset *other);

/* out = every port that is not in s. */
void portset_complement(const struct portset *s, struct portset *out);

/* Number of ports in s; number of ports of s that are not in other. */
uint32_t portset_count(const struct portset *s);
uint32_t portset_count_andnot(const struct portset *s, const struct portset *other);

/* First port >= from that is in s, or -1. */
int portset_next(const struct portset *s, uint32_t from);

/* Last port of the run of ports of s that `first` is in. */
uint16_t portset_run(const struct portset *s, uint16_t first);

/* The ports as ip_local_reserved_ports has them: "1,5-9,65535", "" for none. To be freed; NULL with
 * errno ENOMEM. */
char *portset_text(const struct portset *s);

/* The longest text that ip_local_reserved_ports takes in one write; of a longer one it takes the
 * first part only, without an error (proc_do_large_bitmap(): a page with its end). */
#define PORTSET_SETTABLE 4094

#endif

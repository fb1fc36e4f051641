/* SPDX-License-Identifier: ISC */
/*
 * low_ports: what bindresvport(3) can still get: NFS, rsh and their kin speak from ports 512 to
 * 1023. Pure.
 */
#ifndef SRCPORTD_LOW_PORTS_H
#define SRCPORTD_LOW_PORTS_H

#include "count/severity.h"
#include "kernel/diag.h"

#define LOW_FIRST    512
#define LOW_LAST     1023
#define LOW_CAPACITY (LOW_LAST - LOW_FIRST + 1)
#define LOW_WORDS    (LOW_CAPACITY / 64)

/* Local addresses that are kept. */
#define LOW_ADDRESSES_MAX 32

struct low_set {
	uint64_t word[LOW_WORDS];
};

/* Ports that any socket holds, in any state but a request's; devices make no difference. */
struct low_ports {
	struct low_set any4;         /* at any IPv4 address */
	struct low_set wild4, wild6; /* at every address of the family */
	struct low_set listening;
	struct {
		struct addr address;
		struct low_set held;
	} of[LOW_ADDRESSES_MAX]; /* in the order in which they were seen */
	unsigned count, last;
	struct low_set omitted; /* of addresses that found no room, by their hash */
};

/* Takes in a socket; one on another port changes nothing. */
void low_ports_add(struct low_ports *low, const struct diag_socket *s);

/* Adds what another one holds. */
void low_ports_merge(struct low_ports *low, const struct low_ports *other);

/* Addresses beyond LOW_ADDRESSES_MAX, at the least. */
unsigned low_ports_omitted(const struct low_ports *low);

/* How many ports bind() without SO_REUSEADDR can still get at the i-th of the addresses; and at
 * 0.0.0.0, which is hindered by sockets at any address (inet_csk_bind_conflict()). */
unsigned low_ports_left(const struct low_ports *low, unsigned i);
unsigned low_ports_left_any(const struct low_ports *low);

/* What comes of so many that are left: a warning if they are fewer than the level. */
enum severity low_ports_severity(unsigned left, uint32_t warning_level);

/* Whether connections use them, beyond what a service listens on. */
bool low_ports_used(const struct low_ports *low);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * sources: the addresses of this network namespace that a connection can come from.
 */
#ifndef SRCPORTD_SOURCES_H
#define SRCPORTD_SOURCES_H

#include "base/addr.h"

#include <linux/netlink.h>

/* Whoever may add addresses may add many. */
#define SOURCES_MAX 64

struct source_address {
	struct addr address; /* without a zone */
	uint32_t device;     /* its interface index */
};

struct sources {
	bool known;       /* the kernel was asked and answered */
	uint32_t omitted; /* found no room */
	uint32_t count;
	struct source_address of[SOURCES_MAX]; /* in the order of addr_compare() */
};

/* Asks the kernel (RTM_GETADDR) in the calling thread's network namespace. Left out are addresses
 * that reach no further than the link or the host, and those of IPv6 that source address selection
 * shuns: tentative, deprecated, doubled, temporary (RFC 6724; ipv6_get_saddr_eval()). A failure
 * leaves !known. */
void sources_read(struct sources *out);

/* One message of the answer, as a dump_take of dump.h: arg is the struct sources to add it to. Its
 * order is then not that of addr_compare() yet. EBADMSG for what the kernel could not have sent. */
int sources_take(void *arg, const struct nlmsghdr *message);

/* The source with this address, whatever its zone, or NULL. */
const struct source_address *sources_find(const struct sources *sources,
					  const struct addr *address);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * failure_format: the kernel's own description of the tracepoint sock:inet_sock_set_state, from its
 * `format` file under tracefs. Where a field lies differs between kernels. Pure.
 */
#ifndef SRCPORTD_FAILURE_FORMAT_H
#define SRCPORTD_FAILURE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

struct failure_format {
	uint32_t id;     /* of the tracepoint, for perf_event_open(2) */
	uint32_t length; /* octets that a record has at least */
	/* Offsets in a record. Ports are in host byte order, addresses in network byte order; the
	 * addresses of the IPv6 fields are IPv4-mapped where the socket speaks IPv4. */
	uint32_t dport, family, saddr, daddr, saddr_v6, daddr_v6;
};

/* Parses the file's text. Returns NULL and sets *out, or returns what was expected (static text)
 * and leaves *out as it was. */
const char *failure_format_parse(const char *text, size_t length, struct failure_format *out);

#endif

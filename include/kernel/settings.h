/* SPDX-License-Identifier: ISC */
/*
 * settings: the sysctls that decide how many source ports there are, and the strict parsers of
 * their text. Pure; reading the files is procfile's.
 */
#ifndef SRCPORTD_SETTINGS_H
#define SRCPORTD_SETTINGS_H

#include "base/portset.h"

#include <stddef.h>

#define SETTING_ABSENT  (-1) /* the kernel or the namespace does not have it */
#define SETTING_UNKNOWN (-2) /* not readable, or a value of a newer kernel */

/* net.ipv4.* of one network namespace. IPv6 uses the same range and the same reserved ports.
 * Numbers below 0 are SETTING_ABSENT or SETTING_UNKNOWN. */
struct settings {
	struct port_range range;   /* ip_local_port_range */
	struct portset reserved;   /* ip_local_reserved_ports, whole, also outside the range */
	int32_t tw_reuse;          /* tcp_tw_reuse 0 off, 1 on, 2 loopback only */
	int32_t timestamps;        /* tcp_timestamps 0 off, any larger number on */
	int32_t tw_reuse_delay_ms; /* tcp_tw_reuse_delay (6.14), 1..60000 */
	/* ip_unprivileged_port_start, below which the range may not begin */
	int32_t unprivileged_start;
	/* connect() takes over no orphaned FIN_WAIT2; for who knows the kernel to say */
	bool fin_wait2_kept;
};

/* "LOW HIGH\n" with white space between, 1 <= LOW <= HIGH <= 65535, nothing else. Returns NULL and
 * sets *out, or returns what was expected (static text) and leaves *out as it was. */
const char *settings_parse_range(const char *text, size_t length, struct port_range *out);

/* proc_do_large_bitmap() form: "1,5-9,65535\n", empty is no port; items may overlap. Returns as
 * above; out is untouched on error. */
const char *settings_parse_ports(const char *text, size_t length, struct portset *out);

/* One unsigned decimal number min..max and a newline. Returns as above. */
const char *settings_parse_number(const char *text, size_t length, uint64_t min, uint64_t max,
				  uint64_t *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * nat_range: which ports a pool of source address translation is given: by the rules, where they
 * tell, else by what connections show, else by default. Pure.
 */
#ifndef SRCPORTD_NAT_RANGE_H
#define SRCPORTD_NAT_RANGE_H

#include "count/nat_pool.h"
#include "kernel/nat_rules.h"

/* How it is known. */
enum nat_range_source { NAT_RANGE_DEFAULT, NAT_RANGE_RULE, NAT_RANGE_FLOWS };

/* "default", "rule" or "flows": static. */
const char *nat_range_source_name(enum nat_range_source source);

/* Of connections of that protocol to that outside address; `seen` are those to the address whose
 * ports the same rules give out. Of every rule that may be meant for them the ports must be known,
 * and the same; and no connection may show that there are others (those of another firewall, or of
 * a rule of before). */
enum nat_range_source nat_range_of(const struct nat_rules *rules, uint8_t protocol,
				   const struct addr *outside, const struct nat_seen *seen,
				   struct port_range *out);

#endif

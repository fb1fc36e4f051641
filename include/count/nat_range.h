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

/* What is to be told of a pool: its protocol and outside address; what its own connections show,
 * and those of the whole address whose ports the same rules give out. */
struct nat_range_question {
	uint8_t protocol;
	const struct addr *outside;
	const struct nat_seen *own, *seen;
};

/* Of every rule that may be meant for the pool the ports must be known, and the same; and no
 * connection may show that there are others (those of another firewall, or of a rule of before).
 * Where they differ the pool's own connections choose among them: all lie within the ports of one
 * rule alone, or would in the narrower ones of a thousand pools of the wider ones once. */
enum nat_range_source nat_range_of(const struct nat_rules *rules,
				   const struct nat_range_question *question,
				   struct port_range *out);

#endif

/* SPDX-License-Identifier: ISC */
#include "count/nat_range.h"

#include "kernel/conntrack.h"

#include <sys/socket.h>

const char *
nat_range_source_name(enum nat_range_source source)
{
	switch (source) {
	case NAT_RANGE_RULE: return "rule";
	case NAT_RANGE_FLOWS: return "flows";
	case NAT_RANGE_DEFAULT: break;
	}
	return "default";
}

/* Its other conditions are not known. */
static bool
may_be_meant(const struct nat_rule *rule, uint8_t protocol, const struct addr *outside)
{
	int family = addr_is_v4(outside) ? AF_INET : AF_INET6;
	if (rule->family != AF_UNSPEC && rule->family != family)
		return false;
	if (rule->protocol != 0 && rule->protocol != protocol)
		return false;
	return !rule->addressed || (addr_compare(outside, &rule->first) >= 0 &&
				    addr_compare(outside, &rule->last) <= 0);
}

static bool
is_same(const struct port_range *a, const struct port_range *b)
{
	return a->low == b->low && a->high == b->high;
}

/* Ports that are named without a protocol that was understood are those of several, hardly of
 * ICMP's identifiers, too. */
static bool
is_clear(const struct nat_rule *rule, uint8_t protocol)
{
	return rule->clear && !(rule->named && rule->protocol == 0 && conntrack_has_ids(protocol));
}

static bool
by_rules(const struct nat_rules *rules, uint8_t protocol, const struct addr *outside,
	 struct port_range *out)
{
	const struct port_range usual = nat_usual_range(protocol);
	bool found = false;
	if (!rules->known || rules->omitted)
		return false;
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct nat_rule *rule = &rules->of[i];
		const struct port_range *ports = rule->named ? &rule->ports : &usual;
		if (!may_be_meant(rule, protocol, outside))
			continue;
		if (!is_clear(rule, protocol) || (found && !is_same(out, ports)))
			return false;
		*out = *ports;
		found = true;
	}
	return found;
}

enum nat_range_source
nat_range_of(const struct nat_rules *rules, uint8_t protocol, const struct addr *outside,
	     const struct nat_seen *seen, struct port_range *out)
{
	const struct port_range usual = nat_usual_range(protocol);
	struct port_range shown, said = usual;
	bool shows = nat_seen_range(seen, &usual, &shown);
	if (by_rules(rules, protocol, outside, &said)) {
		bool within =
		    seen->seen == 0 || (seen->lowest >= said.low && seen->highest <= said.high);
		if (within && !(shows && is_same(&said, &usual))) {
			*out = said;
			return NAT_RANGE_RULE;
		}
	}
	*out = shown;
	return shows ? NAT_RANGE_FLOWS : NAT_RANGE_DEFAULT;
}

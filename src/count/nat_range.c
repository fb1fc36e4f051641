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

/* The ports of rules that may be meant, each that differs once. */
struct choice {
	struct port_range of[NAT_RULES_MAX];
	uint32_t count;
};

static void
add_range(struct choice *c, const struct port_range *ports)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (is_same(&c->of[i], ports))
			return;
	c->of[c->count++] = *ports;
}

/* False if not all of them are known. */
static bool
list_ranges(const struct nat_rules *rules, const struct nat_range_question *q, struct choice *c)
{
	const struct port_range usual = nat_usual_range(q->protocol);
	c->count = 0;
	if (!rules->known || rules->omitted)
		return false;
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct nat_rule *rule = &rules->of[i];
		if (!may_be_meant(rule, q->protocol, q->outside))
			continue;
		if (!is_clear(rule, q->protocol))
			return false;
		add_range(c, rule->named ? &rule->ports : &usual);
	}
	return c->count > 0;
}

static bool
is_within(const struct nat_seen *seen, const struct port_range *range)
{
	return seen->seen == 0 || (seen->lowest >= range->low && seen->highest <= range->high);
}

/* Connections whose port was changed to any of the wider range would not all be in the narrower one
 * once in a thousand times. */
static bool
is_hardly_chance(const struct nat_seen *own, const struct port_range *narrow,
		 const struct port_range *wide)
{
	uint64_t millionths = NAT_PPM;
	for (uint32_t i = 0; i < own->moved && millionths >= NAT_PPM / 1000; i++)
		millionths = millionths * range_size(narrow) / range_size(wide);
	return millionths < NAT_PPM / 1000;
}

/* False if the pool's connections do not tell which. */
static bool
choose(const struct choice *c, const struct nat_seen *own, struct port_range *out)
{
	const struct port_range *least = NULL, *next = NULL;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct port_range *range = &c->of[i];
		if (!is_within(own, range))
			continue;
		if (least == NULL || range_size(range) < range_size(least)) {
			next = least;
			least = range;
		} else if (next == NULL || range_size(range) < range_size(next)) {
			next = range;
		}
	}
	if (least == NULL || (next != NULL && !is_hardly_chance(own, least, next)))
		return false;
	*out = *least;
	return true;
}

/* What the whole address shows, unless the pool shows clearly less. */
static bool
by_flows(const struct nat_range_question *q, const struct port_range *usual, struct port_range *out)
{
	struct port_range own;
	bool shows = nat_seen_range(q->seen, usual, out);
	if (!nat_seen_range(q->own, usual, &own) || range_size(&own) * 2 >= range_size(out))
		return shows;
	*out = own;
	return true;
}

enum nat_range_source
nat_range_of(const struct nat_rules *rules, const struct nat_range_question *q,
	     struct port_range *out)
{
	const struct port_range usual = nat_usual_range(q->protocol);
	struct port_range shown;
	struct choice choice;
	bool shows = by_flows(q, &usual, &shown);
	if (list_ranges(rules, q, &choice)) {
		if (choice.count > 1 && q->own->seen > 0 && choose(&choice, q->own, out))
			return NAT_RANGE_RULE;
		*out = choice.of[0];
		if (choice.count == 1 && is_within(q->seen, out) &&
		    !(shows && is_same(out, &usual)))
			return NAT_RANGE_RULE;
	}
	*out = shown;
	return shows ? NAT_RANGE_FLOWS : NAT_RANGE_DEFAULT;
}

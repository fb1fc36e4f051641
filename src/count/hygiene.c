/* SPDX-License-Identifier: ISC */
#include "count/hygiene.h"

#include <stdlib.h>
#include <string.h>

#define NODE_PORTS_FIRST 30000
#define NODE_PORTS_LAST  32767

/* Services that are at home above 1024, in the order of their ports. */
static const struct service {
	uint16_t port;
	const char *name;
} services[] = {
    {1433, "SQL Server"}, {1521, "Oracle"},        {1883, "MQTT"},
    {2049, "NFS"},        {2181, "ZooKeeper"},     {2379, "etcd"},
    {2380, "etcd"},       {3128, "Squid"},         {3260, "iSCSI"},
    {3306, "MySQL"},      {3389, "RDP"},           {4369, "epmd"},
    {5060, "SIP"},        {5432, "PostgreSQL"},    {5672, "AMQP"},
    {5900, "VNC"},        {6379, "Redis"},         {6443, "Kubernetes API"},
    {8080, "HTTP"},       {8443, "HTTPS"},         {9042, "Cassandra"},
    {9092, "Kafka"},      {9100, "node_exporter"}, {9200, "Elasticsearch"},
    {9418, "git"},        {10050, "Zabbix agent"}, {10250, "kubelet"},
    {11211, "memcached"}, {15672, "RabbitMQ"},     {27017, "MongoDB"},
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

const char *
hygiene_service(uint16_t port)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (services[i].port == port)
			return services[i].name;
	return NULL;
}

const char *
hygiene_name(enum hygiene_finding finding)
{
	static const char *const names[HYGIENE_FINDINGS] = {
	    [HYGIENE_LISTENERS] = "listeners",       [HYGIENE_NODE_PORTS] = "nodePorts",
	    [HYGIENE_SERVICES] = "knownServices",    [HYGIENE_UDP_SERVICES] = "udpServices",
	    [HYGIENE_EQUAL_PARITY] = "equalParity",  [HYGIENE_ODD_SIZE] = "oddSize",
	    [HYGIENE_LOW_PORTS] = "lowPorts",        [HYGIENE_OUTSIDE] = "reservedOutside",
	    [HYGIENE_FAR_BELOW] = "farBelowDefault", [HYGIENE_OTHER_RANGES] = "namespaceRanges"};
	return finding < HYGIENE_FINDINGS ? names[finding] : NULL;
}

static void
range_set(const struct port_range *range, struct portset *out)
{
	portset_clear(out);
	portset_add_range(out, range->low, range->high);
}

/* Where the range may begin (ipv4_local_port_range()). */
static uint16_t
least_low(const struct settings *settings)
{
	int32_t start = settings->unprivileged_start;
	if (start < 1)
		return 1;
	return start < 65535 ? (uint16_t)start : 65535;
}

static bool
is_odd(const struct port_range *range)
{
	return range_size(range) % 2 == 1;
}

static struct port_range
better_range(const struct settings *settings, uint32_t findings)
{
	struct port_range r = settings->range;
	uint16_t least = least_low(settings);
	if (findings >> HYGIENE_FAR_BELOW & 1)
		r = (struct port_range){HYGIENE_DEFAULT_LOW, HYGIENE_DEFAULT_HIGH};
	if (r.low < least)
		r.low = least;
	if (r.high <= r.low)
		r.high = UINT16_MAX;
	if (!is_odd(&r))
		return r;
	if (r.high < UINT16_MAX)
		r.high++;
	else if (r.low > least)
		r.low--;
	else if (r.low < r.high)
		r.high--;
	return r;
}

static void
find(struct hygiene *h, enum hygiene_finding finding, bool found)
{
	h->findings |= (uint32_t)found << finding;
}

/* Ports of a set that are in the range and not reserved. */
static struct portset
exposed(const struct portset *set, const struct portset *range, const struct portset *reserved)
{
	struct portset out = *set;
	portset_and(&out, range);
	portset_andnot(&out, reserved);
	return out;
}

/* Listeners of the range that are at home there. */
static const struct portset *
homes(const struct census *census)
{
	bool told = census->features >> FEATURE_EXPLICIT & 1;
	return told ? &census->listening_given : &census->listening;
}

/* Every port that a service has or may want: what is to be reserved, wherever the range is. */
static struct portset
wanted(const struct census *census, struct portset *known, struct portset *nodes)
{
	const struct port_range *range = &census->settings.range;
	struct portset all = census->listening, here;
	/* What a wider range would have: no service there loses its port. */
	range_set(range, &here);
	portset_or(&all, &census->udp);
	portset_andnot(&all, &here);
	/* Where it is known which listeners were given theirs, others are of no matter. */
	portset_and(&here, &census->listening);
	portset_and(&here, homes(census));
	portset_or(&all, &here);
	portset_or(&all, &census->udp_given);
	portset_clear(known);
	for (size_t i = 0; i < SERVICES; i++)
		portset_add(known, services[i].port);
	portset_andnot(known, &census->listening);
	portset_clear(nodes);
	if (census->node_ports)
		portset_add_range(nodes, NODE_PORTS_FIRST, NODE_PORTS_LAST);
	portset_or(&all, known);
	portset_or(&all, nodes);
	return all;
}

/* The list as it should be, where the present one is another. */
static bool
mend_list(struct hygiene *h, const struct portset *reserved, const struct portset *all)
{
	struct portset range, should = *all;
	portset_or(&should, reserved);
	range_set(&h->better, &range);
	portset_and(&should, &range);
	if (portset_count_andnot(&should, reserved) == 0 &&
	    portset_count_andnot(reserved, &should) == 0)
		return true;
	uint32_t left = portset_count_andnot(&range, &should);
	/* Who reserves most of a range has meant to; nobody is told to do so. */
	if (portset_count_andnot(&should, reserved) > 0 && left < range_size(&h->better) / 2)
		return true;
	h->reserve = portset_text(&should);
	if (h->reserve == NULL)
		return false;
	if (strlen(h->reserve) <= PORTSET_SETTABLE)
		return true;
	/* It would be taken in part; and without it a wider range takes services' ports. */
	hygiene_free(h);
	h->mend_range = false;
	return true;
}

bool
hygiene_look(const struct census *census, struct hygiene *h)
{
	const struct settings *s = &census->settings;
	struct portset range, known, nodes;
	memset(h, 0, sizeof(*h));
	h->range = s->range;
	range_set(&s->range, &range);
	struct portset all = wanted(census, &known, &nodes);
	h->listeners = exposed(homes(census), &range, &s->reserved);
	portset_and(&h->listeners, &census->listening);
	h->services = exposed(&known, &range, &s->reserved);
	h->udp = exposed(&census->udp_given, &range, &s->reserved);
	h->outside = s->reserved;
	portset_andnot(&h->outside, &range);
	nodes = exposed(&nodes, &range, &s->reserved);
	find(h, HYGIENE_LISTENERS, portset_count(&h->listeners) > 0);
	find(h, HYGIENE_NODE_PORTS, portset_count(&nodes) > 0);
	find(h, HYGIENE_SERVICES, portset_count(&h->services) > 0);
	find(h, HYGIENE_UDP_SERVICES, portset_count(&h->udp) > 0);
	find(h, HYGIENE_EQUAL_PARITY, is_odd(&s->range));
	find(h, HYGIENE_ODD_SIZE, is_odd(&s->range));
	find(h, HYGIENE_LOW_PORTS, s->range.low < least_low(s));
	find(h, HYGIENE_OUTSIDE, portset_count(&h->outside) > 0);
	find(h, HYGIENE_FAR_BELOW,
	     range_size(&s->range) < (HYGIENE_DEFAULT_HIGH - HYGIENE_DEFAULT_LOW + 1) / 4);
	h->better = better_range(s, h->findings);
	h->mend_range = h->better.low != s->range.low || h->better.high != s->range.high;
	return h->findings == 0 || mend_list(h, &s->reserved, &all);
}

void
hygiene_free(struct hygiene *h)
{
	free(h->reserve);
	h->reserve = NULL;
}

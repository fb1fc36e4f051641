/* SPDX-License-Identifier: ISC */
#include "advice/advice_hygiene.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs of ports that a line names. */
#define RUNS 4

static bool
has(const struct hygiene *h, enum hygiene_finding finding)
{
	return h->findings >> finding & 1;
}

/* "3 ports (40010, 40020-40021)": what does not fit is left out, with an ellipsis for it. */
static void
put_ports(struct sentence *s, const struct portset *ports, bool named)
{
	uint32_t count = portset_count(ports);
	unsigned runs = 0;
	sentence_put(s, "%" PRIu32 " port%s (", count, number_s(count));
	for (int first = portset_next(ports, 0); first >= 0; runs++) {
		uint16_t last = named ? (uint16_t)first : portset_run(ports, (uint16_t)first);
		const char *comma = runs > 0 ? ", " : "";
		if (runs == RUNS) {
			sentence_put(s, ", ...");
			break;
		}
		if (named)
			sentence_put(s, "%s%d %s", comma, first, hygiene_service((uint16_t)first));
		else if (last > first)
			sentence_put(s, "%s%d-%u", comma, first, last);
		else
			sentence_put(s, "%s%d", comma, first);
		first = portset_next(ports, last + 1U);
	}
	sentence_put(s, ")");
}

/* Behind the words, in short. */
static void
put_finding(struct sentence *s, const struct hygiene *h, enum hygiene_finding finding)
{
	switch (finding) {
	case HYGIENE_LISTENERS:
		put_ports(s, &h->listeners, false);
		sentence_put(s, " with a listener in the range and not reserved: a connection can "
				"take one while its service restarts");
		break;
	case HYGIENE_NODE_PORTS:
		sentence_put(s, "NodePorts of Kubernetes (30000-32767) in the range and not "
				"reserved: a connection can take one");
		break;
	case HYGIENE_SERVICES:
		put_ports(s, &h->services, true);
		sentence_put(s, " of well known services in the range and not reserved");
		break;
	case HYGIENE_UDP_SERVICES:
		put_ports(s, &h->udp, false);
		sentence_put(s, " of UDP services in the range and not reserved: a socket without "
				"a port of its own can take one while its service restarts");
		break;
	case HYGIENE_EQUAL_PARITY:
		sentence_put(s,
			     "the ends of the range %u-%u are both %s: the kernel wants one "
			     "even, one odd",
			     h->range.low, h->range.high, h->range.low % 2 == 0 ? "even" : "odd");
		break;
	case HYGIENE_ODD_SIZE:
		sentence_put(s,
			     "the range has an odd number of ports, %" PRIu32 ": a connect() may "
			     "fail one port early",
			     range_size(&h->range));
		break;
	case HYGIENE_LOW_PORTS:
		sentence_put(s, "the range begins at %u, below net.ipv4.ip_unprivileged_port_start",
			     h->range.low);
		break;
	case HYGIENE_OUTSIDE:
		put_ports(s, &h->outside, false);
		sentence_put(s, " reserved outside of the range, without effect");
		break;
	case HYGIENE_FAR_BELOW:
		sentence_put(s, "the range has %" PRIu32 " port%s, the kernel's own 28,232",
			     range_size(&h->range), number_s(range_size(&h->range)));
		break;
	case HYGIENE_OTHER_RANGES:
	case HYGIENE_FINDINGS: break;
	}
}

const char *
advice_hygiene_finding(const struct hygiene *h, enum hygiene_finding finding,
		       char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	put_finding(&s, h, finding);
	return buf;
}

char *
advice_hygiene_reserve(const struct hygiene *h)
{
	char *text = NULL;
	errno = 0;
	if (h->reserve == NULL ||
	    asprintf(&text, "sysctl -w net.ipv4.ip_local_reserved_ports=\"%s\"", h->reserve) < 0)
		return NULL;
	return text;
}

char *
advice_hygiene_range(const struct hygiene *h)
{
	char *text = NULL;
	errno = 0;
	if (!h->mend_range || asprintf(&text, "sysctl -w net.ipv4.ip_local_port_range=\"%u %u\"",
				       h->better.low, h->better.high) < 0)
		return NULL;
	return text;
}

/* The settings together or not at all: without its list a range may take services' ports. */
static void
put_settings(struct sentence *s, const struct hygiene *h)
{
	char range[48] = "";
	const char *list = h->reserve != NULL ? h->reserve : "";
	if (h->reserve == NULL && !h->mend_range)
		return;
	if (h->mend_range)
		snprintf(range, sizeof(range), "net.ipv4.ip_local_port_range=\"%u %u\"",
			 h->better.low, h->better.high);
	bool fits = h->reserve == NULL
			? sentence_put(s, "; set %s", range)
			: sentence_put(s, "; set net.ipv4.ip_local_reserved_ports=\"%s\"%s%s", list,
				       h->mend_range ? ", then " : "", range);
	if (!fits)
		sentence_put(s, "; srcportd --once has the settings");
}

const char *
advice_hygiene(const struct hygiene *h, char buf[static ADVICE_MAX])
{
	static const char *const brief[HYGIENE_FINDINGS] = {
	    [HYGIENE_LISTENERS] = "listeners not reserved",
	    [HYGIENE_NODE_PORTS] = "NodePorts not reserved",
	    [HYGIENE_SERVICES] = "known services not reserved",
	    [HYGIENE_UDP_SERVICES] = "UDP services not reserved",
	    [HYGIENE_EQUAL_PARITY] = "ends of equal parity",
	    [HYGIENE_LOW_PORTS] = "begins below net.ipv4.ip_unprivileged_port_start",
	    [HYGIENE_OUTSIDE] = "reserved ports outside",
	    [HYGIENE_FAR_BELOW] = "far smaller than the kernel's own"};
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	if (h->findings == 0)
		return buf;
	sentence_put(&s, "range %u-%u", h->range.low, h->range.high);
	const char *separator = ": ";
	for (unsigned i = 0; i < HYGIENE_FINDINGS; i++) {
		if (!has(h, i) || brief[i] == NULL)
			continue;
		sentence_put(&s, "%s%s", separator, brief[i]);
		separator = ", ";
	}
	put_settings(&s, h);
	return buf;
}
